//! A handheld scanner at the end of a [`Cable`]: the shim, built for this machine, in a thread of its own.
//!
//! What a flow wants to go wrong can be asked for: messages that get lost, a loss of power, a cable that is pulled out.

use crate::cable::Cable;
use crate::device::Device;
use crate::scanner::SoftUnit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Instant;
use vedette_common::crypto;
use vedette_shim::flash::memory::MemoryFlash;
use vedette_shim::flash::{Geometry, Region};
use vedette_shim::frame::{CRC_BYTES, Decoder, encoded_max};
use vedette_shim::ids::{EncounterId, Hex};
use vedette_shim::list::{Kind, Scratch};
use vedette_shim::mrz;
use vedette_shim::scanner::{self, KeyFor, MESSAGE_BYTES_MAX, Reading, Scan, ToHost, ToScanner, line};
use vedette_shim::seal::ScannerKey;
use vedette_shim::session::PrivateKey;
use vedette_shim::trust::{PinnedIssuer, Root, SoftVerify};
use vedette_shim::unit::{Pinned, ScanOutcome, Setup, Unit};
use vedette_shim::verdict::Verdict;

/// Its flash: 256 KiB, of which an edition may take 116.
const FLASH: Geometry = Geometry { sector: 4096, unit: 4, sectors: 64 };

/// An answer of the host as its display shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Which scan.
    pub scan: u32,
    /// The verdict.
    pub verdict: Verdict,
    /// What the alerts say.
    pub alerts: Vec<String>,
    /// The lists asked, with their editions.
    pub lists: Vec<(String, u64)>,
}

/// What a scanner has said.
pub type Tape = Arc<Mutex<Vec<Vec<u8>>>>;

/// What is inside.
pub struct Inside {
    setup: Setup,
    unit: SoftUnit,
    started: Instant,
    /// What its display has shown.
    pub shown: Vec<Shown>,
    /// Pieces of segments that came.
    pub pieces: usize,
    /// So many of its next answers get lost.
    pub lose: usize,
}

/// A scanner that runs.
pub struct Handheld {
    inside: Arc<Mutex<Inside>>,
    cable: Cable,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Handheld {
    /// A scanner that was made for `list` of the headquarters that `host` was enrolled at.
    pub fn start(name: &str, list: &str, host: &Device, cable: Cable) -> Handheld {
        Handheld::recorded(name, list, host, cable, Tape::default())
    }

    /// The same; the payloads that it says are added to `tape`.
    pub fn recorded(name: &str, list: &str, host: &Device, cable: Cable, tape: Tape) -> Handheld {
        let root = std::fs::read(host.folder().join("root.anchor")).expect("an enrolled device has its root");
        let root = Root::pinned(&root, &SoftVerify).expect("headquarters signed it");
        let list = list.parse().expect("a list name");
        let role = root.issuer(&list).expect("the root names its issuer").role.clone();
        let issuer = PinnedIssuer { list, kind: Kind::Documents, role };
        let setup = Setup {
            device: name.parse().expect("a device id"),
            firmware: "1".try_into().expect("a short text"),
            key: Handheld::key(),
            root: root.root.clone(),
            root_version: root.version,
            heartbeat: root.heartbeat.clone(),
            orders: root.orders.clone(),
            kv: Region { first: 0, sectors: 2 },
            spool: Region { first: 2, sectors: 4 },
            lists: [Pinned { issuer, region: Region { first: 6, sectors: 58 } }].into_iter().collect(),
        };
        let unit =
            Unit::open(setup.clone(), MemoryFlash::new(FLASH, 1), SoftVerify).expect("a flash that works");
        let inside = Inside { setup, unit, started: Instant::now(), shown: Vec::new(), pieces: 0, lose: 0 };
        let (inside, stop) = (Arc::new(Mutex::new(inside)), Arc::new(AtomicBool::new(false)));
        let run = {
            let (inside, cable, stop) = (inside.clone(), cable.clone(), stop.clone());
            move || run(&inside, &cable, &stop, &tape)
        };
        Handheld { inside, cable, stop, thread: Some(std::thread::spawn(run)) }
    }

    /// Its own key.
    fn key() -> PrivateKey {
        PrivateKey([77; 32])
    }

    /// The public half of its key, as headquarters enrols it.
    pub fn public_key() -> String {
        Hex(&Self::key().public()).to_string()
    }

    /// What is inside, to look at and to change.
    pub fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    /// Its cable.
    pub fn cable(&self) -> &Cable {
        &self.cable
    }

    /// A document is put on it, and its host is asked.
    pub fn scan(&self, number: u32, text: &str) {
        let mut out = vec![0; encoded_max(MESSAGE_BYTES_MAX)];
        let scan = ToHost::Scan(Scan { number, reading: Reading::Zone, text });
        let frame = self.inside().unit.say(&scan, &mut out).expect("its host has opened a channel").to_vec();
        self.cable.send(&frame);
    }

    /// Switches it off and on: what is not in flash is gone. It says that it is there when it is back.
    pub fn restart(&self) {
        let mut inside = self.inside();
        let flash = inside.unit.flash().clone();
        inside.unit = Unit::open(inside.setup.clone(), flash, SoftVerify).expect("a flash that works");
        inside.started = Instant::now();
        let mut out = vec![0; encoded_max(MESSAGE_BYTES_MAX)];
        let here = inside.unit.here(&mut out).expect("a name fits its frame").to_vec();
        drop(inside);
        self.cable.send(&here);
    }
}

impl Inside {
    fn uptime_s(&self) -> u64 {
        self.started.elapsed().as_secs()
    }

