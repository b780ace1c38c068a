//! Editions come piece by piece, through breaks and power cuts, and change in one step.

use proptest::prelude::*;
use vedette_shim::list::Scratch;
use vedette_shim::mrz;
use vedette_shim::scanner::{Piece, ToHost, ToScanner};
use vedette_tests::press::{NOW, Press, PrintedEdition};
use vedette_tests::sample;
use vedette_tests::scanner::{MemoryUnit, answer_to, fresh, give_keys, install, open, open_with, say};
use vedette_tests::vectors;

fn verdict(unit: &MemoryUnit, number: &str) -> String {
    let zone = mrz::parse(&sample::passport(number)).unwrap();
    let outcome = unit.check(&zone, 10, &mut Scratch::default()).to_string();
    outcome.split(';').next().unwrap().to_string()
}

fn held(unit: &mut MemoryUnit) -> u64 {
    say(unit, &ToScanner::Who, 0, |answer| match answer {
        ToHost::Hello(hello) => hello.lists[0].edition,
        other => panic!("{other:?}"),
    })
}

/// Edition 1 is the base of edition 2.
fn editions(press: &Press) -> [PrintedEdition; 2] {
    let second = vectors::edition(press);
    [press.edition(1, &second.segments[..1]), second]
}

#[test]
fn a_list_is_installed_and_asked_and_its_next_edition_costs_the_new_segment_only() {
    let press = Press::default();
    let [first, second] = editions(&press);
    let mut unit = fresh(&press, 1);
    give_keys(&mut unit, &press);
    let pieces = install(&mut unit, &first).unwrap();
    assert_eq!(pieces as usize, first.segments[0].bytes.len().div_ceil(1024));
    // Without a signed time since the start only what is listed counts.
    assert_eq!(
        (verdict(&unit, &sample::number(7)), verdict(&unit, "X99")),
        ("HIT".into(), "NOT CHECKED".into())
    );
    assert_eq!(answer_to(&mut unit, &ToScanner::Time(&press.heartbeat(NOW + 60, &first))), "done");
    assert_eq!(verdict(&unit, &sample::number(1)), "CLEAR");

    assert_eq!(install(&mut unit, &second), Ok(1), "the base is copied from the other bank");
    assert_eq!(verdict(&unit, &sample::number(7)), "CLEAR", "withdrawn by edition 2");
    assert_eq!(verdict(&unit, &sample::number(5)), "HIT", "new in edition 2");
    assert_eq!(install(&mut unit, &second), Ok(0), "it has it already");
    assert!(answer_to(&mut unit, &ToScanner::Offer(&first.manifest)).contains("newer edition"));
}

#[test]
fn pieces_that_were_not_wanted_change_nothing() {
    let press = Press::default();
    let [first, _] = editions(&press);
    let segment = &first.segments[0];
    let mut unit = fresh(&press, 1);
    let piece = |offset: usize, bytes: usize| {
        let bytes = &segment.bytes[offset..offset + bytes];
        ToScanner::Piece(Piece { segment: segment.reference.digest, offset: offset as u32, bytes })
    };
    assert!(answer_to(&mut unit, &piece(0, 1024)).contains("not what it waits for"));
    assert_eq!(answer_to(&mut unit, &ToScanner::Offer(&first.manifest)), "wants from 0");
    assert_eq!(answer_to(&mut unit, &piece(1024, 1024)), "wants from 0");
    assert_eq!(answer_to(&mut unit, &piece(0, 100)), "wants from 0");
    assert_eq!(answer_to(&mut unit, &piece(0, 1024)), "wants from 1024");
    assert_eq!(answer_to(&mut unit, &piece(0, 1024)), "wants from 1024", "said twice");
    assert_eq!(answer_to(&mut unit, &ToScanner::Offer(&first.manifest)), "wants from 1024", "after a break");
    install(&mut unit, &first).unwrap();
    assert_eq!(held(&mut unit), 1);
}

#[test]
fn a_segment_with_a_changed_byte_is_never_put_in_use() {
    let press = Press::default();
    let [first, _] = editions(&press);
    let mut unit = fresh(&press, 1);
    let mut forged = first.clone();
    forged.segments[0].bytes[3000] ^= 1;
    assert!(install(&mut unit, &forged).unwrap_err().contains("Damaged"));
    assert_eq!(held(&mut unit), 0);
    install(&mut unit, &first).unwrap();
    assert_eq!(held(&mut unit), 1);
}

#[test]
fn an_edition_that_does_not_fit_is_refused_at_once() {
    let press = Press::default();
    let [first, _] = editions(&press);
    let mut large = press.setup();
    large.lists[0].region.sectors = 2;
    let flash = fresh(&press, 1).flash().clone();
    let mut unit = open_with(large, flash).unwrap();
    assert!(answer_to(&mut unit, &ToScanner::Offer(&first.manifest)).contains("too small"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn power_cuts_leave_the_old_edition_or_the_new_one_whole(cuts in prop::collection::vec(1u32..9000, 1..8), noise: u64) {
        let press = Press::default();
        let [first, second] = editions(&press);
        let mut unit = fresh(&press, noise);
        install(&mut unit, &first).unwrap();
        let mut cuts = cuts.into_iter();
        unit.flash().steps_left = cuts.next();
        while install(&mut unit, &second).is_err() {
            let flash = unit.flash().clone();
            unit = loop {
                let mut flash = flash.clone();
                flash.steps_left = cuts.next();
                if let Some(unit) = open(&press, flash) {
                    break unit;
                }
            };
            give_keys(&mut unit, &press);
            let edition = held(&mut unit);
            prop_assert!(edition == 1 || edition == 2);
            let withdrawn = if edition == 1 { "HIT" } else { "NOT CHECKED" };
            prop_assert_eq!(verdict(&unit, &sample::number(7)), withdrawn);
            prop_assert_eq!(verdict(&unit, &sample::number(21)), "HIT");
        }
        unit.flash().steps_left = None;
        give_keys(&mut unit, &press);
        prop_assert_eq!(held(&mut unit), 2);
        prop_assert_eq!(verdict(&unit, &sample::number(7)), "NOT CHECKED");
        prop_assert_eq!(verdict(&unit, &sample::number(5)), "HIT");
    }
}
