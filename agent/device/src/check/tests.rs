//! The checker at its journal's bound, with a real store and no list.

use super::reading::Documents;
use super::*;
use crate::action::Action;
use crate::journal::export;
use crate::officers::RosterState;
use arc_swap::ArcSwap;
use vedette_common::crypto::{SigningKey, random_secret};
use vedette_common::roster::testing::root;
use vedette_shim::ids::EncounterId;
use vedette_shim::list::Status;
use vedette_shim::mrz::{Fields, Format, compose};
use vedette_shim::verdict::{ListResult, Verdict};

/// A checker with an empty store and no list.
pub(crate) fn checker(folder: &std::path::Path, journal_bytes_max: u64) -> Checker {
    checker_at(Arc::default(), folder, journal_bytes_max, 0)
}

/// The same by a clock of the test's own, which keeps the hashes of documents for so many seconds.
pub(crate) fn checker_at(
    clock: Arc<Clock>,
    folder: &std::path::Path,
    journal_bytes_max: u64,
    retro_keep_s: u64,
) -> Checker {
    let root = root(&SigningKey::from_seed(&random_secret()));
    let settings = Settings {
        device: "post-7".parse().unwrap(),
        post: "North gate".into(),
        box_key: Arc::new(BoxKey::from_private(random_secret())),
        limits: Limits { journal_bytes_max, answer_step_ms: 0, ..Limits::default() },
        retro_keep_s,
    };
    let db = Arc::new(Db::open(&folder.join("state.db")).unwrap());
    let snapshot = Snapshot {
        root,
        heartbeat: None,
        lists: vec![],
        roster_state: RosterState::Open,
        roster_behind: false,
        scanners: Default::default(),
    };
    Checker::new(settings, db, Arc::new(ArcSwap::from_pointee(snapshot)), clock)
}

/// The encounter of a scan's n-th alert.
pub(crate) fn encounter([scan, n]: [u8; 2]) -> EncounterId {
    let mut id = [scan; 16];
    id[0] = n;
    id
}

/// An alert of a stolen document, whose encounter is stored.
pub(crate) fn alert(of: [u8; 2]) -> Alert {
    let found = Match {
        list: "a/b".parse().unwrap(),
        owner: "A".into(),
        alert_id: "1".into(),
        result: ListResult::Hit,
        subject: Subject::Document { status: Some(Status::Stolen) },
        action: Action::SeizeDocument,
        score: 1.0,
        reasons: vec![],
        warnings: vec![],
        handling: None,
        restricted: vec![],
        details: serde_json::Value::Null,
        home: alert::Home { edition: 1, owner_key: [7; 32], confirm_s: 0 },
    };
    Alert { found, encounter: Some(Encountered { id: encounter(of), confirm_by: None }) }
}

/// An answer to a passport's scan.
pub(crate) fn answer(scan: u8, alerts: Vec<Alert>) -> Answer {
    let document = Document { format: Some(Format::Td3), valid: true, fields: Default::default() };
    Answer::new([scan; 16], Verdict::Clear, document, vec![], alerts, vec![], 1)
}

fn scan() -> Scan {
    let mrz = compose(&Fields::specimen_passport("UTO", "X1")).unwrap().to_string();
    Scan { mrz, who: "b-1".into(), why: "entry".into() }
}

#[test]
fn a_full_journal_is_said_before_and_stops_checks_until_it_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let checker = checker(folder.path(), 2_000);
    let warned = |answer: &Answer| answer.notices.contains(&Notice::JournalNearlyFull);
    let mut warnings = Vec::new();
    let full = loop {
        match checker.check(&scan()) {
            Ok(answer) => warnings.push(warned(&answer)),
            Err(error) => break error,
        }
        assert!(warnings.len() < 100, "it is never full");
    };
    assert!(matches!(full, CheckError::JournalFull { .. }), "{full}");
    assert!(!warnings[0] && *warnings.last().unwrap(), "{warnings:?}");
    assert!(full.hint().contains("journal export"));
    export(&checker.db, &folder.path().join("old.jsonl"), None, true, 1).unwrap();
    assert!(!warned(&checker.check(&scan()).unwrap()));
}

