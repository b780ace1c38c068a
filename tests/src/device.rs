//! An enrolled device: `vedette run` as a process, and what an officer does with it.

use crate::program::{self, Ended, Running, tail, wait_until};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A device's folder, and its agent when it runs.
pub struct Device {
    id: String,
    folder: PathBuf,
    agent: Option<Running>,
}

/// A scan's exit codes (issue: sysexits for usage and data).
pub mod code {
    /// Every list answered, none has it.
    pub const CLEAR: i32 = 0;
    /// A list has it.
    pub const HIT: i32 = 10;
    /// A list may have it.
    pub const POSSIBLE: i32 = 11;
    /// A list could not answer.
    pub const NOT_CHECKED: i32 = 12;
    /// The command line is wrong.
    pub const USAGE: i32 = 64;
    /// The zone cannot be read.
    pub const UNREADABLE: i32 = 65;
}

impl Device {
    /// The device enrolled into `folder`.
    pub fn at(id: &str, folder: PathBuf) -> Device {
        Device { id: id.into(), folder, agent: None }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The folder it was enrolled into.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its configuration file.
    pub fn config(&self) -> PathBuf {
        self.folder.join("agent.toml")
    }

    /// Adds lines to its configuration file.
    pub fn configure(&self, lines: &str) {
        let text = fs::read_to_string(self.config()).expect("an enrolled device has its configuration");
        fs::write(self.config(), format!("{text}\n{lines}\n")).expect("a temporary file can be written");
    }

    /// Runs `vedette COMMAND --config ... ARGUMENTS`.
    pub fn run(&self, command: &str, arguments: &[&str]) -> Ended {
        let config = self.config();
        let config = config.to_str().expect("a temporary path is text");
        program::run("vedette", [&[command, "--config", config], arguments].concat(), "")
    }

    /// Starts the agent; it need not be up when this returns.
    pub fn start(&mut self) {
        let config = self.config();
        let config = config.to_str().expect("a temporary path is text");
        self.agent = Some(Running::start("vedette", ["run", "--config", config], &self.log_path()));
    }

    /// The same, logging everything there is to log.
    pub fn start_tracing(&mut self) {
        self.start_with(&[("VEDETTE_LOG", "trace")]);
    }

    /// The same, with these variables in its environment.
    pub fn start_with(&mut self, environment: &[(&str, &str)]) {
        let mut command = program::command("vedette");
        command.args(["run", "--config"]).arg(self.config()).envs(environment.iter().copied());
        self.agent = Some(Running::start_command(command, &self.log_path()));
    }

    /// The agent's process.
    pub fn process(&self) -> u32 {
        self.agent.as_ref().expect("the agent runs").id()
    }

    /// Kills the agent.
    pub fn kill(&mut self) {
        self.agent.take().expect("the agent runs").kill();
    }

    /// Ends the agent as a shutdown does; returns its exit code.
    pub fn stop(&mut self) -> i32 {
        self.agent.take().expect("the agent runs").stop()
    }

    /// Scans a document through the daemon.
    pub fn scan(&self, zone: &str) -> Ended {
        self.run("scan", &std::iter::once("--json").chain(zone.lines()).collect::<Vec<_>>())
    }

    /// Scans a document without the daemon.
    pub fn scan_standalone(&self, zone: &str) -> Ended {
        self.run("scan", &["--json", "--standalone"].into_iter().chain(zone.lines()).collect::<Vec<_>>())
    }

    /// What it says of itself.
    pub fn status(&self) -> Option<Value> {
        let status = self.run("status", &["--json"]);
        (status.code == 0).then(|| status.json())
    }

    /// Where its desk listens on loopback, once it does.
    #[track_caller]
    pub fn listen(&self) -> String {
        let listen = || Some(self.status()?["listen"].as_str()?.to_string()).filter(|at| !at.is_empty());
        wait_until(format!("{} listens on loopback", self.id), listen, || self.log())
    }

    /// Waits until it answers from this edition of a list.
    #[track_caller]
    pub fn wait_for_edition(&self, list: &str, edition: u64) {
        let what = format!("{} holds edition {edition} of {list}", self.id);
        let holds = || (self.edition(list)? == edition).then_some(());
        wait_until(what, holds, || self.log());
    }

    /// The edition of a list that it answers from.
    pub fn edition(&self, list: &str) -> Option<u64> {
        let lists = self.status()?;
        let lists = lists["lists"].as_array()?;
        lists.iter().find(|held| held["list"] == list)?["edition"].as_u64()
    }

    /// Bytes of segments that are on their way to it.
    pub fn downloaded_bytes(&self) -> u64 {
        let partial = fs::read_dir(self.folder.join("state/partial"));
        let files = partial.into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
    }

    /// Encounters that await their receipt.
    pub fn spool(&self) -> Option<u64> {
        self.status()?["spool"].as_u64()
    }

    /// Waits until every encounter has its receipt.
    #[track_caller]
    pub fn wait_for_receipts(&self) {
        wait_until("every receipt is back", || (self.spool()? == 0).then_some(()), || self.log());
    }

    /// The agent's whole log.
    pub fn whole_log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// The end of the agent's log.
    pub fn log(&self) -> String {
        tail(&self.log_path())
    }

    fn log_path(&self) -> PathBuf {
        self.folder.with_extension("log")
    }
}
