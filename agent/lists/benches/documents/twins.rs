//! What the other readings of a zone cost: how many unlisted travellers they make *Possible*, and how long a check takes
//! beside a plain lookup.
//!
//! The travellers have zones that read well, with numbers of the listed formats, in the shares of the list. How many are
//! met needs no index: every lookup of every traveller is sorted and held beside the list as it is generated, so that a
//! list of any size can be asked.

use std::collections::HashMap;
use std::time::Instant;

use serde_json::{Value, json};
use vedette_lists::Edition;
use vedette_shim::document::DocumentKey;
use vedette_shim::mrz::{Fields, Format, Mrz, compose};
use vedette_shim::query::{DocumentQuery, How};

use super::keys::{Random, listed, text, travellers};
use super::measure::least;

/// Travellers asked for: at one in 10,000, a hundred are met.
const TRAVELLERS: u64 = 1_000_000;
/// Travellers whose checks are timed.
const TIMED: u64 = 100_000;
/// How often each is; the first time warms up.
const ROUNDS: usize = 6;
/// Longest state, type and number: no listed key is longer.
const TEXT_BYTES: usize = 16;

/// The zone of a traveller with this document; `None` for numbers that no document of this type has room for.
fn zone(key: &DocumentKey) -> Option<Mrz> {
    let (state, number) = (key.state().letters(), key.number().to_string());
    let passport = Fields::specimen_passport(&state, &number);
    let fields = match key.kind() {
        'P' => passport,
        _ => Fields { format: Format::Td1, document_code: "I", ..passport },
    };
    let zone = Mrz::from(compose(&fields).ok()?);
    assert!(zone.valid() && DocumentQuery::new(&zone).read == Some(*key), "{key} does not survive its zone");
    Some(zone)
}

/// A lookup of a traveller's: its text, whose, and how it differs from what was read.
type Question = ([u8; TEXT_BYTES], u32, u8);

/// How a lookup differs from what was read; of slips, how many and whether a filler is among what was read or stands there.
const HOWS: [&str; 8] =
    ["read", "one_slip", "two_slips", "filler_slip", "filler_and_slip", "state", "kind", "number"];

fn place(how: How) -> u8 {
    match how {
        How::Read => 0,
        How::Misread(places) => {
            let filler = places.iter().flatten().any(|change| change.from == '<' || change.to == '<');
            1 + u8::from(places[1].is_some()) + 2 * u8::from(filler)
        }
        How::State => 5,
        How::Kind => 6,
        How::Number => 7,
    }
}

fn padded(key: &DocumentKey) -> Option<[u8; TEXT_BYTES]> {
    let text = text(key);
    let mut padded = [0; TEXT_BYTES];
    padded.get_mut(..text.len())?.copy_from_slice(&text);
    Some(padded)
}

fn questions(n: u64) -> (Vec<Question>, u32) {
    let mut questions = Vec::new();
    let mut asked = 0;
    for zone in travellers(n, TRAVELLERS, &mut Random::new(0x7c)).filter_map(|key| zone(&key)) {
        DocumentQuery::new(&zone).visit(&mut |lookup| {
            questions.extend(padded(&lookup.key).map(|text| (text, asked, place(lookup.how))));
        });
        asked += 1;
    }
    questions.sort_unstable();
    (questions, asked)
}

/// How many of the unlisted are met by another reading than their own.
pub(crate) fn possible(n: u64) -> Value {
    let start = Instant::now();
    let (questions, asked) = questions(n);
    let mut met: HashMap<u32, u8> = HashMap::new();
    let mut left = questions.iter().peekable();
    let mut documents = 0u64;
    for listed in listed(n) {
        documents += 1;
        let Some(key) = padded(&listed.key) else { continue };
        while left.next_if(|(text, ..)| *text < key).is_some() {}
        while let Some((_, who, how)) = left.next_if(|(text, ..)| *text == key) {
            *met.entry(*who).or_default() |= 1 << how;
        }
    }
    let listed_themselves = met.values().filter(|how| **how & 1 == 1).count();
    let unlisted = f64::from(asked) - listed_themselves as f64;
    let others = met.values().filter(|how| **how & 1 == 0);
    let by_how = |how: usize| {
        let only = met.values().filter(|met| **met & 1 == 0 && **met >> how & 1 == 1).count();
        only as f64 / unlisted * 1e4
    };
    let mut line = json!({
        "documents": documents, "travellers": asked, "listed_themselves": listed_themselves,
        "lookups_a_traveller": questions.len() as f64 / f64::from(asked),
        "possible_in_10000": others.count() as f64 / unlisted * 1e4, "took_s": start.elapsed().as_secs_f64(),
    });
    for (how, name) in HOWS.iter().enumerate().skip(1) {
        line[format!("{name}_in_10000")] = by_how(how).into();
    }
    line
}

/// A plain lookup of unlisted travellers, of a key that is ready, and a check with all readings of the zone, as a device asks
/// an edition; each field's name begins so.
pub(crate) fn price(n: u64, edition: &Edition, begins: &str) -> Value {
    let zones: Vec<(DocumentKey, Mrz)> = travellers(n, TIMED, &mut Random::new(0x7d))
        .filter_map(|key| Some((key, zone(&key)?)))
        .filter(|(key, _)| edition.find(key).is_ok_and(|found| found.is_empty()))
        .collect();
    let plain = least(&zones, ROUNDS, |(key, _)| {
        std::hint::black_box(edition.find(key).expect("the list answers"));
    });
    let mut lookups = 0u64;
    let check = least(&zones, ROUNDS, |(_, zone)| {
        DocumentQuery::new(zone).visit_listed(edition.formats(), &mut |lookup| {
            lookups += 1;
            std::hint::black_box(edition.find(&lookup.key).expect("the list answers"));
        });
    });
    let lookups = lookups as f64 / ROUNDS as f64 / zones.len() as f64;
    let fields = [
        ("plain_ns", plain.median_ns),
        ("plain_p99_ns", plain.p99_ns),
        ("twins_ns", check.median_ns),
        ("twins_p99_ns", check.p99_ns),
        ("twins_times_p99", check.p99_ns / plain.p99_ns),
        ("twins_lookups", lookups),
    ];
    fields.into_iter().map(|(name, value)| (format!("{begins}{name}"), Value::from(value))).collect()
}
