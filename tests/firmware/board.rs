//! A board in QEMU (mps2-an386) that runs a firmware of cross/: its flash is a file that outlives the power, its log comes
//! line by line, its serial line is a pseudo terminal.
//!
//! `cross/firmware-test` says where things are: `VEDETTE_TESTS_QEMU`, the folder that QEMU was unpacked to, and
//! `VEDETTE_TESTS_FIRMWARE`, the folder of `rust.elf` and `c.elf`.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A firmware says its next line within this, on a machine with other work.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines that wait to be looked at; QEMU waits behind them.
const LINES_MAX: usize = 1000;
/// Where a factory's bytes lie: cross/firmware/src/board.rs.
const FACTORY_AT: &str = "0x300000";

fn folder(variable: &str) -> PathBuf {
    std::env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} is not set: run cross/firmware-test"))
        .into()
}

/// A board.
pub(crate) struct Board {
    firmware: &'static str,
    folder: TempDir,
}

/// What a factory writes into it.
pub(crate) struct Factory<'a> {
    pub(crate) pinned: &'a [u8],
    pub(crate) host: &'a [u8],
    pub(crate) zones: &'a [u8],
}

/// A board with power.
pub(crate) struct Running {
    child: Child,
    said: Receiver<String>,
    log: Vec<String>,
}

impl Board {
    /// A board with empty flash; `firmware` is `rust` or `c`.
    pub(crate) fn new(firmware: &'static str) -> Board {
        Board { firmware, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// Its factory's work, done anew.
    pub(crate) fn make(&self, factory: &Factory<'_>) {
        let parts = [factory.pinned, factory.host, factory.zones];
        let lengths: Vec<u8> = parts.iter().flat_map(|part| (part.len() as u32).to_le_bytes()).collect();
        let bytes = [lengths, parts.concat()].concat();
        std::fs::write(self.folder.path().join("factory.bin"), bytes).expect("a temporary file");
    }

    /// Switches it on; the power goes in the middle of the step `cut` at its flash.
    pub(crate) fn start(&self, cut: Option<u32>) -> Running {
        let qemu = folder("VEDETTE_TESTS_QEMU");
        let libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"].map(|part| qemu.join(part));
        let semihosting = match cut {
            None => "enable=on,target=native".into(),
            Some(step) => format!("enable=on,target=native,arg=firmware,arg=cut={step}"),
        };
        let mut child = Command::new(qemu.join("usr/bin/qemu-system-arm"))
            .env("LD_LIBRARY_PATH", std::env::join_paths(libraries).expect("paths without colons"))
            .arg("-L")
            .arg(qemu.join("usr/share/qemu"))
            .args(["-M", "mps2-an386", "-cpu", "cortex-m4", "-display", "none", "-monitor", "none"])
            .args(["-serial", "pty", "-semihosting-config", &semihosting, "-device"])
            .arg(format!("loader,file=factory.bin,addr={FACTORY_AT},force-raw=on"))
            .arg("-kernel")
            .arg(folder("VEDETTE_TESTS_FIRMWARE").join(format!("{}.elf", self.firmware)))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("QEMU starts");
        let (sender, said) = sync_channel(LINES_MAX);
        let (out, err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
        pass_on(out, sender.clone());
        pass_on(err, sender);
        Running { child, said, log: Vec::new() }
    }
}

fn pass_on(from: impl Read + Send + 'static, to: SyncSender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = to.send(line);
        }
    });
}

impl Running {
    /// Waits for a line that begins so; returns what follows.
    #[track_caller]
    pub(crate) fn line(&mut self, begins: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.said.recv_timeout(left) else {
                panic!("the firmware does not say {begins:?}:\n{}", self.log.join("\n"))
            };
            self.log.push(line);
            if let Some(rest) = self.log.last().and_then(|line| line.strip_prefix(begins)) {
                return rest.into();
            }
        }
    }

    /// The serial line's other end, which QEMU says when it starts.
    pub(crate) fn port(&mut self) -> PathBuf {
        let rest = self.line("char device redirected to ");
        Path::new(rest.split(' ').next().unwrap_or_default()).into()
    }

    /// What it said so far in lines that begin so, less that.
    pub(crate) fn lines(&self, begins: &str) -> Vec<String> {
        self.log.iter().filter_map(|line| line.strip_prefix(begins)).map(String::from).collect()
    }

    /// The ids of the notes that it said to have stored.
    pub(crate) fn noted(&self) -> Vec<String> {
        self.lines("noted ").iter().map(|line| line.split(' ').next().unwrap_or_default().into()).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
