//! Every form of a persons file, with invented persons.

use super::*;
use proptest::prelude::*;
use vedette_names::person::{Action, AlertKind, BirthDate, NameKind, Sex, Warning};

/// The alerts of a file until its end or its first error, 1,000 at most.
fn rows_of(file: &Path, source: impl BufRead) -> Vec<Result<PersonAlert, ImportError>> {
    let report = RefCell::new(Report::default());
    let mut found = Vec::new();
    for row in alerts(file, source, &report).take(1_000) {
        let is_error = row.is_err();
        found.push(row.map(|(_, alert)| alert));
        if is_error {
            break;
        }
    }
    found
}

fn read(text: &str) -> Vec<PersonAlert> {
    rows_of(Path::new("list.jsonl"), text.as_bytes()).into_iter().collect::<Result<_, _>>().unwrap()
}

fn error(text: &str) -> String {
    rows_of(Path::new("list.jsonl"), text.as_bytes()).into_iter().find_map(Result::err).unwrap().to_string()
}

#[test]
fn own_lines() {
    let text = r#"{"id": "a", "names": [{"surname": "Eriksson", "given": "Anna", "kind": "primary"}, {"full": "Silver Fox",
        "kind": "aka", "quality": "weak"}], "birth_dates": ["1974-08-12", "circa 1975", "unknown"], "nationalities": ["UTO",
        "unknown"], "sex": "F", "warnings": ["armed"], "action": "arrest", "documents": [{"type": "passport", "number": "X1",
        "country": "Norway", "expires": "2030-01-01"}]}"#
        .replace('\n', " ");
    let alert = &read(&format!("\u{FEFF}\n{text}\n"))[0];
    assert_eq!(alert.names[1].kind, NameKind::Weak);
    assert_eq!(
        alert.birth_dates,
        [BirthDate::new(1974, 8, 12), BirthDate { circa: true, ..BirthDate::of_year(1975) }]
    );
    assert_eq!(alert.nationalities, ["UTO"]);
    assert_eq!((alert.sex, alert.action), (Sex::Female, Action::Arrest));
    assert_eq!(
        (alert.documents[0].state.as_str(), alert.documents[0].remark.as_str()),
        ("NOR", "expires 2030-01-01")
    );
}

#[test]
fn what_takes_a_dictionary_is_read_at_import_and_what_nobody_can_read_is_refused() {
    let alert =
        &read(r#"{"id": "h", "names": [{"surname": "张", "given": "国强"}], "nationalities": ["CHN"]}"#)[0];
    let names: Vec<String> =
        alert.names.iter().map(|name| format!("{} {}", name.surname, name.given)).collect();
    assert_eq!(names, ["张 国强", "ZHANG GUOQIANG", "CHANG KUO CHIANG", "CHEUNG KWOK KEUNG"]);
    assert_eq!(
        read(r#"{"id": "g", "names": [{"full": "Παπάς Νίκος"}]}"#)[0].names.len(),
        1,
        "a device reads Greek itself"
    );
    let good = r#"{"id": "a", "names": [{"full": "Ann Moe"}]}"#;
    let error = error(&format!("{good}\n{{\"id\": \"b\", \"names\": [{{\"full\": \"??? \u{2026}\"}}]}}\n"));
    assert!(error.contains("line 2") && error.contains("???") && error.contains("Latin letters"), "{error}");
}

#[test]
fn sis_and_interpol_fields() {
    let text = r#"{"id": "s", "category": "36", "surnames": ["Orel", "Zima"], "forenames": "Dmitri", "aliases": ["Red Fox",
        {"surnames": "Lund", "forenames": "Per"}], "names_at_birth": [{"surnames": "Zima"}], "date_of_birth": "1960-03-04",
        "gender": "M", "nationalities": "UTO", "warning_markers": ["escaped"], "creating_authority": "UTO police"}"#
        .replace('\n', " ");
    let alert = &read(&text)[0];
    assert_eq!((alert.kind, alert.action), (AlertKind::SisCheck, Action::DiscreetCheck));
    assert_eq!(alert.names.len(), 4);
    assert_eq!((alert.names[0].surname.as_str(), alert.names[1].kind), ("Orel Zima", NameKind::Birth));
    assert_eq!(alert.warnings, [Warning::Escaped]);

    let text = r#"{"entity_id": "2020/1", "category": "red", "name": "LUND", "forename": "PER", "date_of_birth": "1966/01/02",
        "sex_id": "M", "nationalities": ["NO"], "arrest_warrants": [{"issuing_country_id": "SE", "charge": "fraud"}]}"#
        .replace('\n', " ");
    let alert = &read(&text)[0];
    assert_eq!(
        (alert.kind, alert.action, alert.reason.as_str()),
        (AlertKind::Red, Action::Arrest, "SE fraud")
    );
    assert_eq!((alert.birth_dates[0], alert.nationalities[0].as_str()), (BirthDate::new(1966, 1, 2), "NOR"));
}

