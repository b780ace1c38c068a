//! Keys that the root replaces in a scanner, and what ends with the old ones.

use super::*;
use crate::trust::tests::{encode, sign_bytes};
use crate::trust::{Pin, PinnedRole};
use crate::vectors::number;

const NEW_ROOT: [u8; 2] = [33, 34];
const NEW: [u8; 2] = [53, 54];

fn pin(version: u32, of: PinnedRole, keys: &[u8], by: &[u8]) -> List<u8> {
    sign_bytes(SignedKind::Pin, &encode(&Pin { version, of, role: role(2, keys) }), by)
}

fn heartbeat_by(keys: &[u8], issued: u64) -> List<u8> {
    sign(SignedKind::Heartbeat, &heartbeat(issued), keys)
}

fn reopened(unit: &mut Scanner) -> Scanner {
    open(unit.flash().clone())
}

#[test]
fn a_new_heartbeat_s_key_reaches_a_scanner_and_a_time_far_ahead_ends_with_the_old_one() {
    let mut unit = ready();
    let far = u64::MAX / 2;
    unit.set_time(&heartbeat_by(&CLOCK, far), 0).unwrap();
    unit.pin(&pin(2, PinnedRole::Heartbeat, &NEW, &ROOT)).unwrap();
    for mut unit in [reopened(&mut unit), unit] {
        assert_eq!(unit.time(0), None, "what the old key said of the time is forgotten");
        assert_eq!(unit.set_time(&heartbeat_by(&CLOCK, far + 1), 0), Err(ScannerRefusal::Untrusted));
        unit.set_time(&heartbeat_by(&NEW, ISSUED + 20), 0).unwrap();
        assert_eq!(unit.time(5), Some(ISSUED + 25));
    }
}

#[test]
fn a_new_issuer_s_key_ends_the_list_s_edition_and_floor_and_no_other_list_s() {
    let vectors = Vectors::new();
    let [base, delta] = &vectors.segments;
    let mut unit = ready();
    let other = print_as(other_list(), &OTHER_ISSUER, 7, &[base]);
    install(&mut unit, &other).unwrap();
    let stolen = print(u64::MAX, &[base, delta]);
    install(&mut unit, &stolen).unwrap();
    unit.pin(&pin(2, PinnedRole::Issuer(list()), &NEW, &ROOT)).unwrap();
    assert!(line(&unit, &passport(&number(21)), 0).starts_with("0 Expired NotChecked"));
    for mut unit in [reopened(&mut unit), unit] {
        let held = unit.hello(0).unwrap().lists;
        assert_eq!([held[0].edition, held[1].edition], [0, 7]);
        assert_eq!(unit.offer(&stolen.manifest).map(drop), Err(ScannerRefusal::Untrusted));
        install(&mut unit, &print_as(list(), &NEW, 3, &[base, delta])).unwrap();
        assert_eq!(unit.hello(0).unwrap().lists[0].edition, 3);
    }
}

#[test]
fn a_new_orders_key_ends_what_the_old_one_enrolled() {
    let mut unit = ready();
    unit.set_floor(ENROLMENT, u64::MAX).unwrap();
    unit.pin(&pin(2, PinnedRole::Orders, &NEW, &ROOT)).unwrap();
    assert_eq!(unit.floor(ENROLMENT).unwrap(), 0);
    assert!(unit.channel.is_none());
    assert_eq!(reopened(&mut unit).setup.orders, role(2, &NEW));
}

#[test]
fn the_root_s_own_keys_are_replaced_by_the_old_and_the_new_together() {
    let mut unit = ready();
    let next = |by: &[u8]| pin(3, PinnedRole::Root, &NEW_ROOT, by);
    for by in [&ROOT[..], &NEW_ROOT, &[31, 33], &[31, 33, 34], &[31, 32, 33], &[31, 32, 33, 34, 35]] {
        assert_eq!(unit.pin(&next(by)), Err(ScannerRefusal::Untrusted), "{by:?}");
    }
    unit.pin(&next(&[31, 32, 33, 34])).unwrap();
    for mut unit in [reopened(&mut unit), unit] {
        let heartbeat = |by: &[u8]| pin(4, PinnedRole::Heartbeat, &NEW, by);
        assert_eq!(
            unit.pin(&heartbeat(&ROOT)),
            Err(ScannerRefusal::Untrusted),
            "the old root's keys are over"
        );
        unit.pin(&heartbeat(&NEW_ROOT)).unwrap();
        assert_eq!(unit.setup.heartbeat, role(2, &NEW));
    }
}

#[test]
fn a_pin_that_is_not_the_root_s_or_older_changes_nothing() {
    let mut unit = ready();
    unit.pin(&pin(5, PinnedRole::Heartbeat, &NEW, &ROOT)).unwrap();
    unit.set_time(&heartbeat_by(&NEW, ISSUED + 20), 0).unwrap();
    let thief = [66, 67];
    // Taken without a word, because it is not looked at: it is no newer than what is in effect.
    for (version, by) in [(5, &ROOT), (4, &ROOT), (1, &ROOT), (5, &thief)] {
        unit.pin(&pin(version, PinnedRole::Heartbeat, &thief, by)).unwrap();
    }
    unit.pin(&pin(1, PinnedRole::Orders, &thief, &ROOT)).unwrap();
    let refused = [
        pin(6, PinnedRole::Heartbeat, &thief, &thief),
        pin(6, PinnedRole::Heartbeat, &thief, &NEW),
        pin(6, PinnedRole::Heartbeat, &thief, &HEADQUARTERS),
        pin(6, PinnedRole::Heartbeat, &[66], &ROOT),
        pin(6, PinnedRole::Heartbeat, &[66, 66], &ROOT),
        sign(SignedKind::Root, &Pin { version: 6, of: PinnedRole::Orders, role: role(2, &thief) }, &ROOT),
    ];
    for refused in refused {
        assert!(unit.pin(&refused).is_err());
    }
    let stranger = PinnedRole::Issuer("a/b".parse().unwrap());
    assert_eq!(unit.pin(&pin(6, stranger, &thief, &ROOT)), Err(ScannerRefusal::UnknownList));
    assert_eq!(unit.time(0), Some(ISSUED + 20));
    let Setup { heartbeat, orders, root, .. } = reopened(&mut unit).setup;
    assert_eq!((heartbeat, orders, root), (role(2, &NEW), role(2, &HEADQUARTERS), role(2, &ROOT)));
}

