//! The clock, the floors, whose word counts, which keys are kept.

use super::*;
use crate::seal::ListKey;
use crate::vectors::number;

#[test]
fn the_same_heartbeat_again_does_not_set_the_clock_back() {
    let mut unit = open(memory());
    assert_eq!(unit.time(5), None);
    tell_time(&mut unit, 500, &[], 100).unwrap();
    assert_eq!([100, 110, 90].map(|uptime| unit.time(uptime)), [Some(500), Some(510), Some(500)]);
    tell_time(&mut unit, 500, &[], 110).unwrap();
    assert_eq!(unit.time(110), Some(510), "the same one, later");
    tell_time(&mut unit, 505, &[], 110).unwrap();
    assert_eq!(unit.time(110), Some(510), "a newer one that was long under way");
    tell_time(&mut unit, 511, &[], 110).unwrap();
    assert_eq!(unit.time(110), Some(511), "a newer one that is ahead");
    assert_eq!(tell_time(&mut unit, 510, &[], 200), Err(ScannerRefusal::Rollback));
    assert_eq!(unit.time(200), Some(601));
}

#[test]
fn the_floor_of_time_outlives_the_power() {
    let mut unit = open(memory());
    tell_time(&mut unit, 500, &[], 0).unwrap();
    let mut unit = open(unit.flash().clone());
    assert_eq!(unit.time(0), None);
    assert_eq!(tell_time(&mut unit, 499, &[], 0), Err(ScannerRefusal::Rollback));
    assert_eq!(unit.time(0), None);
    assert_eq!(tell_time(&mut unit, 500, &[], 0), Ok(()));
}

#[test]
fn a_heartbeat_of_others_says_nothing() {
    let mut unit = open(memory());
    let heartbeat = crate::trust::tests::heartbeat(500);
    let twice = sign(SignedKind::Heartbeat, &heartbeat, &[11, 11]);
    assert_eq!(unit.set_time(&twice, 0), Err(ScannerRefusal::Unreadable));
    for keys in [&[11][..], &[51, 52], &[]] {
        let bytes = sign(SignedKind::Heartbeat, &heartbeat, keys);
        assert_eq!(unit.set_time(&bytes, 0), Err(ScannerRefusal::Untrusted), "{keys:?}");
    }
    assert_eq!(unit.set_time(&[], 0), Err(ScannerRefusal::Unreadable));
    let manifest = print(1, &[b"x"]).manifest;
    assert_eq!(unit.set_time(&manifest, 0), Err(ScannerRefusal::Unreadable), "signed, but no heartbeat");
    assert_eq!(unit.time(0), None);
}

#[test]
fn a_confirmation_of_the_edition_before_does_not_count_for_the_next() {
    let vectors = Vectors::new();
    let [base, delta] = &vectors.segments;
    let (first, second) = (print(1, &[base]), print(2, &[base, delta]));
    let zone = passport(&number(60_001));
    let mut unit = open(memory());
    give_keys(&mut unit, &vectors);
    install(&mut unit, &first).unwrap();
    tell_time(&mut unit, ISSUED + 900, &[(1, &first)], 0).unwrap();
    assert_eq!(line(&unit, &zone, 0), "1 Fresh Clear 0");
    install(&mut unit, &second).unwrap();
    // Issued at 2, and nobody has said since that it is the newest.
    assert_eq!(line(&unit, &zone, 0), "2 Stale Clear 898");
    tell_time(&mut unit, ISSUED + 901, &[(2, &second)], 0).unwrap();
    assert_eq!(line(&unit, &zone, 0), "2 Fresh Clear 0");
    // A newer one exists: what is in use is stale, and no longer confirmed.
    tell_time(&mut unit, ISSUED + 950, &[(3, &first)], 0).unwrap();
    assert_eq!(line(&unit, &zone, 0), "2 Stale Clear 49");
    // Named as an older edition, it says nothing.
    tell_time(&mut unit, ISSUED + 960, &[(2, &first)], 0).unwrap();
    assert_eq!(line(&unit, &zone, 0), "2 Fresh Clear 59");
}

#[test]
fn a_heartbeat_speaks_for_the_lists_it_names() {
    let vectors = Vectors::new();
    let [base, delta] = &vectors.segments;
    let mut unit = ready();
    let other = print_as(other_list(), &OTHER_ISSUER, 3, &[base, delta]);
    install(&mut unit, &other).unwrap();
    tell_time(&mut unit, ISSUED + 800, &[(3, &other)], 0).unwrap();
    let outcome = check(&unit, &passport(&number(60_001)), 0);
    assert_eq!([outcome.lists[0].age_s, outcome.lists[1].age_s], [790, 0]);
}

