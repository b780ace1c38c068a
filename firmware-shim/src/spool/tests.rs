use super::*;
use crate::flash::Geometry;
use crate::flash::memory::MemoryFlash;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::vec;
use std::vec::Vec;

type Note = (EncounterId, Vec<u8>);

#[derive(Debug, Clone)]
enum Act {
    Keep(Vec<u8>),
    Take,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..SEALED_BYTES_MAX).prop_map(Act::Keep),
        2 => Just(Act::Take),
    ];
    prop::collection::vec(act, 1..80)
}

fn flash(unit: u32, sectors: u32, noise: u64) -> MemoryFlash {
    MemoryFlash::new(Geometry { sector: 1024, unit, sectors: sectors + 2 }, noise)
}

fn ring(sectors: u32) -> Region {
    Region { first: 1, sectors }
}

fn id(number: usize) -> EncounterId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&(number as u64).to_be_bytes());
    id
}

/// Takes everything, in order, without a cut.
fn drain(spool: &mut Spool, flash: &mut MemoryFlash) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut buffer = [0; SEALED_BYTES_MAX];
    while let Some((id, sealed)) = spool.oldest(flash, &mut buffer).unwrap() {
        let note = (id, sealed.to_vec());
        assert_eq!(spool.take(flash, &id), Ok(true));
        notes.push(note);
    }
    assert_eq!(spool.waiting(), 0);
    notes
}

#[test]
fn a_full_ring_keeps_what_it_has_and_takes_more_once_there_is_room() {
    let mut flash = flash(8, 3, 1);
    let mut spool = Spool::open(&flash, ring(3)).unwrap();
    let mut kept = 0;
    while spool.keep(&mut flash, &id(kept), &[kept as u8; 200]).is_ok() {
        kept += 1;
    }
    assert_eq!(spool.keep(&mut flash, &id(kept), &[0; 200]), Err(SpoolError::Full));
    assert_eq!((kept, spool.waiting()), (12, 12), "four to a sector of 1024 bytes");
    let mut buffer = [0; SEALED_BYTES_MAX];
    for number in 0..4 {
        let (oldest, sealed) = spool.oldest(&flash, &mut buffer).unwrap().unwrap();
        assert_eq!((oldest, sealed), (id(number), [number as u8; 200].as_slice()));
        assert_eq!(spool.take(&mut flash, &id(number + 1)), Ok(false), "not the oldest");
        assert_eq!(spool.take(&mut flash, &oldest), Ok(true));
    }
    spool.keep(&mut flash, &id(kept), &[kept as u8; 200]).unwrap();
    let mut reopened = Spool::open(&flash, ring(3)).unwrap();
    let numbers: Vec<_> = drain(&mut reopened, &mut flash).into_iter().map(|(id, _)| id).collect();
    assert_eq!(numbers, (4..=12).map(id).collect::<Vec<_>>());
}

#[test]
fn what_was_taken_stays_taken_when_the_power_goes() {
    let mut flash = flash(4, 2, 1);
    let mut spool = Spool::open(&flash, ring(2)).unwrap();
    for number in 0..40 {
        spool.keep(&mut flash, &id(number), &[7; 50]).unwrap();
        spool = Spool::open(&flash, ring(2)).unwrap();
        assert_eq!(spool.waiting(), 1);
        assert_eq!(spool.take(&mut flash, &id(number)), Ok(true));
        spool = Spool::open(&flash, ring(2)).unwrap();
        assert_eq!(spool.waiting(), 0);
    }
}

#[test]
fn a_note_larger_than_allowed_and_a_ring_of_one_sector_are_refused() {
    let mut flash = flash(4, 2, 1);
    let mut spool = Spool::open(&flash, ring(2)).unwrap();
    let large = vec![0; SEALED_BYTES_MAX + 1];
    assert_eq!(spool.keep(&mut flash, &id(1), &large), Err(SpoolError::Large));
    assert!(matches!(Spool::open(&flash, ring(1)), Err(SpoolError::Region)));
    assert!(matches!(Spool::open(&flash, ring(4)), Err(SpoolError::Region)));
}

/// A driver that says *no* of what it did, as after a timeout.
#[test]
fn a_note_that_was_kept_is_shown_whatever_became_of_the_one_before() {
    let mut flash = flash(4, 3, 1);
    let mut spool = Spool::open(&flash, ring(3)).unwrap();
    let mut trial = flash.clone();
    spool.clone().keep(&mut trial, &id(1), &[1; 100]).unwrap();
    flash.denies_step = Some(trial.steps);
    assert_eq!(spool.keep(&mut flash, &id(1), &[1; 100]), Err(SpoolError::Flash), "but it is whole");
    spool.keep(&mut flash, &id(2), &[2; 100]).unwrap();
    for mut spool in [spool, Spool::open(&flash, ring(3)).unwrap()] {
        let shown: Vec<_> = drain(&mut spool, &mut flash.clone()).into_iter().map(|(id, _)| id).collect();
        assert_eq!(shown, [id(1), id(2)]);
    }
}

