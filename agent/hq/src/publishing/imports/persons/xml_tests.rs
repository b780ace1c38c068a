//! Lists as XML, and FollowTheMoney's documents, from the samples; and what of such files is refused or told.

use super::*;
use std::fs;
use std::path::PathBuf;
use vedette_names::PersonName;
use vedette_names::person::{AlertKind, BirthDate, NameKind, Sex};
use vedette_names::person::{ENTRIES_MAX, TEXT_BYTES_MAX};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/samples").join(name)
}

/// The alerts of a file up to its end or its first error, and the report.
fn read(file: &Path) -> (Result<Vec<PersonAlert>, String>, Report) {
    let report = RefCell::new(Report::default());
    let source = std::io::BufReader::new(fs::File::open(file).unwrap());
    let all: Result<Vec<_>, _> =
        alerts(file, source, &report).map(|row| row.map(|(_, alert)| alert)).collect();
    (all.map_err(|error| error.to_string()), report.into_inner())
}

/// The same of a file with this text.
fn read_text(text: &str) -> (Result<Vec<PersonAlert>, String>, Report) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("list.xml");
    fs::write(&file, text).unwrap();
    read(&file)
}

/// Kind and words of each name.
fn names(alert: &PersonAlert) -> Vec<(NameKind, String)> {
    let words = |name: &PersonName| match name.surname.is_empty() && name.given.is_empty() {
        true => name.full.clone(),
        false => format!("{}/{}", name.surname, name.given),
    };
    alert.names.iter().map(|name| (name.kind, words(name))).collect()
}

fn documents(alert: &PersonAlert) -> Vec<[&str; 4]> {
    let all = alert.documents.iter();
    all.map(|one| [one.kind.as_str(), &one.number, &one.state, &one.remark]).collect()
}

fn about(year: u16) -> BirthDate {
    BirthDate { circa: true, ..BirthDate::of_year(year) }
}

#[test]
fn a_person_of_the_un_s_list() {
    let (alerts, report) = read(&sample("un_consolidated.xml"));
    let [alert] = &alerts.unwrap()[..] else { panic!("one individual") };
    assert_eq!((alert.id.as_str(), alert.kind, alert.sex), ("un-9000001", AlertKind::Sanction, Sex::Male));
    let wanted = [
        (NameKind::Primary, "Ibram Tosk Velmari"),
        (NameKind::Aka, "Ибрам Тоск"),
        (NameKind::Aka, "Ibrahim Tosk"),
        (NameKind::Weak, "The Miller"),
        (NameKind::Former, "Ibram Belov"),
    ];
    assert_eq!(names(alert), wanted.map(|(kind, name)| (kind, name.to_owned())));
    let years = [1958, 1959, 1960].map(BirthDate::of_year);
    assert_eq!(alert.birth_dates[..2], [BirthDate::new(1961, 3, 9), about(1962)]);
    assert_eq!(alert.birth_dates[2..], years);
    assert_eq!(documents(alert), [["Passport", "U7700123", "UTO", "issued 2001-05-06"]]);
    assert_eq!(
        (&alert.nationalities[..], &alert.birth_places[..]),
        (&["UTO".into()][..], &["Eastport, Utopia".into()][..])
    );
    assert_eq!((alert.reference.as_str(), alert.reason.as_str()), ("UTi.001", "Utopia"));
    assert_eq!(report.left_out.count(), 1, "the entity: {report}");
    assert_eq!(report.doubtful.count(), 0, "{report}");
}

#[test]
fn a_person_of_the_eu_s_list() {
    let (alerts, report) = read(&sample("eu_fsf.xml"));
    let [alert] = &alerts.unwrap()[..] else { panic!("one person") };
    assert_eq!((alert.id.as_str(), alert.sex), ("EU.90001.1", Sex::Male));
    let wanted = [
        (NameKind::Primary, "Brenick/Halvar Ott"),
        (NameKind::Aka, "Χάλβαρ Μπρένικ"),
        (NameKind::Weak, "Old Hal"),
    ];
    assert_eq!(names(alert), wanted.map(|(kind, name)| (kind, name.to_owned())));
    assert_eq!(alert.birth_dates, [BirthDate::new(1955, 12, 24), about(1957)]);
    assert_eq!(documents(alert), [["passport", "E4400987", "UTO", "knownFalse, (false passport)"]]);
    assert_eq!(
        alert.remark,
        "Harbour master; Listed with the decision of 2020.; address: 1 Harbour Road, Eastport, UTOPIA"
    );
    assert_eq!((alert.reason.as_str(), alert.reference.as_str()), ("UTO", "2020/1 (OJ L1)"));
    assert_eq!((report.left_out.count(), report.doubtful.count()), (1, 0), "{report}");
}

#[test]
fn a_person_of_ofac_s_advanced_list() {
    let (alerts, report) = read(&sample("ofac/sdn_advanced.xml"));
    let [alert] = &alerts.unwrap()[..] else { panic!("one individual") };
    assert_eq!(
        (alert.id.as_str(), alert.sex, alert.reason.as_str()),
        ("ofac-90011", Sex::Female, "UTO-SANCTIONS")
    );
    let wanted = [
        (NameKind::Primary, "SORVANE/Milda"),
        (NameKind::Aka, "Сорване/Милда"),
        (NameKind::Weak, "The Clerk"),
    ];
    assert_eq!(names(alert), wanted.map(|(kind, name)| (kind, name.to_owned())));
    assert_eq!(alert.birth_dates, [BirthDate::new(1968, 4, 2), about(1969)]);
    let numbers = [["Passport", "M5512098"], ["Passport", "M7731004"], ["National ID No.", "58-031199"]];
    assert_eq!(documents(alert), numbers.map(|[kind, number]| [kind, number, "UTO", ""]));
    assert_eq!(
        (&alert.nationalities[..], &alert.birth_places[..]),
        (&["UTO".into()][..], &["Eastport, Utopia".into()][..])
    );
    assert_eq!(alert.remark, "address: Eastport, UT; Title Registrar");
    assert_eq!((report.left_out.count(), report.doubtful.count()), (1, 0), "{report}");
}

