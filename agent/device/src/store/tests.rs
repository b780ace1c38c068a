//! The store: what is erased is gone, what is a floor stays, and an older program's database is brought up to date.

use super::*;
use crate::action::Action;
use rusqlite::Connection;
use vedette_shim::ids::ListName;
use vedette_shim::trust::Floor;

mod salvage;

fn open() -> (tempfile::TempDir, Db) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("state.db")).unwrap();
    (folder, db)
}

const KEY: [u8; 100] = [0x5a; 100];

fn granted() -> (tempfile::TempDir, Db, ListName) {
    let (folder, db) = open();
    let list: ListName = "a/b".parse().unwrap();
    editions::set_grant(&db, &list, 1, &KEY).unwrap();
    (folder, db, list)
}

fn key_is_in(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(50).any(|w| w == &KEY[..50])
    })
}

#[test]
fn an_erased_key_is_in_no_file_any_more() {
    let (folder, db, list) = granted();
    assert!(key_is_in(folder.path()), "else this test shows nothing");
    editions::erase_keys(&db, &list).unwrap();
    assert!(editions::grants(&db).unwrap().is_empty());
    assert!(!key_is_in(folder.path()));
}

#[test]
fn a_key_erased_beside_a_reader_is_gone_when_the_reader_is() {
    let (folder, db, list) = granted();
    let mut reader = Connection::open(folder.path().join("state.db")).unwrap();
    let reading = reader.transaction().unwrap();
    let grants = |t: &Connection| t.query_row("SELECT count(*) FROM granted", [], |row| row.get(0));
    assert_eq!(grants(&reading), Ok(1));
    editions::erase_keys(&db, &list).unwrap();
    db.empty_log().unwrap();
    assert!(key_is_in(folder.path()), "else this test shows nothing");
    drop(reading);
    db.empty_log().unwrap();
    assert!(!key_is_in(folder.path()));
}

fn new_root(heartbeat_replaced: bool) -> trust::NewRoot<'static> {
    trust::NewRoot {
        envelope: b"r",
        issued: 200,
        restarted: &[],
        dropped: &[],
        heartbeat_replaced,
        orders_replaced: false,
        collector_replaced: false,
    }
}

#[test]
fn the_floor_outlives_the_keys_and_goes_only_with_the_issuer() {
    let (_folder, db) = open();
    let list: ListName = "a/b".parse().unwrap();
    let floor = Floor { edition: 7, manifest: [1; 32] };
    editions::set_pending(&db, &list, floor, b"m7").unwrap();
    editions::set_active(&db, &list, b"m7", 100).unwrap();
    trust::erase(&db, None, 3, 70).unwrap();
    let row = editions::all(&db).unwrap().remove(0).1;
    assert_eq!(
        row,
        editions::ListRow {
            floor: Some(floor),
            confirmed_at: 100,
            grant_floor: 70,
            keys_erased: true,
            ..Default::default()
        }
    );
    assert_eq!(trust::order_floor(&db).unwrap(), 3);
    assert_eq!(trust::grant_floor(&db).unwrap(), 70);
    let root = trust::NewRoot { restarted: &[list], ..new_root(false) };
    trust::set_root(&db, &root).unwrap();
    assert!(editions::all(&db).unwrap().is_empty());
}

/// A hit of each of these scans: in `a/b` and `c/d` the first, in `a/b` the second.
fn two_hits(db: &Db) -> [ListName; 2] {
    let alert = |id: u8, list: &str| open_hits::AlertRow {
        encounter: Some([id; 16]),
        list: list.into(),
        sealed: vec![id],
        given: None,
    };
    let hit = |scan: u8, alerts| open_hits::Row { scan: [scan; 16], at: 100, sealed: vec![scan], alerts };
    open_hits::add(db, &hit(1, vec![alert(11, "a/b"), alert(12, "c/d")])).unwrap();
    open_hits::add(db, &hit(2, vec![alert(21, "a/b")])).unwrap();
    ["a/b".parse().unwrap(), "c/d".parse().unwrap()]
}

/// First byte of each open hit's scan, and of the encounters of its alerts.
fn open_alerts(db: &Db) -> Vec<(u8, Vec<u8>)> {
    let hits = open_hits::all(db).unwrap();
    let alerts = |hit: &open_hits::Row| hit.alerts.iter().map(|alert| alert.encounter.unwrap()[0]).collect();
    hits.iter().map(|hit| (hit.scan[0], alerts(hit))).collect()
}

#[test]
fn an_alert_goes_with_its_list_s_keys_and_the_hit_with_its_last_alert_that_is_open() {
    let (_folder, db) = open();
    let [first, second] = two_hits(&db);
    editions::erase_keys(&db, &first).unwrap();
    assert_eq!(open_alerts(&db), [(1, vec![12])]);
    let given = open_hits::Given {
        id: [1; 16],
        encounter: [12; 16],
        outcome: "seized".into(),
        who: String::new(),
        at: 1,
    };
    db.transaction("settle", |t| open_hits::settle(t, &given)).unwrap();
    assert_eq!(open_alerts(&db), []);

    two_hits(&db);
    db.transaction("settle", |t| open_hits::settle(t, &given)).unwrap();
    assert_eq!(open_alerts(&db), [(1, vec![11, 12]), (2, vec![21])]);
    editions::erase_keys(&db, &first).unwrap();
    assert_eq!(open_alerts(&db), [], "what is left has its outcome");
    two_hits(&db);
    editions::erase_keys(&db, &second).unwrap();
    assert_eq!(open_alerts(&db), [(1, vec![11]), (2, vec![21])]);
    trust::erase(&db, None, 3, 70).unwrap();
    assert_eq!(open_alerts(&db), []);
}

