//! The simulation, short: it finds nothing wrong with the product, it replays, and it finds what is wrong on purpose.
//! `tests/simulate` runs whole years.

use vedette_tests::simulation::truth::Rule;
use vedette_tests::simulation::{Plan, Report, Sabotage, run};

fn short(seed: u64, sabotage: Option<Sabotage>) -> Report {
    run(Plan { seed, devices: 10, days: 40, sabotage, is_loud: false })
}

#[test]
fn nothing_is_lost_or_believed_wrongly_and_a_seed_replays_exactly() {
    let (one, again) = (short(1, None), short(1, None));
    assert_eq!(one.broken, [], "seed 1");
    assert_eq!((one.trace, one.counts), (again.trace, again.counts), "seed 1 gave another trace");
    assert!(one.counts.hits > 50 && one.counts.restored == 2 && one.counts.lost > 100, "{:?}", one.counts);
    let other = short(2, None);
    assert_eq!(other.broken, [], "seed 2");
    assert_ne!(one.trace, other.trace);
}

/// Whether the rule notices what is wrong on purpose; others may, too. A month of ten devices need not meet it, so a few are tried.
fn noticed(sabotage: Sabotage, rule: Rule) {
    let breaks = |seed| short(seed, Some(sabotage)).broken.iter().any(|broken| broken.rule == rule);
    assert!((3..8).any(breaks), "{sabotage:?}");
}

#[test]
fn a_lease_that_does_not_end_is_noticed() {
    noticed(Sabotage::ClocksStandStill, Rule::NotClearPastLease);
}

#[test]
fn an_encounter_that_a_plain_copy_of_a_backup_lost_is_noticed() {
    noticed(Sabotage::BackupCopiedPlainly, Rule::StoredOnce);
}

#[test]
fn a_floor_that_is_forgotten_is_noticed() {
    noticed(Sabotage::OldDiskPutBack, Rule::FloorKept);
}

#[test]
fn a_withdrawal_that_does_not_arrive_is_noticed() {
    noticed(Sabotage::ManifestsWithheld, Rule::InEffectInTime);
}

#[test]
fn a_revoked_device_that_reads_on_is_noticed() {
    noticed(Sabotage::RevocationForgotten, Rule::RevokedHasNothing);
}

#[test]
fn an_order_that_was_lost_within_a_session_is_given_again_before_it_is_too_late() {
    for seed in [76, 79, 89] {
        assert_eq!(short(seed, None).broken, [], "seed {seed}");
    }
}