#[test]
fn new_firmware_that_pins_a_later_root_s_roles_counts_over_what_was_pinned_before() {
    let mut unit = ready();
    unit.pin(&pin(5, PinnedRole::Heartbeat, &NEW, &ROOT)).unwrap();
    let made = |root_version| {
        let setup = Setup { root_version, heartbeat: role(2, &[91, 92]), ..setup() };
        Scanner::open(setup, unit.flash.clone(), Pretend).unwrap().setup.heartbeat
    };
    assert_eq!((made(4), made(5)), (role(2, &NEW), role(2, &[91, 92])));
}

#[test]
fn without_a_root_s_key_no_pin_is_taken() {
    let mut unit = Scanner::open(Setup { root: role(0, &[]), ..setup() }, memory(), Pretend).unwrap();
    assert_eq!(unit.pin(&pin(2, PinnedRole::Heartbeat, &NEW, &[])), Err(ScannerRefusal::Untrusted));
}

/// Whether the roles of heartbeat, orders and issuer have the new keys; the floors of time and enrolment; the list's edition.
type Believed = ([bool; 3], u64, u64, u64);

/// What a scanner would accept.
fn believed(unit: &Scanner) -> Believed {
    let roles = [&unit.setup.heartbeat, &unit.setup.orders, &unit.setup.lists[0].issuer.role];
    let edition = unit.hello(0).unwrap().lists[0].edition;
    let floors = [TIME, ENROLMENT].map(|key| unit.floor(key).unwrap());
    (roles.map(|found| *found == role(2, &NEW)), floors[0], floors[1], edition)
}

/// A scanner with floors, and a pin of each role, with what it believes once that is in effect.
fn pins_to_come() -> [(PinnedRole, Believed); 3] {
    let time = ISSUED + 10;
    [
        (PinnedRole::Heartbeat, ([true, false, false], 0, 9, 2)),
        (PinnedRole::Orders, ([false, true, false], time, 0, 2)),
        (PinnedRole::Issuer(list()), ([false, false, true], time, 9, 0)),
    ]
}

fn with_floors() -> Scanner {
    let mut unit = ready();
    unit.set_floor(ENROLMENT, 9).unwrap();
    assert_eq!(believed(&unit), ([false; 3], ISSUED + 10, 9, 2));
    unit
}

#[test]
fn power_lost_at_any_write_leaves_the_old_key_with_its_floor_or_the_new_one_without() {
    let vectors = Vectors::new();
    let [base, delta] = &vectors.segments;
    let before = believed(&with_floors());
    for (of, after) in pins_to_come() {
        let next = pin(2, of, &NEW, &ROOT);
        for cut in 1.. {
            let mut unit = with_floors();
            unit.flash().steps_left = Some(cut);
            let taken = unit.pin(&next);
            let mut unit = open(unit.flash().clone().powered());
            assert!([before, after].contains(&believed(&unit)), "{cut}: {:?}", believed(&unit));
            unit.pin(&next).unwrap();
            assert_eq!(believed(&unit), after);
            if after.3 == 0 {
                install(&mut unit, &print_as(list(), &NEW, 1, &[base, delta])).unwrap();
            }
            if taken.is_ok() {
                break;
            }
        }
    }
}

#[test]
fn a_write_that_its_driver_denies_leaves_a_scanner_with_what_is_in_its_flash() {
    for (of, after) in pins_to_come() {
        let next = pin(2, of, &NEW, &ROOT);
        for step in 1.. {
            let mut unit = with_floors();
            let denied = unit.flash().steps + step;
            unit.flash().denies_step = Some(denied);
            let taken = unit.pin(&next);
            let (heartbeat, orders) = (unit.setup.heartbeat.clone(), unit.setup.orders.clone());
            let stored = reopened(&mut unit).setup;
            assert_eq!((heartbeat, orders), (stored.heartbeat, stored.orders), "{step}");
            // Said again, it is in effect as a whole, without a start in between.
            unit.pin(&next).unwrap();
            assert_eq!(believed(&unit), after, "{step}");
            if taken.is_ok() {
                break;
            }
        }
    }
}

#[test]
fn a_floor_of_the_keys_before_counts_for_no_others_and_theirs_begins_anew() {
    let mut unit = with_floors();
    unit.pin(&pin(2, PinnedRole::Heartbeat, &NEW, &ROOT)).unwrap();
    unit.set_time(&heartbeat_by(&NEW, 5), 0).unwrap();
    for mut unit in [reopened(&mut unit), unit] {
        assert_eq!(believed(&unit).1, 5);
        assert_eq!(unit.set_time(&heartbeat_by(&NEW, 4), 0), Err(ScannerRefusal::Rollback));
    }
}
