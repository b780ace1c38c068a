//! What a broker or a stick can do without a key: play everything again, in any order, and bring what is new too slowly.

use super::*;
use proptest::prelude::*;
use vedette_common::roster::testing::officer;
use vedette_common::roster::testing::roster as roster_of;
use vedette_common::roster::{Role as OfficerRole, Roster};
use vedette_shim::trust::Freshness;

const LISTED: &str = "L898902C3";
const UNLISTED: &str = "L898902C4";

/// What a device believes and holds, as far as anybody could turn it back.
fn state(world: &World, device: &Intake) -> impl PartialEq + std::fmt::Debug + use<> {
    let entry = &device.entries[&world.list];
    let active = entry.active.as_ref().map(|active| (active.manifest.edition, active.identity));
    let snapshot = device.shared().load_full();
    (
        (device.root.version, active, entry.confirmed_at, entry.keys.keys().copied().collect::<Vec<_>>()),
        (snapshot.lists[0].freshness(world.now), format!("{:?}", snapshot.roster_state)),
        (world.verdict(device, LISTED), world.verdict(device, UNLISTED)),
    )
}

/// A device after a life of two of everything, and all that was ever sent to it.
fn lived() -> (World, Intake, Vec<Update>) {
    let mut world = World::new();
    let mut device = world.device();
    let mut sent = Vec::new();
    let roster = |world: &World, number: u64| {
        let officers = vec![officer("12", OfficerRole::Officer)];
        let roster = Roster { issued: world.now, expires: world.now + 900, ..roster_of(number, officers) };
        Update::Roster(sign_statement(SignedKind::Roster, &roster, &[&world.root_key]))
    };
    let infos = [world.segment(&[UNLISTED], &[]).1, world.segment(&[LISTED], &[UNLISTED]).1];
    for (number, segments) in [(1, &infos[..1]), (2, &infos[..])] {
        let manifest = world.sign(&world.manifest(number, segments));
        // The order comes between the two grants: of the first nothing is left.
        let order = (number == 1).then(|| world.sign_order(&world.order(number)));
        let updates = [
            world.grant(),
            Update::Manifest(world.list.clone(), manifest.clone()),
            world.heartbeat(world.now, number, &manifest),
            roster(&world, number),
        ];
        for update in updates.into_iter().chain(order) {
            assert_eq!(device.apply(update.clone()).unwrap(), UpdateOutcome::Applied, "{update}");
            sent.push(update);
            world.fetch(&mut device);
        }
        world.time.pass(100);
        world.now += 100;
    }
    (world, device, sent)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn what_was_ever_sent_changes_nothing_when_it_is_played_again(
        played in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..40),
    ) {
        let (world, mut device, sent) = lived();
        let before = state(&world, &device);
        prop_assert_eq!(world.verdict(&device, LISTED), Verdict::Hit);
        prop_assert_eq!(world.verdict(&device, UNLISTED), Verdict::Clear);
        for (which, restart) in played {
            if restart {
                drop(device);
                device = world.device();
            }
            let update = which.get(&sent);
            prop_assert_ne!(device.apply(update.clone()).ok(), Some(UpdateOutcome::Applied), "{}", update);
            prop_assert_eq!(device.missing().unwrap(), None);
            prop_assert!(state(&world, &device) == before, "after {}", update);
        }
    }
}

#[test]
fn a_heartbeat_played_again_prolongs_no_lease() {
    let (world, mut device, sent) = lived();
    let heartbeats: Vec<_> =
        sent.into_iter().filter(|update| matches!(update, Update::Heartbeat(_))).collect();
    let asked = |device: &Intake| device.shared().load().lists[0].freshness(world.clock.now()).1;
    assert_eq!(asked(&device), Freshness::Fresh);
    let mut seen = Vec::new();
    for _ in 0..=LEASE / 100 {
        world.time.pass(100);
        for heartbeat in &heartbeats {
            let _ = device.apply(heartbeat.clone());
        }
        device.tick().unwrap();
        seen.push(asked(&device));
    }
    seen.dedup();
    assert_eq!(seen, [Freshness::Fresh, Freshness::Stale, Freshness::Expired]);
    assert_eq!(world.verdict(&device, UNLISTED), Verdict::NotChecked);
}

#[test]
fn an_edition_that_comes_too_slowly_shows_and_ends_in_not_checked() {
    let world = World::new();
    let (mut device, first) = world.device_with(&[LISTED]);
    // A segment of two chunks, of which the last never comes; the first comes again and again.
    let (_, info) = world.segment(&[UNLISTED], &[]);
    let large = SegmentInfo { bytes: CHUNK_BYTES as u64 + 1, digest: [7; 32], ..info };
    let next = world.sign(&world.manifest(2, &[first, large]));
    device.apply(Update::Manifest(world.list.clone(), next.clone())).unwrap();
    let chunk = vedette_shim::wire::Chunk { segment: large.digest, index: 0, bytes: &[1; CHUNK_BYTES] };
    let mut seen = Vec::new();
    for _ in 0..=LEASE / 300 {
        device.apply(world.heartbeat(world.clock.now(), 2, &next)).unwrap();
        assert_ne!(
            device.chunk(&chunk).ok(),
            Some(true),
            "said again it is refused, and nothing comes of it"
        );
        device.tick().unwrap();
        seen.push((
            world.verdict(&device, LISTED),
            device.shared().load().lists[0].freshness(world.clock.now()).1,
        ));
        world.time.pass(300);
    }
    seen.dedup();
    assert_eq!(seen, [(Verdict::Hit, Freshness::Stale), (Verdict::NotChecked, Freshness::Expired)]);
}
