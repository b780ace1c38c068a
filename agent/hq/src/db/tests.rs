//! The database: an older program's is brought up to date with all it holds, and listings come in pages.

use super::*;
use crate::tests::status_with;
use rusqlite::Connection;
use vedette_shim::ids::DeviceId;
use vedette_shim::list::Kind;
use vedette_shim::trust::{HeldList, OwnerWord, Status};
use vedette_shim::verdict::Verdict;
use vedette_shim::wire::{FormField, Outcome};

#[test]
fn each_step_after_the_first_schemas_has_a_number_that_follows() {
    let mut numbers: Vec<i64> = steps().iter().map(|step| step.number).collect();
    numbers.dedup();
    assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hq.db");
    drop(create(&path).unwrap());
    Connection::open(&path).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    for _ in 0..2 {
        assert!(matches!(open(&path), Err(DbError::Newer { found: 99, .. })));
    }
}

/// A database as the program before tables for JSON made it.
const SCHEMA_6: &str = include_str!("tests/schema_6.sql");

fn of_schema_6() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hq.db");
    Connection::open(&path).unwrap().execute_batch(SCHEMA_6).unwrap();
    (folder, path)
}

#[test]
fn the_devices_of_schema_6_keep_what_they_hold() {
    let (_folder, path) = of_schema_6();
    // Opened twice: the steps are taken once.
    drop(create(&path).unwrap());
    let db = open(&path).unwrap();
    let db = db.read();
    let views = devices::page(db, "", 10).unwrap();
    assert_eq!(
        views.iter().map(|view| (view.device.as_str(), view.state)).collect::<Vec<_>>(),
        [("post-7", devices::DeviceState::Enrolled), ("post-8", devices::DeviceState::Revoked)]
    );
    let seen = &views[0];
    assert_eq!((seen.last_seen, seen.online, seen.spool), (Some(1_789_999_900), true, Some(3)));
    let held: Vec<_> =
        seen.held.iter().map(|held| (held.list.as_str(), held.edition, held.confirmed_at)).collect();
    assert_eq!(held, [("interpol/sltd", 4, 1_789_999_000), ("un/sanctions", i64::MAX as u64, 7)]);
    assert_eq!((views[1].last_seen, views[1].held.len()), (None, 0));
    let list = "interpol/sltd".parse().unwrap();
    assert_eq!((devices::holding(db, &list, 4).unwrap(), devices::holding(db, &list, 3).unwrap()), (1, 0));
}

#[test]
fn the_encounters_of_schema_6_keep_their_fields_outcomes_and_answers() {
    let (_folder, path) = of_schema_6();
    drop(create(&path).unwrap());
    let db = open(&path).unwrap();
    let (views, next) = encounters::page(db.read(), &encounters::Position::START, 10).unwrap();
    assert_eq!((views.len(), next), (2, None));
    let [late, first] = [&views[0], &views[1]];
    assert_eq!(
        (first.id.as_str(), first.scan.as_str()),
        ("11".repeat(16).as_str(), "99".repeat(16).as_str())
    );
    assert_eq!((first.device.as_str(), first.post.as_str()), ("post-7", "Pont d'Europe"));
    assert_eq!((first.made_at, first.received_at, first.edition), (i64::MAX as u64, 1_790_000_000, 4));
    assert_eq!((first.verdict, first.score, first.late), (Verdict::Hit, 1000, false));
    let document = &first.document;
    assert_eq!((document.code.as_str(), document.issuing_state.as_str()), ("P", "UTO"));
    assert_eq!((document.number.as_str(), document.surname.as_str()), ("L898902C3", "ERIKSSON"));
    assert_eq!((document.given_names.as_str(), document.nationality.as_str()), ("ANNA MARIA", "UTO"));
    assert_eq!((document.birth_date.as_str(), document.sex.as_str()), ("740812", "F"));
    assert_eq!(document.expiry_date.as_str(), "<<0415");
    assert_eq!((first.conflicts, first.device_revoked, first.answer), (2, false, None));
    let said: Vec<_> = first.outcomes.iter().map(|outcome| (outcome.at, outcome.outcome)).collect();
    assert_eq!(said, [(10, Outcome::Confirmed), (20, Outcome::NotThePerson)]);
    let form = [(FormField::Place, "Kehl".to_string()), (FormField::Objects, "two bags".to_string())];
    assert_eq!((first.outcomes[1].note.as_str(), &first.outcomes[1].form), ("twin", &form.into()));

    assert_eq!(
        (late.alert.as_str(), late.verdict, late.score, late.late),
        ("u-1", Verdict::Possible, 812, true)
    );
    assert_eq!((late.device_revoked, late.overdue_since), (true, Some(1_790_000_050)));
    assert_eq!((late.answer, late.outcomes.len()), (Some(OwnerWord::Confirmed), 0));
}

