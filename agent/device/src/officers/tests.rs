//! Signing in with a real store, a real journal and real PIN hashes (at the least cost).

use super::*;
use crate::journal::walk;
use std::path::Path;
use vedette_common::clock::system_now;
use vedette_common::roster::PinCost;
use vedette_common::roster::testing::{officer, roster};
use zeroize::Zeroizing;

const COST: PinCost = PinCost { memory_kib: 1024, passes: 1, lanes: 1 };

fn pin(text: &str) -> Pin {
    Pin::typed(Zeroizing::new(text.into())).unwrap()
}

fn roster_state() -> RosterState {
    let with_pin = |badge: &str, text: &str| {
        let mut officer = officer(badge, Role::Officer);
        officer.pin = Some(pin(text).hash(COST));
        officer
    };
    let mut roster = roster(1, vec![with_pin("anna", "274916"), with_pin("boris", "580133")]);
    roster.expires = system_now() + 1_000;
    RosterState::InEffect(Arc::new(roster))
}

fn open(folder: &Path) -> (Officers, Arc<Clock>) {
    let db = Arc::new(Db::open(&folder.join("state.db")).unwrap());
    let clock = Arc::new(Clock::default());
    let rules = SignInRules { failures_max: 3, lock_out_s: 1_000, idle_s: 300, ..SignInRules::default() };
    (Officers::new(db, clock.clone(), rules), clock)
}

fn journal(officers: &Officers) -> Vec<AuditEvent> {
    let mut events = Vec::new();
    walk(&officers.db, |row| {
        events.push(AuditLine::read(&row.text).unwrap().event);
        true
    })
    .unwrap();
    events
}

fn refusal(tried: Result<(Token, Signed), SignInError>) -> SignInRefusal {
    match tried {
        Err(SignInError::Refused(refusal)) => refusal,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("signed in"),
    }
}

#[test]
fn a_day_at_the_post_is_in_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let (officers, clock) = open(folder.path());
    let roster_state = roster_state();
    assert_eq!(refusal(officers.sign_in(&roster_state, "anna", None, None)), SignInRefusal::PinNeeded);
    assert_eq!(refusal(officers.sign_in(&roster_state, "nobody", None, None)), SignInRefusal::PinNeeded);
    let wrong = pin("274917");
    assert_eq!(refusal(officers.sign_in(&roster_state, "anna", Some(&wrong), None)), SignInRefusal::Wrong);
    assert_eq!(refusal(officers.sign_in(&roster_state, "nobody", Some(&wrong), None)), SignInRefusal::Wrong);
    assert_eq!(
        refusal(officers.sign_in(&roster_state, "no badge!", Some(&wrong), None)),
        SignInRefusal::Wrong
    );
    let (anna, signed) = officers.sign_in(&roster_state, "anna", Some(&pin("274916")), None).unwrap();
    assert_eq!((signed.badge.as_str(), signed.idle_s), ("anna", 300));
    let (boris, _) = officers.sign_in(&roster_state, "boris", Some(&pin("580133")), Some(&anna)).unwrap();
    assert!(officers.session(&roster_state, &anna, false).unwrap().is_none());
    let (anna, _) = officers.sign_in(&roster_state, "anna", None, Some(&boris)).unwrap();
    assert!(officers.confirm(&roster_state, &anna, &wrong).is_err());
    assert_eq!(officers.confirm(&roster_state, &anna, &pin("274916")).unwrap().badge, "anna");
    clock.raise(clock.now() + 301);
    assert!(officers.session(&roster_state, &anna, true).unwrap().is_none());
    let (boris, _) = officers.sign_in(&roster_state, "boris", Some(&pin("580133")), None).unwrap();
    assert_eq!(officers.sign_out(&boris).unwrap().unwrap().as_str(), "boris");
    assert_eq!(officers.sign_out(&boris).unwrap(), None);
    let signed_in = |who: &str, pin| AuditEvent::SignIn { who: who.into(), pin };
    let wrong_pin = |who: &str| AuditEvent::WrongPin { who: who.into() };
    let out = |who: &str, why| AuditEvent::SignOut { who: who.into(), why };
    assert_eq!(
        journal(&officers),
        [
            wrong_pin("anna"),
            wrong_pin(""),
            signed_in("anna", true),
            out("anna", Ended::HandedOver),
            signed_in("boris", true),
            out("boris", Ended::HandedOver),
            signed_in("anna", false),
            wrong_pin("anna"),
            out("anna", Ended::Idle),
            signed_in("boris", true),
            out("boris", Ended::SignedOut),
        ]
    );
}

#[test]
fn a_document_on_the_reader_is_the_scan_of_whoever_used_the_console_last_and_keeps_the_session_alive() {
    let folder = tempfile::tempdir().unwrap();
    let (officers, clock) = open(folder.path());
    let roster_state = roster_state();
    let at_work = || officers.at_work(&roster_state).unwrap().map(|badge| badge.to_string());
    assert_eq!(at_work(), None);
    officers.sign_in(&roster_state, "anna", Some(&pin("274916")), None).unwrap();
    clock.raise(clock.now() + 200);
    assert_eq!(at_work().as_deref(), Some("anna"));
    clock.raise(clock.now() + 200);
    officers.sign_in(&roster_state, "boris", Some(&pin("580133")), None).unwrap();
    assert_eq!(at_work().as_deref(), Some("boris"));
    clock.raise(clock.now() + 301);
    assert_eq!(at_work(), None);
}

