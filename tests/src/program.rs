//! Runs a built program of the workspace and waits for things to happen.

use std::ffi::OsStr;
use std::fmt::{self, Display};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take that takes a second on an idle machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(50);
const LOG_TAIL_BYTES: usize = 6_000;
/// Names the environment variable of a command that stands in for the workspace's `vedette`, split at blanks:
/// `cross/test` sets it to the ARM build behind its emulator.
const DEVICE_PROGRAM: &str = "VEDETTE_TESTS_DEVICE";

/// The folder of built programs: `target/debug` when the tests are built so.
pub fn program_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    // target/debug/deps/flows-1234 and target/debug/browser-stage -> target/debug
    let folder = test.ancestors().skip(1).find(|folder| !folder.ends_with("deps"));
    folder.expect("a test lies in target/*/deps").to_path_buf()
}

fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let path = program_folder().join(name);
    assert!(
        path.is_file(),
        "{} is not built\nhint: cargo build --workspace --bins --examples",
        path.display()
    );
    let newer = |file: &Path| fs::metadata(file).and_then(|m| m.modified()).ok();
    if newer(&path) < newer(&test) && newest_source() > newer(&path) {
        eprintln!("warning: {} is older than its sources: cargo build --workspace --bins", path.display());
    }
    path
}

fn newest_source() -> Option<std::time::SystemTime> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let crates = ["common", "lists", "names", "device", "hq", "demo"];
    let mut folders: Vec<_> =
        crates.iter().map(|name| workspace.join("agent").join(name).join("src")).collect();
    folders.push(workspace.join("firmware-shim/src"));
    let mut newest = None;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).ok()?.flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else if let Ok(modified) = entry.metadata().and_then(|m| m.modified()) {
                newest = newest.max(Some(modified));
            }
        }
    }
    newest
}

/// A command of a built program, its environment free of what would change its answers.
pub fn command(name: &str) -> Command {
    let stand_in = std::env::var(DEVICE_PROGRAM).ok().filter(|_| name == "vedette");
    let mut words = stand_in.iter().flat_map(|words| words.split_whitespace());
    let mut command = Command::new(words.next().map_or_else(|| built(name), PathBuf::from));
    command.args(words);
    command.env_remove("VEDETTE_LOG").env("NO_COLOR", "1").env("LC_ALL", "C").stdin(Stdio::null());
    command
}

/// What a program that ended had to say.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The command, for error messages.
    pub command: String,
    /// Its exit code; -1 when a signal ended it.
    pub code: i32,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Ended {
    /// Itself, if it ended with `code`; else the test fails with all it said.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Ended {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Its standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON: {error}\n{self}"))
    }
}

impl Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ended { command, code, out, err } = self;
        write!(f, "{command}\nended with {code}\n--- stdout\n{out}\n--- stderr\n{err}")
    }
}

/// Runs a program to its end; `input` is its standard input.
pub fn run<A: AsRef<OsStr>>(name: &str, arguments: impl IntoIterator<Item = A>, input: &str) -> Ended {
    let mut command = command(name);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a built program can be started");
    // A program that refuses its arguments ends without reading: then there is nobody to write to.
    let _ = std::io::Write::write_all(&mut child.stdin.take().expect("it is piped"), input.as_bytes());
    let output = child.wait_with_output().expect("a started program can be waited for");
    Ended {
        command: format!("{command:?}"),
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A program that runs until it is ended; both its outputs go to a log file. Killed when dropped.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts it.
    pub fn start<A: AsRef<OsStr>>(name: &str, arguments: impl IntoIterator<Item = A>, log: &Path) -> Running {
        let mut command = command(name);
        command.args(arguments);
        Running::start_command(command, log)
    }

    /// The same, of a [`command`] that is ready.
    pub fn start_command(mut command: Command, log: &Path) -> Running {
        let file = File::options().create(true).append(true).open(log).expect("a log can be opened");
        command.stdout(file.try_clone().expect("a file can be cloned")).stderr(file);
        let child = command.spawn().expect("a built program can be started");
        Running { child, log: log.into() }
    }

    /// SIGKILL: it gets no chance to tidy up.
    pub fn kill(mut self) {
        self.child.kill().and_then(|()| self.child.wait()).expect("a child can be killed");
    }

    /// SIGTERM, as a system's shutdown sends it; returns its exit code.
    pub fn stop(mut self) -> i32 {
        let pid = self.child.id().to_string();
        let sent = Command::new("sh").args(["-c", &format!("kill -TERM {pid}")]).status();
        assert!(sent.is_ok_and(|status| status.success()), "cannot signal process {pid}");
        wait_until(
            "it ends on SIGTERM",
            || self.child.try_wait().expect("a child can be asked"),
            || tail(&self.log),
        )
        .code()
        .unwrap_or(-1)
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its exit code, if it has ended by itself.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().expect("a child can be asked").map(|status| status.code().unwrap_or(-1))
    }

    /// The end of its log.
    pub fn log(&self) -> String {
        tail(&self.log)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Copies a folder in place of whatever is there.
pub fn copy_folder(from: &Path, to: &Path) -> PathBuf {
    let _ = fs::remove_dir_all(to);
    assert!(Command::new("cp").arg("-a").args([from, to]).status().is_ok_and(|status| status.success()));
    to.to_path_buf()
}

/// The end of a log file.
pub fn tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let end = String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(LOG_TAIL_BYTES)..]).into_owned();
    format!("--- the end of {}\n{end}\n", log.display())
}

/// Asks until there is an answer; after [`PATIENCE`] the test fails with `what` it waited for and the `logs`.
#[track_caller]
pub fn wait_until<T>(
    what: impl Display,
    mut ask: impl FnMut() -> Option<T>,
    logs: impl FnOnce() -> String,
) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        if Instant::now() > deadline {
            panic!("waited {PATIENCE:?} in vain until {what}\n{}", logs());
        }
        std::thread::sleep(POLL_INTERVAL);
    }
}
