//! What the folders go through: damaged, late, from a restored home, far ahead, older.

use super::*;
use vedette_common::crypto::sign_statement;
use vedette_shim::trust::{GrantedKey, SignedKind};

#[test]
fn what_an_agency_could_not_take_is_given_again() {
    let (world, key, utopia, list) = settled();
    (1..=3).for_each(|id| world.hit(&key, id, &list));
    let folder = world.path("to-uto");
    give(&world.carrier, "uto", &folder).unwrap();
    let files: Vec<_> = {
        let mut files: Vec<_> =
            folder.join("message").read_dir().unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        files
    };
    // The second is damaged; a file that headquarters does not name is none of its messages.
    fs::write(&files[1], b"damaged").unwrap();
    fs::copy(&files[0], folder.join("message").join(format!("{:020}", i64::MAX))).unwrap();
    assert_eq!(issuer::take(&utopia, &folder).unwrap().refused.len(), 1);
    assert_eq!(hits(&utopia).len(), 2);
    world.exchange(&utopia, "uto");
    assert_eq!(hits(&utopia).len(), 3);
    // A list of messages that somebody shortened on the way is refused, and so is a word that all was taken.
    world.hit(&key, 4, &list);
    give(&world.carrier, "uto", &folder).unwrap();
    let note = fs::read_to_string(folder.join("messages")).unwrap();
    fs::write(folder.join("messages"), note.replacen("4\n", "\n", 1)).unwrap();
    assert_eq!(issuer::take(&utopia, &folder).unwrap().refused.len(), 1);
    let from = world.path("from-uto");
    issuer::give(&utopia, &from).unwrap();
    let said = fs::read_to_string(from.join("taken")).unwrap();
    fs::write(from.join("taken"), said.replacen("3\n", "9\n", 1)).unwrap();
    assert_eq!(take(&world.carrier, "uto", &from, Naming::default()).unwrap().refused.len(), 1);
    world.exchange(&utopia, "uto");
    assert_eq!(hits(&utopia).len(), 4);
}

#[test]
fn a_hit_under_a_device_s_former_keys_reaches_an_agency_that_never_knew_them() {
    let world = world();
    let former = world.device();
    let utopia = world.agency("uto");
    create(&utopia, &"uto/stolen".parse().unwrap(), &CreateOptions::of(Kind::Documents)).unwrap();
    world.to_headquarters(&utopia, "uto");
    let list: ListName = "uto/stolen".parse().unwrap();
    world.hit(&former, 1, &list);
    world.time.pass(5);
    revoke(&world.carrier, &device_id()).unwrap();
    fs::remove_dir_all(world.path("post-7")).unwrap();
    let key = world.device();
    world.hit(&key, 2, &list);
    for _ in 0..2 {
        assert_eq!(world.to_agency(&utopia, "uto").refused, Vec::<String>::new());
        assert_eq!(hits(&utopia).len(), 2);
    }
}

#[test]
fn after_headquarters_was_restored_an_agency_gets_what_came_since() {
    let (world, key, utopia, list) = settled();
    let backup = world.path("backup");
    crate::backup::backup(&world.carrier, &backup).unwrap();
    (1..=3).for_each(|id| world.hit(&key, id, &list));
    world.exchange(&utopia, "uto");
    world.to_headquarters(&utopia, "uto");
    let restored =
        crate::backup::restore(&world.path("restored"), &backup, clock_of(&world.time), false).unwrap();
    let world = World { carrier: restored, ..world };
    world.hit(&key, 9, &list);
    for _ in 0..2 {
        world.exchange(&utopia, "uto");
    }
    assert_eq!(hits(&utopia).len(), 4);
}

#[test]
fn an_older_request_and_a_grant_that_is_far_ahead_change_nothing() {
    let world = world();
    let key = world.device();
    let utopia = world.agency("uto");
    world.to_agency(&utopia, "uto");
    let list: ListName = "uto/stolen".parse().unwrap();
    create(&utopia, &list, &CreateOptions::of(Kind::Documents)).unwrap();
    let old = world.path("old");
    issuer::give(&utopia, &old).unwrap();
    take(&world.carrier, "uto", &old, ALL).unwrap();
    // The same agency with other keys for the list, later.
    world.time.pass(10);
    for role in ["issuer", "owner"] {
        fs::remove_file(utopia.keys().join(format!("{role}-uto.stolen"))).unwrap();
    }
    for key in [Key::Issuer(&list), Key::Owner(&list)] {
        key.make(&utopia).unwrap();
    }
    let new = world.path("new");
    issuer::give(&utopia, &new).unwrap();
    let asked = take(&world.carrier, "uto", &new, Naming { new: true, other_keys: false }).unwrap();
    assert_eq!(asked.requested, ["uto/stolen (other keys)"]);
    take(&world.carrier, "uto", &new, ALL).unwrap();
    let now = root::newest(&world.carrier).unwrap().0;
    assert_eq!(now.version, 3);
    assert_eq!(take(&world.carrier, "uto", &old, ALL).unwrap().refused.len(), 1);
    assert_eq!(root::newest(&world.carrier).unwrap().0.version, 3);

    world.to_agency(&utopia, "uto");
    let folder = world.path("ahead");
    fs::create_dir_all(folder.join("grant/post-7/uto")).unwrap();
    let sealed = vedette_common::crypto::seal(
        &key.public(),
        vedette_common::grant::GRANT_INFO,
        &vedette_common::grant::grant_additional_data(&device_id(), &list, 1),
        &[7; 32],
    );
    let sealed = sealed.unwrap();
    let grant = Grant {
        device: device_id(),
        enrolment: key_id(&key.public()),
        list: list.clone(),
        number: u64::MAX,
        expires: NOW + 1000,
        keys: [GrantedKey { number: 1, sealed: &sealed }].into_iter().collect(),
    };
    let issuer = Key::Issuer(&list).signing(&utopia).unwrap();
    let bytes = sign_statement(SignedKind::Grant, &grant, &[&issuer]);
    fs::write(folder.join("grant/post-7/uto/stolen"), bytes).unwrap();
    let taken = take(&world.carrier, "uto", &folder, Naming::default()).unwrap();
    assert_eq!(taken.refused, ["grant/post-7/uto/stolen: its number is far ahead"]);
}