    /// What it would say it holds.
    pub fn hello(&self) -> scanner::Hello {
        self.unit.hello(self.uptime_s()).expect("a flash that works")
    }

    /// The edition of its list that it answers from by itself.
    pub fn edition(&self) -> u64 {
        self.hello().lists[0].edition
    }

    /// Another host gives it a key for its encounters.
    pub fn serves_another_host(&mut self) {
        self.unit.take_key(&KeyFor::Encounters(ScannerKey([7; 32])));
    }

    /// It checks a document while its host is away, and notes each alert under an id that begins with `id`.
    pub fn check_alone(&mut self, id: u8, text: &str) -> ScanOutcome {
        let zone = mrz::parse(text).expect("a zone that can be read");
        let uptime_s = self.uptime_s();
        let outcome = self.unit.check(&zone, uptime_s, &mut Scratch::default());
        for (n, alert) in outcome.alerts.iter().enumerate() {
            let id: EncounterId = std::array::from_fn(|at| if at == 0 { id } else { n as u8 });
            self.unit.note(&zone, alert, &id, uptime_s).expect("there is room for a note");
        }
        outcome
    }
}

impl Drop for Handheld {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            if !std::thread::panicking() {
                ended.expect("the scanner did not panic");
            }
        }
    }
}

fn run(inside: &Mutex<Inside>, cable: &Cable, stop: &AtomicBool, tape: &Tape) {
    let mut decoder = Decoder::new(vec![0; MESSAGE_BYTES_MAX + CRC_BYTES]);
    let mut out = vec![0; encoded_max(MESSAGE_BYTES_MAX)];
    while !stop.load(Ordering::Relaxed) {
        for byte in cable.receive() {
            let Some(Ok(payload)) = decoder.push(byte) else { continue };
            let mut inside = inside.lock().unwrap();
            let uptime_s = inside.uptime_s();
            let Inside { unit, shown, .. } = &mut *inside;
            // Opened in its place: what it said is there afterwards.
            let sealed = payload.first_chunk() == Some(&[line::PROTOCOL, 2]);
            let random = crypto::random();
            let answer =
                unit.receive(payload, uptime_s, &random, &mut out, |answer| shown.push(shown_of(answer)));
            let answer = answer.expect("an answer fits its frame");
            let text =
                payload.get(6..payload.len().saturating_sub(16)).filter(|_| sealed).unwrap_or_default();
            if let Ok(ToScanner::Piece(_)) = scanner::decode(text) {
                inside.pieces += 1;
            }
            if inside.lose > 0 {
                inside.lose -= 1;
                continue;
            }
            drop(inside);
            cable.send(answer);
            tape.lock().unwrap().extend(payload_of(answer));
        }
    }
}

/// The payload of a frame.
fn payload_of(frame: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = Decoder::new(vec![0; MESSAGE_BYTES_MAX + CRC_BYTES]);
    frame.iter().find_map(|byte| Some(decoder.push(*byte)?.ok()?.to_vec()))
}

fn shown_of(answer: &scanner::ScanAnswer<'_>) -> Shown {
    Shown {
        scan: answer.scan,
        verdict: answer.verdict,
        alerts: answer.alerts.iter().map(|alert| alert.what.to_string()).collect(),
        lists: answer.lists.iter().map(|asked| (asked.list.to_string(), asked.edition)).collect(),
    }
}
