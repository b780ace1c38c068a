//! An independent reader, `tests/reader/segment.py`, which shares no code with this, reads what is built here.
//!
//! It runs in Python with `cryptography`, which `tests/run` installs; without them this test fails and says so.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::*;

fn read(path: &Path, list_key: &ListKey) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reader/segment.py");
    let key: String = file::hex(&list_key.0);
    Command::new("python3").arg(script).arg(path).arg(key).output().expect("python3 runs")
}

fn read_lines(path: &Path) -> Vec<Value> {
    let output = read(path, &list_key());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "the reader (Python 3 with PyPI's cryptography, see tests/run): {errors}"
    );
    output
        .stdout
        .split(|&b| b == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

fn change_as_read(change: DocumentChange) -> Value {
    match change {
        Change::Put(alert) => {
            let mut value = serde_json::to_value(&alert).unwrap();
            let key = value["key"].take();
            let value = value.as_object_mut().unwrap();
            value.remove("key");
            value.extend(key.as_object().unwrap().clone());
            json!(value)
        }
        Change::Withdraw(id) => {
            let mut value = serde_json::to_value(id.key).unwrap();
            value["withdrawn"] = true.into();
            if let Some(to) = id.to {
                value["to"] = to.as_str().into();
            }
            value
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn an_independent_reader_reads_documents(changes in any_changes(400)) {
        let dir = tempfile::tempdir().unwrap();
        let (path, _) = build(&changes, dir.path());
        let (mut read, mut expected) = (read_lines(&path), changes.into_iter().map(change_as_read).collect::<Vec<_>>());
        read.sort_by_key(Value::to_string);
        expected.sort_by_key(Value::to_string);
        prop_assert_eq!(read, expected);
    }
}

#[test]
fn an_independent_reader_reads_many_pages() {
    let dir = tempfile::tempdir().unwrap();
    let changes: Vec<_> = (0..5000u32)
        .map(|i| {
            let id = DocumentId::document(key("UTO", "P", &format!("L{:06}", i * 173)));
            let mut payload = DocumentPayload::new(Status::ALL[i as usize % 5]);
            payload.expiry_date = Day::from_number(40_000 + i);
            payload.remark = if i % 3 == 0 { format!("remark {i}") } else { String::new() };
            if i % 7 == 0 { Change::Withdraw(id) } else { put(id, payload) }
        })
        .collect();
    let expected: Vec<_> = changes.iter().cloned().map(change_as_read).collect();
    assert_eq!(read_lines(&build(&changes, dir.path()).0), expected);
}

#[test]
fn an_independent_reader_reads_persons_and_refuses_damage() {
    let dir = tempfile::tempdir().unwrap();
    let record = |i: usize| Record {
        key: format!("person {i:03}").into_bytes(),
        value: (!i.is_multiple_of(5)).then(|| (0..i * 61).map(|byte| byte as u8).collect()),
    };
    let records = (0..100).map(|i| Ok::<_, Infallible>(record(i)));
    let (path, _) = build_records(records, &list_key(), dir.path()).unwrap();
    let expected: Vec<_> = (0..100)
        .map(|i| match record(i).value {
            None => json!({ "key": format!("person {i:03}"), "withdrawn": true }),
            Some(value) => json!({ "key": format!("person {i:03}"), "value": file::hex(&value) }),
        })
        .collect();
    assert_eq!(read_lines(&path), expected);

    let another = read(&path, &ListKey([1; 32]));
    assert_eq!(another.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&another.stderr).contains("does not open"));
    let mut bytes = std::fs::read(&path).unwrap();
    for at in [0, bytes.len() / 2, bytes.len() - 30] {
        bytes[at] ^= 1;
        std::fs::write(dir.path().join("damaged"), &bytes).unwrap();
        assert_eq!(read(&dir.path().join("damaged"), &list_key()).status.code(), Some(1));
        bytes[at] ^= 1;
    }
}
