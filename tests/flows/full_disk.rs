//! A real file system of a few megabytes that fills up under the agent: while an edition comes, while officers scan, while an order
//! to erase comes. Once there is room again everything is in effect, and every answered hit comes home once.
//!
//! Needs the right to mount a tmpfs; where that is refused the test says so and tries nothing. That a disk fails to read or to
//! write (EIO) is tried in `failing_disk`, and call by call in `faults`.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use vedette_tests::device::{Device, code};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, number, passport};
use vedette_tests::seen::{Seen, store_fault};

/// The store's file system: the reserve is 4 MB of it, and SQLite's log grows to as much.
const SIZE: &str = "size=16m";
/// Somebody else's files on it, bytes: with them there is room for the log, and for the reserve only if nothing else comes.
const OTHERS_BYTES: usize = 9 * 1024 * 1024;
/// Listed since the second edition.
const NEW: &str = "Z0000001";

/// A small file system at a folder; unmounted when dropped.
struct Small {
    at: PathBuf,
}

impl Small {
    /// None where mounting is refused.
    fn mounted_at(at: PathBuf) -> Option<Small> {
        fs::create_dir_all(&at).expect("a temporary folder can be made");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "vedette-test"]).arg(&at).output();
        let is_mounted = mounted.as_ref().is_ok_and(|output| output.status.success());
        if !is_mounted {
            println!("nothing is tried: a tmpfs cannot be mounted here ({mounted:?})");
        }
        is_mounted.then_some(Small { at })
    }

    /// Takes all the room there is.
    fn fill(&self, name: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.at.join(name)).expect("a file");
        for bytes in [64 * 1024, 512, 1] {
            while file.write_all(&vec![1; bytes]).is_ok() {}
        }
    }

    /// Gives it back.
    fn make_room(&self, names: &[&str]) {
        names.iter().for_each(|name| fs::remove_file(self.at.join(name)).expect("it is there"));
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: the agent may not have ended yet.
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

fn small_post() -> Option<(Post, Device, Small)> {
    let post = Post::serving();
    let mut device = post.enrol("post-7");
    let small = Small::mounted_at(device.folder().join("state"))?;
    post.hq.publish(LIST, (0..500).map(number).chain([SPECIMEN.into()]));
    device.start();
    device.wait_for_edition(LIST, 1);
    let reserve = small.at.join("reserve");
    wait_until("the reserve is made", || reserve.exists().then_some(()), || device.log());
    Some((post, device, small))
}

#[test]
fn what_a_full_disk_kept_from_being_done_is_done_once_there_is_room() {
    fill_up_and_make_room(0);
}

#[test]
fn a_reserve_is_not_made_where_it_would_fill_the_disk() {
    fill_up_and_make_room(OTHERS_BYTES);
}

fn fill_up_and_make_room(others_bytes: usize) {
    let Some((post, device, small)) = small_post() else { return };
    fs::write(small.at.join("others"), vec![1; others_bytes]).expect("there is room");
    let mut seen = Seen::default();
    small.fill("ballast");
    (0..60).for_each(|_| seen.scan(&device, SPECIMEN));
    assert!(
        seen.hits.len() > 30,
        "the reserve gives way: {} hits, {} refused",
        seen.hits.len(),
        seen.refused
    );
    assert_eq!(seen.not_checked, 0);
    // Full again, and this time there is no reserve.
    small.fill("more-ballast");
    post.hq.publish(LIST, (0..500).map(number).chain([SPECIMEN.into(), NEW.into()]));
    wait_until("the fault is said", || store_fault(&device), || device.log());
    (0..20).for_each(|_| seen.scan(&device, SPECIMEN));
    assert_eq!(device.edition(LIST), Some(1), "an edition that cannot be stored is not used");
    small.make_room(&["ballast", "more-ballast"]);
    device.wait_for_edition(LIST, 2);
    (0..3).for_each(|_| seen.scan(&device, NEW));
    device.wait_for_receipts();
    let has_reserve = || small.at.join("reserve").exists();
    let is_settled =
        || (store_fault(&device).is_none() && has_reserve() == (others_bytes == 0)).then_some(());
    let found = || format!("fault {:?}, reserve {}, {}", store_fault(&device), has_reserve(), device.log());
    wait_until("nothing is said to be wrong", is_settled, found);
    device.run("journal", &["verify"]).expect_code(0);
    seen.comes_home_once(&post);
    println!("{} hits, {} refused while the disk was full", seen.hits.len(), seen.refused);
}

#[test]
fn an_order_to_erase_counts_on_a_full_disk() {
    let Some((post, mut device, small)) = small_post() else { return };
    let mut seen = Seen::default();
    seen.scan(&device, SPECIMEN);
    device.wait_for_receipts();
    small.fill("ballast");
    let _ = fs::remove_file(small.at.join("reserve"));
    small.fill("more-ballast");
    post.hq.run(&["revoke", device.id()]).expect_code(0);
    // No verdict by what must not be read any more: not checked, or no answer because nothing can be recorded.
    let is_over = || (device.scan(&passport(SPECIMEN)).code != code::HIT).then_some(());
    wait_until("the list is not used any more", is_over, || device.log());
    small.make_room(&["ballast", "more-ballast"]);
    let is_erased = || segments(&small.at).is_empty().then_some(());
    wait_until("the segments are deleted", is_erased, || device.log());
    device.kill();
    device.start();
    wait_until("the agent answers", || device.status(), || device.log());
    device.scan(&passport(SPECIMEN)).expect_code(code::NOT_CHECKED);
    seen.comes_home_once(&post);
}

fn segments(state: &Path) -> Vec<PathBuf> {
    let folder = fs::read_dir(state.join("segments")).expect("the store has its folder");
    folder.flatten().map(|entry| entry.path()).collect()
}
