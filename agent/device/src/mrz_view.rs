//! What `vedette mrz` shows: each sample of a text as a JSON object or in lines for people.
//!
//! Samples are parted by blank lines. The JSON object has `format`, `valid`, `check_digits` (ICAO formats)
//! and `fields` as other readers of machine readable zones name them, so that results can be compared; `checks`
//! tells more of every check digit of any format (what was found, what was expected, where), and
//! `long_number`, `name_truncated`, `unreadable` and `repair` what else the zone gave. A sample that is no zone gives
//! an object with `error`. Nothing is logged or kept.

use std::io::{self, BufRead, Write};

use serde_json::{Map, Value, json};
use vedette_shim::mrz::{self, Check, CheckName, Field, Mrz, MrzError, NumberForm, Repair, Sex};

/// Bytes of a sample that are looked at, in bytes; a zone has 90 characters, so this leaves room for much white space.
const SAMPLE_BYTES_MAX: usize = 4096;

/// Reads samples and writes what each says; `json`: one object a line. Whether every sample was readable.
///
/// # Errors
/// If `input` cannot be read or `out` not be written.
pub fn run(input: impl BufRead, mut out: impl Write, json: bool) -> io::Result<bool> {
    let mut all_readable = true;
    for sample in samples(input) {
        let result = mrz::parse(&sample?);
        all_readable &= result.is_ok();
        if json {
            writeln!(out, "{}", view(&result))?;
        } else {
            writeln!(out, "{}", text(&result))?;
        }
    }
    Ok(all_readable)
}

/// The samples of a text: runs of lines between blank ones. Of a sample longer than [`SAMPLE_BYTES_MAX`] the
/// rest is dropped; bytes that are no UTF-8 become a character that no zone has. Both are then named as unreadable.
fn samples(mut input: impl BufRead) -> impl Iterator<Item = io::Result<String>> {
    std::iter::from_fn(move || {
        let mut sample = Vec::new();
        loop {
            let mut line = Vec::new();
            match read_line(&mut input, &mut line) {
                Err(error) => return Some(Err(error)),
                Ok(false) => break,
                Ok(true) if !line.trim_ascii().is_empty() => {
                    let room = SAMPLE_BYTES_MAX.saturating_sub(sample.len());
                    sample.extend(line.into_iter().take(room));
                }
                Ok(true) if !sample.is_empty() => break,
                Ok(true) => {}
            }
        }
        (!sample.is_empty()).then(|| Ok(String::from_utf8_lossy(&sample).into_owned()))
    })
}

