//! Clear means that everything was asked and answered. Anything less is not.

use super::*;
use crate::vectors::{ZONES, number};
use crate::verdict::{ListResult, Verdict};

/// Only the first list is set up, so that its answer is the verdict.
fn ready_alone() -> Scanner {
    let flash = ready().flash().clone();
    alone(flash)
}

fn alone<F: Flash>(flash: F) -> Scanner<F> {
    let mut setup = setup();
    setup.lists.truncate(1);
    let mut unit = Scanner::open(setup, flash, Pretend).unwrap();
    let vectors = Vectors::new();
    let key = KeyFor::List { list: list(), number: 1, key: vectors.list_key.clone() };
    unit.add_key(&key).unwrap();
    let [base, delta] = &vectors.segments;
    tell_time(&mut unit, ISSUED + 10, &[(2, &print(2, &[base, delta]))], 0).unwrap();
    unit
}

fn verdict<F: Flash>(unit: &Scanner<F>, zone: &str) -> Verdict {
    check(unit, zone, 0).verdict
}

const UNLISTED: usize = 60_001;

#[test]
fn a_document_may_be_clear_only_if_every_list_answers() {
    let zone = passport(&number(UNLISTED));
    assert_eq!(verdict(&ready_alone(), &zone), Verdict::Clear);
    // The second list has no edition yet.
    let both = check(&ready(), &zone, 0);
    assert_eq!(both.verdict, Verdict::NotChecked);
    assert_eq!(both.lists[0].result, ListResult::Clear);
    assert_eq!((both.lists[1].edition, both.lists[1].result), (0, ListResult::NotChecked));
}

#[test]
fn misread_is_never_clear() {
    let unit = ready_alone();
    let zone = passport(&number(UNLISTED));
    // The number and its digit are the first ten of the second line, the state the next three.
    let mut wrong = 0;
    for at in 44..57 {
        for other in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<".chars() {
            let mut changed: List<char> = zone.chars().collect();
            if core::mem::replace(&mut changed[at], other) == other {
                continue;
            }
            let changed: String = changed.into_iter().collect();
            let Ok(read) = mrz::parse(&changed) else { continue };
            let outcome = unit.check(&read, 0, &mut Scratch::default());
            assert_eq!(outcome.misread, read.number_doubtful(), "{changed}");
            let number = read.checks().iter().find(|check| check.name == mrz::CheckName::Number);
            if outcome.misread || number.is_none_or(|number| !number.check.passes()) {
                assert_ne!(outcome.verdict, Verdict::Clear, "{changed}");
                wrong += 1;
            }
        }
    }
    assert!(wrong > 300, "{wrong}");
    for state in ["UT0", "U70", "XQZ", "<<<"] {
        // The issuer's, in the first line.
        let changed = format!("P<{state}{}", &zone[5..]);
        assert_eq!(verdict(&unit, &changed), Verdict::NotChecked, "{state}");
    }
}

#[test]
fn damage_never_makes_a_clear_of_what_is_listed() {
    let zones: List<&str> = ZONES.lines().filter(|zone| mrz::parse(zone).is_ok()).collect();
    let mut unit = ready_alone();
    let truth: List<Verdict> = zones.iter().map(|zone| verdict(&unit, zone)).collect();
    assert!(truth.contains(&Verdict::Clear) && truth.contains(&Verdict::Hit));
    let whole = unit.flash().bytes().to_vec();
    let (mut failed, mut found) = (0, 0);
    for at in
        (6 * 4096..32 * 4096).step_by(1024).filter(|at| whole[*at..at + 1024].iter().any(|b| *b != 0x5a))
    {
        let page = &whole[at..at + 1024];
        unit.flash().damage(at, &page.iter().map(|byte| byte ^ 0x55).collect::<List<_>>());
        for (zone, truth) in zones.iter().zip(&truth) {
            let now = verdict(&unit, zone);
            match (truth, now) {
                (Verdict::Clear, Verdict::Clear) => {}
                (Verdict::Clear, Verdict::NotChecked) => failed += 1,
                (Verdict::Hit | Verdict::Possible | Verdict::NotChecked, Verdict::Clear)
                | (Verdict::Clear, _) => {
                    panic!("{zone}: {truth:?} becomes {now:?} by damage at {at}")
                }
                _ => found += 1,
            }
        }
        unit.flash().damage(at, page);
    }
    assert!(failed > 0 && found > 0, "some page was needed: {failed}, {found}");
}

#[test]
fn flash_that_cannot_be_read_is_never_clear() {
    let flash = ready_alone().flash().clone();
    let zones = [passport(&number(UNLISTED)), passport(&number(5))];
    let mut seen = List::new();
    for from in (6 * 4096..32 * 4096).step_by(1024) {
        let unit = alone(Unreadable { flash: flash.clone(), from, to: from + 1024 });
        let [unlisted, listed] = [&zones[0], &zones[1]].map(|zone| verdict(&unit, zone));
        assert!(matches!(unlisted, Verdict::Clear | Verdict::NotChecked), "{from}: {unlisted:?}");
        assert!(matches!(listed, Verdict::Hit | Verdict::NotChecked), "{from}: {listed:?}");
        seen.push((unlisted, listed));
    }
    // The delta lists the second document; that the base cannot be read does not take it away.
    assert!(seen.contains(&(Verdict::NotChecked, Verdict::Hit)), "{seen:?}");
    // What is in use cannot be known.
    let unit = Unreadable { flash, from: 0, to: 2 * 4096 };
    let unit = Scanner::open(setup(), unit, Pretend).map(|unit| verdict(&unit, &zones[0]));
    assert!(!matches!(unit, Ok(Verdict::Clear)));
}

