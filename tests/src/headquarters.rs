//! `vedette-hq` on a home of its own, called as an administrator calls it.

use crate::program::{self, Ended, Running, tail, wait_until};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use vedette_common::crypto::SigningKey;
use vedette_shim::ids::from_hex;
use vedette_shim::trust::{Heartbeat, ListState, SignedKind, identity};

/// A home, and the collector and depot when they run.
pub struct Headquarters {
    home: PathBuf,
    log: PathBuf,
    serving: Option<Running>,
}

impl Headquarters {
    /// Makes a home in `folder`, whose devices will look for the broker at `broker_port`.
    pub fn init(folder: &Path, broker_port: u16) -> Headquarters {
        let (home, log) = (folder.join("hq"), folder.join("serve.log"));
        let hq = Headquarters { home, log, serving: None };
        hq.run(&["init", "--broker-port", &broker_port.to_string()]).expect_code(0);
        hq
    }

    /// Makes the home of an agency that issues its lists itself, and has this headquarters add it.
    #[track_caller]
    pub fn agency(&self, name: &str) -> Headquarters {
        let (home, log) = (self.home.with_file_name(name), self.home.with_file_name(format!("{name}.log")));
        let agency = Headquarters { home, log, serving: None };
        let root = self.home.join("root/1.root");
        let root = root.to_str().expect("a temporary path is text");
        let made = agency.run(&["agency", "init", name, "--root", root]).expect_code(0).out;
        let key = made.split_whitespace().next_back().expect("it prints its key");
        self.run(&["agency", "add", name, key]).expect_code(0);
        agency
    }

    /// Headquarters and an agency give each other what they have.
    #[track_caller]
    pub fn exchange(&self, agency: &Headquarters, name: &str) {
        for part in ["from", "to"] {
            let folder = self.home.with_file_name(format!("{part}-{name}"));
            let folder = folder.to_str().expect("a temporary path is text");
            if part == "from" {
                agency.run(&["agency", "give", folder]).expect_code(0);
                self.run(&["agency", "take", folder, "--from", name, "--name-lists"]).expect_code(0);
            } else {
                self.run(&["agency", "give", folder, "--to", name]).expect_code(0);
                agency.run(&["agency", "take", folder]).expect_code(0);
            }
        }
    }

    /// The home's folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Runs a command on the home.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        let home = self.home.to_str().expect("a temporary path is text");
        program::run("vedette-hq", [&["--home", home], arguments].concat(), "")
    }

    /// Makes a list of documents.
    #[track_caller]
    pub fn create_list(&self, list: &str, lease: &str) {
        self.run(&["list", "create", list, "--kind", "documents", "--lease", lease]).expect_code(0);
    }

    /// Imports a CSV; nothing is published by that.
    pub fn import(&self, list: &str, csv: &str) -> Ended {
        let file = self.home.with_file_name("import.csv");
        fs::write(&file, csv).expect("a temporary file can be written");
        self.run(&["import", list, file.to_str().expect("a temporary path is text")])
    }

    /// Imports stolen passports of UTO and publishes them over the broker.
    #[track_caller]
    pub fn publish<N: AsRef<str>>(&self, list: &str, numbers: impl IntoIterator<Item = N>) {
        self.import(list, &crate::sample::csv(numbers)).expect_code(0);
        self.run(&["publish", list, "--broker"]).expect_code(0);
    }

    /// Imports stolen passports of UTO and publishes them as a bundle for a stick.
    #[track_caller]
    pub fn publish_bundle<N: AsRef<str>>(
        &self,
        list: &str,
        numbers: impl IntoIterator<Item = N>,
        bundle: &Path,
    ) {
        self.import(list, &crate::sample::csv(numbers)).expect_code(0);
        let bundle = bundle.to_str().expect("a temporary path is text");
        self.run(&["publish", list, "--bundle", bundle]).expect_code(0);
    }

    /// Puts an officer on the roster, with the PIN on standard input; hashing it costs as little as it may.
    #[track_caller]
    pub fn add_officer(&self, badge: &str, pin: &str, arguments: &[&str]) {
        let home = self.home.to_str().expect("a temporary path is text");
        let add = ["--home", home, "officer", "add", badge, "--pin-memory", "1024", "--pin-passes", "1"];
        program::run("vedette-hq", [&add, arguments].concat(), &format!("{pin}\n")).expect_code(0);
    }

    /// Enrols the scanner with this public key, in hexadecimal, at a device.
    #[track_caller]
    pub fn enrol_scanner(&self, scanner: &str, device: &str, key: &str) {
        self.run(&["scanner", "enrol", scanner, "--device", device, "--key", key]).expect_code(0);
    }

    /// Ends the old CA as soon as headquarters agrees to: when every device has said that it uses a certificate by the new one.
    #[track_caller]
    pub fn finish_replacing_the_ca(&self, log: impl Fn() -> String) {
        let finish = || (self.run(&["replace-ca", "--finish"]).code == 0).then_some(());
        wait_until("every device uses the new CA", finish, || log() + &self.log());
    }

    /// Starts depot and collector.
    pub fn serve(&mut self) {
        self.serve_with(&[]);
    }

    /// Starts depot and collector with these arguments besides.
    pub fn serve_with(&mut self, arguments: &[&str]) {
        let home = self.home.to_str().expect("a temporary path is text");
        let arguments = [&["--home", home, "serve"], arguments].concat();
        self.serving = Some(Running::start("vedette-hq", arguments, &self.log));
    }

    /// The same, logging everything there is to log.
    pub fn serve_tracing(&mut self) {
        let mut command = program::command("vedette-hq");
        command.arg("--home").arg(&self.home).arg("serve").env("VEDETTE_LOG", "trace");
        self.serving = Some(Running::start_command(command, &self.log));
    }

    /// All of depot's and collector's log.
    pub fn whole_log(&self) -> Vec<u8> {
        fs::read(&self.log).expect("a log can be read")
    }

    /// Kills depot and collector.
    pub fn kill_serve(&mut self) {
        self.serving.take().expect("it serves").kill();
    }

    /// Ends depot and collector as a shutdown does; returns the exit code.
    pub fn stop_serve(&mut self) -> i32 {
        self.serving.take().expect("it serves").stop()
    }

    /// Every encounter stored.
    #[track_caller]
    pub fn encounters(&self) -> Vec<Value> {
        let all = self.run(&["encounters", "--json"]).expect_code(0).json();
        all.as_array().expect("encounters are an array").clone()
    }

    /// The end of depot's and collector's log.
    pub fn log(&self) -> String {
        tail(&self.log)
    }

    /// A heartbeat over these lists under root `root_version`, to be signed.
    pub fn heartbeat(&self, root_version: u32, issued: u64, expires: u64, lists: &[ListState]) -> Heartbeat {
        let path = self.home.join(format!("root/{root_version}.root"));
        let root = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let root = identity(&root, SignedKind::Root).expect("headquarters writes what can be read");
        let lists = lists.iter().cloned().collect();
        Heartbeat { issued, expires, root_version, root, roster: None, lists, devices: Default::default() }
    }

    /// A private key of a role, as an attacker who stole it has it.
    pub fn stolen_key(&self, file: &str) -> SigningKey {
        let path = self.home.join("keys").join(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        SigningKey::from_seed(&from_hex(text.trim()).expect("a key file holds 64 hexadecimal digits"))
    }
}