#[test]
fn nobody_fills_the_journal_with_names_and_programs_leave_a_reserve() {
    let folder = tempfile::tempdir().unwrap();
    let checker = checker(folder.path(), 64 * 1024);
    let long = |who: usize, why: usize| {
        let scan = Scan { who: "x".repeat(who), why: "x".repeat(why), ..scan() };
        checker.check(&scan).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(long(128, 128), Ok(()));
    assert_eq!(long(129, 0).unwrap_err(), "who is 129 bytes long, and the journal takes 128");
    assert_eq!(long(0, 64_000).unwrap_err(), "why is 64000 bytes long, and the journal takes 128");
    while checker.leave_reserve().is_ok() {
        assert_eq!(long(128, 128), Ok(()));
    }
    assert_eq!(long(128, 128), Ok(()), "the reserve is for officers");
}

#[test]
fn a_name_that_can_be_read_in_several_ways_is_asked_in_each() {
    let asked = |name: &str| {
        let rest = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";
        let zone = mrz::parse(&format!("P<UTO{name:<<39}\n{rest}")).unwrap();
        let (reading, notices) = Reading::of(&zone, 1_790_000_000);
        assert!(!reading.bearer_doubtful && notices.is_empty());
        let names = reading.persons.iter();
        names.map(|(p, limit)| format!("{}/{}/{}", p.surname, p.given, limit.is_none())).collect::<Vec<_>>()
    };
    assert_eq!(asked("ERIKSSON<<ANNA"), ["ERIKSSON/ANNA/true"]);
    assert_eq!(asked("<<ALMADI"), ["ALMADI//true"]);
    assert_eq!(asked("LUNDKKPER"), ["LUNDKKPER//true", "LUND/PER/false"]);
}

#[test]
fn what_is_asked_says_what_of_it_may_be_misread() {
    let printed = compose(&Fields::specimen_passport("UTO", "L898902C3")).unwrap().to_string();
    let of = |from: &str, to: &str| {
        assert!(printed.contains(from), "{from} in {printed}");
        let (reading, notices) =
            Reading::of(&mrz::parse(&printed.replacen(from, to, 1)).unwrap(), 1_790_000_000);
        (reading, notices)
    };
    let (well, notices) = of("P<UTO", "P<UTO");
    assert!(notices.is_empty() && !well.number_doubtful && !well.bearer_doubtful);
    let born = well.persons[0].0.birth_date;
    let first = |reading: &Reading| {
        let Some(Documents::Zone(zone)) = &reading.documents else { panic!("a zone was read") };
        let mut first = None;
        zone.visit(None, &mut |lookup| {
            first.get_or_insert((lookup.key.to_string(), lookup.how.to_string()));
        });
        first.unwrap()
    };
    assert_eq!(first(&well), ("UTO-P-L898902C3".to_string(), String::new()));

    let (state, notices) = of("P<UTO", "P<UT0");
    assert_eq!(notices, [Notice::Misread]);
    assert_eq!(first(&state), ("UTO-P-L898902C3".to_string(), " [1:5 0>O]".to_string()));

    let (code, notices) = of("P<UTO", "F<UTO");
    assert_eq!(notices, [Notice::CodeUnknown("F".into())]);
    assert!(!code.number_doubtful, "all digits agree");

    let (repaired, notices) = of("7408122", "74O8122");
    assert!(notices.contains(&Notice::BearerMisread));
    assert!(
        repaired.bearer_doubtful && repaired.persons[0].0.birth_date == born,
        "one repair: that date is asked"
    );

    let (lost, notices) = of("7408122", "7408132");
    assert_eq!(notices, [Notice::BearerMisread]);
    assert!(
        lost.bearer_doubtful && lost.persons[0].0.birth_date.is_none(),
        "no repair: the name alone is asked"
    );
}