#[test]
fn without_time_or_key_or_within_no_lease_nothing_is_clear() {
    let zone = passport(&number(UNLISTED));
    let listed = passport(&number(21));
    let vectors = Vectors::new();
    let mut unit = open(ready().flash().clone());
    assert_eq!(line(&unit, &zone, 0), "2 Expired NotChecked 0", "no key, no time");
    give_keys(&mut unit, &vectors);
    assert_eq!(line(&unit, &zone, 0), "2 Expired NotChecked 0", "no time");
    assert_eq!(line(&unit, &listed, 0), "2 Expired Hit 0", "a match counts without a time");
    let unit = ready();
    // Issued at 2, confirmed at 10: the lease of 1000 s counts from the confirmation.
    for (uptime_s, wanted) in [
        (0, "2 Fresh Clear 0"),
        (499, "2 Fresh Clear 499"),
        (500, "2 Stale Clear 500"),
        (999, "2 Stale Clear 999"),
        (1000, "2 Expired NotChecked 1000"),
        (100_000, "2 Expired NotChecked 100000"),
    ] {
        assert_eq!(line(&unit, &zone, uptime_s), wanted);
        let hit = wanted.replace("Clear", "Hit");
        assert_eq!(line(&unit, &listed, uptime_s), hit, "past the lease not even a match");
        let shown = check(&unit, &listed, uptime_s).alerts.len();
        assert_eq!(shown, usize::from(hit.contains("Hit")), "nor is it shown");
    }
}

#[test]
fn a_match_by_what_was_read_is_a_hit_and_any_other_is_possible() {
    let unit = ready_alone();
    let hit = check(&unit, &passport(&number(21)), 0);
    assert_eq!((hit.verdict, hit.alerts[0].result, hit.more), (Verdict::Hit, ListResult::Hit, false));
    assert_eq!(hit.alerts[0].alert, "UTO-P-X00000021");
    assert_eq!((hit.alerts[0].slot, hit.alerts[0].edition), (0, 2));
    // 6 read for G: every digit agrees.
    let twin = check(&unit, &passport("612345678"), 0);
    assert_eq!((twin.verdict, twin.misread), (Verdict::Possible, false));
    assert_eq!(twin.alerts[0].result, ListResult::Possible);
    assert_eq!(twin.alerts[0].alert, "UTO-P-G12345678");
    let ranges = check(&unit, &passport("BL150500"), 0);
    assert_eq!(ranges.verdict, Verdict::Hit);
    assert_eq!(ranges.alerts.len(), 2);
}

#[test]
fn more_alerts_than_are_shown_are_said() {
    let vectors = Vectors::new();
    let mut unit = ready();
    let [base, delta] = &vectors.segments;
    let other = print_as(other_list(), &OTHER_ISSUER, 3, &[base, delta]);
    install(&mut unit, &other).unwrap();
    let both = check(&unit, &passport("BL150500"), 0);
    assert_eq!((both.alerts.len(), both.more), (4, false));
    assert_eq!((both.alerts[0].slot, both.alerts[2].slot), (0, 1));
    assert!(!format!("{both}").contains("and more"));

    let mut setup = setup();
    let third: ListName = "uto/third".parse().unwrap();
    setup.lists.push(setup.lists[0].clone()).unwrap();
    setup.lists[2].issuer.list = third.clone();
    for (list, first) in setup.lists.iter_mut().zip([6, 22, 38]) {
        list.region = Region { first, sectors: 16 };
    }
    let mut unit = Scanner::open(setup, memory(), Pretend).unwrap();
    for (list, keys) in [(list(), &ISSUER), (other_list(), &OTHER_ISSUER), (third, &ISSUER)] {
        install(&mut unit, &print_as(list.clone(), keys, 2, &[base, delta])).unwrap();
        unit.add_key(&KeyFor::List { list, number: 1, key: vectors.list_key.clone() }).unwrap();
    }
    let all = check(&unit, &passport("BL150500"), 0);
    assert_eq!((all.alerts.len(), all.more), (ALERTS_MAX, true));
    assert!(format!("{all}").ends_with("; and more"));
}

#[test]
fn a_list_of_persons_has_no_answer_to_a_document() {
    let vectors = Vectors::new();
    let mut setup = setup();
    setup.lists[0].issuer.kind = Kind::Persons;
    let mut unit = Scanner::open(setup, memory(), Pretend).unwrap();
    give_keys(&mut unit, &vectors);
    let [base, delta] = &vectors.segments;
    let printed = print_kind(list(), Kind::Persons, &ISSUER, 2, &[base, delta]);
    install(&mut unit, &printed).unwrap();
    tell_time(&mut unit, ISSUED + 10, &[(2, &printed)], 0).unwrap();
    assert_eq!(line(&unit, &passport(&number(UNLISTED)), 0), "2 Fresh NotChecked 0");
}

#[test]
fn a_document_without_a_number_is_never_clear() {
    let unit = ready_alone();
    let zone = passport(&number(UNLISTED));
    for number in ["<<<<<<<<<<", "<<<<<<<<<0"] {
        let none = format!("{}{number}{}", &zone[..44], &zone[54..]);
        assert_eq!(verdict(&unit, &none), Verdict::NotChecked, "{number}");
    }
}
