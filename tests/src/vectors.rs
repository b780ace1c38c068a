//! What firmware is tested with on every processor, in `tests/vectors`: the same bytes in, the same lines out.
//!
//! | file | what it is |
//! |---|---|
//! | `pinned.bin` | public keys of the issuer of uto/stolen and of the heartbeat, 32 bytes each |
//! | `host.bin` | all that a host says to set the scanner up, as frames: keys, time, offer, every piece in its order |
//! | `zones.txt` | documents put on the scanner, one a line, the zone's lines joined |
//! | `answers.txt` | what it must say of each, as `vedette_shim::unit::Outcome` is displayed, at an uptime of 60 s |
//!
//! All are invented. `cargo run -p vedette-tests --bin scanner-vectors` writes them anew; the answers come from the agent's
//! own engine and not from the shim's.

use crate::press::{LEASE_S, NOW, Press, PrintedEdition};
use crate::sample;
use std::path::PathBuf;
use vedette_lists::{
    Change, DocumentAlert, DocumentChange, DocumentId, DocumentPayload, Edition, SegmentFile, Status,
};
use vedette_shim::document::{DocumentKey, Number};
use vedette_shim::frame::encoded_max;
use vedette_shim::mrz::{self, Fields, Mrz, Repair, compose};
use vedette_shim::scanner::{self, KeyFor, MESSAGE_BYTES_MAX, PIECE_BYTES_MAX, Piece, ToScanner};

/// Seconds that the scanner has been on when the documents are put on it; the heartbeat came at 0.
pub const UPTIME_S: u64 = 60;
/// When the heartbeat was issued.
pub const HEARTBEAT_AT: u64 = NOW + 3600;

/// The files: name and content.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    let press = Press::default();
    let edition = edition(&press);
    let zones = zones();
    let text = |lines: Vec<String>| (lines.join("\n") + "\n").into_bytes();
    let answers = answers(&press, &edition, &zones);
    vec![
        ("pinned.bin", press.pinned_keys().concat()),
        ("host.bin", host(&press, &edition)),
        ("zones.txt", text(zones)),
        ("answers.txt", text(answers)),
    ]
}

/// Where they are.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn key(kind: &str, number: &str) -> DocumentKey {
    DocumentKey::new("UTO", kind, number).expect("a document key")
}

fn put(id: DocumentId, status: Status, remark: &str) -> DocumentChange {
    let payload = DocumentPayload { remark: remark.into(), ..DocumentPayload::new(status) };
    Change::Put(DocumentAlert { key: id.key, to: id.to, payload })
}

fn withdraw(id: DocumentId) -> DocumentChange {
    Change::Withdraw(id)
}

/// An edition of two segments: packed numbers, loose ones, ranges; and changes to each.
pub fn edition(press: &Press) -> PrintedEdition {
    let statuses = [Status::Stolen, Status::Lost, Status::Revoked];
    let document = |kind: &str, number: &str| DocumentId::document(key(kind, number));
    let range = |from: &str, to: &str| {
        let to = Number::new(to).expect("a number");
        DocumentId::range(key("P", from), to).expect("a range")
    };
    let mut base: Vec<_> = (0..8000)
        .map(|n| {
            put(
                document("P", &sample::number(n * 7)),
                statuses[n % 3],
                if n % 500 == 0 { "seen at sea" } else { "" },
            )
        })
        .collect();
    base.push(put(document("P", sample::SPECIMEN), Status::Stolen, ""));
    base.push(put(document("I", "D231458907"), Status::Lost, ""));
    base.push(put(document("V", "Z9Y8X7W6"), Status::ValidBearerSought, "ask for the bearer"));
    base.push(put(range("BL100000", "BL199999"), Status::StolenBlank, ""));
    base.push(put(range("BL150000", "BL150999"), Status::StolenBlank, ""));
    base.push(put(range("BK000000", "BK000499"), Status::StolenBlank, ""));
    let delta = [
        withdraw(document("P", &sample::number(7))),
        put(document("P", &sample::number(14)), Status::Lost, ""),
        put(document("P", &sample::number(5)), Status::Stolen, ""),
        withdraw(range("BK000000", "BK000499")),
    ];
    press.edition(2, &[press.segment(&base), press.segment(&delta)])
}

