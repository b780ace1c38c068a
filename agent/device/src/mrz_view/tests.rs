//! Samples of ICAO's specimens and invented documents, as other readers of zones name what they find.

use super::*;

const TD1: &str =
    "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";
const TD3: &str =
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
const FRENCH_ID: &str = "IDFRAUTOPIE<MARCHEUR<<<<<<<<<<750012\n1904752012340ANNE<<MARIE<<<9102033F5";
const FRENCH_DRIVING: &str = "D1FRA13AA000026310415UTOPISTE5";
const SWISS_DRIVING: &str = "XYZ123F<<\nFACHE123456789012<<910203<<<<<\nUTOPIE<MARCHEUR<<ANNE<MARIE<<<";

fn json_of(input: impl AsRef<[u8]>) -> (bool, Vec<Value>) {
    let mut out = Vec::new();
    let readable = run(input.as_ref(), &mut out, true).expect("memory can be written");
    let objects = out.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    (readable, objects.map(|line| serde_json::from_slice(line).expect("one object a line")).collect())
}

fn one(text: &str) -> Value {
    let (_, mut objects) = json_of(text);
    assert_eq!(objects.len(), 1);
    objects.remove(0)
}

fn for_people(text: &str) -> String {
    let mut out = Vec::new();
    run(text.as_bytes(), &mut out, false).expect("memory can be written");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn a_passport_as_json() {
    assert_eq!(
        one(TD3),
        json!({
            "format": "TD3",
            "valid": true,
            "check_digits":
                { "number": true, "birth": true, "expiry": true, "personal": true, "composite": true },
            "fields": {
                "document_type": "P", "issuing_state": "UTO", "document_number": "L898902C3",
                "surname": "ERIKSSON", "given_names": "ANNA MARIA", "nationality": "UTO",
                "birth_date": "740812", "sex": "F", "expiry_date": "120415",
                "optional1": "ZE184226B", "optional2": "",
            },
            "checks": [
                { "name": "number", "result": "valid", "line": 2, "column": 10 },
                { "name": "birth", "result": "valid", "line": 2, "column": 20 },
                { "name": "expiry", "result": "valid", "line": 2, "column": 28 },
                { "name": "personal", "result": "valid", "line": 2, "column": 43 },
                { "name": "composite", "result": "valid", "line": 2, "column": 44 },
            ],
            "long_number": null, "name_truncated": false, "unreadable": [], "repair": null,
        })
    );
}

#[test]
fn national_formats_have_their_own_fields() {
    let french = one(FRENCH_ID);
    assert_eq!(french["valid"], true);
    assert_eq!(french["check_digits"], Value::Null);
    assert_eq!(
        french["fields"],
        json!({
            "document_type": "ID", "issuing_state": "FRA", "document_number": "01234",
            "surname": "UTOPIE MARCHEUR", "given_names": "ANNE  MARIE", "birth_date": "910203",
            "sex": "female", "administrativeCode": "750012", "issueDate": "1904", "administrativeCode2": "752",
        })
    );
    assert_eq!(
        one(FRENCH_DRIVING)["fields"],
        json!({
            "document_type": "D1", "issuing_state": "FRA", "document_number": "13AA00002",
            "expiry_date": "310415", "surname": "UTOPISTE",
        })
    );
    assert_eq!(
        one(SWISS_DRIVING)["fields"],
        json!({
            "document_type": "FA", "issuing_state": "CHE", "document_number": "XYZ123F",
            "surname": "UTOPIE MARCHEUR", "given_names": "ANNE MARIE", "birth_date": "910203",
            "languageCode": "F", "pinCode": "123456789", "versionNumber": "012",
        })
    );
}

#[test]
fn unreadable_fields_of_national_formats_are_left_out_or_null() {
    let fields = &one(&FRENCH_ID.replace("1904752", "1913752").replace("910203", "911303"))["fields"];
    assert_eq!((fields.get("birth_date"), &fields["issueDate"]), (None, &Value::Null));
    let fields = &one(&FRENCH_DRIVING.replace("UTOPISTE", "UTOP1STE"))["fields"];
    assert_eq!(fields.get("surname"), None);
}

#[test]
fn a_wrong_digit_tells_what_it_should_be_and_what_may_have_been_misread() {
    let object = one(&TD1.replace("D23145890", "D2314589O"));
    assert_eq!((&object["valid"], &object["check_digits"]["number"]), (&json!(false), &json!(false)));
    assert_eq!(
        object["checks"][0],
        json!({ "name": "number", "result": "invalid", "found": "7", "expected": "1", "line": 1, "column": 15 })
    );
    assert_eq!(object["repair"]["result"], "unique");
    assert_eq!(object["repair"]["lines"], TD1.lines().collect::<Value>());
    assert_eq!(object["repair"]["changes"], json!([{ "line": 1, "column": 14, "from": "O", "to": "0" }]));
    // The fields stay as they were read.
    assert_eq!(object["fields"]["document_number"], "D2314589O");
}

#[test]
fn samples_are_parted_by_blank_lines_and_answered_in_order() {
    let (readable, objects) = json_of(format!("\n\n{TD1}\r\n \r\n\n{TD3}\n\nNONSENSE"));
    assert!(!readable);
    let formats: Vec<&Value> = objects.iter().map(|o| &o["format"]).collect();
    assert_eq!(
        formats,
        ["TD1", "TD3", ""].map(|f| if f.is_empty() { Value::Null } else { json!(f) }).each_ref()
    );
    assert!(objects[2]["error"].as_str().is_some_and(|e| e.contains("8 characters in 1 line(s)")));
    assert_eq!(json_of("").1, Vec::<Value>::new());
}

#[test]
fn bytes_of_any_kind_and_lines_of_any_length_are_answered() {
    let (readable, objects) = json_of(b"P<UTO\xff\xfe");
    assert!(!readable && objects[0]["error"].as_str().is_some_and(|e| e.contains("column 6")));
    let (readable, objects) = json_of(vec![b'<'; 1 << 20]);
    assert!(!readable && objects.len() == 1);
    let (_, objects) = json_of(format!("{}\n\n{TD3}", "A".repeat(100_000)));
    assert_eq!(objects[1]["valid"], true);
}

#[test]
fn people_read_every_check_and_the_proposed_repair() {
    let shown = for_people(&TD1.replace("D23145890", "D2314589O"));
    for line in [
        "TD1 NOT VALID",
        "  surname         ERIKSSON",
        "  born            74-08-12",
        "  check number    WRONG: 7, should be 1 (line 1, column 15)",
        "  check birth     ok",
        "line 1, column 14: 0 for O",
        "I<UTOD231458907<<<<<<<<<<<<<<<",
    ] {
        assert!(shown.contains(line), "{line:?} in\n{shown}");
    }
    assert!(for_people(&TD3.replace("740812", "74<<<<")).contains("born            74-??-??"));
    assert!(for_people("NONSENSE").starts_with("unreadable: 8 characters"));
}

/// Where this reading might be disputed, ICAO's words (Doc 9303, eighth edition) decide.
#[test]
fn what_icao_says_where_readers_differ() {
    // 9303-4, 4.2.2.2: unused personal number, "the check digit may be zero or the filler character (<)".
    let unused = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159<<<<<<<<<<<<<<<8";
    assert_eq!(one(unused)["check_digits"]["personal"], true);
    // 9303-5, note j: a long number is followed "by a check digit and a filler character"; whether the `<` in
    // the check digit's place counts is done either way, and said.
    let long = |digit, composite| {
        one(&format!(
            "I<UTO123456789<ABD{digit}<7X<<<<<<<<\n8502016F3001019UTO<<<<<<<<<<<{composite}\nERIKSSON<<ANNA<<<<<<<<<<<<<<<<"
        ))
    };
    for (object, form) in [(long('3', '2'), "long-icao"), (long('9', '0'), "long-filler-counted")] {
        assert_eq!((&object["valid"], &object["long_number"]), (&json!(true), &json!(form)));
        assert_eq!(object["fields"]["document_number"], "123456789ABD");
        assert_eq!(object["fields"]["optional1"], "7X");
    }
    // 9303-3, 4.9: letters have values, so a letter in a date can satisfy its digit: valid, but unreadable.
    let letter = one(&TD3.replace("740812", "74A812"));
    assert_eq!((&letter["valid"], &letter["unreadable"]), (&json!(true), &json!(["birth_date"])));
    // 9303-5, 4.2.2.3: the name "shall be placed first in the character positions for the primary identifier".
    let nameless = one(&TD1.replace("ERIKSSON<<ANNA<MARIA<<<<<<<<<<", "<<ANNA<MARIA<<<<<<<<<<<<<<<<<<"));
    assert_eq!((&nameless["valid"], &nameless["check_digits"]["composite"]), (&json!(false), &json!(true)));
    // 9303-3, 4.10: data begin "with the left-hand character position": fillers before optional data are none of it.
    let leading = one(&TD1.replace("UTO<<<<<<<<<<<6", "UTO<<<<<<<<AB<6"));
    assert_eq!(leading["fields"]["optional2"], "AB");
}
