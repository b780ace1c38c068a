//! Headquarters: a home in memory, the commands that an administrator gives, and its side of the session.

use super::time::MachineTime;
use crate::sample;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use vedette_common::mqtt::session::Publish;
use vedette_hq::Home;
use vedette_hq::backup::{backup, restore};
use vedette_hq::change::{ChangeOptions, Changes, change};
use vedette_hq::encounters;
use vedette_hq::enrol::{EnrolOptions, enrol};
use vedette_hq::exchange::Exchange;
use vedette_hq::import::{ImportOptions, import};
use vedette_hq::init::{InitOptions, init};
use vedette_hq::keys::OnlineRole;
use vedette_hq::list::{CreateOptions, create};
use vedette_hq::publish::{PublishOptions, publish};
use vedette_hq::replace::replace_key;
use vedette_hq::revoke::revoke;
use vedette_hq::signing_time::confirm_clock;
use vedette_shim::ids::{DeviceId, ListName};
use vedette_shim::list::Kind;

/// The home of now, and its backup.
pub struct Headquarters {
    folder: PathBuf,
    time: Arc<MachineTime>,
    /// Homes made so far: each restore makes a new one.
    homes: u32,
    home: &'static Home,
    exchange: Exchange<'static>,
}

impl Headquarters {
    /// A new home in `folder`, with these lists; nothing is published.
    pub fn new(folder: &Path, time: Arc<MachineTime>, lists: &[ListName]) -> Headquarters {
        let home =
            init(&folder.join("home-0"), &InitOptions::default(), time.clock(0)).expect("a home is made");
        for list in lists {
            let options =
                CreateOptions { lease_s: super::LEASE_S as u32, ..CreateOptions::of(Kind::Documents) };
            create(&home, list, &options).expect("a list is made");
        }
        let (home, exchange) = open(home);
        Headquarters { folder: folder.into(), time, homes: 1, home, exchange }
    }

    /// Publishes a list's first edition; its number.
    pub fn publish_first(&self, list: &ListName, numbers: &BTreeSet<usize>) -> u64 {
        let file = self.file(&sample::csv(numbers.iter().map(|n| sample::number(*n))));
        import(self.home, list, &file, ImportOptions::default()).expect("the file is imported");
        self.publish_again(list)
    }

    /// Publishes what there is of a list; the newest edition's number.
    pub fn publish_again(&self, list: &ListName) -> u64 {
        publish(self.home, list, &PublishOptions::default()).expect("the edition is published").edition
    }

    /// Puts and withdraws documents; the next edition's number.
    pub fn change(&self, list: &ListName, put: &[usize], withdrawn: &[usize]) -> u64 {
        let put = put.iter().map(|n| {
            let number = sample::number(*n);
            format!(
                r#"{{"put": {{"issuing_state": "UTO", "document_type": "P", "document_number": "{number}", "status": "stolen"}}}}"#
            )
        });
        let withdrawn =
            withdrawn.iter().map(|n| format!(r#"{{"withdraw": "UTO-P-{}"}}"#, sample::number(*n)));
        let lines: Vec<String> = put.chain(withdrawn).collect();
        let changes = Changes::File(self.file(&(lines.join("\n") + "\n")));
        let options = ChangeOptions { withdraw_many: true, ..ChangeOptions::default() };
        change(self.home, list, &changes, options).expect("the change is published").published.edition
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.folder.join("file");
        fs::write(&path, text).expect("the simulation's folder is writable");
        path
    }

    /// Enrols a device into a new folder.
    pub fn enrol(&self, device: &DeviceId, folder: &Path) {
        enrol(self.home, device, &EnrolOptions::into(folder)).expect("the device is enrolled");
    }

    /// Revokes a device.
    pub fn revoke(&self, device: &DeviceId) {
        revoke(self.home, device).expect("the device is revoked");
    }

    /// Replaces a role's key.
    pub fn replace_key(&self, role: OnlineRole) {
        replace_key(self.home, role).expect("the key is replaced");
    }

    /// Another process serves.
    pub fn restart(&mut self) {
        let dir = self.home.dir().to_path_buf();
        self.open(&dir);
    }

    fn open(&mut self, dir: &Path) {
        self.time.boot();
        let home = Home::open(dir, self.time.clock(0)).expect("the home is sound");
        confirm_clock(&home).expect("the clock is confirmed");
        (self.home, self.exchange) = open(home);
    }

    /// Makes a backup in place of the one before.
    pub fn backup(&self) {
        let folder = self.folder.join("backup");
        let _ = fs::remove_dir_all(&folder);
        backup(self.home, &folder).expect("a backup is made");
    }

    /// The home is lost: another is restored of the backup.
    pub fn restore(&mut self) {
        let (dir, backup) = (self.next_home(), self.folder.join("backup"));
        restore(&dir, &backup, self.time.clock(0), true).expect("the backup is restored");
        self.open(&dir);
    }

    /// The home is lost, and the backup copied into its place as a folder: a sabotage.
    pub fn copy_plainly(&mut self) {
        let dir = self.next_home();
        copy_folder(&self.folder.join("backup"), &dir);
        self.open(&dir);
    }

    fn next_home(&mut self) -> PathBuf {
        self.homes += 1;
        self.folder.join(format!("home-{}", self.homes - 1))
    }

    /// Its session with a broker begins.
    pub fn connect(&mut self) {
        self.exchange.start_over();
        self.exchange.look();
    }

    /// Looks at the home: signs what is due and finds what the broker does not have.
    pub fn look(&mut self) {
        self.exchange.look();
    }

    /// Takes a message in; what it says is stored at once.
    pub fn take(&mut self, topic: &str, payload: Bytes, retained: bool) {
        self.exchange.take(topic, payload, retained);
        self.exchange.store();
    }

    /// The next message for the broker.
    pub fn next_message(&mut self) -> Option<Publish> {
        self.exchange.next_message().or_else(|| self.exchange.next_chunk())
    }

    /// How often each encounter is stored, by its id.
    pub fn stored(&self) -> BTreeMap<String, u64> {
        let mut stored = BTreeMap::new();
        for page in encounters::pages(self.home, "test").expect("the encounters can be read") {
            for encounter in page.expect("the encounters can be read") {
                *stored.entry(encounter.id).or_default() += 1;
            }
        }
        stored
    }
}

/// The home for as long as the process runs, because the exchange borrows it: some hundred bytes for each restart.
fn open(home: Home) -> (&'static Home, Exchange<'static>) {
    let home: &'static Home = Box::leak(Box::new(home));
    let every = Duration::from_secs(super::HEARTBEAT_EVERY_S);
    (home, Exchange::of(home, every).expect("the home's database opens"))
}

/// Copies a folder and what is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the simulation's folder is writable");
    for entry in fs::read_dir(from).expect("the folder can be listed") {
        let entry = entry.expect("the folder can be listed");
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("the file can be copied")),
        }
    }
}
