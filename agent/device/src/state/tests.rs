//! The state: what is erased is gone, what is a floor stays.

use super::*;

fn open() -> (tempfile::TempDir, State) {
    let folder = tempfile::tempdir().unwrap();
    let state = State::open(&folder.path().join("state.db")).unwrap();
    (folder, state)
}

const KEY: [u8; 100] = [0x5a; 100];

fn granted() -> (tempfile::TempDir, State, ListName) {
    let (folder, state) = open();
    let list: ListName = "a/b".parse().unwrap();
    state.set_grant(&list, &KEY).unwrap();
    (folder, state, list)
}

fn key_is_in(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(50).any(|w| w == &KEY[..50])
    })
}

#[test]
fn an_erased_key_is_in_no_file_any_more() {
    let (folder, state, list) = granted();
    state.erase_keys(&list).unwrap();
    assert!(state.grants().unwrap().is_empty());
    assert!(!key_is_in(folder.path()));
}

#[test]
fn a_key_erased_beside_a_reader_is_gone_when_the_reader_is() {
    let (folder, state, list) = granted();
    let mut reader = Connection::open(folder.path().join("state.db")).unwrap();
    let reading = reader.transaction().unwrap();
    let grants = |t: &Connection| t.query_row("SELECT count(*) FROM granted", [], |row| row.get(0));
    assert_eq!(grants(&reading), Ok(1));
    state.erase_keys(&list).unwrap();
    state.empty_log().unwrap();
    assert!(key_is_in(folder.path()), "else this test shows nothing");
    drop(reading);
    state.empty_log().unwrap();
    assert!(!key_is_in(folder.path()));
}

#[test]
fn the_floor_stays_when_the_keys_go_and_starts_anew_only_with_the_issuer() {
    let (_folder, state) = open();
    let list: ListName = "a/b".parse().unwrap();
    let floor = Floor { edition: 7, manifest: [1; 32] };
    state.set_pending(&list, floor, b"m7").unwrap();
    state.set_active(&list, b"m7", 100).unwrap();
    state.erase_lists(None, 3).unwrap();
    let row = state.lists().unwrap().remove(0).1;
    assert_eq!(row, ListRow { floor: Some(floor), confirmed_at: 100, ..ListRow::default() });
    assert_eq!(state.order_floor().unwrap(), 3);
    state.set_root(b"r", 200, &[list], false).unwrap();
    assert!(state.lists().unwrap().is_empty());
}

#[test]
fn a_newer_schema_is_refused() {
    let (folder, state) = open();
    state.read("set", |db| db.execute_batch("PRAGMA user_version = 99")).unwrap();
    drop(state);
    let error = State::open(&folder.path().join("state.db")).err().unwrap().to_string();
    assert!(error.contains("schema 99"), "{error}");
}
