//! The bounds of an alert, as `names::person` has them: what is beyond is cut and told, or the alert is refused.

use super::told::Told;
use vedette_common::text::is_unseen;
use vedette_names::person::{self, ENTRIES_MAX, ID_BYTES_MAX, NAMES_MAX, TEXT_BYTES_MAX};
use vedette_names::{PersonAlert, PersonName};

/// Longest line, bytes.
pub(super) const LINE_BYTES_MAX: u64 = 256 * 1024;

/// Cuts what an alert may have too much of, which is told, and checks the rest.
pub(super) fn within_bounds(mut alert: PersonAlert, told: &Told<'_>) -> Result<PersonAlert, String> {
    if alert.id.len() > ID_BYTES_MAX {
        return Err(format!("the id has {} bytes, at most {ID_BYTES_MAX} fit", alert.id.len()));
    }
    if let Some(c) = alert.id.chars().find(|c| is_unseen(*c)) {
        return Err(format!("the id has the character U+{:04X}, which nobody sees", c as u32));
    }
    without_unseen(&mut alert, told);
    alert.names.retain(|name| !(name.surname.is_empty() && name.given.is_empty() && name.full.is_empty()));
    alert.names.dedup();
    alert.birth_dates.dedup();
    alert.nationalities.dedup();
    alert.documents.dedup();
    let id = alert.id.clone();
    cut(&mut alert.names, NAMES_MAX, &id, told);
    cut(&mut alert.birth_dates, ENTRIES_MAX, &id, told);
    cut(&mut alert.birth_places, ENTRIES_MAX, &id, told);
    cut(&mut alert.nationalities, ENTRIES_MAX, &id, told);
    cut(&mut alert.documents, ENTRIES_MAX, &id, told);
    for text in [&mut alert.reason, &mut alert.authority, &mut alert.reference, &mut alert.remark] {
        if text.len() > TEXT_BYTES_MAX {
            told.repaired("text too long, its end cut off", text);
        }
        truncate(text, TEXT_BYTES_MAX);
    }
    for document in alert.documents.iter().filter(|one| one.may_be_shown() && !one.number.is_empty()) {
        if document.named().is_empty() {
            told.doubtful(
                "document named in an alert whose number no zone could show: it is not looked up",
                &document.number,
            );
        }
    }
    // Encoding checks every bound, that of the whole alert too; done here, where the line is known.
    person::encode(&alert).map_err(|error| error.to_string())?;
    with_readings(alert)
}

/// Adds the readings that no device knows, as many as the alert has room for, and refuses what nobody could ever meet.
fn with_readings(mut alert: PersonAlert) -> Result<PersonAlert, String> {
    let own = alert.names.len();
    alert.add_readings();
    while alert.names.len() > own && person::encode(&alert).is_err() {
        alert.names.pop();
    }
    if !alert.names.iter().any(PersonName::is_readable) {
        let name = &alert.names[0];
        let text: String =
            [&*name.surname, &*name.given, &*name.full].concat().escape_debug().take(40).collect();
        return Err(format!(
            "names: no passport could show this person's name: \"{text}\" has no letter that can be read; add the name in Latin letters"
        ));
    }
    Ok(alert)
}

/// Leaves out what is beyond `most`.
fn cut<T>(entries: &mut Vec<T>, most: usize, id: &str, told: &Told<'_>) {
    if entries.len() > most {
        told.repaired(
            "more names, dates, places, states or documents than an alert takes, the last left out",
            id,
        );
        entries.truncate(most);
    }
}

/// Leaves out controls and signs of direction: they would act on what an officer reads. Joiners stay, for they are part of how
/// some scripts are written.
fn without_unseen(alert: &mut PersonAlert, told: &Told<'_>) {
    let is_joiner = |c: char| matches!(c, '\u{ad}' | '\u{200c}' | '\u{200d}');
    let names = alert.names.iter_mut().flat_map(|name| [&mut name.surname, &mut name.given, &mut name.full]);
    let documents = alert.documents.iter_mut();
    let documents =
        documents.flat_map(|one| [&mut one.kind, &mut one.number, &mut one.state, &mut one.remark]);
    let others = [&mut alert.reason, &mut alert.authority, &mut alert.reference, &mut alert.remark];
    for text in names.chain(documents).chain(others).chain(&mut alert.birth_places) {
        if !text.contains(|c| is_unseen(c) && !is_joiner(c)) {
            continue;
        }
        // A line's end is a blank, and no slip.
        if text.contains(|c: char| is_unseen(c) && !is_joiner(c) && !c.is_ascii_whitespace()) {
            told.repaired("characters that nobody sees left out (controls, directions)", text);
        }
        let seen = text.chars().map(|c| if c.is_control() { ' ' } else { c });
        let seen: String = seen.filter(|c| !is_unseen(*c) || is_joiner(*c)).collect();
        *text = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    }
}

/// Cuts a text to so many bytes at most, between two characters.
pub(super) fn truncate(text: &mut String, bytes: usize) {
    if text.len() > bytes {
        text.truncate(text.floor_char_boundary(bytes));
    }
}
