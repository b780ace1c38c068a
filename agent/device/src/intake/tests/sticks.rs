//! Sticks as somebody may have prepared them.

use super::*;
use crate::intake::bundle::{Bundle, copy_segments};
use rustix::fs::{CWD, FileType, Mode};
use std::os::unix::fs::symlink;
use std::path::Path;

const LISTED: &str = "L898902C3";

/// A stick with edition 1 of the list.
fn stick(world: &World) -> (PathBuf, SegmentInfo) {
    let stick = world.folder.path().join("stick");
    let (list, segments) = (stick.join("list/interpol/sltd"), stick.join("segment"));
    std::fs::create_dir_all(&list).unwrap();
    std::fs::create_dir_all(&segments).unwrap();
    let (_, info) = world.segment(&[LISTED], &[]);
    std::fs::write(list.join("manifest"), world.sign(&world.manifest(1, &[info]))).unwrap();
    let digest = vedette_shim::ids::Hex(&info.digest).to_string();
    std::fs::copy(world.published().join(format!("{digest}.seg")), segments.join(digest)).unwrap();
    (stick, info)
}

fn import(world: &World, device: &mut Intake, stick: &Path) -> bundle::Report {
    let bundle = Bundle::read(stick, &world.device).unwrap();
    let (mut report, missing) = device.apply_bundle(bundle);
    let copied = copy_segments(stick, &missing, &device.store, &mut report);
    device.finish_bundle(&copied, report)
}

#[test]
fn what_is_no_regular_file_is_refused_unread_and_the_rest_is_taken() {
    let world = World::new();
    let mut device = world.device();
    device.apply(world.grant()).unwrap();
    let (stick, _) = stick(&world);
    // Opening it would wait for a writer.
    rustix::fs::mknodat(CWD, stick.join("heartbeat"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    symlink("/dev/zero", stick.join("roster")).unwrap();
    std::fs::create_dir_all(stick.join("root/2.root")).unwrap();
    let report = import(&world, &mut device, &stick);
    assert_eq!(report.applied, 1);
    let why = report.refused.join("\n");
    assert_eq!(report.refused.len(), 3, "{why}");
    assert!(
        why.contains("2.root: it is not a regular file")
            && why.contains("heartbeat: it is not a regular file")
    );
    assert!(why.contains("roster: it is a link"), "{why}");
    assert_eq!(world.verdict(&device, LISTED), Verdict::Hit);
}

#[test]
fn a_segment_that_is_a_fifo_or_other_bytes_is_named_and_the_list_says_that_it_waits() {
    for prepare in [
        |path: &Path| rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).unwrap(),
        |path: &Path| std::fs::write(path, "other").unwrap(),
    ] {
        let world = World::new();
        let mut device = world.device();
        device.apply(world.grant()).unwrap();
        let (stick, info) = stick(&world);
        let segment = stick.join("segment").join(vedette_shim::ids::Hex(&info.digest).to_string());
        std::fs::remove_file(&segment).unwrap();
        prepare(&segment);
        let report = import(&world, &mut device, &stick);
        assert_eq!((report.applied, report.refused.len(), report.incomplete.len()), (1, 1, 1), "{report:?}");
        assert_eq!(world.verdict(&device, LISTED), Verdict::NotChecked);
        assert_eq!(std::fs::read_dir(device.store.folder().with_file_name("partial")).unwrap().count(), 0);
    }
}