#[test]
fn a_lock_out_survives_a_restart_and_the_right_pin() {
    let folder = tempfile::tempdir().unwrap();
    let roster_state = roster_state();
    for _ in 0..2 {
        let (officers, _) = open(folder.path());
        assert_eq!(
            refusal(officers.sign_in(&roster_state, "anna", Some(&pin("000001")), None)),
            SignInRefusal::Wrong
        );
    }
    let (officers, _) = open(folder.path());
    let third = refusal(officers.sign_in(&roster_state, "anna", Some(&pin("000001")), None));
    assert_eq!(third, SignInRefusal::Locked { retry_after_s: 1_000 });
    let (officers, clock) = open(folder.path());
    let right = pin("274916");
    assert!(matches!(
        refusal(officers.sign_in(&roster_state, "anna", Some(&right), None)),
        SignInRefusal::Locked { .. }
    ));
    assert!(
        officers.sign_in(&roster_state, "boris", Some(&pin("580133")), None).is_ok(),
        "only this badge is locked"
    );
    assert!(
        journal(&officers).iter().any(|e| matches!(e, AuditEvent::LockedOut { who, .. } if who == "anna"))
    );
    clock.raise(clock.now() + 1_001);
    assert!(officers.sign_in(&roster_state, "anna", Some(&right), None).is_ok());
}

#[test]
fn a_badge_on_no_roster_is_answered_like_one_that_is_and_strangers_fill_no_journal() {
    let folder = tempfile::tempdir().unwrap();
    let (roster_state, (officers, _)) = (roster_state(), open(folder.path()));
    let answers = |badge: &str| {
        let wrong = |_| match refusal(officers.sign_in(&roster_state, badge, Some(&pin("000001")), None)) {
            // A second may pass between two.
            SignInRefusal::Locked { .. } => SignInRefusal::Locked { retry_after_s: 0 },
            other => other,
        };
        (0..4).map(wrong).collect::<Vec<_>>()
    };
    assert_eq!(answers("nobody"), answers("anna"));
    let before = journal(&officers).len();
    let full = (0..STRANGERS_MAX).map(|n| (format!("x{n}").parse().unwrap(), Tries::default()));
    officers.strangers().extend(full);
    for who in ["y1", "y2"] {
        let refused = refusal(officers.sign_in(&roster_state, who, Some(&pin("000001")), None));
        assert_eq!(refused, SignInRefusal::Wrong);
    }
    assert_eq!(journal(&officers).len(), before, "one a minute");
    assert!(officers.strangers().len() <= STRANGERS_MAX);
}

#[test]
fn an_administrator_unlocks_a_badge_and_the_journal_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (roster_state, (officers, clock)) = (roster_state(), open(folder.path()));
    let anna = "anna".parse().unwrap();
    assert!(!unlock(&officers.db, &anna, clock.now()).unwrap(), "it was not locked");
    for _ in 0..3 {
        let _ = officers.sign_in(&roster_state, "anna", Some(&pin("000001")), None);
    }
    let right = pin("274916");
    assert!(officers.sign_in(&roster_state, "anna", Some(&right), None).is_err());
    assert!(unlock(&officers.db, &anna, clock.now()).unwrap());
    assert!(officers.sign_in(&roster_state, "anna", Some(&right), None).is_ok());
    assert!(journal(&officers).iter().any(|e| matches!(e, AuditEvent::Unlocked { who } if who == "anna")));
}

#[test]
fn without_a_roster_nobody_signs_in_and_a_new_one_ends_the_sessions_it_does_not_admit() {
    let folder = tempfile::tempdir().unwrap();
    let (officers, _) = open(folder.path());
    let roster_state = roster_state();
    for none in [RosterState::Open, RosterState::Lost] {
        assert!(matches!(
            officers.sign_in(&none, "anna", Some(&pin("274916")), None),
            Err(SignInError::NoRoster)
        ));
    }
    let (anna, _) = officers.sign_in(&roster_state, "anna", Some(&pin("274916")), None).unwrap();
    let mut next = roster_state.roster().unwrap().clone();
    next.officers[0].role = Role::Supervisor;
    let promoted = officers.session(&RosterState::InEffect(Arc::new(next.clone())), &anna, false).unwrap();
    assert_eq!(promoted.unwrap().role, Role::Supervisor, "a role counts at once");
    next.officers[0].pin = None;
    assert!(officers.session(&RosterState::InEffect(Arc::new(next)), &anna, false).unwrap().is_none());
    assert_eq!(
        journal(&officers).last(),
        Some(&AuditEvent::SignOut { who: "anna".into(), why: Ended::Removed })
    );
}
