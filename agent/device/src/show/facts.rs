//! What an alert says besides its title, and what was read from the document: in the page's words and order
//! (`desk/console/view/answer.js`), as pairs of a message's key and a text. What nobody said is left out.

use crate::desk::api::{AlertView, DocumentView};
use serde_json::Value;
use vedette_common::clock::{parse_rfc3339, rfc3339};
use vedette_common::words::Words;

/// A message's key, and what is said under it.
type Fact = (&'static str, String);

/// Years that a document's expiry may lie ahead.
const EXPIRY_AHEAD: u32 = 50;

/// Fields of the details that are shown as they are.
const PLAIN: [(&str, &str); 10] = [
    ("fact.reason", "reason"),
    ("fact.authority", "authority"),
    ("fact.reference", "reference"),
    ("fact.issue_date", "issue_date"),
    ("fact.expiry_date", "expiry_date"),
    ("fact.theft_date", "theft_date"),
    ("fact.theft_state", "theft_state"),
    ("fact.review_date", "review_date"),
    ("fact.national_ref", "national_ref"),
    ("fact.remark", "remark"),
];

/// What an alert says of itself.
pub(super) fn of_alert(alert: &AlertView) -> Vec<Fact> {
    let each = |field: &str, say: fn(&Value) -> String, between: &str| {
        let entries = alert.details[field].as_array().into_iter().flatten();
        entries.map(say).collect::<Vec<_>>().join(between)
    };
    let names: Vec<_> = alert.details["names"].as_array().into_iter().flatten().skip(1).map(name).collect();
    let mut facts = vec![
        ("alert.owner", alert.owner.clone()),
        ("alert.id", format!("{} · {}", alert.alert_id, alert.list)),
        ("fact.names", names.join("; ")),
        ("fact.birth_dates", each("birth_dates", birth_date, "; ")),
        ("fact.birth_places", each("birth_places", text, "; ")),
        ("fact.nationalities", each("nationalities", text, ", ")),
        ("fact.documents", each("documents", held, "; ")),
    ];
    facts.extend(PLAIN.iter().map(|(key, field)| (*key, text(&alert.details[*field]))));
    facts.retain(|(_, fact)| !fact.is_empty());
    facts
}

/// What was read. `now`: seconds since 1970.
pub(super) fn of_document(document: &DocumentView, words: &Words, now: u64) -> Vec<Fact> {
    let expires = zone_date(&document.expiry_date, EXPIRY_AHEAD, now);
    // Dates are compared, not instants: on its last day a document is still valid.
    let expired = parse_rfc3339(&expires).is_some() && *expires < rfc3339(now)[..10];
    let mark = if expired { format!(" {}", words.say("document.expired")) } else { String::new() };
    vec![
        ("document.number", document.number.clone()),
        ("document.issued_by", format!("{} {}", document.code, document.issuing_state)),
        ("document.name", format!("{}, {}", document.surname, document.given_names)),
        ("document.nationality", document.nationality.clone()),
        ("document.born", zone_date(&document.birth_date, 0, now)),
        ("document.sex", document.sex.clone()),
        ("document.expires", expires + &mark),
    ]
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().into()
}

fn name(name: &Value) -> String {
    match name["full"].as_str().unwrap_or_default() {
        "" => format!("{} {}", text(&name["given"]), text(&name["surname"])).trim().into(),
        full => full.into(),
    }
}

fn birth_date(date: &Value) -> String {
    let parts = ["year", "month", "day"].map(|part| date[part].as_u64().map(|n| format!("{n:02}")));
    let about = if date["circa"] == true { "~ " } else { "" };
    about.to_string() + &parts.into_iter().flatten().collect::<Vec<_>>().join("-")
}

fn held(document: &Value) -> String {
    let parts = ["kind", "state", "number"].map(|part| text(&document[part]));
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A date of a machine readable zone, YYMMDD, as YYYY-MM-DD; unknown parts as `??`.
fn zone_date(text: &str, ahead: u32, now: u64) -> String {
    if text.len() != 6 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'<') {
        return text.into();
    }
    let text = text.replace('<', "?");
    let (year, month, day) = (&text[..2], &text[2..4], &text[4..]);
    let this_year: u32 = rfc3339(now)[..4].parse().unwrap_or(u32::MAX);
    let century = match format!("20{year}").parse::<u32>() {
        _ if year == "??" => "??",
        Ok(whole) if whole > this_year.saturating_add(ahead) => "19",
        _ => "20",
    };
    format!("{century}{year}-{month}-{day}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_valid_through_its_last_day() {
        let document = |expiry_date: &str| {
            let zone =
                ["format", "code", "issuing_state", "number", "surname", "given_names", "nationality", "sex"];
            let mut fields: serde_json::Map<_, _> =
                zone.iter().map(|field| (field.to_string(), "".into())).collect();
            fields.extend([("birth_date".into(), "".into()), ("valid".into(), true.into())]);
            fields.insert("expiry_date".into(), expiry_date.into());
            serde_json::from_value(Value::Object(fields)).unwrap()
        };
        let words = Words::of(vedette_common::words::Language::En);
        let now = parse_rfc3339("2026-11-24").unwrap() + 3_600 * 12;
        let said = |date| of_document(&document(date), words, now).pop().unwrap().1.contains("expired");
        assert_eq!(
            ["261123", "261124", "261125", "26112<", ""].map(said),
            [true, false, false, false, false]
        );
    }

    #[test]
    fn a_zone_s_date_gets_its_century() {
        let now = parse_rfc3339("2026-11-24").unwrap();
        let born = ["740812", "261124", "271124", "<<0812", "7408<<", "", "nonsens"];
        let read = born.map(|date| zone_date(date, 0, now));
        let told = ["1974-08-12", "2026-11-24", "1927-11-24", "????-08-12", "1974-08-??", "", "nonsens"];
        assert_eq!(read, told);
        assert_eq!(zone_date("320415", EXPIRY_AHEAD, now), "2032-04-15");
    }
}