/// Reads one line, its end included, and keeps at most [`SAMPLE_BYTES_MAX`] of it; `false` at the end of the input.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    let mut any = false;
    loop {
        let bytes = input.fill_buf()?;
        if bytes.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = bytes.iter().position(|b| *b == b'\n');
        let length = end.map_or(bytes.len(), |end| end + 1);
        let room = SAMPLE_BYTES_MAX.saturating_sub(line.len());
        line.extend_from_slice(&bytes[..length.min(room)]);
        input.consume(length);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// The JSON object of one sample.
pub fn view(result: &Result<Mrz, MrzError>) -> Value {
    let mrz = match result {
        Ok(mrz) => mrz,
        Err(error) => return json!({ "format": null, "valid": false, "error": error.to_string() }),
    };
    let mut object = Map::new();
    object.insert("format".into(), json!(mrz.format()));
    object.insert("valid".into(), json!(mrz.valid()));
    if mrz.format().is_icao() {
        let passes = mrz.checks().iter().map(|c| (check_name(c.name).into(), json!(c.check.passes())));
        object.insert("check_digits".into(), Value::Object(passes.collect()));
        object.insert("fields".into(), Value::Object(icao_fields(mrz)));
    } else {
        object.insert("fields".into(), Value::Object(national_fields(mrz)));
    }
    object.insert("checks".into(), mrz.checks().iter().map(check_object).collect());
    object.insert("long_number".into(), json!(long_number(mrz)));
    object.insert("name_truncated".into(), json!(mrz.name_truncated()));
    object.insert("unreadable".into(), mrz.unreadable_fields().map(field_name).collect());
    object.insert("repair".into(), repair_object(mrz));
    Value::Object(object)
}

/// The fields of an ICAO format, all of them, as they stand.
fn icao_fields(mrz: &Mrz) -> Map<String, Value> {
    let fields = [
        ("document_type", mrz.document_code()),
        ("issuing_state", mrz.issuing_state()),
        ("document_number", mrz.document_number()),
        ("surname", mrz.surname()),
        ("given_names", mrz.given_names()),
        ("nationality", mrz.nationality()),
        ("birth_date", mrz.lines().raw(Field::Birth)),
        ("sex", mrz.lines().raw(Field::Sex)),
        ("expiry_date", mrz.lines().raw(Field::Expiry)),
        ("optional1", mrz.optional1()),
        ("optional2", mrz.optional2()),
    ];
    fields.into_iter().map(|(name, value)| (name.into(), json!(value))).collect()
}

/// The fields that a national format has. Those it shares with ICAO's are left out where they are unreadable, its own
/// are null; of a name every filler is a blank.
fn national_fields(mrz: &Mrz) -> Map<String, Value> {
    const SHARED: [(&str, Field); 6] = [
        ("document_type", Field::Code),
        ("issuing_state", Field::State),
        ("document_number", Field::Number),
        ("birth_date", Field::Birth),
        ("sex", Field::Sex),
        ("expiry_date", Field::Expiry),
    ];
    const OWN: [(&str, Field); 6] = [
        ("administrativeCode", Field::Office),
        ("issueDate", Field::IssueMonth),
        ("administrativeCode2", Field::Department),
        ("languageCode", Field::Language),
        ("pinCode", Field::Pin),
        ("versionNumber", Field::Version),
    ];
    let unreadable: Vec<Field> = mrz.unreadable_fields().collect();
    let readable = |field| !mrz.lines().raw(field).is_empty() && !unreadable.contains(&field);
    let mut fields = Map::new();
    for (name, field) in SHARED.into_iter().filter(|(_, field)| readable(*field)) {
        let value = match field {
            Field::Sex => sex_word(mrz.sex()),
            _ => mrz.field(field),
        };
        fields.insert(name.into(), json!(value));
    }
    for (name, field) in OWN.into_iter().filter(|(_, field)| !mrz.lines().raw(*field).is_empty()) {
        fields.insert(name.into(), json!(readable(field).then(|| spaced(mrz.field(field)))));
    }
    let (surname, given_names) =
        mrz.field(Field::Name).split_once("<<").unwrap_or((mrz.field(Field::Name), ""));
    if readable(Field::Name) {
        fields.insert("surname".into(), json!(spaced(surname)));
        fields.insert("given_names".into(), json!(spaced(given_names)));
    }
    for (name, field) in [("surname", Field::Surname), ("given_names", Field::GivenNames)] {
        if readable(field) {
            fields.insert(name.into(), json!(spaced(mrz.field(field))));
        }
    }
    fields
}

fn spaced(text: &str) -> String {
    text.replace('<', " ")
}

fn sex_word(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "male",
        Sex::Female => "female",
        Sex::X => "X",
        Sex::Unspecified => "nonspecified",
        Sex::Unknown => "unreadable",
    }
}

fn check_object(result: &mrz::CheckResult) -> Value {
    let mut object = json!({ "name": result.name, "line": result.line, "column": result.column });
    match result.check {
        Check::Valid => object["result"] = "valid".into(),
        Check::Absent => object["result"] = "absent".into(),
        Check::Invalid { found, expected } => {
            object["result"] = "invalid".into();
            object["found"] = found.to_string().into();
            object["expected"] = expected.to_string().into();
        }
    }
    object
}

fn long_number(mrz: &Mrz) -> Option<NumberForm> {
    Some(mrz.number_form()).filter(|form| *form != NumberForm::Short)
}

fn repair_object(mrz: &Mrz) -> Value {
    match mrz::repair(mrz.lines()) {
        Repair::NotNeeded => Value::Null,
        Repair::None => json!({ "result": "none" }),
        Repair::Ambiguous(candidates) => json!({ "result": "ambiguous", "candidates": candidates }),
        Repair::Unique(fix) => json!({
            "result": "unique",
            "lines": fix.lines().iter().collect::<Vec<_>>(),
            "changes": fix.changes().map(|c| json!({
                "line": c.line, "column": c.column, "from": c.from.to_string(), "to": c.to.to_string(),
            })).collect::<Vec<_>>(),
        }),
    }
}

