//! Notes of what was met, until the host has them.

use super::*;
use crate::ids::EncounterId;
use crate::scanner::{NOTE_BYTES_MAX, Note};
use crate::spool::SEALED_BYTES_MAX;
use crate::vectors::number;
use crate::verdict::{ListResult, Verdict};

fn id(n: u8) -> EncounterId {
    [n; 16]
}

fn met(unit: &Scanner, n: usize) -> (mrz::Mrz, AlertMet) {
    let zone = mrz::parse(&passport(&number(n))).unwrap();
    let outcome = unit.check(&zone, 5, &mut Scratch::default());
    (zone, outcome.alerts[0].clone())
}

#[test]
fn a_note_is_handed_over_until_it_is_taken_and_only_its_host_reads_it() {
    let mut unit = ready();
    let (zone, alert) = met(&unit, 21);
    unit.note(&zone, &alert, &id(1), 5).unwrap();
    unit.note(&zone, &AlertMet { result: ListResult::Possible, ..alert.clone() }, &id(2), 6).unwrap();
    assert_eq!(unit.hello(0).unwrap().encounters, 2);
    let key = Vectors::new().scanner_key;
    let mut unit = open(unit.flash().clone());
    for (n, verdict, made_at) in [(1, Verdict::Hit, ISSUED + 15), (2, Verdict::Possible, ISSUED + 16)] {
        let mut buffer = [0; SEALED_BYTES_MAX];
        let sealed = unit.oldest(&mut buffer).unwrap().unwrap();
        assert_eq!(sealed.id, id(n));
        let plain = Note::open::<Soft>(&sealed, &key, &mut [0; NOTE_BYTES_MAX]).unwrap();
        assert_eq!((plain.verdict, plain.made_at, plain.edition), (verdict, made_at, 2));
        assert_eq!((plain.list, plain.alert.as_str()), (list(), "UTO-P-X00000021"));
        assert_eq!(plain.zone.as_str(), passport(&number(21)));
        let stranger = ScannerKey([0; 32]);
        assert!(Note::open::<Soft>(&sealed, &stranger, &mut [0; NOTE_BYTES_MAX]).is_err());
        // Another's id takes nothing.
        unit.taken(&id(9)).unwrap();
        assert_eq!(unit.oldest(&mut [0; SEALED_BYTES_MAX]).unwrap().unwrap().id, id(n));
        unit.taken(&id(n)).unwrap();
    }
    assert_eq!(unit.oldest(&mut [0; SEALED_BYTES_MAX]), Ok(None));
}

#[test]
fn without_a_key_or_a_list_nothing_is_noted() {
    let mut unit = ready();
    let (zone, alert) = met(&unit, 21);
    let nowhere = AlertMet { slot: 2, ..alert.clone() };
    assert_eq!(unit.note(&zone, &nowhere, &id(1), 5), Err(NoteError::NoSuchList));
    let mut unit = open(unit.flash().clone());
    assert_eq!(unit.note(&zone, &alert, &id(1), 5), Err(NoteError::NoKey));
    unit.add_key(&KeyFor::Encounters(ScannerKey([1; 32]))).unwrap();
    unit.note(&zone, &alert, &id(1), 5).unwrap();
    let mut buffer = [0; SEALED_BYTES_MAX];
    let sealed = unit.oldest(&mut buffer).unwrap().unwrap();
    let plain = Note::open::<Soft>(&sealed, &ScannerKey([1; 32]), &mut [0; NOTE_BYTES_MAX]).unwrap();
    assert_eq!(plain.made_at, 0, "it knew no time");
}

#[test]
fn a_full_ring_refuses_and_keeps_what_it_has() {
    let mut unit = ready();
    let (zone, alert) = met(&unit, 21);
    let mut kept = 0;
    let full = loop {
        match unit.note(&zone, &alert, &id(kept), 5) {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(full, NoteError::Full);
    assert_eq!(unit.hello(0).unwrap().encounters, kept.into());
    assert_eq!(unit.oldest(&mut [0; SEALED_BYTES_MAX]).unwrap().unwrap().id, id(0));
    // Whole sectors become free: as many are taken as one holds.
    for n in 0..kept / 2 {
        unit.taken(&id(n)).unwrap();
    }
    assert_eq!(unit.note(&zone, &alert, &id(200), 5), Ok(()));
}
