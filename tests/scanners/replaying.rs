//! What a host can do that has been enrolled and was taken over since, or whoever stands behind it: play everything again, in
//! any order, change what has no meaning, and bring what is new too slowly.

use proptest::prelude::*;
use vedette_common::crypto::testing::twin_of;
use vedette_shim::list::Scratch;
use vedette_shim::mrz;
use vedette_shim::scanner::{Piece, ToHost, ToScanner};
use vedette_tests::press::{LEASE_S, NOW, Press, PrintedEdition};
use vedette_tests::sample;
use vedette_tests::scanner::{MemoryUnit, answer_to, fresh, give_keys, install, open, say};
use vedette_tests::vectors;

/// A scanner with edition 2 in use, and whose time is known; and both editions.
fn lived(press: &Press) -> (MemoryUnit, [PrintedEdition; 2]) {
    let second = vectors::edition(press);
    let editions = [press.edition(1, &second.segments[..1]), second];
    let mut unit = fresh(press, 1);
    give_keys(&mut unit, press);
    for (edition, issued) in editions.iter().zip([NOW + 100, NOW + 200]) {
        install(&mut unit, edition).unwrap();
        assert_eq!(answer_to(&mut unit, &ToScanner::Time(&press.heartbeat(issued, edition))), "done");
    }
    (unit, editions)
}

fn outcome(unit: &MemoryUnit, number: &str, uptime_s: u64) -> String {
    let zone = mrz::parse(&sample::passport(number)).unwrap();
    unit.check(&zone, uptime_s, &mut Scratch::default()).to_string()
}

/// The edition in use, the time, and what is answered to a document that edition 2 withdrew and to one that it added.
fn state(unit: &mut MemoryUnit) -> (u64, u64, [String; 2]) {
    let (edition, time) = say(unit, &ToScanner::Who, 0, |answer| match answer {
        ToHost::Hello(hello) => (hello.lists[0].edition, hello.time),
        other => panic!("{other:?}"),
    });
    (edition, time, [7, 5].map(|n| outcome(unit, &sample::number(n), 0)))
}

/// A piece of an edition's last segment.
fn piece(edition: &PrintedEdition, at: usize) -> ToScanner<'_> {
    let segment = edition.segments.last().expect("an edition has a segment");
    let bytes = &segment.bytes[at..segment.bytes.len().min(at + 1024)];
    ToScanner::Piece(Piece { segment: segment.reference.digest, offset: at as u32, bytes })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn what_was_ever_said_changes_nothing_when_it_is_said_again(
        played in prop::collection::vec((0usize..7, any::<bool>()), 1..30),
    ) {
        let press = Press::default();
        let (mut unit, [first, second]) = lived(&press);
        let before = state(&mut unit);
        let [withdrawn, added] = &before.2;
        prop_assert!(before.0 == 2 && withdrawn.starts_with("CLEAR") && added.starts_with("HIT"), "{:?}", before);
        let times = [press.heartbeat(NOW + 100, &first), press.heartbeat(NOW + 200, &second)];
        for (which, restart) in played {
            if restart {
                let flash = unit.flash().clone();
                unit = open(&press, flash).unwrap();
                // What it keeps in memory only is given again.
                give_keys(&mut unit, &press);
                answer_to(&mut unit, &ToScanner::Time(&times[1]));
            }
            let answer = match which {
                0 => answer_to(&mut unit, &ToScanner::Offer(&first.manifest)),
                1 => answer_to(&mut unit, &ToScanner::Offer(&second.manifest)),
                2 => answer_to(&mut unit, &ToScanner::Time(&times[0])),
                3 => answer_to(&mut unit, &ToScanner::Time(&times[1])),
                4 => answer_to(&mut unit, &piece(&first, 0)),
                5 => answer_to(&mut unit, &piece(&second, 0)),
                _ => answer_to(&mut unit, &piece(&first, 1024)),
            };
            let taken = ["installed 2", "done"].contains(&answer.as_str());
            prop_assert_eq!(taken, [1, 3].contains(&which), "{}: {}", which, answer);
            prop_assert_eq!(&state(&mut unit), &before, "{}: {}", which, answer);
        }
    }
}

#[test]
fn a_heartbeat_played_again_prolongs_no_lease() {
    let press = Press::default();
    let (mut unit, [_, second]) = lived(&press);
    let heartbeat = press.heartbeat(NOW + 200, &second);
    let mut seen = Vec::new();
    for uptime_s in (0..=u64::from(LEASE_S)).step_by(600) {
        let said = say(&mut unit, &ToScanner::Time(&heartbeat), uptime_s, |answer| format!("{answer:?}"));
        assert_eq!(said, "Done", "the same one is no error");
        let answered = outcome(&unit, "X99", uptime_s);
        seen.push(["fresh clear", "stale clear", "expired not checked"].map(|end| answered.ends_with(end)));
    }
    seen.dedup();
    assert_eq!(seen, [[true, false, false], [false, true, false], [false, false, true]]);
}

#[test]
fn an_edition_that_comes_too_slowly_shows_and_ends_in_not_checked() {
    let press = Press::default();
    let (mut unit, [_, second]) = lived(&press);
    let mut new = second.segments[0].clone();
    new.reference.digest = [7; 32];
    let third = press.edition(3, &[new]);
    let mut seen = Vec::new();
    for uptime_s in (0..=u64::from(LEASE_S)).step_by(600) {
        let heartbeat = press.heartbeat(NOW + 300 + uptime_s, &third);
        say(&mut unit, &ToScanner::Time(&heartbeat), uptime_s, |answer| assert_eq!(answer, ToHost::Done));
        // It is offered again and again, and no piece of it ever comes.
        say(&mut unit, &ToScanner::Offer(&third.manifest), uptime_s, |_| ());
        let answered = outcome(&unit, "X99", uptime_s);
        seen.push(["stale clear", "expired not checked"].map(|end| answered.ends_with(end)));
    }
    seen.dedup();
    assert_eq!(seen, [[true, false], [false, true]]);
}

#[test]
fn a_signature_has_no_twin() {
    let press = Press::default();
    let (mut unit, [_, second]) = lived(&press);
    let heartbeat = press.heartbeat(NOW + 900, &second);
    // It ends with the one signature.
    let (before, signature) = heartbeat.split_last_chunk::<64>().unwrap();
    let twin = [before, &twin_of(signature)].concat();
    assert!(answer_to(&mut unit, &ToScanner::Time(&twin)).contains("signatures"));
    assert_eq!(answer_to(&mut unit, &ToScanner::Time(&heartbeat)), "done");
}
