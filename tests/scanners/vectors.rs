//! The vectors in the repository are what the code makes today.

use std::process::Command;
use vedette_tests::vectors;

#[test]
fn the_vectors_are_those_of_this_code() {
    for (name, content) in vectors::all() {
        let path = vectors::folder().join(name);
        let stored = std::fs::read(&path).unwrap_or_default();
        assert!(
            stored == content,
            "{} is of another time; if the change is meant: cargo run -p vedette-tests --bin scanner-vectors",
            path.display()
        );
    }
}

/// `tests/reader/session.py` shares no code with this. It runs in Python with `cryptography`, which `tests/run` installs.
#[test]
fn an_independent_reader_answers_the_recorded_opening_and_opens_every_message() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/reader/session.py");
    let files = ["pinned.bin", "host.bin"].map(|name| vectors::folder().join(name));
    let read = Command::new("python3").arg(script).args(files).output().expect("python3 runs");
    let errors = String::from_utf8_lossy(&read.stderr);
    assert!(read.status.success(), "the reader (Python 3 with PyPI's cryptography, see tests/run): {errors}");
    let said = String::from_utf8(read.stdout).expect("JSON is text");
    let messages: Vec<_> = said.lines().skip(1).filter_map(|line| line.split('"').nth(5)).collect();
    assert!(said.contains("\"scanner\": \"scanner-1\", \"device\": \"post-7\""), "{said}");
    assert_eq!(messages[..4], ["who", "key", "key", "offer"], "{said}");
    assert!(messages.len() > 10 && messages.ends_with(&["piece", "time"]), "{said}");
}
