//! What a scanner believes: its pinned roles and its floors, also after it was switched off.

use vedette_common::crypto::{SigningKey, sign_statement};
use vedette_shim::list::Scratch;
use vedette_shim::mrz;
use vedette_shim::scanner::{KeyFor, ToHost, ToScanner};
use vedette_shim::seal::ListKey;
use vedette_shim::trust::{self, Manifest, SignedKind};
use vedette_tests::press::{LEASE_S, NOW, Press};
use vedette_tests::sample;
use vedette_tests::scanner::{MemoryUnit, answer_to, fresh, give_keys, install, open, say};
use vedette_tests::vectors;

fn outcome(unit: &MemoryUnit, number: &str, uptime_s: u64) -> String {
    let zone = mrz::parse(&sample::passport(number)).unwrap();
    unit.check(&zone, uptime_s, &mut Scratch::default()).to_string()
}

fn restart(press: &Press, mut unit: MemoryUnit) -> MemoryUnit {
    let flash = unit.flash().clone();
    open(press, flash).unwrap()
}

#[test]
fn manifests_of_others_and_changed_ones_are_refused() {
    let press = Press::default();
    let edition = vectors::edition(&press);
    let mut unit = fresh(&press, 1);
    let body = trust::Envelope::read(&edition.manifest, SignedKind::Manifest).unwrap().body.to_vec();
    let manifest: Manifest = trust::decode_body(SignedKind::Manifest, &body).unwrap();

    let stranger = SigningKey::from_seed(&[9; 32]);
    let forged = sign_statement(SignedKind::Manifest, &manifest, &[&stranger]);
    assert!(answer_to(&mut unit, &ToScanner::Offer(&forged)).contains("signatures"));
    // The heartbeat's key is pinned too, for heartbeats.
    let heartbeat = SigningKey::from_seed(&[2; 32]);
    let forged = sign_statement(SignedKind::Manifest, &manifest, &[&heartbeat]);
    assert!(answer_to(&mut unit, &ToScanner::Offer(&forged)).contains("signatures"));
    for place in 0..edition.manifest.len() {
        let mut changed = edition.manifest.clone();
        changed[place] ^= 4;
        assert!(answer_to(&mut unit, &ToScanner::Offer(&changed)).starts_with("refused"), "byte {place}");
    }
    let other = Manifest { list: "uto/lost".parse().unwrap(), ..manifest };
    let other = sign_statement(SignedKind::Manifest, &other, &[&SigningKey::from_seed(&[1; 32])]);
    assert!(answer_to(&mut unit, &ToScanner::Offer(&other)).contains("not set up for this list"));
}

#[test]
fn floors_survive_being_switched_off() {
    let press = Press::default();
    let second = vectors::edition(&press);
    let first = press.edition(1, &second.segments[..1]);
    let mut unit = fresh(&press, 1);
    install(&mut unit, &first).unwrap();
    // Only offered: nothing of it was fetched yet.
    assert_eq!(answer_to(&mut unit, &ToScanner::Offer(&second.manifest)), "wants from 0");
    assert_eq!(answer_to(&mut unit, &ToScanner::Time(&press.heartbeat(NOW + 9, &second))), "done");
    let mut unit = restart(&press, unit);
    assert!(answer_to(&mut unit, &ToScanner::Offer(&first.manifest)).contains("newer edition"));
    let twin = press.edition(2, &second.segments[..1]);
    assert!(answer_to(&mut unit, &ToScanner::Offer(&twin.manifest)).contains("another of the same number"));
    assert!(
        answer_to(&mut unit, &ToScanner::Time(&press.heartbeat(NOW + 8, &second))).contains("newer edition")
    );
    assert_eq!(answer_to(&mut unit, &ToScanner::Time(&press.heartbeat(NOW + 9, &second))), "done");
}

#[test]
fn a_list_says_how_old_it_is_and_past_its_lease_it_is_not_asked() {
    let press = Press::default();
    let second = vectors::edition(&press);
    let first = press.edition(1, &second.segments[..1]);
    let mut unit = fresh(&press, 1);
    give_keys(&mut unit, &press);
    install(&mut unit, &first).unwrap();
    answer_to(&mut unit, &ToScanner::Time(&press.heartbeat(NOW + 100, &first)));
    let lease = u64::from(LEASE_S);
    assert_eq!(outcome(&unit, "X99", 30), "CLEAR; uto/stolen 1 30 s fresh clear");
    assert!(outcome(&unit, "X99", lease / 2).ends_with("s stale clear"));
    let expired = outcome(&unit, &sample::number(7), lease);
    assert_eq!(expired, format!("NOT CHECKED; uto/stolen 1 {lease} s expired not checked"));
    // A newer edition is known to exist.
    answer_to(&mut unit, &ToScanner::Time(&press.heartbeat(NOW + 200, &second)));
    assert_eq!(outcome(&unit, "X99", 0), "CLEAR; uto/stolen 1 100 s stale clear");
}

#[test]
fn without_its_key_a_list_is_not_checked_and_keys_are_not_in_the_flash() {
    let press = Press::default();
    let edition = vectors::edition(&press);
    let mut unit = fresh(&press, 1);
    install(&mut unit, &edition).unwrap();
    answer_to(&mut unit, &ToScanner::Time(&press.heartbeat(NOW + 100, &edition)));
    assert!(outcome(&unit, &sample::number(21), 0).starts_with("NOT CHECKED"));
    let wrong = KeyFor::List { list: press.list(), number: 1, key: ListKey([8; 32]) };
    answer_to(&mut unit, &ToScanner::Key(wrong));
    assert!(outcome(&unit, &sample::number(21), 0).starts_with("NOT CHECKED"));
    give_keys(&mut unit, &press);
    assert!(outcome(&unit, &sample::number(21), 0).starts_with("HIT"));
    let keys = [press.list_key.0, press.scanner_key.0];
    let flash = unit.flash().bytes();
    assert!(keys.iter().all(|key| !flash.windows(32).any(|bytes| bytes == key)));
    let mut unit = restart(&press, unit);
    let keyed = say(&mut unit, &ToScanner::Who, 0, |answer| match answer {
        ToHost::Hello(hello) => hello.keyed || hello.lists[0].keyed,
        other => panic!("{other:?}"),
    });
    assert!(!keyed);
}
