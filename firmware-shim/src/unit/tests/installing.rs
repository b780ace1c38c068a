//! From an offer to an edition in use, with the flash as it is.

use super::*;
use crate::scanner::Want;
use crate::vectors::number;

fn wants(step: Step) -> Want {
    match step {
        Step::Want(want) => want,
        Step::Installed { .. } => panic!("nothing is wanted"),
    }
}

#[test]
fn pieces_are_wanted_one_by_one_and_only_those_count() {
    let segment: List<u8> = (0..2500u32).map(|n| n as u8).collect();
    let printed = print(1, &[&segment]);
    let mut unit = open(memory());
    assert_eq!(
        unit.piece(&printed.piece(&Want { segment: digest(&segment), offset: 0, bytes: 9 })),
        Err(ScannerRefusal::Unexpected)
    );
    let want = wants(unit.offer(&printed.manifest).unwrap());
    assert_eq!(want, Want { segment: digest(&segment), offset: 0, bytes: 1024 });
    let piece = printed.piece(&want);
    for other in [
        Piece { offset: 1, ..piece.clone() },
        Piece { segment: [9; 32], ..piece.clone() },
        Piece { bytes: &piece.bytes[..1023], ..piece.clone() },
        Piece { bytes: &segment[..1025], ..piece.clone() },
        Piece { bytes: &[], ..piece.clone() },
    ] {
        assert_eq!(unit.piece(&other).map(wants), Ok(want.clone()), "it is asked for again");
    }
    let want = wants(unit.piece(&piece).unwrap());
    assert_eq!((want.offset, want.bytes), (1024, 1024));
    // Offered again it goes on where it is.
    assert_eq!(wants(unit.offer(&printed.manifest).unwrap()), want);
    let want = wants(unit.piece(&printed.piece(&want)).unwrap());
    assert_eq!((want.offset, want.bytes), (2048, 452));
    let installed = Step::Installed { list: list(), edition: 1 };
    assert_eq!(unit.piece(&printed.piece(&want)), Ok(installed.clone()));
    let steps = unit.flash().steps;
    assert_eq!(unit.offer(&printed.manifest), Ok(installed), "it has it");
    assert_eq!(unit.flash().steps, steps, "and wears no flash");
    assert_eq!(unit.piece(&printed.piece(&want)), Err(ScannerRefusal::Unexpected));
}

#[test]
fn the_edition_before_answers_until_the_next_is_whole() {
    let vectors = Vectors::new();
    let [base, delta] = &vectors.segments;
    let mut unit = open(memory());
    give_keys(&mut unit, &vectors);
    let first = print(1, &[base]);
    install(&mut unit, &first).unwrap();
    tell_time(&mut unit, ISSUED + 1, &[(1, &first)], 0).unwrap();
    // The delta withdraws this one.
    let zone = passport(&number(7));
    let second = print(2, &[base, delta]);
    let mut step = unit.offer(&second.manifest).unwrap();
    while let Step::Want(want) = step {
        assert!(line(&unit, &zone, 0).starts_with("1 Fresh Hit"), "{want:?}");
        step = unit.piece(&second.piece(&want)).unwrap();
    }
    assert!(line(&unit, &zone, 0).starts_with("2 Fresh Clear"));
}

#[test]
fn what_both_editions_have_is_copied_and_only_if_it_is_whole() {
    let vectors = Vectors::new();
    let [base, delta] = &vectors.segments;
    let mut unit = open(memory());
    install(&mut unit, &print(1, &[base])).unwrap();
    let second = print(2, &[base, delta]);
    let mut copied = open(unit.flash().clone());
    let want = wants(copied.offer(&second.manifest).unwrap());
    assert_eq!((want.segment, want.offset), (digest(delta), 0), "the base is there");
    assert_eq!(install(&mut copied, &second), Ok(delta.len().div_ceil(1024)));

    // The first bank begins at sector 6.
    for at in [0, 100, base.len() - 1] {
        let mut flash = unit.flash().clone();
        let byte = flash.bytes()[6 * 4096 + at];
        flash.damage(6 * 4096 + at, &[byte ^ 1]);
        let mut damaged = open(flash);
        let want = wants(damaged.offer(&second.manifest).unwrap());
        assert_eq!((want.segment, want.offset), (digest(base), 0), "byte {at}: it is fetched");
        let pieces = base.len().div_ceil(1024) + delta.len().div_ceil(1024);
        assert_eq!(install(&mut damaged, &second), Ok(pieces));
    }
}

