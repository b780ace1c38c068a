//! Asks one list: what it has of a reading, or why it cannot be asked.

mod documents;
mod persons;

use super::alert::Match;
use super::answer::{Asked, Checked, Gap};
use super::find::FindError;
use super::reading::Reading;
use crate::snapshot::{Content, SnapshotList, Unavailable};
use vedette_shim::verdict::Basis;

/// Asks a list at `now`. At most `limit` persons that may be shown, and as many discreet alerts, are found.
///
/// # Errors
/// Of what was typed the list may have more than may be searched.
pub(super) fn ask(
    held: &SnapshotList,
    reading: &Reading,
    limit: usize,
    now: u64,
) -> Result<Asked, FindError> {
    // At the level of errors, so that whoever logs only those reads which list failed.
    let _span = tracing::error_span!("ask", list = %held.list, edition = held.edition).entered();
    let (age_s, freshness) = held.freshness(now);
    let doubt = match &held.content {
        Content::Documents(_) if reading.number_doubtful => Some(Gap::NumberMisread),
        Content::Persons(_) if reading.bearer_doubtful => Some(Gap::BearerMisread),
        // Alerts may name the document that was meant.
        Content::Persons(persons) if reading.number_doubtful && persons.identifiers.has_documents() => {
            Some(Gap::NumberMisread)
        }
        _ => None,
    };
    let mut basis = Basis { freshness: Some(freshness), doubtful: doubt.is_some(), complete: true };
    let mut matches = Vec::new();
    let looked_up = if basis.may_ask() {
        // Discreet alerts must not crowd out others: there is room for both.
        look_up(held, reading, &basis, 2 * limit, &mut matches)?
    } else {
        Err(Gap::Unavailable(match held.content {
            Content::Nothing(why) => why,
            _ => Unavailable::PastLease,
        }))
    };
    basis.complete = looked_up.is_ok();
    let checked = Checked {
        list: held.list.clone(),
        edition: held.edition,
        issued: held.issued,
        age_s,
        freshness,
        result: basis.result([]),
        gap: looked_up.err().or(doubt),
    };
    Ok(Asked { checked, basis, matches })
}

/// Adds what a list has to `matches`. If not all of it could be asked, says why; what was found until then is found.
fn look_up(
    held: &SnapshotList,
    reading: &Reading,
    basis: &Basis,
    limit: usize,
    matches: &mut Vec<Match>,
) -> Result<Result<(), Gap>, FindError> {
    Ok(match &held.content {
        Content::Nothing(why) => Err(Gap::Unavailable(*why)),
        Content::Documents(edition) => match &reading.documents {
            Some(asked) => documents::look_up(held, edition, asked, basis, matches)?,
            None => Ok(()),
        },
        Content::Persons(persons) => persons::look_up(held, persons, reading, limit, matches),
    })
}
