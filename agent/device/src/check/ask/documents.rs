//! Asks a list of documents: by the readings of a zone, or by a number as far as it was typed.

use crate::action::Action;
use crate::check::alert::{Home, Match, Part, Reason, Subject};
use crate::check::answer::Gap;
use crate::check::find::{CANDIDATES_MAX, FindError};
use crate::check::reading::{Documents, TypedNumber, ZoneNumber};
use crate::snapshot::SnapshotList;
use vedette_lists::{DocumentAlert, DocumentMatches, Edition, NoCandidates, Wildcard};
use vedette_shim::document::DocumentKey;
use vedette_shim::query::{How, Lookup};
use vedette_shim::states;
use vedette_shim::verdict::{Basis, ListResult};

/// Adds what the list has; if not all of it could be asked, says why.
///
/// # Errors
/// A number that was typed may be more of the list's than may be searched.
pub(super) fn look_up(
    held: &SnapshotList,
    edition: &Edition,
    asked: &Documents,
    basis: &Basis,
    matches: &mut Vec<Match>,
) -> Result<Result<(), Gap>, FindError> {
    match asked {
        Documents::Zone(zone) => Ok(of_zone(held, edition, zone, basis, matches)),
        Documents::Typed(typed) => of_typed(held, edition, typed, matches),
    }
}

fn of_zone(
    held: &SnapshotList,
    edition: &Edition,
    zone: &ZoneNumber,
    basis: &Basis,
    matches: &mut Vec<Match>,
) -> Result<(), Gap> {
    if let Some(error) = &zone.refused {
        return Err(Gap::NoNumber(error.clone()));
    }
    let mut read = Ok(());
    zone.visit(edition.formats(), &mut |lookup| {
        let mut found = DocumentMatches::default();
        // The other readings are asked although one could not be.
        let asked = edition.find_into(&mut found, &lookup.key);
        if read.is_ok() {
            read = asked;
        }
        let result = basis.match_result(lookup.how == How::Read);
        for alert in found.exact.iter().chain(&found.ranges) {
            let reasons = reasons_of_zone(alert.to.is_some(), zone, basis.doubtful, lookup);
            add(matches, document_match(held, alert, result, reasons));
        }
    });
    read.map_err(Gap::damaged)
}

fn of_typed(
    held: &SnapshotList,
    edition: &Edition,
    typed: &TypedNumber,
    matches: &mut Vec<Match>,
) -> Result<Result<(), Gap>, FindError> {
    let keys = match keys_of(typed, edition) {
        Ok(keys) => keys,
        Err(NoCandidates::Unreadable) => return Ok(Err(Gap::Damaged)),
        Err(NoCandidates::TooMany(candidates)) => {
            let (number, list) = (typed.text.clone(), held.list.to_string());
            return Err(FindError::TooWide { number, list, candidates });
        }
    };
    let mut read = Ok(());
    for key in keys {
        let mut found = DocumentMatches::default();
        read = read.and(edition.find_into(&mut found, &key));
        let sure = typed.key() == Some(key);
        let result = if sure { ListResult::Hit } else { ListResult::Possible };
        for alert in found.exact.iter().chain(&found.ranges) {
            add(matches, document_match(held, alert, result, reasons_of_typed(alert, typed, &key)));
        }
    }
    Ok(read.map_err(Gap::damaged))
}

