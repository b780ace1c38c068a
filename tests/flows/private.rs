//! What lies on disk is its owner's alone, whatever the umask that the programs were started with.

use rustix::fs::Mode;
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use vedette_tests::device::code;
use vedette_tests::post::{LIST, Post};
use vedette_tests::sample::{SPECIMEN, passport};

/// Every file, folder and socket below `folder`, itself included, with its rights.
fn rights(folder: &Path) -> Vec<(String, u32, fs::FileType)> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_path_buf()];
    while let Some(path) = left.pop() {
        let about = path.symlink_metadata().unwrap();
        if about.is_dir() {
            left.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
        }
        found.push((path.display().to_string(), about.permissions().mode() & 0o7777, about.file_type()));
    }
    found
}

#[track_caller]
fn is_private(folder: &Path) {
    for (path, mode, kind) in rights(folder) {
        let expected = if kind.is_dir() {
            0o700
        } else if kind.is_socket() {
            0o660 // who is in its group may ask the agent
        } else {
            0o600
        };
        assert_eq!(mode, expected, "{path} has rights {mode:o}");
    }
}

#[test]
fn files_of_device_and_headquarters_are_their_owners_alone_whatever_the_umask() {
    let before = rustix::process::umask(Mode::empty());
    let mut post = Post::new();
    post.hq.serve();
    let mut device = post.enrol("post-7");
    is_private(device.folder());
    device.start();
    // The second edition is merged by the device, and headquarters writes while somebody reads.
    post.hq.publish(LIST, [SPECIMEN]);
    device.wait_for_edition(LIST, 1);
    post.hq.publish(LIST, [SPECIMEN, "X0000001"]);
    device.wait_for_edition(LIST, 2);
    device.scan(&passport(SPECIMEN)).expect_code(code::HIT);
    post.wait_for_encounters(&device, 1);
    let to = |name: &str| post.folder().join(name).to_str().unwrap().to_string();
    post.hq.run(&["backup", &to("backup/new")]).expect_code(0);
    device.run("journal", &["export", &to("journal.jsonl")]).expect_code(0);

    is_private(device.folder());
    is_private(post.hq.home());
    is_private(&post.folder().join("backup"));
    is_private(&post.folder().join("journal.jsonl"));
    assert!(rights(&device.folder().join("state")).len() > 8, "a database, its log, segments and folders");

    // A stick is for the device's user to read, whoever wrote it, and however narrow the umask was.
    rustix::process::umask(Mode::from_raw_mode(0o077));
    post.hq.publish_bundle(LIST, [SPECIMEN, "X0000002"], &post.folder().join("stick"));
    for (path, mode, kind) in rights(&post.folder().join("stick")) {
        assert_eq!(mode, if kind.is_dir() { 0o755 } else { 0o644 }, "{path} has rights {mode:o}");
    }
    rustix::process::umask(before);
}
