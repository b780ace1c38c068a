//! The audit log: every act is a line of it, in the act's transaction; whatever is done to a line afterwards is found.

use super::*;
use crate::authority::AuthorityError;
use crate::authority::audit::act::{DETAILS_MAX, TEXT_BYTES_MAX};
use crate::authority::audit::line::{LINE_BYTES_MAX, from_json, hash_of, to_json, to_sign};
use crate::authority::audit::verify::{Verified, Verifier};
use crate::authority::audit::{self, Act, Filter, Line, log};
use crate::authority::keys::OnlineRole;
use crate::authority::signing_time::confirm_clock;
use crate::authority::{renew, replace, replace_ca};
use crate::backup::{backup, restore};
use crate::fleet::enrol::EnrolOptions;
use crate::fleet::{FleetError, enrol, orders, revoke};
use crate::publishing::change::{ChangeOptions, Changes, change};
use crate::publishing::import::{ImportOptions, import};
use crate::publishing::list::{CreateOptions, create};
use crate::publishing::publish::{PublishOptions, publish};
use proptest::prelude::*;
use std::sync::OnceLock;
use vedette_common::crypto::SigningKey;
use vedette_common::files::persist;
use vedette_shim::list::Kind;

fn lines(home: &Home) -> Vec<Line> {
    log::pages(home, Filter::default()).unwrap().flat_map(Result::unwrap).collect()
}

/// Act, state and object of each line after the first two, which `init` writes.
fn acts(home: &Home) -> Vec<(String, String, String)> {
    lines(home).into_iter().skip(2).map(|line| (line.act, line.state, line.object)).collect()
}

fn verified(lines: &[Line], wanted: Option<[u8; 32]>) -> Result<Verified, AuthorityError> {
    let mut verifier = Verifier::new(None, wanted);
    lines.iter().try_for_each(|line| verifier.take(line))?;
    verifier.end()
}

fn do_a_day(dir: &Path, home: &Home) {
    let list = list_name();
    create(home, &list, &CreateOptions::of(Kind::Documents)).unwrap();
    let csv = dir.join("list.csv");
    fs::write(
        &csv,
        "issuing_state,document_type,document_number,status\nUTO,P,L898902C3,stolen\nUTO,P,X1,stolen\n",
    )
    .unwrap();
    import(home, &list, &csv, ImportOptions::default()).unwrap();
    publish(home, &list, &PublishOptions::default()).unwrap();
    let withdraw = Changes::Withdraw(vec!["UTO-P-X1".into()]);
    change(home, &list, &withdraw, ChangeOptions::default()).unwrap();
    enrol::enrol(home, &device_id(), &EnrolOptions::into(dir.join("post-7"))).unwrap();
    orders::send_again(home, &[]).unwrap();
    store_encounter(home, [7; 16]);
    crate::collector::encounters::pages(home, "a case").unwrap().for_each(drop);
    let word = vedette_shim::trust::OwnerWord::Confirmed;
    crate::collector::answer::answer(home, [7; 16], None, word, "", None).unwrap();
    revoke::revoke(home, &device_id()).unwrap();
    replace::replace_key(home, OnlineRole::Heartbeat).unwrap();
    confirm_clock(home).unwrap();
    renew::renew(home, false).unwrap();
}

#[test]
fn every_act_of_a_day_is_a_line() {
    let (dir, home) = new_home();
    do_a_day(dir.path(), &home);
    let found = acts(&home);
    let found: Vec<_> = found.iter().map(|(a, s, o)| (a.as_str(), s.as_str(), o.as_str())).collect();
    let id = "07".repeat(16);
    let wanted = [
        ("list-create", "done", "interpol/sltd"),
        ("import", "done", "interpol/sltd"),
        ("publish", "done", "interpol/sltd"),
        ("withdraw", "done", "interpol/sltd"),
        ("enrol", "done", "post-7"),
        ("send-again", "done", "devices"),
        ("encounters", "done", "all"),
        ("answer", "done", id.as_str()),
        ("revoke", "done", "post-7"),
        ("replace-key", "began", "heartbeat"),
        ("replace-key", "done", "heartbeat"),
        ("confirm-clock", "done", "clock"),
        ("renew", "began", "root"),
        ("renew", "done", "root"),
    ];
    assert_eq!(found, wanted);
    let report = log::verify(&home, None).unwrap();
    assert_eq!((report.lines, report.open.len(), report.restores.len()), (16, 0, 0));
    let all = lines(&home);
    assert_eq!(all[8].reason, "a case");
    assert!(all.iter().all(|line| line.operator.starts_with("local:") && line.at == NOW));
    // Nothing of a document or a traveller.
    let text: String = all.iter().map(to_json).collect();
    assert!(!text.contains("L898902C3") && !text.contains("X1\""), "{text}");
}

