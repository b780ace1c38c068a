//! Filters over the lists in use.

use super::*;
use crate::snapshot::Content;
use std::time::{Duration, Instant};

/// Waits until every segment of the edition in use that is to have a filter has it; how many have.
fn filters_built(device: &Intake, wanted: usize) -> usize {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let Content::Documents(edition) = device.shared().load().lists[0].content.clone() else { return 0 };
        let built = edition.segments().iter().filter(|segment| segment.filter().is_some()).count();
        if built >= wanted || Instant::now() > deadline {
            return built;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_filter_changes_no_answer_and_stays_with_its_segment() {
    let world = World::new();
    drop(world.device_with(&["A0000001", "A0000002"]));
    let mut device = Intake::open(Parts { filter_bytes_max: 1 << 20, ..world.parts() }).unwrap();
    assert_eq!(filters_built(&device, 1), 1);
    let (_, delta) = world.segment(&["B0000001"], &["A0000002"]);
    let base = device.entries[&world.list].active.clone().unwrap().manifest;
    let mut second = world.manifest(2, &[delta]);
    second.segments.insert(0, base.segments[0].clone()).unwrap();
    device.apply(Update::Manifest(world.list.clone(), world.sign(&second))).unwrap();
    world.fetch(&mut device);
    let Content::Documents(edition) = device.shared().load().lists[0].content.clone() else { panic!() };
    assert!(edition.segments()[0].filter().is_some(), "the base keeps its own");
    assert_eq!(filters_built(&device, 2), 2);
    for (number, verdict) in [
        ("A0000001", Verdict::Hit),
        ("A0000002", Verdict::Clear),
        ("A0000003", Verdict::Clear),
        ("B0000001", Verdict::Hit),
    ] {
        assert_eq!(world.verdict(&device, number), verdict, "{number}");
    }
}

#[test]
fn a_list_that_has_no_room_goes_without() {
    let world = World::new();
    let many: Vec<String> = (0..1_000).map(|n| format!("A{n:07}")).collect();
    drop(world.device_with(&many.iter().map(String::as_str).collect::<Vec<_>>()));
    let device = Intake::open(Parts { filter_bytes_max: 1_000, ..world.parts() }).unwrap();
    assert!(device.filters.is_empty());
    assert_eq!(world.verdict(&device, "A0000999"), Verdict::Hit);
}