#[test]
fn follow_the_money() {
    let text = r#"{"id": "Q1", "schema": "Person", "properties": {"name": ["Per Lund"], "lastName": ["Lund"], "firstName": ["Per"],
        "weakAlias": ["Fox"], "birthDate": ["1966-01"], "nationality": ["no"], "gender": ["male"], "topics": ["sanction",
        "crime.terror"], "passportNumber": ["P123"], "height": [180]}}
        {"id": "Q2", "schema": "Company", "properties": {"name": ["Lund Ltd"]}}
        {"id": "Q3", "schema": "LegalEntity", "properties": {"name": ["Ann Moe"], "birthDate": ["1970"]}}"#
        .replace("\n        \"", " \"");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ftm.jsonl");
    std::fs::write(&file, &text).unwrap();
    let alerts: Vec<PersonAlert> =
        rows_of(&file, text.as_bytes()).into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(alerts.iter().map(|alert| alert.id.as_str()).collect::<Vec<_>>(), ["Q1", "Q3"]);
    let alert = &alerts[0];
    assert_eq!((alert.names[0].surname.as_str(), alert.names[0].given.as_str()), ("Lund", "Per"));
    assert_eq!(
        alert.names.iter().map(|name| name.kind).collect::<Vec<_>>(),
        [NameKind::Primary, NameKind::Aka, NameKind::Weak]
    );
    assert_eq!((alert.kind, &alert.warnings[..]), (AlertKind::Sanction, &[Warning::Terrorism][..]));
    assert_eq!((alert.nationalities[0].as_str(), alert.documents[0].number.as_str()), ("NOR", "P123"));
}

#[test]
fn ofac_with_its_aliases_and_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let sdn = folder.path().join("sdn.csv");
    let rows = "7,\"LUND, Per\",\"individual\",\"TEST\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"DOB 02 Jan 1966; alt. DOB 1967; POB \
        Oslo, Norway; nationality Norway; Gender Male; Passport N123 (Norway); a.k.a. 'FOX'; Secondary risk.\"\n\
        8,\"LUND LTD\",-0- ,\"TEST\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n\x1a\n";
    std::fs::write(&sdn, rows).unwrap();
    std::fs::write(folder.path().join("alt.csv"), "7,1,\"aka\",\"LUNDE, Peder\",-0- \n").unwrap();
    std::fs::write(folder.path().join("add.csv"), "7,1,\"Main street 1\",\"Oslo\",\"Norway\",-0- \n")
        .unwrap();
    let source = std::io::BufReader::new(std::fs::File::open(&sdn).unwrap());
    let alerts: Vec<PersonAlert> = rows_of(&sdn, source).into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(alerts.len(), 1);
    let alert = &alerts[0];
    assert_eq!(alert.id, "ofac-7");
    let names: Vec<(&str, NameKind)> = alert
        .names
        .iter()
        .map(|name| {
            (if name.surname.is_empty() { name.full.as_str() } else { name.surname.as_str() }, name.kind)
        })
        .collect();
    assert_eq!(names, [("LUND", NameKind::Primary), ("LUNDE", NameKind::Aka), ("FOX", NameKind::Weak)]);
    assert_eq!(alert.birth_dates, [BirthDate::new(1966, 1, 2), BirthDate::of_year(1967)]);
    assert_eq!((alert.sex, alert.nationalities[0].as_str()), (Sex::Male, "NOR"));
    assert_eq!((alert.documents[0].number.as_str(), alert.documents[0].state.as_str()), ("N123", "NOR"));
    assert_eq!(alert.remark, "Secondary risk; address: Main street 1, Oslo, Norway");
}

#[test]
fn a_bad_line_is_named() {
    let good = r#"{"id": "a", "names": [{"full": "Ann Moe"}]}"#;
    for (bad, says) in [
        (r#"{"id": "b"}"#, "missing field `names`"),
        (r#"{"id": "b", "names": []}"#, "0 names"),
        (r#"{"id": "b", "names": [{"full": "X"}], "wanted_for": "x"}"#, "unknown field `wanted_for`"),
        (r#"{"id": "b", "names": [{"full": "X"}], "sex": "Q"}"#, "none of female"),
        (r#"{"id": "b", "surnames": "X", "category": "pink"}"#, "no notice's colour"),
        ("[1]", "invalid type"),
        ("{", "EOF"),
    ] {
        let error = error(&format!("{good}\n\n{bad}\n"));
        assert!(error.contains("list.jsonl, line 3") && error.contains(says), "{error}");
    }
    assert!(error("surname;given\nLund;Per\n").contains("no file of OFAC, nor JSON lines"));
}

proptest! {
    #[test]
    fn any_bytes_give_alerts_or_errors(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for alert in rows_of(Path::new("sdn.csv"), &bytes[..]).into_iter().flatten() {
            prop_assert!(alert.validate().is_ok());
        }
    }

    #[test]
    fn any_row_of_twelve_is_read(fields in proptest::collection::vec("[^\"\r\n]{0,20}", 9), remarks in "[a-zA-Z0-9 .;()']{0,80}") {
        let row = format!("1,\"{}\",\"individual\",\"{}\",\"{remarks}\"\n", fields[0], fields[1..].join("\",\""));
        for alert in rows_of(Path::new("list.csv"), row.as_bytes()).into_iter().flatten() {
            prop_assert!(alert.validate().is_ok());
        }
    }
}