/// One sample in lines for people.
fn text(result: &Result<Mrz, MrzError>) -> String {
    let mrz = match result {
        Ok(mrz) => mrz,
        Err(error) => return format!("unreadable: {error}\n"),
    };
    let mut lines = vec![format!("{} {}", mrz.format(), if mrz.valid() { "valid" } else { "NOT VALID" })];
    let mut field = |name: &str, value: &str| {
        if !value.is_empty() {
            lines.push(format!("  {name:<16}{value}"));
        }
    };
    field("document", mrz.document_code());
    field("issued by", mrz.issuing_state());
    field("number", &number_text(mrz));
    let surname = Some(mrz.surname()).filter(|name| !name.is_empty());
    field("surname", surname.unwrap_or("MISSING: a document's first name part is mandatory"));
    let cut = if mrz.name_truncated() { "  (the name may be cut)" } else { "" };
    field("given names", &format!("{}{cut}", mrz.given_names()));
    field("nationality", mrz.nationality());
    field("born", &date_text(mrz, Field::Birth));
    if !mrz.lines().raw(Field::Sex).is_empty() {
        field("sex", if mrz.sex() == Sex::Unspecified { "unspecified" } else { sex_word(mrz.sex()) });
    }
    field("expires", &date_text(mrz, Field::Expiry));
    field("optional data", mrz.optional1());
    field("optional data 2", mrz.optional2());
    field("office", mrz.field(Field::Office));
    field("issued (YYMM)", mrz.field(Field::IssueMonth));
    field("language", mrz.field(Field::Language));
    field("holder's number", mrz.field(Field::Pin));
    field("version", mrz.field(Field::Version));
    for unreadable in mrz.unreadable_fields() {
        field("unreadable", &format!("{}: {}", field_name(unreadable), mrz.lines().raw(unreadable)));
    }
    for check in mrz.checks() {
        let says = match check.check {
            Check::Valid => "ok".to_owned(),
            Check::Absent => "ok (none, nothing to check)".to_owned(),
            Check::Invalid { found, expected } => {
                format!("WRONG: {found}, should be {expected} (line {}, column {})", check.line, check.column)
            }
        };
        field(&format!("check {}", check_name(check.name)), &says);
    }
    match mrz::repair(mrz.lines()) {
        Repair::NotNeeded => {}
        Repair::None => field("repair", "none found: read the document again"),
        Repair::Ambiguous(n) => field("repair", &format!("{n} are possible: read the document again")),
        Repair::Unique(fix) => {
            field("repair", "proposed, compare with the document:");
            for change in fix.changes() {
                let place = format!("line {}, column {}", change.line, change.column);
                field("", &format!("{place}: {} for {}", change.to, change.from));
            }
            for line in fix.lines().iter() {
                field("", line);
            }
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn number_text(mrz: &Mrz) -> String {
    let form = match mrz.number_form() {
        NumberForm::Short => "",
        NumberForm::LongIcao => "  (long, check digit by ICAO's rule)",
        NumberForm::LongFillerCounted => "  (long, check digit counts the <)",
        NumberForm::LongBoth => "  (long, check digit by either rule)",
        NumberForm::LongUnconfirmed => "  (long, check digit by neither rule)",
        NumberForm::National => "  (put together by its state's layout)",
    };
    format!("{}{form}", mrz.document_number())
}

/// `YY-MM-DD` with `??` for what is unknown; what is no date as it stands.
fn date_text(mrz: &Mrz, field: Field) -> String {
    let date = if field == Field::Birth { mrz.birth_date() } else { mrz.expiry_date() };
    let Some(date) = date else { return String::new() };
    let Some(parts) = date.parts() else { return date.as_str().to_owned() };
    let part = |part: Option<u8>| part.map_or("??".to_owned(), |n| format!("{n:02}"));
    format!("{}-{}-{}", part(parts.year), part(parts.month), part(parts.day))
}

fn check_name(name: CheckName) -> &'static str {
    match name {
        CheckName::Number => "number",
        CheckName::Birth => "birth",
        CheckName::Expiry => "expiry",
        CheckName::Personal => "personal",
        CheckName::Composite => "composite",
    }
}

fn field_name(field: Field) -> &'static str {
    match field {
        Field::Code => "document_type",
        Field::State => "issuing_state",
        Field::Number => "document_number",
        Field::Nationality => "nationality",
        Field::Birth => "birth_date",
        Field::Sex => "sex",
        Field::Expiry => "expiry_date",
        Field::Name => "name",
        Field::Surname => "surname",
        Field::GivenNames => "given_names",
        Field::Optional1 => "optional1",
        Field::Optional2 => "optional2",
        Field::Office => "administrativeCode",
        Field::IssueMonth => "issueDate",
        Field::Department => "administrativeCode2",
        Field::Language => "languageCode",
        Field::Pin => "pinCode",
        Field::Version => "versionNumber",
        Field::Separator => "separator",
    }
}

#[cfg(test)]
mod tests;