#[test]
fn what_schema_6_signed_and_settled_stays() {
    let (_folder, path) = of_schema_6();
    let db = open(&path).unwrap();
    let db = db.read();
    assert_eq!(settings::broker(db).unwrap(), ("mqtt.example".into(), 8883));
    assert_eq!(settings::broker_hosts(db).unwrap(), ["localhost", "127.0.0.1", "mqtt.example"]);
    let list = lists::all(db).unwrap().remove(0);
    assert_eq!((list.kind, list.owner.as_str(), list.key_number), (Kind::Documents, "Interpol", 2));
    assert_eq!((list.handling.as_deref(), list.confirm_s), (Some("H1"), 600));
    assert_eq!(editions::pending(db, &list.name).unwrap().unwrap().entries, 17);
    assert_eq!(statements::heartbeat(db).unwrap(), Some((1_789_999_000, vec![1, 2])));
    let device: DeviceId = "post-7".parse().unwrap();
    assert_eq!(grants::of_device(db, &device).unwrap(), [(list.name, vec![3, 4])]);
    assert_eq!(statements::orders(db).unwrap(), [("post-8".parse().unwrap(), 1, vec![5, 6])]);
    assert_eq!(officers::all(db).unwrap()[0].1, Some(1_789_000_002));
    assert_eq!(officers::roster(db).unwrap().unwrap().bytes, [7, 8]);
    assert_eq!(outcomes::answers_since(db, 1_790_000_060).unwrap()[0].bytes, [9, 10]);
    assert_eq!(outcomes::answers_since(db, 1_790_000_061).unwrap().len(), 0);
    let (ending, count) = devices::ending_before(db, 1_796_000_001, 10).unwrap();
    assert_eq!((ending, count), (vec![(device, 1_796_000_000)], 1));
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let (_folder, path) = of_schema_6();
    let db = open(&path).unwrap();
    for size in 1..4 {
        let (mut found, mut after) = (Vec::new(), Some(encounters::Position::START));
        while let Some(place) = after {
            let (page, next) = encounters::page(db.read(), &place, size).unwrap();
            assert!(page.len() <= size);
            found.extend(page.into_iter().map(|view| view.alert));
            after = next;
        }
        assert_eq!(found, ["u-1", "UTO-P-L898902C3"], "pages of {size}");
    }
    assert_eq!(devices::page(db.read(), "", 1).unwrap()[0].device, "post-7");
    assert_eq!(devices::page(db.read(), "post-7", 1).unwrap()[0].device, "post-8");
    assert!(devices::page(db.read(), "post-8", 1).unwrap().is_empty());
}

#[test]
fn a_status_replaces_what_the_device_held_and_a_stranger_s_is_not_stored() {
    let (_folder, path) = of_schema_6();
    let db = open(&path).unwrap();
    let status = |device: &str, lists: &[(&str, u64)]| Status {
        device: device.parse().unwrap(),
        lists: lists
            .iter()
            .map(|(list, edition)| HeldList {
                list: list.parse().unwrap(),
                edition: *edition,
                manifest: [0; 32],
                age_s: 10,
            })
            .collect(),
        ..status_with(0)
    };
    let (known, stranger) = ("post-7", "nobody");
    assert!(statuses::set(db.read(), &status(known, &[("a/b", 9)]), &[0; 32], 100).unwrap());
    assert!(!statuses::set(db.read(), &status(stranger, &[("a/b", 9)]), &[0; 32], 100).unwrap());
    let held = devices::page(db.read(), "", 1).unwrap().remove(0).held;
    assert_eq!(held, [devices::HeldView { list: "a/b".into(), edition: 9, confirmed_at: 90 }]);
}