#[test]
fn hits_outlast_their_issuer_s_key_and_not_the_list() {
    let (_folder, db) = open();
    let lists = two_hits(&db);
    trust::set_root(&db, &trust::NewRoot { restarted: &lists, ..new_root(false) }).unwrap();
    assert_eq!(open_alerts(&db), [(1, vec![11, 12]), (2, vec![21])]);
    trust::set_root(&db, &trust::NewRoot { dropped: &lists[..1], ..new_root(false) }).unwrap();
    assert_eq!(open_alerts(&db), [(1, vec![12])]);
}

#[test]
fn keys_count_as_erased_until_others_come() {
    let (_folder, db, list) = granted();
    let erased = || editions::all(&db).unwrap().remove(0).1.keys_erased;
    assert!(!erased());
    editions::erase_keys(&db, &list).unwrap();
    assert!(erased());
    editions::set_grant(&db, &list, 2, &KEY).unwrap();
    assert!(!erased());
}

#[test]
fn a_root_with_another_heartbeat_key_takes_back_the_time_and_the_confirmations() {
    let (_folder, db) = open();
    let list: ListName = "a/b".parse().unwrap();
    editions::set_pending(&db, &list, Floor { edition: 1, manifest: [1; 32] }, b"m1").unwrap();
    editions::set_active(&db, &list, b"m1", 100).unwrap();
    trust::set_heartbeat(&db, b"stolen", 9_000, std::slice::from_ref(&list)).unwrap();
    assert_eq!(trust::clock_floor(&db).unwrap(), 9_000);
    editions::set_forked(&db, &list, 1).unwrap();
    trust::set_root(&db, &new_root(false)).unwrap();
    assert_eq!(trust::clock_floor(&db).unwrap(), 9_000);
    trust::set_root(&db, &new_root(true)).unwrap();
    assert_eq!((trust::clock_floor(&db).unwrap(), trust::heartbeat(&db).unwrap()), (200, None));
    let row = editions::all(&db).unwrap().remove(0).1;
    assert_eq!((row.confirmed_at, row.forked), (200, None));
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let (folder, db) = open();
    drop(db);
    let path = folder.path().join("state.db");
    let set = |sql: &str| Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    set("PRAGMA user_version = 99");
    assert!(matches!(Db::open(&path), Err(DbError::Newer { found: 99, .. })));
    assert!(matches!(Db::open(&path), Err(DbError::Newer { found: 99, .. })));
}

#[test]
fn each_step_after_the_first_schema_has_a_number_of_its_own() {
    let numbers: Vec<i64> = steps().iter().map(|step| step.number).filter(|number| *number > 5).collect();
    assert_eq!(numbers, (6..6 + numbers.len() as i64).collect::<Vec<_>>());
}

/// The schema of a database made before steps were numbered by table.
const SCHEMA_5: &str = include_str!("tests/schema_5.sql");

#[test]
fn a_database_of_schema_5_is_brought_up_to_date_with_all_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    Connection::open(&path).unwrap().execute_batch(SCHEMA_5).unwrap();
    for _ in 0..2 {
        let db = Db::open(&path).unwrap();
        assert_eq!((spool::depth(&db).unwrap(), spool::depth_shown(&db).unwrap()), (2, 1));
        assert_eq!(spool::after(&db, 0, 10).unwrap()[1].message, b"discreet");
        let last = scanners::last_accepted(&db, &"scanner-1".parse().unwrap()).unwrap();
        assert_eq!(last, Some([0x11; 16]));
        let actions: Vec<_> =
            late::shown(&db, 100).unwrap().into_iter().map(|late| (late.encounter[0], late.action)).collect();
        assert_eq!(actions, [(0x22, Action::BearerSought), (0x11, Action::SeizeDocument)]);
        assert_eq!(trust::root(&db).unwrap().as_deref(), Some(&b"signed root"[..]));
        assert_eq!(trust::order_floor(&db).unwrap(), 3);
        let floor = Floor { edition: 7, manifest: [0x44; 32] };
        assert_eq!(editions::all(&db).unwrap()[0].1.floor, Some(floor));
        assert_eq!(journal::bytes(&db).unwrap(), 2);
        assert_eq!(db.read("count", journal::last_written).unwrap(), 1);
    }
    // The bound counts what was there, and a receipt gives its room back.
    let db = Db::open(&path).unwrap();
    let push = |max| db.transaction("push", |t| spool::push(t, &[9; 16], b"123", max, false));
    assert_eq!(push(15).unwrap(), spool::Spooling::Full);
    assert_eq!(push(16).unwrap(), spool::Spooling::Stored);
    assert_eq!((spool::depth(&db).unwrap(), spool::depth_shown(&db).unwrap()), (3, 1));
}

/// SQL stands in this folder alone, so that a table can be changed by reading one file.
#[test]
fn no_other_file_of_the_device_speaks_sql() {
    fn files(folder: &Path, out: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => files(&path, out),
                false => out.push(path),
            }
        }
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&source, &mut all);
    let outside: Vec<_> = all.iter().filter(|path| !path.starts_with(source.join("store"))).collect();
    assert!(outside.len() > 40 && outside.len() < all.len() - 10, "the files are found");
    for path in outside.into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs")) {
        let text = std::fs::read_to_string(path).unwrap();
        for word in ["rusqlite", "SELECT ", "INSERT ", "UPDATE ", "DELETE FROM", "PRAGMA "] {
            assert!(!text.contains(word), "{} speaks SQL: {word:?}", path.display());
        }
    }
}