#[test]
fn what_is_not_done_is_not_recorded_and_what_is_not_recorded_is_not_done() {
    let (dir, home) = new_home();
    let list = list_name();
    assert!(matches!(revoke::revoke(&home, &device_id()), Err(FleetError::NoDevice(_))));
    assert_eq!(acts(&home), []);
    let (key, aside) = (home.keys().join("audit"), dir.path().join("audit"));
    persist(&key, &aside).unwrap();
    let refused = create(&home, &list, &CreateOptions::of(Kind::Documents)).unwrap_err();
    assert!(refused.to_string().contains("keys/audit is missing") && refused.hint().is_some(), "{refused}");
    assert!(crate::publishing::list::lists(&home).unwrap().is_empty());
    persist(&aside, &key).unwrap();
    assert!(create(&home, &list, &CreateOptions::of(Kind::Documents)).unwrap());
}

#[test]
fn an_act_that_failed_says_why_and_one_that_was_cut_off_has_no_end() {
    let (_dir, home) = new_home();
    assert!(replace_ca::finish(&home, false).is_err());
    let failed = lines(&home).pop().unwrap();
    assert_eq!((failed.act.as_str(), failed.state.as_str()), ("replace-ca", "failed"));
    assert_eq!(failed.details["why"], "the CA is not being replaced");
    let cut_off = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        audit::around(&home, Act::Renew.of("root"), || -> Result<(), AuthorityError> { panic!("killed") })
    }));
    assert!(cut_off.is_err());
    let report = log::verify(&home, None).unwrap();
    assert_eq!(report.open.into_iter().collect::<Vec<_>>(), [(5, "renew".to_string())]);
}

#[test]
fn a_restored_home_goes_on_in_a_new_segment_after_the_line_that_the_backup_had() {
    let (dir, home) = new_home();
    backup(&home, &dir.path().join("backup")).unwrap();
    let lost = audit::around(&home, Act::Renew.of("root"), || Ok::<_, AuthorityError>(())).is_ok();
    assert!(lost);
    let restored = restore(&dir.path().join("new"), &dir.path().join("backup"), clock(), true).unwrap();
    let all = lines(&restored);
    let acts: Vec<_> = all.iter().map(|line| line.act.as_str()).collect();
    assert_eq!(acts, ["log-begins", "init", "backup", "restore", "confirm-clock"]);
    assert_eq!(all[3].previous, all[2].hash);
    assert!(all[3].segment > all[2].segment && all[4].segment == all[3].segment);
    assert_eq!(log::verify(&restored, None).unwrap().restores, [4]);
    // The line that the lost home had there is another.
    assert_ne!(lines(&home)[3].hash, all[3].hash);
}

#[test]
fn the_database_refuses_to_change_or_remove_a_line() {
    let (_dir, home) = new_home();
    let db = home.database().unwrap();
    for statement in crate::db::breaking_the_audit_log() {
        let error = db.read().execute_batch(&statement).unwrap_err();
        assert!(error.to_string().contains("audit log"), "{statement}: {error}");
    }
    log::verify(&home, None).unwrap();
}

