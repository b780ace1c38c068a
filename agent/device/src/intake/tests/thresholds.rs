//! Roles that need two signatures get two, of two keys, or nothing changes.

use super::*;

fn keys<const N: usize>() -> [SigningKey; N] {
    std::array::from_fn(|_| SigningKey::from_seed(&crypto::random()))
}

fn two_of(keys: &[SigningKey]) -> Role {
    Role { threshold: 2, keys: keys.iter().map(SigningKey::public).collect() }
}

#[test]
fn one_of_two_issuers_publishes_nothing() {
    let mut world = World::new();
    let issuers = keys::<2>();
    let ([one, two], [stranger]) = (&issuers, &keys());
    world.root.issuers[0].role = two_of(&issuers);
    let mut device = world.device();
    let (_, info) = world.segment(&["L898902C3"], &[]);
    let manifest = world.manifest(1, &[info]);
    let mut publish = |keys: &[&SigningKey]| {
        let signed = sign_statement(SignedKind::Manifest, &manifest, keys);
        device.apply(Update::Manifest(world.list.clone(), signed)).map_err(|error| error.reason())
    };
    for too_few in [&[one][..], &[two], &[one, stranger], &[stranger, two], &[one, one]] {
        assert!(publish(too_few).is_err(), "{} signatures", too_few.len());
    }
    assert_eq!(publish(&[one]), Err("signatures"));
    assert_eq!(publish(&[one, two]), Ok(UpdateOutcome::Applied));
}

#[test]
fn a_root_is_followed_only_with_the_thresholds_of_the_one_before_and_its_own() {
    let mut world = World::new();
    let (old, new) = (keys::<3>(), keys::<2>());
    let ([a, b, c], [x, y]) = (&old, &new);
    world.root.root = two_of(&old);
    let anchor = sign_statement(SignedKind::Root, &world.root, &[a, b]);
    let mut device = Intake::open(Parts { anchor, ..world.parts() }).unwrap();
    let next = Root { version: 2, root: two_of(&new), ..world.root.clone() };
    let mut follow = |keys: &[&SigningKey]| {
        let signed = sign_statement(SignedKind::Root, &next, keys);
        device.apply(Update::Root(2, signed)).map_err(|error| error.reason())
    };
    for too_few in [&[x, y][..], &[a, x, y], &[a, b], &[b, c, x], &[a, a, x, y], &[a, b, x, x]] {
        assert!(follow(too_few).is_err(), "{} signatures", too_few.len());
    }
    assert_eq!(follow(&[a, x, y]), Err("signatures"));
    assert_eq!(follow(&[b, c, x, y]), Ok(UpdateOutcome::Applied));
    assert_eq!(device.root.version, 2);
}
