//! Tests that need several folders, and what tests share.

mod agency;
mod approvals;
mod audit;
mod backup;
mod cut_off;
mod devices;
mod holders;
mod holders_at_size;
mod operators;
mod pins;
mod publishing;
mod renewal;
mod replace;
mod replace_ca;
mod replace_list;
mod replace_root;
mod requests;
mod rules;
mod serving;
mod status;
mod time;

use crate::authority::home::Home;
use crate::authority::init::{InitOptions, init};
use crate::db::devices as db_devices;
use crate::db::encounters;
use crate::db::messages::{self, Arrival};
use crate::publishing::import::{ImportOptions, import};
use crate::publishing::list::{CreateOptions, create};
use crate::publishing::publish::{PublishOptions, publish};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use vedette_common::clock::Clock;
use vedette_common::clock::testing::ManualTime;
use vedette_common::crypto::{BoxKey, sign_statement};
use vedette_common::device_key;
use vedette_shim::ids::{DeviceId, EncounterId, ListName, from_hex};
use vedette_shim::list::Kind;
use vedette_shim::trust::{Enrolment, HeldList, SignedKind, Status, key_id};
use vedette_shim::verdict::Verdict;
use vedette_shim::wire::{Encounter, ScannedDocument};
use zeroize::Zeroizing;

/// The time in these tests, seconds since 1970.
pub(crate) const NOW: u64 = 1_790_000_000;

/// A clock that shows [`NOW`].
pub(crate) fn clock() -> Arc<Clock> {
    clock_of(&Arc::new(ManualTime::starting_at(NOW)))
}

fn clock_of(time: &Arc<ManualTime>) -> Arc<Clock> {
    Arc::new(Clock::of(time.clone(), 0))
}

pub(crate) fn new_home() -> (TempDir, Home) {
    let (dir, home, _) = new_home_and_time();
    (dir, home)
}

/// A new home, and the time that its clock shows.
pub(crate) fn new_home_and_time() -> (TempDir, Home, Arc<ManualTime>) {
    let dir = TempDir::new().unwrap();
    let time = Arc::new(ManualTime::starting_at(NOW));
    let options =
        InitOptions { broker_hosts: vec!["mqtt.example".into(), "192.0.2.7".into()], ..Default::default() };
    let home = init(&dir.path().join("hq"), &options, clock_of(&time)).unwrap();
    (dir, home, time)
}

pub(crate) fn list_name() -> ListName {
    "interpol/sltd".parse().unwrap()
}

/// Makes a list with an edition of one alert.
pub(crate) fn new_list(home: &Home, list: &ListName, kind: Kind) {
    create(home, list, &CreateOptions::of(kind)).unwrap();
    let file = home.dir().join("first-alert");
    let alert = match kind {
        Kind::Documents => "issuing_state,document_type,document_number,status\nUTO,P,FIRST1,stolen\n",
        Kind::Persons => r#"{"id": "first", "names": [{"surname": "KARLSEN"}]}"#,
    };
    fs::write(&file, alert).unwrap();
    import(home, list, &file, ImportOptions::default()).unwrap();
    publish(home, list, &PublishOptions::default()).unwrap();
    fs::remove_file(file).unwrap();
}

/// The test device as it is enrolled now.
fn enrolment(home: &Home) -> Enrolment {
    let key = db_devices::box_in_force(home.database().unwrap().read(), &device_id()).unwrap().unwrap();
    Enrolment { device: device_id(), key: key_id(&key) }
}

pub(crate) fn device_id() -> DeviceId {
    "post-7".parse().unwrap()
}

/// An encounter of [`device_id`] with an alert of a list.
fn encounter_of(id: EncounterId, list: &ListName) -> Encounter {
    Encounter {
        id,
        scan: [9; 16],
        device: device_id(),
        post: "Kehl".try_into().unwrap(),
        made_at: NOW,
        list: list.clone(),
        edition: 1,
        alert: "UTO-P-1".try_into().unwrap(),
        verdict: Verdict::Hit,
        score: 1000,
        document: ScannedDocument::default(),
        late: false,
    }
}

/// What a device says of itself that holds this edition of [`list_name`].
pub(crate) fn status_with(edition: u64) -> Status {
    let held = HeldList { list: list_name(), edition, manifest: [0; 32], age_s: 1 };
    Status {
        device: device_id(),
        enrolment: [0; 8],
        number: 2,
        session: 1,
        online: true,
        at: NOW,
        version: "1".try_into().unwrap(),
        certificate: Default::default(),
        heartbeat: NOW,
        time_lost: false,
        root: 1,
        roster: 0,
        order: 0,
        journal: 1,
        journal_hash: [1; 32],
        store_fault: Default::default(),
        spool: 0,
        refused: 0,
        lists: [held].into_iter().collect(),
        overdue: Default::default(),
    }
}

/// The private key of the device that was enrolled into `folder`.
fn box_key(folder: &Path) -> BoxKey {
    let text = fs::read_to_string(folder.join("box.key")).unwrap();
    BoxKey::from_private(Zeroizing::new(from_hex(text.trim()).unwrap()))
}

/// A status as the device with this key signs it, of its enrolment.
fn signed_status(status: Status, key: &BoxKey) -> Vec<u8> {
    let status = Status { enrolment: key_id(&key.public()), ..status };
    sign_statement(SignedKind::Status, &status, &[&device_key::signing(key)])
}

/// Stores an encounter of [`device_id`], as `serve` does.
pub(crate) fn store_encounter(home: &Home, id: EncounterId) {
    let encounter = encounter_of(id, &list_name());
    let db = home.database().unwrap();
    let (device, list) = (&encounter.device, &encounter.list);
    let (digest, device_revoked, received_at) = ([0; 16], false, NOW);
    let arrival = Arrival { id, device, list, message: b"sealed", digest, device_revoked, received_at };
    messages::insert(db.read(), &arrival).unwrap();
    let sealed = messages::untried(db.read(), list, 0, 1).unwrap().remove(0);
    encounters::insert(db.read(), &encounter, &sealed).unwrap();
    messages::set_opened(db.read(), sealed.sequence, true).unwrap();
}