#[test]
fn an_export_is_verified_with_the_public_key_alone() {
    let (dir, home) = new_home();
    do_a_day(dir.path(), &home);
    let file = dir.path().join("audit.jsonl");
    let count = log::export(&home, &file).unwrap();
    let key = log::public_key(&home).unwrap();
    let report = log::verify_file(&file, key, None).unwrap();
    assert_eq!((report.lines, report.head), (count, lines(&home).pop().unwrap().hash));
    assert!(log::verify_file(&file, [1; 32], None).is_err());
    // Cut off in a line, and spelled otherwise.
    let text = fs::read_to_string(&file).unwrap();
    for (changed, line) in [
        (text[..text.len() - 1].to_string(), count),
        (text.replacen(":{", ": {", 1), 1),
        (text.replacen("\"number\":2", "\"number\":2,\"number\":2", 1), 2),
    ] {
        fs::write(&file, changed).unwrap();
        let error = log::verify_file(&file, key, None).unwrap_err();
        assert!(matches!(error, AuthorityError::BadLine { line: found, .. } if found == line), "{error}");
    }
}

#[test]
fn a_log_whose_end_is_cut_off_lacks_the_hash_that_was_noted() {
    let all = sample();
    let noted = all[all.len() - 1].hash;
    assert_eq!(verified(all, Some(noted)).unwrap().found, Some(all.len() as u64));
    let cut = verified(&all[..all.len() - 1], Some(noted)).unwrap_err();
    assert!(cut.to_string().contains("no line has the hash"), "{cut}");
    assert!(verified(&[], None).is_err());
}

#[test]
fn a_line_is_bounded_whatever_it_is_given() {
    let (_dir, home) = new_home();
    let long = "\u{1}é".repeat(4 * TEXT_BYTES_MAX);
    let words = vec![long.clone(); 4 * DETAILS_MAX];
    let mut entry = Act::Renew.of(&long).because(&long);
    for n in 0..DETAILS_MAX {
        entry = entry.with(&format!("detail-{n}"), words.clone());
    }
    let mut db = home.database().unwrap();
    let change = db.change().unwrap();
    audit::record(&home, &change, entry).unwrap();
    change.commit().unwrap();
    let line = lines(&home).pop().unwrap();
    let json = to_json(&line);
    assert!(json.len() < LINE_BYTES_MAX, "{}", json.len());
    assert_eq!(from_json(&json).unwrap(), line);
    log::verify(&home, None).unwrap();
}

/// A log of a day.
fn sample() -> &'static [Line] {
    static SAMPLE: OnceLock<Vec<Line>> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let (dir, home) = new_home();
        do_a_day(dir.path(), &home);
        lines(&home)
    })
}

/// What somebody does to a log who has no key.
#[derive(Debug, Clone)]
enum Tampering {
    Remove,
    Repeat,
    MoveTo(usize),
    Field(usize),
}

fn tampering() -> impl Strategy<Value = Tampering> {
    prop_oneof![
        Just(Tampering::Remove),
        Just(Tampering::Repeat),
        (0..sample().len()).prop_map(Tampering::MoveTo),
        (0..13_usize).prop_map(Tampering::Field),
    ]
}

fn change_field(line: &mut Line, field: usize, with_hash: bool) {
    let flip = |bytes: &mut [u8]| bytes[3] ^= 1;
    match field {
        0 => line.act.push('x'),
        1 => line.at += 1,
        2 => drop(line.details.insert("edition".into(), 99.into())),
        3 => line.number += 1,
        4 => line.object.push('x'),
        5 => line.operator.push('x'),
        6 => flip(&mut line.previous),
        7 => line.reason.push('x'),
        8 => line.segment += 1,
        9 => line.state = "failed and nothing else".into(),
        10 => flip(&mut line.hash),
        11 => flip(&mut line.signature),
        _ => line.operator_signature.push_str("00"),
    }
    // Also by somebody who knows how hashes are made.
    if with_hash && field < 10 {
        line.hash = hash_of(line);
    }
}

