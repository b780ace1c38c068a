//! A simulated year of a whole fleet in minutes: the real cores of device and headquarters, over a network, a broker, clocks and
//! disks that fail by the dice of a seed. A seed replays exactly.
//!
//! | file | what it is |
//! |---|---|
//! | [`world`] | the loop: what happens next, and what comes of it |
//! | `weather` | what goes wrong, and when: links, power, clocks, brokers, homes |
//! | [`truth`] | what must be true whatever happens, and is asked after every step |
//! | [`device`], [`headquarters`] | the real code of both ends, without threads, MQTT and the machine's clock |
//! | [`network`] | the queue of events, and the broker |
//! | [`time`], [`random`] | the world's time and each machine's clocks; the dice |
//!
//! Real are trust, intake, lists, checks, spool, receipts, what a session says and the databases (SQLite, on a file system in
//! memory); headquarters' commands, signatures, publishing, collector, depot, backup and restore. Simulated are time, the
//! network and the broker. A simulation that cannot see what is broken proves nothing: [`Sabotage`] breaks the world, never the
//! product, and the tests say which rule must notice.
//!
//! What is random in the product itself (keys, ids) differs from run to run; nothing that happens depends on it, and the trace
//! has none of it.

#![allow(missing_docs)] // plain data: a field that its name and type explain has none

pub mod device;
pub mod headquarters;
pub mod network;
pub mod random;
pub mod time;
pub mod truth;
mod weather;
pub mod world;

use vedette_shim::trust::digest;

/// A list may be relied on for so long without word of headquarters, seconds.
pub const LEASE_S: u64 = 48 * 3600;
/// How often headquarters signs a heartbeat here, seconds. Every five minutes, as it is in service, would only repeat itself.
pub const HEARTBEAT_EVERY_S: u64 = 12 * 3600;
/// What a heartbeat named must be in use so long after it came, while the link lasts, seconds.
pub const IN_EFFECT_S: u64 = 900;
/// How long a device that awaits nothing goes without a turn, seconds.
pub const IDLE_S: u64 = 6 * 3600;

/// What to simulate.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    pub devices: usize,
    /// Days in which things go wrong; some quiet ones follow.
    pub days: u64,
    pub sabotage: Option<Sabotage>,
    /// Print everything that happens: seconds since 1970, and what.
    pub is_loud: bool,
}

impl Plan {
    /// A year of 100 devices.
    pub fn year(seed: u64) -> Plan {
        Plan { seed, devices: 100, days: 365, sabotage: None, is_loud: false }
    }
}

/// A world that is broken on purpose, to show that the rules notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Devices' clocks stand still while they have no link.
    ClocksStandStill,
    /// A backup is copied into the place of a lost home, in place of `vedette-hq restore`.
    BackupCopiedPlainly,
    /// A device starts with the disk of some weeks ago, floors and all.
    OldDiskPutBack,
    /// The network lets no manifest of one list through, and everything else.
    ManifestsWithheld,
    /// A revocation that was decided and never given to headquarters.
    RevocationForgotten,
}

/// What came of a simulation.
#[derive(Debug, Clone)]
pub struct Report {
    pub plan: Plan,
    /// A digest over everything that happened, in order.
    pub trace: [u8; 32],
    pub counts: Counts,
    /// What did not hold; nothing, if all is well.
    pub broken: Vec<truth::Broken>,
}

/// How much happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub events: u64,
    pub scans: u64,
    pub hits: u64,
    pub editions: u64,
    /// Messages lost, repeated.
    pub lost: u64,
    pub repeated: u64,
    /// Links broken, machines switched off or restarted.
    pub outages: u64,
    pub restarts: u64,
    pub revoked: u64,
    pub restored: u64,
}

/// Everything that happened, as one digest.
#[derive(Debug, Default)]
struct Trace {
    digest: [u8; 32],
    /// Not yet in it.
    text: String,
    is_loud: bool,
}

impl Trace {
    /// Longest text that waits, bytes.
    const TEXT_BYTES: usize = 64 * 1024;

    fn note(&mut self, now: u64, what: std::fmt::Arguments<'_>) {
        use std::fmt::Write as _;
        if self.is_loud {
            println!("{now} {what}");
        }
        let _ = writeln!(self.text, "{now} {what}"); // a String takes everything
        if self.text.len() >= Self::TEXT_BYTES {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.digest = digest(&[self.digest.as_slice(), self.text.as_bytes()].concat());
        self.text.clear();
    }

    fn end(mut self) -> [u8; 32] {
        self.settle();
        self.digest
    }
}

/// Runs a simulation to its end.
pub fn run(plan: Plan) -> Report {
    world::World::new(plan).run()
}
