//! A disk that gives back other bytes than it was given, and a second process beside the one that has the store.

use super::*;
use std::os::unix::fs::FileExt;

const LISTED: &str = "L898902C3";

/// Documents enough for many pages, [`LISTED`] among them; scattered, for numbers in a row take hardly any room.
fn many() -> Vec<String> {
    (0..5_000)
        .map(|n| format!("A{:07}", n * 7_919 % 10_000_019 % 10_000_000))
        .chain([LISTED.into()])
        .collect()
}

/// Damages the page a lookup of [`LISTED`] opens; the places are tried from the end. Panics if none is met.
fn damage_page_of_listed(world: &World, device: &Intake, path: &std::path::Path) {
    let file = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let size = file.metadata().unwrap().len();
    for at in (0..size.div_ceil(32)).rev().map(|n| n * 32) {
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        file.write_all_at(&[byte[0] ^ 1], at).unwrap();
        if world.verdict(device, LISTED) == Verdict::NotChecked {
            return;
        }
        file.write_all_at(&byte, at).unwrap();
    }
    panic!("no place of the file is read for {LISTED}");
}

#[test]
fn a_damaged_page_is_fetched_again_while_the_others_go_on_serving() {
    let world = World::new();
    let many = many();
    let (mut device, info) = world.device_with(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let path = device.store.path(&info.digest);
    device.tick().unwrap();
    assert_eq!(device.missing().unwrap(), None);

    damage_page_of_listed(&world, &device, &path);
    let whole = many.iter().find(|number| world.verdict(&device, number) == Verdict::Hit);
    let whole = whole.expect("most pages are not damaged");
    device.tick().unwrap();
    assert_eq!(device.missing().unwrap().map(|missing| missing.segment.digest), Some(info.digest));
    assert_eq!(world.verdict(&device, whole), Verdict::Hit, "what can be read serves on");

    assert_eq!(world.fetch(&mut device), 1);
    assert_eq!(world.verdict(&device, LISTED), Verdict::Hit);
    device.tick().unwrap();
    assert_eq!(device.missing().unwrap(), None);
    drop(device);
    assert_eq!(world.verdict(&world.device(), LISTED), Verdict::Hit);
}

#[test]
fn a_segment_cut_off_under_the_agent_costs_its_answers_and_is_fetched_again() {
    let world = World::new();
    let many = many();
    let (mut device, info) = world.device_with(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let path = device.store.path(&info.digest);
    assert_eq!(world.verdict(&device, LISTED), Verdict::Hit);
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(0).unwrap();
    for number in many.iter().take(50).map(String::as_str).chain([LISTED]) {
        assert_eq!(world.verdict(&device, number), Verdict::NotChecked, "the agent lives on, and says so");
    }
    device.tick().unwrap();
    assert_eq!(world.fetch(&mut device), 1);
    assert_eq!(world.verdict(&device, LISTED), Verdict::Hit);
}

#[test]
fn a_segment_damaged_while_the_device_was_off_is_fetched_again() {
    let world = World::new();
    let (device, info) = world.device_with(&[LISTED]);
    let path = device.store.path(&info.digest);
    drop(device);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[..100].fill(0);
    std::fs::write(&path, bytes).unwrap();
    let mut device = world.device();
    assert_eq!(world.verdict(&device, LISTED), Verdict::NotChecked);
    assert_eq!(world.fetch(&mut device), 1);
    assert_eq!(world.verdict(&device, LISTED), Verdict::Hit);
}

#[test]
fn a_read_only_process_deletes_nothing_of_the_one_that_has_the_store() {
    let world = World::new();
    let (mut device, _) = world.device_with(&[LISTED]);
    let reader = Intake::open_read_only(world.parts()).unwrap();
    assert_eq!(world.verdict(&reader, LISTED), Verdict::Hit);
    drop(reader);
    // A merge in the making, and a download under way.
    let (path, info) = world.segment(&["X1", "X2"], &[]);
    let manifest = world.sign(&world.manifest(2, &[info]));
    let before = world.parts();
    device.apply(Update::Manifest(world.list.clone(), manifest)).unwrap();
    let merging = device.store.folder().join(".1-1.tmp");
    std::fs::write(&merging, b"half of it").unwrap();
    world.fetch(&mut device);
    std::fs::write(&merging, b"half of it").unwrap();
    Intake::open_read_only(before).unwrap();
    assert!(merging.exists());
    assert_eq!(std::fs::read(device.store.path(&info.digest)).unwrap(), std::fs::read(path).unwrap());
}