proptest! {
    #[test]
    fn whatever_is_done_to_a_line_is_found_there_or_at_the_next(
        at in 0..sample().len(), tampering in tampering(), with_hash: bool,
    ) {
        let mut all = sample().to_vec();
        let noted = all[all.len() - 1].hash;
        let mut first = at;
        match tampering {
            Tampering::Remove => drop(all.remove(at)),
            Tampering::Repeat => {
                all.insert(at, all[at].clone());
                first = at + 1;
            }
            Tampering::MoveTo(to) => {
                prop_assume!(to != at);
                let line = all.remove(at);
                all.insert(to, line);
                first = at.min(to);
            }
            Tampering::Field(field) => change_field(&mut all[at], field, with_hash),
        }
        let error = verified(&all, Some(noted)).unwrap_err();
        let AuthorityError::BadLine { line, .. } = &error else { panic!("{error}") };
        prop_assert_eq!(*line, first as u64 + 1, "{}", error);
    }

    #[test]
    fn a_line_signed_by_another_key_is_found(at in 0..sample().len()) {
        let mut all = sample().to_vec();
        let thief = SigningKey::from_seed(&[9; 32]);
        all[at].object.push('x');
        all[at].hash = hash_of(&all[at]);
        all[at].signature = thief.sign_message(&to_sign(&all[at].hash));
        let error = verified(&all, None).unwrap_err();
        prop_assert!(error.to_string().contains(&format!("line {}", at + 1)), "{}", error);
    }
}

#[test]
fn a_line_s_hash_is_that_of_its_json_as_any_library_writes_it() {
    // Python: sha256(json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
    let hard = "é\u{1}\"\\/\u{7f}\u{2028}";
    let details = [
        ("edition".to_string(), 7.into()),
        ("lists".into(), vec!["a/b", hard].into()),
        ("whole".into(), false.into()),
    ];
    let line = Line {
        act: "publish".into(),
        at: NOW,
        details: details.into(),
        number: 3,
        object: "uto/stolen".into(),
        operator: "anna".into(),
        previous: [0x11; 32],
        reason: "Zoë said\nso\t\u{1f}\u{1F600}".into(),
        segment: NOW - 1,
        state: "done".into(),
        hash: [0; 32],
        signature: [0; 64],
        operator_signature: String::new(),
    };
    assert_eq!(
        vedette_shim::ids::Hex(&hash_of(&line)).to_string(),
        "f195d2bf53a958cdc53d750fc77e62ac7e517e4a0fda5c9990e261b30537dbfb"
    );
}

#[test]
fn the_audit_key_is_replaced_and_the_log_is_verified_from_the_first_key_on() {
    let (dir, home) = new_home();
    let first = log::public_key(&home).unwrap();
    audit::key::replace(&home).unwrap();
    confirm_clock(&home).unwrap();
    audit::key::replace(&home).unwrap();
    confirm_clock(&home).unwrap();
    let report = log::verify(&home, None).unwrap();
    assert_eq!(report.key, vedette_shim::ids::Hex(&first).to_string());
    assert_ne!(report.key, report.last_key);
    assert_eq!(log::public_key(&home).unwrap(), first);
    let file = dir.path().join("audit.jsonl");
    log::export(&home, &file).unwrap();
    log::verify_file(&file, first, None).unwrap();
    // A line by the first key after its replacement is none.
    let mut all = lines(&home);
    let thief = crate::authority::keys::Key::Audit.first_signing(&home).unwrap();
    all[3].signature = thief.sign_message(&to_sign(&all[3].hash));
    let error = verified(&all, None).unwrap_err();
    assert!(error.to_string().contains("line 4"), "{error}");
}

#[test]
fn a_replacement_of_the_audit_key_that_was_cut_off_is_finished_by_the_next_line() {
    let (_dir, home) = new_home();
    let keys = home.keys();
    let old = fs::read(keys.join("audit")).unwrap();
    audit::key::replace(&home).unwrap();
    // After the line, before the files; and in the middle of the files.
    let new = fs::read(keys.join("audit")).unwrap();
    for present in [&old, &new] {
        fs::write(keys.join("audit.next"), &new).unwrap();
        fs::write(keys.join("audit"), present).unwrap();
        confirm_clock(&home).unwrap();
        assert_eq!(fs::read(keys.join("audit")).unwrap(), new);
        assert_eq!(fs::read(keys.join("audit.until-3")).unwrap(), old);
        assert!(!keys.join("audit.next").exists());
        log::verify(&home, None).unwrap();
    }
    // Before the line: the old key goes on.
    fs::write(keys.join("audit.next"), &old).unwrap();
    confirm_clock(&home).unwrap();
    assert!(keys.join("audit.next").exists() && fs::read(keys.join("audit")).unwrap() == new);
    log::verify(&home, None).unwrap();
}
