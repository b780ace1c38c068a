//! Power cuts under a real program: what it wrote is recorded call by call, and every state of the disk that a cut may leave is
//! made in a fresh folder, where the program is started again.
//!
//! ```text
//! Recording::start -> strace's log -> calls::read -> changes -> states::after -> a folder
//! ```
//!
//! | file | what it is |
//! |---|---|
//! | [`calls`] | strace's log -> changes to files and folders, and what was synced |
//! | [`states`] | the first n changes -> what a cut leaves of them |
//!
//! SQLite's calls are recorded like the program's own, for they are the same process's. Left out is its shared memory
//! (`state.db-shm`), which is no durable state and made again. A call that changes files and is not modelled is a panic.

#![allow(missing_docs)] // plain data: a field that its name and type explain has none

pub mod calls;
pub mod states;

use crate::device::Device;
use crate::program::{Running, command, copy_folder, wait_until};
use calls::Change;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is recorded; others change no file.
const CALLS: &str = "openat,creat,read,lseek,write,writev,pwrite64,pwritev,pwritev2,copy_file_range,sendfile,splice,fallocate,\
                     ftruncate,truncate,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,\
                     rmdir,link,linkat,symlink,symlinkat";
/// Longest write that is recorded whole, bytes.
const WRITE_BYTES_MAX: &str = "16777216";

/// A device whose program is recorded.
pub struct Recording {
    folder: PathBuf,
    /// A copy of the folder as it was before.
    before: PathBuf,
    log: PathBuf,
    running: Running,
}

impl Recording {
    /// Copies the device's folder and starts `vedette ARGUMENTS --config ...` on it under strace.
    pub fn start(device: &Device, arguments: &[&str]) -> Recording {
        let folder = device.folder().to_path_buf();
        let before = copy_folder(&folder, &folder.with_extension("before"));
        let log = folder.with_extension("calls");
        let program = command("vedette");
        let mut strace = Command::new("strace");
        strace.args(["-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", WRITE_BYTES_MAX, "-o"]).arg(&log);
        strace.args(["-e", &format!("trace={CALLS}"), "-e", "signal=none"]);
        strace.arg(program.get_program()).args(program.get_args());
        strace.args(arguments).arg("--config").arg(device.config());
        strace.env_remove("VEDETTE_LOG").env("NO_COLOR", "1").env("LC_ALL", "C");
        let running = Running::start_command(strace, &folder.with_extension("log"));
        Recording { folder, before, log, running }
    }

    /// How much is recorded so far. What the program told anybody before was done by then, so a later cut must not undo it.
    pub fn position(&self) -> u64 {
        self.log.metadata().map_or(0, |log| log.len())
    }

    /// Waits until the program ends by itself; its exit code.
    pub fn wait(&mut self) -> i32 {
        let log = self.folder.with_extension("log");
        wait_until("the program ends", || self.running.ended(), || crate::program::tail(&log))
    }

    /// Ends the program as a shutdown does.
    pub fn stop(&mut self) {
        let log = fs::read_to_string(&self.log).expect("strace writes its log");
        let process = log.split(' ').next().expect("it begins with a process").to_string();
        assert!(Command::new("kill").args(["-TERM", &process]).status().is_ok_and(|status| status.success()));
        self.wait();
    }

    /// What it did, in order.
    pub fn changes(&self) -> Vec<Change> {
        calls::read(&self.log, &self.folder, &self.before)
    }

    /// The folder as it was before.
    pub fn before(&self) -> &Path {
        &self.before
    }
}
