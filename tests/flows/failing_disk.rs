//! A disk whose calls fail now and then, or always for a while, under the agent: `strace` makes them fail with EIO in the process
//! that runs. Officers see hits that are spooled, or no answer; never Clear. Afterwards
//! everything is in effect without a restart, and every answered hit comes home once.
//!
//! Needs the right to trace the agent, which keeps others from reading its memory; where that is refused the test says so and
//! tries nothing. In `faults` single calls of commands fail one by one. Segments are
//! mapped, so what of them cannot be read is no call: `repairing` and the map's own tests have that.

use std::fs;
use std::process::{Child, Command, Stdio};
use vedette_tests::device::{Device, code};
use vedette_tests::post::{LIST, Post};
use vedette_tests::program::wait_until;
use vedette_tests::sample::{SPECIMEN, number, passport};
use vedette_tests::seen::{Seen, store_fault};

/// Listed since the second edition.
const NEW: &str = "Z0000001";

/// A disk that fails until this is dropped.
struct Failing(Child);

impl Failing {
    /// Makes `calls` fail, of each thread's those that `when` says (strace's `inject`). None where tracing is refused.
    fn begin(device: &Device, calls: &str, when: &str) -> Option<Failing> {
        let process = device.process();
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-p", &process.to_string()]);
        strace.args([
            "-e",
            &format!("trace={calls}"),
            "-e",
            &format!("inject={calls}:error=EIO:when={when}"),
        ]);
        let child = strace.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("strace is installed");
        let mut failing = Failing(child);
        loop {
            if failing.0.try_wait().expect("it can be waited for").is_some() {
                println!("nothing is tried: the agent cannot be traced here");
                return None;
            }
            let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("the agent runs").flatten();
            let is_traced = |status: &str| !status.contains("TracerPid:\t0\n");
            if tasks.flat_map(|task| fs::read_to_string(task.path().join("status"))).all(|s| is_traced(&s)) {
                return Some(failing);
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        // Interrupted, it lets the agent go on; killed, it might leave a call undone.
        let _ = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

fn post() -> (Post, Device) {
    let post = Post::serving();
    let device = post.start_device("post-7");
    post.hq.publish(LIST, (0..500).map(number).chain([SPECIMEN.into()]));
    device.wait_for_edition(LIST, 1);
    (post, device)
}

/// Calls that write to a file.
const WRITES: &str = "pwrite64,fdatasync,fsync,ftruncate,rename";

#[test]
fn what_a_failing_disk_kept_from_being_done_is_done_when_it_works_again() {
    let faults =
        [(WRITES, "1+1"), (WRITES, "3+3"), (WRITES, "2+23"), ("fdatasync,fsync", "1+1"), ("pread64", "1+1")];
    for (calls, when) in faults {
        let (post, device) = post();
        let mut seen = Seen::default();
        let Some(failing) = Failing::begin(&device, calls, when) else { return };
        (0..15).for_each(|_| seen.scan(&device, SPECIMEN));
        post.hq.publish(LIST, (0..500).map(number).chain([SPECIMEN.into(), NEW.into()]));
        (0..15).for_each(|_| seen.scan(&device, SPECIMEN));
        drop(failing);
        device.wait_for_edition(LIST, 2);
        (0..3).for_each(|_| device.scan(&passport(NEW)).expect_code(code::HIT).out.clear());
        device.wait_for_receipts();
        wait_until("no fault is said", || store_fault(&device).is_none().then_some(()), || device.log());
        device.run("journal", &["verify"]).expect_code(0);
        seen.comes_home_once(&post);
        println!("{calls} {when}: {} hits, {} refused", seen.hits.len(), seen.refused);
        if (calls, when) == faults[0] {
            assert!(seen.hits.is_empty() && seen.refused == 30, "else nothing failed: {seen:?}");
        }
    }
}
