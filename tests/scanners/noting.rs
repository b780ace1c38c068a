//! Encounters are noted while the host is away, survive the power, and are handed over in their order.

use vedette_shim::list::Scratch;
use vedette_shim::mrz;
use vedette_shim::scanner::{NOTE_BYTES_MAX, Note, SealedNote, ToHost, ToScanner};
use vedette_shim::seal::{ScannerKey, Soft};
use vedette_shim::unit::NoteError;
use vedette_shim::verdict::Verdict;
use vedette_tests::press::{NOW, Press};
use vedette_tests::sample;
use vedette_tests::scanner::{MemoryUnit, fresh, give_keys, install, open, say};
use vedette_tests::vectors;

fn note(unit: &mut MemoryUnit, number: &str, id: u8) -> Result<(), NoteError> {
    let zone = mrz::parse(&sample::passport(number)).unwrap();
    let outcome = unit.check(&zone, 5, &mut Scratch::default());
    unit.note(&zone, &outcome.alerts[0], &[id; 16], 5)
}

/// What the scanner hands over next, after `taken`.
fn next(unit: &mut MemoryUnit, key: &ScannerKey, taken: Option<u8>) -> Option<(u8, Note)> {
    let message = taken.map_or(ToScanner::Next, |id| ToScanner::Taken([id; 16]));
    say(unit, &message, 0, |answer| match answer {
        ToHost::Nothing => None,
        ToHost::Encounter(SealedNote { id, sealed }) => {
            assert!(!sealed.windows(8).any(|bytes| bytes == b"ERIKSSON"), "it is sealed on the line");
            let message = SealedNote { id, sealed };
            Some((id[0], Note::open::<Soft>(&message, key, &mut [0; NOTE_BYTES_MAX]).unwrap()))
        }
        other => panic!("{other:?}"),
    })
}

#[test]
fn encounters_wait_sealed_through_a_power_cut_and_go_in_their_order() {
    let press = Press::default();
    let edition = vectors::edition(&press);
    let mut unit = fresh(&press, 1);
    install(&mut unit, &edition).unwrap();
    give_keys(&mut unit, &press);
    say(&mut unit, &ToScanner::Time(&press.heartbeat(NOW + 100, &edition)), 0, |said| {
        assert_eq!(said, ToHost::Done)
    });
    for (id, n) in [(1, 21), (2, 28), (3, 35)] {
        note(&mut unit, &sample::number(n), id).unwrap();
    }
    let mut flash = unit.flash().clone();
    assert!(!flash.bytes().windows(8).any(|bytes| bytes == b"ERIKSSON"), "it is sealed in the flash");

    // Switched off in the middle of noting the fourth, and on again: without keys it can hand over nevertheless.
    flash.steps_left = Some(10);
    let mut unit = open(&press, flash).unwrap();
    give_keys(&mut unit, &press);
    assert_eq!(note(&mut unit, &sample::number(42), 4), Err(NoteError::Flash));
    let mut flash = unit.flash().clone();
    flash.steps_left = None;
    let mut unit = open(&press, flash).unwrap();
    let (id, first) = next(&mut unit, &press.scanner_key, None).unwrap();
    assert_eq!((id, first.alert.as_str()), (1, "UTO-P-X00000021"));
    assert_eq!((first.list, first.edition, first.verdict), (press.list(), 2, Verdict::Hit));
    assert_eq!(first.made_at, NOW + 105);
    assert_eq!(mrz::parse(&first.zone).unwrap().surname(), "ERIKSSON");
    // Asked again, it is the same one; taken, it is the next; said twice, nothing more is taken.
    assert_eq!(next(&mut unit, &press.scanner_key, None).unwrap().0, 1);
    assert_eq!(next(&mut unit, &press.scanner_key, Some(1)).unwrap().0, 2);
    assert_eq!(next(&mut unit, &press.scanner_key, Some(1)).unwrap().0, 2);
    assert_eq!(next(&mut unit, &press.scanner_key, Some(2)).unwrap().0, 3);
    assert_eq!(next(&mut unit, &press.scanner_key, Some(3)), None);
}

#[test]
fn without_a_key_nothing_is_noted_and_a_full_journal_says_so() {
    let press = Press::default();
    let edition = vectors::edition(&press);
    let mut unit = fresh(&press, 1);
    install(&mut unit, &edition).unwrap();
    give_keys(&mut unit, &press);
    let zone = mrz::parse(&sample::passport(&sample::number(21))).unwrap();
    let outcome = unit.check(&zone, 5, &mut Scratch::default());
    let flash = unit.flash().clone();
    let mut unlocked = open(&press, flash).unwrap();
    assert_eq!(unlocked.note(&zone, &outcome.alerts[0], &[1; 16], 5), Err(NoteError::NoKey));

    let kept = (0..=255u8).take_while(|id| note(&mut unit, &sample::number(21), *id).is_ok()).count();
    assert!((40..200).contains(&kept), "{kept} in 16 KiB");
    assert_eq!(note(&mut unit, &sample::number(21), 255), Err(NoteError::Full));
    let mut handed = 0;
    let mut waiting = next(&mut unit, &press.scanner_key, None);
    while let Some((id, _)) = waiting {
        assert_eq!(usize::from(id), handed);
        handed += 1;
        waiting = next(&mut unit, &press.scanner_key, Some(id));
    }
    assert_eq!(handed, kept);
    note(&mut unit, &sample::number(21), 255).unwrap();
}
