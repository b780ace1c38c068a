//! A traveller on a document that a person's alert names, under another name.

use super::*;
use crate::check::alert::Alert;
use crate::check::answer::Asked;
use crate::identifiers::Builder;
use crate::snapshot::Content;
use std::convert::Infallible;
use std::sync::Arc;
use vedette_common::roster::Role;
use vedette_lists::{Edition, ListKey, Record, SegmentFile, build_records};
use vedette_names::PersonIndex;
use vedette_names::handling::{Field, Restriction};
use vedette_names::person;
use vedette_shim::list::Kind;
use vedette_shim::mrz::{self, Fields, compose};

const NOW: u64 = 1_790_000_000;

fn document(kind: &str, number: &str, state: &str) -> PersonDocument {
    PersonDocument { kind: kind.into(), number: number.into(), state: state.into(), remark: String::new() }
}

fn wanted(documents: Vec<PersonDocument>) -> PersonAlert {
    PersonAlert {
        id: "p1".into(),
        action: person::Action::Arrest,
        names: vec![PersonName { surname: "LUND".into(), given: "PER".into(), ..PersonName::default() }],
        documents,
        ..PersonAlert::default()
    }
}

/// What a list of this one alert has of a zone.
fn asked(alert: &PersonAlert, zone: &str) -> Asked {
    let folder = tempfile::tempdir().unwrap();
    let key = ListKey([7; 32]);
    let record = Record { key: alert.id.clone().into_bytes(), value: Some(person::encode(alert).unwrap()) };
    let (path, info) = build_records([Ok::<_, Infallible>(record)], &key, folder.path()).unwrap();
    let edition = Edition::open(vec![SegmentFile::open(&path, info.digest, &key).unwrap()]).unwrap();
    let index = PersonIndex::build([alert.clone()].into_iter());
    let mut identifiers = Builder::default();
    identifiers.add(alert);
    let identifiers = identifiers.build();
    let held = SnapshotList {
        list: "uto/persons".parse().unwrap(),
        kind: Kind::Persons,
        owner: "UTO".into(),
        owner_key: [7; 32],
        edition: 1,
        manifest: None,
        keys: Default::default(),
        keys_erased: false,
        entries: 1,
        issued: NOW,
        lease_s: 86_400,
        confirmed_at: NOW,
        stale_after_s: None,
        newest_known: 1,
        doubt: None,
        possible_from: 0.77,
        hit_from: 0.95,
        confirm_s: 0,
        handling: None,
        content: Content::Persons(Arc::new(Persons { edition, index, identifiers })),
    };
    let (reading, _) = Reading::of(&mrz::parse(zone).unwrap(), NOW);
    crate::check::ask::ask(&held, &reading, 8, NOW).unwrap()
}

/// A passport of UTO in the name of ERIKSSON ANNA MARIA.
fn passport(number: &str) -> String {
    compose(&Fields::specimen_passport("UTO", number)).unwrap().to_string()
}

/// The one match.
fn found(alert: &PersonAlert, zone: &str) -> Match {
    let asked = asked(alert, zone);
    let [found] = &asked.matches[..] else { panic!("{:?}", asked.matches) };
    found.clone()
}

#[test]
fn a_document_that_an_alert_names_is_a_hit_under_whatever_name_and_what_is_not_said_makes_it_possible() {
    for (kind, number, state, result) in [
        ("passport", "N1234567", "UTO", ListResult::Hit),
        ("Passport", "X9, No. N 123-4567 (expired)", "UTO", ListResult::Hit),
        ("passport", "N1234567", "", ListResult::Possible),
        ("", "N1234567", "UTO", ListResult::Possible),
        ("identity card", "N1234567", "UTO", ListResult::Possible),
    ] {
        let found = found(&wanted(vec![document(kind, number, state)]), &passport("N1234567"));
        assert_eq!(
            (found.alert_id.as_str(), found.result, found.action),
            ("p1", result, Action::Arrest),
            "{kind} {number}"
        );
        assert!(matches!(&found.reasons[..], [Reason::DocumentNamed(_)]), "{:?}", found.reasons);
        assert!(matches!(&found.subject, Subject::Person { name: Some(name), .. } if name == "PER LUND"));
    }
    for (kind, number, state) in
        [("passport", "N1234568", "UTO"), ("passport", "N1234567", "NOR"), ("Tax ID", "N1234567", "UTO")]
    {
        let asked = asked(&wanted(vec![document(kind, number, state)]), &passport("N1234567"));
        assert_eq!((asked.matches, asked.checked.result), (vec![], ListResult::Clear), "{number} {state}");
    }
}

#[test]
fn look_alikes_of_its_number_are_possible_and_say_how() {
    let alert = wanted(vec![document("passport", "G12345678", "UTO")]);
    let found = found(&alert, &passport("612345678"));
    assert_eq!(found.result, ListResult::Possible);
    assert!(matches!(&found.reasons[1], Reason::OfNamed(reason) if matches!(**reason, Reason::LookAlike(_))));
}

#[test]
fn a_number_that_may_be_misread_is_not_clear_where_alerts_name_documents() {
    let zone = passport("N1234567").replacen("N1234567<7", "N1234567<8", 1);
    assert_ne!(zone, passport("N1234567"));
    let named = asked(&wanted(vec![document("passport", "B7654321", "UTO")]), &zone);
    assert_eq!((named.checked.result, named.checked.gap), (ListResult::NotChecked, Some(Gap::NumberMisread)));
    assert_eq!(asked(&wanted(vec![]), &zone).checked.result, ListResult::Clear);
}

#[test]
fn an_alert_met_by_name_and_by_document_is_one_alert_with_all_its_reasons() {
    let mut alert = wanted(vec![document("passport", "N1234567", "UTO")]);
    alert.names[0] =
        PersonName { surname: "ERIKSSON".into(), given: "ANNA MARIA".into(), ..PersonName::default() };
    alert.birth_dates = vec![vedette_names::BirthDate::new(1974, 8, 12)];
    let found = found(&alert, &passport("N1234567"));
    assert_eq!((found.result, found.score), (ListResult::Hit, 1.0));
    assert!(matches!(found.reasons[0], Reason::DocumentNamed(_)));
    assert!(found.reasons.iter().any(|reason| matches!(reason, Reason::Person(_))));
}

#[test]
fn where_the_owner_restricts_documents_nothing_says_that_it_was_one() {
    let mut alert = wanted(vec![document("passport", "G12345678", "UTO")]);
    alert.restricted = vec![Restriction { field: Field::Documents, role: Role::Supervisor }];
    for number in ["G12345678", "612345678"] {
        let full = found(&alert, &passport(number));
        let seen = Alert { found: full.clone(), encounter: None }.seen_by(Role::Officer).found;
        assert!(seen.reasons.is_empty() && !format!("{seen:?}").contains("G12345678"), "{seen:?}");
        assert_eq!((seen.result, seen.action), (full.result, Action::Arrest));
    }
}