#[test]
fn documents_that_are_entities_of_their_own_belong_to_their_holder() {
    let (alerts, report) = read(&sample("follow_the_money.jsonl"));
    let [alert] = &alerts.unwrap()[..] else { panic!("one person") };
    assert_eq!(
        documents(alert),
        [
            ["passport", "S0091824", "", ""],
            ["passport", "S0200331", "UTO", "issued 2019-04-01"],
            ["National ID", "66-093017", "UTO", ""]
        ]
    );
    assert_eq!(report.left_out.count(), 1, "the company: {report}");
    let lonely = r#"{"id":"p","schema":"Passport","properties":{"holder":["x"],"number":["1"]}}"#;
    let (alerts, report) = read_text(lonely);
    assert_eq!((alerts.unwrap().len(), report.left_out.count()), (0, 1), "{report}");
}

#[test]
fn xml_that_will_not_do_is_refused_with_line_column_and_what_to_do() {
    let un = |inside: &str| {
        format!("<CONSOLIDATED_LIST>\n<INDIVIDUALS>\n{inside}\n</INDIVIDUALS></CONSOLIDATED_LIST>")
    };
    let ofac =
        "<Sanctions>\n <DistinctParty FixedRef='1'><Profile PartySubTypeID='9'/></DistinctParty></Sanctions>";
    for (text, place, why) in [
        ("<sdnList/>".into(), "line 1", "take sdn_advanced.xml"),
        ("<Designations>\n</Designations>".into(), "line 1", "JSON lines"),
        ("<html><body>\u{1b}[2J</body></html>".into(), "line 1", "html"),
        (un("<INDIVIDUAL><DATAID>1</DATAID></INDIVIDUAL>"), "line 3, column 1", "0 names"),
        (un("<INDIVIDUAL><FIRST_NAME>\u{1b}]0;x</FIRST_NAME"), "line 4", ""),
        (un("<INDIVIDUAL><FIRST_NAME>&who;"), "line 3", "&who; is not known"),
        (format!("<!DOCTYPE x [<!ENTITY a 'b'>]>\n{}", un("")), "line 1", "DOCTYPE"),
        (un("").replace("</CONSOLIDATED_LIST>", ""), "line 4", "cut short"),
        (ofac.into(), "line 2, column 30", "PartySubTypeID \"9\""),
        ("[{\"id\": \"1\"}]".into(), "line 1", "a line of its own"),
    ] {
        let error = read_text(&text).0.unwrap_err();
        assert!(error.contains(place) && error.contains(why), "{error}");
        assert!(!error.contains(char::is_control) && error.len() < 600, "{error:?}");
    }
}

#[test]
fn what_says_nothing_or_cannot_be_seen_is_told_and_what_is_too_much_too() {
    let un = |inside: &str| {
        format!(
            "<CONSOLIDATED_LIST><INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>Ann</FIRST_NAME>{inside}</INDIVIDUAL></CONSOLIDATED_LIST>"
        )
    };
    let date = "<INDIVIDUAL_DATE_OF_BIRTH><DATE>soon</DATE></INDIVIDUAL_DATE_OF_BIRTH>";
    let state = "<NATIONALITY><VALUE>Atlantis</VALUE></NATIONALITY>";
    let report = read_text(&un(&format!("{date}{state}"))).1;
    assert_eq!(report.doubtful.count(), 2, "{report}");
    let (alerts, report) = read_text(&un("<COMMENTS1>a&#x1b;[2J&#x202e;b</COMMENTS1>"));
    assert_eq!((alerts.unwrap()[0].remark.as_str(), report.repaired.count()), ("a [2Jb", 1), "{report}");
    let (alerts, report) = read_text(&un(
        &"<NATIONALITY><VALUE>Utopia</VALUE></NATIONALITY><NATIONALITY><VALUE>Norway</VALUE></NATIONALITY>"
            .repeat(40),
    ));
    assert_eq!(
        (alerts.unwrap()[0].nationalities.len(), report.repaired.count()),
        (ENTRIES_MAX, 1),
        "{report}"
    );
    let (alerts, report) =
        read_text(&un(&format!("<COMMENTS1>{}</COMMENTS1>", "x".repeat(TEXT_BYTES_MAX + 1))));
    assert_eq!((alerts.unwrap()[0].remark.len(), report.repaired.count()), (TEXT_BYTES_MAX, 1), "{report}");
    let seen =
        r#"{"id": "a", "names": [{"full": "Ann\u0000 Moe"}], "remark": "one\ntwo", "reason": "\u202ered"}"#;
    let (alerts, report) = read_text(seen);
    let alert = &alerts.unwrap()[0];
    assert_eq!(
        (alert.names[0].full.as_str(), alert.remark.as_str(), alert.reason.as_str()),
        ("Ann Moe", "one two", "red")
    );
    assert_eq!(report.repaired.count(), 2, "{report}");
    let (refused, _) = read_text("{\"id\": \"a\\u0007\", \"names\": [{\"full\": \"Ann Moe\"}]}");
    assert!(refused.unwrap_err().contains("U+0007"));
}
