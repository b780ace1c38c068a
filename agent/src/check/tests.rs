//! The checker at its journal's bound, with a real store and no list.

use super::*;
use crate::crypto::{SigningKey, random_secret};
use crate::journal::export;
use crate::officers::Roll;
use crate::officers::roster::tests::root;
use arc_swap::ArcSwap;
use vedette_shim::mrz::{Fields, compose};

fn checker(folder: &std::path::Path, journal_bytes_max: u64) -> Checker {
    let root = root(&SigningKey::from_seed(&random_secret()));
    Checker {
        device: "post-7".parse().unwrap(),
        post: "North gate".into(),
        box_key: Arc::new(BoxKey::from_private(random_secret())),
        state: Arc::new(State::open(&folder.join("state.db")).unwrap()),
        shared: Arc::new(ArcSwap::from_pointee(Holdings {
            root,
            heartbeat: None,
            lists: vec![],
            roll: Roll::Open,
        })),
        clock: Arc::default(),
        limits: Limits { journal_bytes_max, answer_step_ms: 0, ..Limits::default() },
        spooled: Arc::default(),
        discreet: Discreet::default(),
        retro_keep_s: 0,
    }
}

fn scan() -> Scan {
    let mrz = compose(&Fields::specimen_passport("UTO", "X1")).unwrap().to_string();
    Scan { mrz, who: "b-1".into(), why: "entry".into() }
}

#[test]
fn a_full_journal_is_said_before_and_stops_checks_until_it_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let checker = checker(folder.path(), 2_000);
    let warned = |answer: &Answer| answer.notices.iter().any(|n| n.code == "notice.journal_nearly_full");
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
    export(&checker.state, &folder.path().join("old.jsonl"), None, true, 1).unwrap();
    assert!(!warned(&checker.check(&scan()).unwrap()));
}