/// Passports, a card, a visa; listed, withdrawn, unlisted, misread with and without a repair, and no zone at all.
fn zones() -> Vec<String> {
    let passport = |number: &str| sample::passport(number).replace('\n', "");
    let mut zones: Vec<String> =
        [0, 1, 5, 7, 14, 21, 55_993, 55_994].map(|n| passport(&sample::number(n))).into();
    for number in [sample::SPECIMEN, "BL099999", "BL100000", "BL150500", "BL199999", "BK000123"] {
        zones.push(passport(number));
    }
    let card = Fields {
        format: mrz::Format::Td1,
        document_code: "I",
        ..Fields::specimen_passport("UTO", "D231458907")
    };
    let visa = Fields {
        format: mrz::Format::MrvA,
        document_code: "V",
        ..Fields::specimen_passport("UTO", "Z9Y8X7W6")
    };
    for fields in [card, visa] {
        zones.push(compose(&fields).expect("a specimen fits").text().into());
    }
    let misread = passport(sample::SPECIMEN).replace("L898902C3", "L8989O2C3");
    zones.push(misread);
    zones.push(passport(&sample::number(700)).replace("X00000700", "X00000707"));
    zones.push("P<UTOERIKSSON<<ANNA<MARIA".into());
    zones
}

/// What a host says, in frames.
pub fn host(press: &Press, edition: &PrintedEdition) -> Vec<u8> {
    let list_key = KeyFor::List { list: press.list(), number: 1, key: press.list_key.clone() };
    let heartbeat = press.heartbeat(HEARTBEAT_AT, edition);
    let mut messages = vec![
        ToScanner::Who,
        ToScanner::Key(list_key),
        ToScanner::Key(KeyFor::Encounters(press.scanner_key.clone())),
        ToScanner::Offer(&edition.manifest),
    ];
    for segment in &edition.segments {
        for (n, bytes) in segment.bytes.chunks(PIECE_BYTES_MAX).enumerate() {
            let offset = (n * PIECE_BYTES_MAX) as u32;
            messages.push(ToScanner::Piece(Piece { segment: segment.reference.digest, offset, bytes }));
        }
    }
    messages.push(ToScanner::Time(&heartbeat));
    messages.iter().flat_map(framed).collect()
}

/// A message as a frame.
pub fn framed(message: &ToScanner<'_>) -> Vec<u8> {
    let mut out = vec![0; encoded_max(MESSAGE_BYTES_MAX)];
    scanner::encode(message, &mut out).expect("a message fits its frame").to_vec()
}

/// What must be said, by the agent's engine.
fn answers(press: &Press, edition: &PrintedEdition, zones: &[String]) -> Vec<String> {
    let open = |segment: &crate::press::PrintedSegment| {
        let path =
            press.folder().join(format!("{}.seg", vedette_lists::file::hex(&segment.reference.digest)));
        SegmentFile::open_verified(&path, segment.reference.digest, &press.list_key)
            .expect("a segment just made")
    };
    let open = Edition::open(edition.segments.iter().map(open).collect()).expect("one kind of segments");
    let head = format!("{} {} {UPTIME_S} s fresh", press.list(), edition.number);
    assert!(UPTIME_S < u64::from(LEASE_S) / 2);
    zones
        .iter()
        .map(|zone| match mrz::parse(zone) {
            Err(error) => error.to_string(),
            Ok(zone) => answer(&open, &head, &zone),
        })
        .collect()
}

fn answer(edition: &Edition, head: &str, zone: &Mrz) -> String {
    let of = |zone: &Mrz| {
        DocumentKey::new(zone.issuing_state(), zone.document_code(), zone.document_number()).expect("a key")
    };
    let misread = zone.number_doubtful();
    let mut keys = vec![of(zone)];
    if misread && let Repair::Unique(fix) = mrz::repair(zone.lines()) {
        keys.push(of(&Mrz::from(*fix.lines())));
    }
    let mut alerts = Vec::new();
    for key in &keys {
        let met = edition.find(key).expect("a readable edition");
        alerts.extend(met.exact.into_iter().chain(met.ranges));
    }
    let (verdict, result) = match (alerts.is_empty(), misread) {
        (true, false) => ("CLEAR", "clear"),
        (true, true) => ("NOT CHECKED, misread", "not checked"),
        (false, false) => ("HIT", "hit"),
        (false, true) => ("POSSIBLE, misread", "possible"),
    };
    let alerts: String = alerts
        .iter()
        .map(|alert| format!("; {} {}", alert.payload.status.word(), alert.alert_id()))
        .collect();
    format!("{verdict}; {head} {result}{alerts}")
}