#[test]
fn a_sector_that_cannot_be_erased_is_passed_over() {
    let mut flash = flash(4, 3, 1);
    let mut spool = Spool::open(&flash, ring(3)).unwrap();
    // The ring lies from sector 1 on.
    flash.bad_sector = Some(2);
    let mut buffer = [0; SEALED_BYTES_MAX];
    let mut kept = 0;
    for number in 0..40 {
        if spool.keep(&mut flash, &id(number), &[7; 200]).is_err() {
            continue;
        }
        kept += 1;
        assert_eq!(spool.oldest(&flash, &mut buffer).unwrap().unwrap().0, id(number));
        // Where it has to be noted in a new sector, that may be the bad one; it is taken all the same.
        let _ = spool.take(&mut flash, &id(number));
        assert_eq!(spool.oldest(&flash, &mut buffer), Ok(None));
    }
    assert!(kept > 30, "{kept} of 40");
}

/// The cut after every single step of a fixed story, so that no kind of step is left out by chance.
#[test]
fn a_cut_after_any_step_of_a_story_loses_nothing() {
    let story: Vec<Act> = (0..30)
        .flat_map(|i| match i % 3 {
            2 => vec![Act::Keep(vec![i; 200]), Act::Take, Act::Take],
            _ => vec![Act::Keep(vec![i; 100 + usize::from(i)])],
        })
        .collect();
    for unit in [16, 32] {
        let mut whole = flash(unit, 3, 9);
        play(&mut whole, 3, &story, &mut std::iter::empty());
        assert!(whole.steps > 200, "{} steps", whole.steps);
        for cut in 1..=whole.steps {
            play(&mut flash(unit, 3, u64::from(cut)), 3, &story, &mut std::iter::once(cut));
        }
    }
}

/// Plays acts on a flash that loses power at these steps, against a model: a queue.
fn play(flash: &mut MemoryFlash, sectors: u32, acts: &[Act], cuts: &mut impl Iterator<Item = u32>) {
    let mut model: VecDeque<Note> = VecDeque::new();
    // Taken, but possibly shown again after a power cut.
    let mut gone: Vec<Note> = Vec::new();
    let mut buffer = [0; SEALED_BYTES_MAX];
    flash.steps_left = cuts.next();
    let mut spool = Spool::open(flash, ring(sectors)).unwrap();
    for (number, act) in acts.iter().enumerate() {
        let mut under_way = None;
        let outcome = match act {
            Act::Keep(sealed) => {
                let note = (id(number), sealed.clone());
                let outcome = spool.keep(flash, &note.0, &note.1);
                if outcome.is_ok() {
                    model.push_back(note);
                } else {
                    under_way = Some(note);
                }
                outcome
            }
            Act::Take => match spool.oldest(flash, &mut buffer).unwrap() {
                None => {
                    assert!(model.is_empty());
                    Ok(())
                }
                Some((id, sealed)) => {
                    assert_eq!(model.front(), Some(&(id, sealed.to_vec())));
                    gone.extend(model.pop_front());
                    spool.take(flash, &id).map(|_| ())
                }
            },
        };
        if outcome == Err(SpoolError::Flash) {
            flash.steps_left = cuts.next();
            spool = Spool::open(flash, ring(sectors)).unwrap();
            // All that is shown now, without taking it.
            let shown = drain(&mut spool.clone(), &mut { flash.clone() }.powered());
            let again = gone.iter().position(|note| shown.first() == Some(note)).unwrap_or(gone.len());
            let mut expected: Vec<Note> = gone.drain(again..).chain(model.iter().cloned()).collect();
            if shown.len() == expected.len() + 1 {
                expected.extend(under_way);
            }
            assert_eq!(shown, expected);
            assert_eq!(spool.waiting() as usize, shown.len());
            model = shown.into();
        } else if outcome == Err(SpoolError::Full) {
            assert_eq!(spool.waiting() as usize, model.len());
        }
    }
    flash.steps_left = None;
    assert_eq!(drain(&mut spool, flash), Vec::from(model));
}

proptest! {
    #[test]
    fn power_cuts_lose_nothing_kept_show_nothing_torn_and_keep_the_order(
        unit in prop_oneof![Just(1u32), Just(4), Just(8), Just(32)],
        sectors in 2u32..5,
        noise: u64,
        acts in acts(),
        cuts in prop::collection::vec(1u32..200, 0..20),
    ) {
        let mut flash = flash(unit, sectors, noise);
        play(&mut flash, sectors, &acts, &mut cuts.into_iter());
        let outside = |byte: &u8| *byte == 0x5a;
        let end = 1024 * (1 + sectors as usize);
        prop_assert!(flash.bytes()[..1024].iter().all(outside) && flash.bytes()[end..].iter().all(outside));
    }

    #[test]
    fn any_content_of_the_flash_is_opened_without_panic(noise in prop::collection::vec(any::<u8>(), 1..4096), at in 0u32..3000) {
        let mut flash = flash(4, 3, 1);
        let mut spool = Spool::open(&flash, ring(3)).unwrap();
        for number in 0..9 {
            let _ = spool.keep(&mut flash, &id(number), &[3; 100]);
        }
        flash.damage(at as usize, &noise);
        let mut spool = Spool::open(&flash, ring(3)).unwrap();
        let _ = spool.keep(&mut flash, &id(9), &[3; 100]);
        drain(&mut spool, &mut flash);
    }
}