/// The keys that a typed number may be: as typed first; under the other codes of its state; of a whole number also every
/// type, and O for 0 and I for 1, as people type them.
fn keys_of(typed: &TypedNumber, edition: &Edition) -> Result<Vec<DocumentKey>, NoCandidates> {
    let whole = typed.wildcard.whole();
    let states: Option<Vec<_>> =
        typed.state.map(|state| std::iter::once(state).chain(states::related(state)).collect());
    let wanted = |state, kind| {
        states.as_ref().is_none_or(|states| states.contains(&state))
            && (whole.is_some() || typed.kind.is_none_or(|typed| typed == kind))
    };
    let mut keys: Vec<DocumentKey> = typed.key().into_iter().collect();
    let mut add = |more: Vec<DocumentKey>| {
        for key in more {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    };
    add(edition.candidates(&typed.wildcard, wanted, CANDIDATES_MAX)?);
    for number in whole.iter().flat_map(|number| mistyped(number.as_str())) {
        if let Ok(wildcard) = Wildcard::new(&number) {
            add(edition.candidates(&wildcard, wanted, CANDIDATES_MAX)?);
        }
    }
    Ok(keys)
}

/// The number with one O for a 0, one I for a 1, or the other way round.
fn mistyped(number: &str) -> Vec<String> {
    let other = |c: char| match c {
        '0' => Some('O'),
        'O' => Some('0'),
        '1' => Some('I'),
        'I' => Some('1'),
        _ => None,
    };
    let swaps = number.char_indices().filter_map(|(at, c)| Some((at, other(c)?)));
    swaps.map(|(at, c)| format!("{}{c}{}", &number[..at], &number[at + 1..])).collect()
}

/// A range may be found by several readings; what was read or typed comes first.
fn add(matches: &mut Vec<Match>, found: Match) {
    if !matches.iter().any(|earlier| earlier.alert_id == found.alert_id) {
        matches.push(found);
    }
}

fn document_match(
    held: &SnapshotList,
    alert: &DocumentAlert,
    result: ListResult,
    reasons: Vec<Reason>,
) -> Match {
    let status = alert.payload.status;
    Match {
        list: held.list.clone(),
        owner: held.owner.clone(),
        alert_id: alert.alert_id(),
        result,
        subject: Subject::Document { status: Some(status) },
        action: Action::of_document(status),
        score: if result == ListResult::Hit { 1.0 } else { 0.5 },
        reasons,
        warnings: Vec::new(),
        handling: held.handling.clone(),
        restricted: Vec::new(),
        details: serde_json::to_value(&alert.payload).unwrap_or_default(),
        home: Home::of(held),
    }
}

/// How a document, or a range of them, was found: each fact with both readings.
pub(super) fn reasons_of_zone(
    is_range: bool,
    zone: &ZoneNumber,
    doubtful: bool,
    lookup: &Lookup,
) -> Vec<Reason> {
    let [state, kind, number] = zone.as_read();
    let key = &lookup.key;
    let equal = zone.read.is_none_or(|read| read.number() == key.number());
    let mut reasons: Vec<_> = by_number(is_range, equal).into_iter().collect();
    match lookup.how {
        How::Read if doubtful => reasons.push(Reason::NumberMisread),
        How::Read => {}
        How::Misread(places) => {
            if doubtful {
                reasons.push(Reason::NumberRepaired);
            }
            reasons.extend(places.into_iter().flatten().map(Reason::LookAlike));
        }
        How::State => reasons.push(other(Part::State, state, key.state().to_string())),
        How::Kind => reasons.push(other(Part::Kind, kind, key.kind().to_string())),
        How::Number => reasons.push(other(Part::Number, number, key.number().to_string())),
    }
    reasons
}

/// The same of a number that was typed.
fn reasons_of_typed(alert: &DocumentAlert, typed: &TypedNumber, key: &DocumentKey) -> Vec<Reason> {
    let equal = typed.wildcard.whole() == Some(*key.number());
    let mut reasons: Vec<_> = by_number(alert.to.is_some(), equal).into_iter().collect();
    if !equal {
        reasons.push(other(Part::Number, &typed.text, key.number().to_string()));
    }
    match typed.state {
        None => reasons.push(Reason::StateNotTyped(key.state().to_string())),
        Some(state) if state != key.state() => {
            reasons.push(other(Part::State, &state.to_string(), key.state().to_string()));
        }
        Some(_) => {}
    }
    match typed.kind {
        None => reasons.push(Reason::TypeNotTyped(key.kind().to_string())),
        Some(kind) if kind != key.kind() => {
            reasons.push(other(Part::Kind, &kind.to_string(), key.kind().to_string()));
        }
        Some(_) => {}
    }
    reasons
}

fn by_number(is_range: bool, equal: bool) -> Option<Reason> {
    match is_range {
        true => Some(Reason::NumberInRange),
        false => equal.then_some(Reason::NumberEqual),
    }
}

fn other(what: Part, read: &str, listed: String) -> Reason {
    Reason::Other { what, read: read.into(), listed }
}