#[test]
fn a_segment_of_other_bytes_is_wanted_from_its_beginning() {
    let vectors = Vectors::new();
    let printed = print(1, &[&vectors.segments[1]]);
    let mut unit = open(memory());
    let want = wants(unit.offer(&printed.manifest).unwrap());
    let mut piece = printed.piece(&want).bytes.to_vec();
    piece[3] ^= 1;
    let mut step = unit.piece(&Piece { bytes: &piece, ..printed.piece(&want) });
    while let Ok(Step::Want(want)) = step {
        step = unit.piece(&printed.piece(&want));
    }
    assert_eq!(step, Err(ScannerRefusal::Damaged));
    assert_eq!(
        unit.piece(&printed.piece(&want)),
        Err(ScannerRefusal::Unexpected),
        "it must be offered again"
    );
    assert_eq!(wants(unit.offer(&printed.manifest).unwrap()).offset, 0);
    assert!(install(&mut unit, &printed).is_ok());
}

#[test]
fn an_edition_larger_than_its_bank_is_refused_before_anything_is_fetched() {
    let bank = 13 * 4096;
    let segments = |bytes: &[usize]| bytes.iter().map(|len| std::vec![7u8; *len]).collect::<List<_>>();
    let offered = |bytes: &[usize]| {
        let segments = segments(bytes);
        let refs: List<&[u8]> = segments.iter().map(|bytes| &bytes[..]).collect();
        open(memory()).offer(&print(1, &refs).manifest).map(drop)
    };
    assert_eq!(offered(&[bank]), Ok(()));
    assert_eq!(offered(&[bank + 1]), Err(ScannerRefusal::NoRoom));
    assert_eq!(offered(&[bank - 4096, 4096]), Ok(()));
    assert_eq!(offered(&[bank - 4095, 4096]), Err(ScannerRefusal::NoRoom), "each begins at a sector");
    assert_eq!(offered(&[bank - 4096, 1, 1]), Err(ScannerRefusal::NoRoom));
}

/// Power lost at each step: what is in use is the old edition or the new one, and an installation goes on.
#[test]
fn power_lost_at_any_step_leaves_one_edition_or_the_other() {
    let vectors = Vectors::new();
    let [base, delta] = &vectors.segments;
    let (first, second) = (print(1, &[delta]), print(2, &[delta, base]));
    let mut unit = open(memory());
    install(&mut unit, &first).unwrap();
    let begun = unit.flash().clone();
    let mut whole = open(begun.clone());
    install(&mut whole, &second).unwrap();
    let steps = whole.flash().steps - begun.steps;
    for cut in (1..=steps).step_by(61).chain(steps.saturating_sub(40)..=steps) {
        let mut flash = begun.clone();
        flash.steps_left = Some(cut);
        let mut unit = open(flash);
        let _ = install(&mut unit, &second);
        let mut unit = open(unit.flash().clone().powered());
        let edition = unit.hello(0).unwrap().lists[0].edition;
        assert!(edition == 1 || edition == 2, "cut at {cut}: {edition}");
        assert!(install(&mut unit, &second).is_ok(), "cut at {cut}");
        give_keys(&mut unit, &vectors);
        tell_time(&mut unit, ISSUED + 10, &[(2, &second)], 0).unwrap();
        assert!(line(&unit, &passport(&number(21)), 0).starts_with("2 Fresh Hit"), "cut at {cut}");
    }
}

#[test]
fn an_installation_goes_on_at_its_last_mark() {
    // What is in it does not matter until it is asked.
    let segment: List<u8> = (0..40 * 1024u32).map(|n| (n / 7) as u8).collect();
    let printed = print(1, &[&segment]);
    let mut unit = open(memory());
    let mut step = unit.offer(&printed.manifest).unwrap();
    // Marks are made each 16 KiB.
    for _ in 0..20 {
        step = unit.piece(&printed.piece(&wants(step))).unwrap();
    }
    assert_eq!(wants(step).offset, 20 * 1024);
    let mut unit = open(unit.flash().clone());
    assert_eq!(wants(unit.offer(&printed.manifest).unwrap()).offset, 16 * 1024);
    assert_eq!(install(&mut unit, &printed), Ok(40 - 16));
}