#[test]
fn an_edition_is_its_issuers_and_never_goes_back() {
    let vectors = Vectors::new();
    let [base, delta] = &vectors.segments;
    let mut unit = ready();
    let offer = |unit: &mut Scanner, printed: &Printed| unit.offer(&printed.manifest).map(drop);
    assert_eq!(offer(&mut unit, &print(1, &[base])), Err(ScannerRefusal::Rollback));
    assert_eq!(offer(&mut unit, &print(2, &[base])), Err(ScannerRefusal::Rollback), "a fork");
    let twice = print_as(list(), &[51, 51], 3, &[base, delta]);
    assert_eq!(offer(&mut unit, &twice), Err(ScannerRefusal::Unreadable));
    for keys in [&[51][..], &[61, 62], &[11, 12]] {
        let forged = print_as(list(), keys, 3, &[base, delta]);
        assert_eq!(offer(&mut unit, &forged), Err(ScannerRefusal::Untrusted), "{keys:?}");
    }
    let unknown = print_as("uto/none".parse().unwrap(), &ISSUER, 3, &[base]);
    assert_eq!(offer(&mut unit, &unknown), Err(ScannerRefusal::UnknownList));
    // Begun is believed: the floor is in flash before anything of it is, and stays when the power goes.
    let begun = print(3, &[b"nothing of this is here yet"]);
    assert_eq!(offer(&mut unit, &begun), Ok(()));
    let mut unit = open(unit.flash().clone());
    assert_eq!(unit.hello(0).unwrap().lists[0].edition, 2);
    assert_eq!(offer(&mut unit, &print(2, &[base, delta])), Err(ScannerRefusal::Rollback));
    assert_eq!(offer(&mut unit, &print(3, &[base])), Err(ScannerRefusal::Rollback), "a fork");
    assert_eq!(offer(&mut unit, &begun), Ok(()));
}

#[test]
fn a_new_issuer_begins_below_what_a_thief_of_the_old_key_signed() {
    const NEW: [u8; 2] = [53, 54];
    let vectors = Vectors::new();
    let [base, delta] = &vectors.segments;
    let stolen = print(u64::MAX, &[base, delta]);
    let mut unit = ready();
    let other = print_as(other_list(), &OTHER_ISSUER, 7, &[base]);
    install(&mut unit, &other).unwrap();
    install(&mut unit, &stolen).unwrap();
    let mut unit = open(unit.flash().clone());
    assert_eq!(unit.hello(0).unwrap().lists[0].edition, u64::MAX, "a start changes nothing");

    let again = |flash: &MemoryFlash| {
        let mut setup = setup();
        setup.lists[0].issuer.role = role(2, &NEW);
        Unit::<_, Soft, _>::open(setup, flash.clone(), Pretend).unwrap()
    };
    let mut unit = again(unit.flash());
    let held = unit.hello(0).unwrap().lists;
    assert_eq!([held[0].edition, held[1].edition], [0, 7], "another list's edition stays");
    assert_eq!(unit.offer(&stolen.manifest).map(drop), Err(ScannerRefusal::Untrusted));
    let next = print_as(list(), &NEW, 3, &[base, delta]);
    install(&mut unit, &next).unwrap();
    give_keys(&mut unit, &vectors);
    tell_time(&mut unit, ISSUED + 10, &[(3, &next)], 0).unwrap();
    assert!(line(&unit, &passport(&number(21)), 0).starts_with("3 Fresh Hit"));
    let mut unit = again(unit.flash());
    assert_eq!(unit.hello(0).unwrap().lists[0].edition, 3, "its floor counts from then on");
    let before = print_as(list(), &NEW, 2, &[base]);
    assert_eq!(unit.offer(&before.manifest).map(drop), Err(ScannerRefusal::Rollback));
}

#[test]
fn of_too_many_list_keys_the_oldest_goes() {
    let mut unit = open(memory());
    let give = |unit: &mut Scanner, number: u32, byte: u8| {
        unit.add_key(&KeyFor::List { list: list(), number, key: ListKey([byte; 32]) })
    };
    for number in 1..=KEYS_MAX as u32 {
        give(&mut unit, number, number as u8).unwrap();
    }
    // One that it has, given again, takes nobody's place and is the newest.
    give(&mut unit, 1, 99).unwrap();
    assert_eq!(unit.list_key(0, 1).unwrap().0, [99; 32]);
    assert_eq!(unit.list_key(0, 2).unwrap().0, [2; 32]);
    give(&mut unit, 17, 17).unwrap();
    assert!(unit.list_key(0, 2).is_none(), "the oldest");
    for number in [1, 3, 16, 17] {
        assert!(unit.list_key(0, number).is_some(), "{number}");
    }
    assert!(unit.list_key(1, 17).is_none(), "a key is one list's");
    // A key that is given again is the one that counts, whether there is room or not.
    let mut unit = open(memory());
    give(&mut unit, 1, 5).unwrap();
    give(&mut unit, 1, 6).unwrap();
    assert_eq!(unit.list_key(0, 1).unwrap().0, [6; 32]);
    let stranger = KeyFor::List { list: "a/b".parse().unwrap(), number: 1, key: ListKey([1; 32]) };
    assert_eq!(unit.add_key(&stranger), Err(ScannerRefusal::UnknownList));
}
