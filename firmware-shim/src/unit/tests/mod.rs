//! A scanner whose list, flash and signatures a test makes as it needs them.
//!
//! | file | what is shown |
//! |---|---|
//! | [`answering`] | misread is never Clear, damage is never Clear, without a key or a time nothing is; what a match outranks |
//! | [`believing`] | the clock, the floors, whose word counts; which list keys are kept |
//! | [`hosting`] | who is answered: enrolled, revoked, played again, another's |
//! | [`installing`] | wants, pieces, banks, what is copied and what is fetched, power cuts |
//! | [`pinning`] | keys that the root replaces, and what ends with them |
//! | [`noting`] | notes with and without key and room, and how they leave |
//! | [`room`] | the largest values of all keys fit the key-value store that a setup must bring |
//!
//! The list is that of the vectors; signatures are pretended, as in the tests of trust.

mod answering;
mod believing;
mod hosting;
mod installing;
mod noting;
mod pinning;
mod room;

use super::*;
use crate::flash::memory::MemoryFlash;
use crate::flash::{Flash, FlashError, Geometry};
use crate::list::Kind;
use crate::mrz;
use crate::scanner::Piece;
use crate::seal::Soft;
use crate::session::PrivateKey;
use crate::trust::tests::{Pretend, heartbeat, list, manifest, role, sign};
use crate::trust::{ListState, Manifest, PinnedIssuer, SegmentRef, SignedKind, digest, identity};
use crate::vectors::{Vectors, passport};
use std::format;
use std::string::String;
use std::vec::Vec as List;

/// Who signs the list, its second list, and heartbeats.
const ISSUER: [u8; 2] = [51, 52];
const OTHER_ISSUER: [u8; 2] = [61, 62];
const CLOCK: [u8; 2] = [11, 12];
/// Who signs enrolments.
const HEADQUARTERS: [u8; 2] = [21, 22];
/// Who signs pins.
const ROOT: [u8; 2] = [31, 32];
/// The scanner's key, and its host's.
const KEY: PrivateKey = PrivateKey([5; 32]);
const HOST: PrivateKey = PrivateKey([6; 32]);
/// When editions are issued, seconds since 1970, and how long they may be used.
const ISSUED: u64 = 1_000_000;
const LEASE_S: u32 = 1000;

pub(super) type Scanner<F = MemoryFlash> = Unit<F, Soft, Pretend>;

const GEOMETRY: Geometry = Geometry { sector: 4096, unit: 4, sectors: 64 };

fn memory() -> MemoryFlash {
    MemoryFlash::new(GEOMETRY, 1)
}

fn other_list() -> ListName {
    "uto/lost".parse().unwrap()
}

/// A scanner for two lists of documents, each with banks of 13 sectors.
fn setup() -> Setup {
    let pinned = |list, keys: &[u8], first| {
        let issuer = PinnedIssuer { list, kind: Kind::Documents, role: role(2, keys) };
        Pinned { issuer, region: Region { first, sectors: 26 } }
    };
    let lists = [pinned(list(), &ISSUER, 6), pinned(other_list(), &OTHER_ISSUER, 32)];
    Setup {
        device: "scanner-1".parse().unwrap(),
        firmware: "0.1.0".try_into().unwrap(),
        key: KEY,
        root: role(2, &ROOT),
        root_version: 1,
        heartbeat: role(2, &CLOCK),
        orders: role(2, &HEADQUARTERS),
        kv: Region { first: 0, sectors: 2 },
        spool: Region { first: 2, sectors: 4 },
        lists: lists.into_iter().collect(),
    }
}

fn open<F: Flash>(flash: F) -> Scanner<F> {
    Unit::open(setup(), flash, Pretend).unwrap()
}

/// A signed edition of these segments.
struct Printed {
    manifest: List<u8>,
    segments: List<List<u8>>,
}

fn print_as(list: ListName, keys: &[u8], edition: u64, segments: &[&[u8]]) -> Printed {
    print_kind(list, Kind::Documents, keys, edition, segments)
}

fn print_kind(list: ListName, kind: Kind, keys: &[u8], edition: u64, segments: &[&[u8]]) -> Printed {
    let refer = |bytes: &&[u8]| SegmentRef {
        digest: digest(bytes),
        bytes: bytes.len() as u64,
        entries: 1,
        withdrawals: 0,
        key: 1,
    };
    let manifest = Manifest {
        list,
        kind,
        issued: ISSUED + edition.min(1000),
        expires: u64::MAX,
        lease_s: LEASE_S,
        segments: segments.iter().map(refer).collect(),
        ..manifest(edition)
    };
    let manifest = sign(SignedKind::Manifest, &manifest, keys);
    Printed { manifest, segments: segments.iter().map(|bytes| bytes.to_vec()).collect() }
}

fn print(edition: u64, segments: &[&[u8]]) -> Printed {
    print_as(list(), &ISSUER, edition, segments)
}

impl Printed {
    /// The piece that is wanted.
    fn piece(&self, want: &crate::scanner::Want) -> Piece<'_> {
        let segment = self.segments.iter().find(|bytes| digest(bytes) == want.segment).unwrap();
        let begin = want.offset as usize;
        let bytes = &segment[begin..begin + usize::from(want.bytes)];
        Piece { segment: want.segment, offset: want.offset, bytes }
    }
}

/// Offers an edition and gives all that is wanted; returns how many pieces that took.
fn install<F: Flash>(unit: &mut Scanner<F>, printed: &Printed) -> Result<usize, ScannerRefusal> {
    let mut step = unit.offer(&printed.manifest)?;
    for pieces in 0.. {
        match step {
            Step::Installed { .. } => return Ok(pieces),
            Step::Want(want) => step = unit.piece(&printed.piece(&want))?,
        }
    }
    unreachable!("the loop has no end but the return")
}

/// Says what time it is and which editions are the newest.
fn tell_time<F: Flash>(
    unit: &mut Scanner<F>,
    issued: u64,
    newest: &[(u64, &Printed)],
    uptime_s: u64,
) -> Result<(), ScannerRefusal> {
    let state = |(edition, printed): &(u64, &Printed)| {
        let list = Manifest::claims_list(&printed.manifest).unwrap();
        let manifest = identity(&printed.manifest, SignedKind::Manifest).unwrap();
        ListState { list, edition: *edition, manifest }
    };
    let heartbeat =
        crate::trust::Heartbeat { lists: newest.iter().map(state).collect(), ..heartbeat(issued) };
    unit.set_time(&sign(SignedKind::Heartbeat, &heartbeat, &CLOCK), uptime_s)
}

fn give_keys<F: Flash>(unit: &mut Scanner<F>, vectors: &Vectors) {
    for list in [list(), other_list()] {
        unit.add_key(&KeyFor::List { list, number: 1, key: vectors.list_key.clone() }).unwrap();
    }
    unit.add_key(&KeyFor::Encounters(vectors.scanner_key.clone())).unwrap();
}

/// The vectors' edition in use on the first list, with its keys and the time; the second list is empty.
fn ready() -> Scanner {
    let vectors = Vectors::new();
    let mut unit = open(memory());
    let [base, delta] = &vectors.segments;
    let printed = print(2, &[base, delta]);
    install(&mut unit, &printed).unwrap();
    give_keys(&mut unit, &vectors);
    tell_time(&mut unit, ISSUED + 10, &[(2, &printed)], 0).unwrap();
    unit
}

fn check<F: Flash>(unit: &Scanner<F>, zone: &str, uptime_s: u64) -> ScanOutcome {
    unit.check(&mrz::parse(zone).unwrap(), uptime_s, &mut Scratch::default())
}

/// What the first list answers, as text.
fn line<F: Flash>(unit: &Scanner<F>, zone: &str, uptime_s: u64) -> String {
    let outcome = check(unit, zone, uptime_s);
    let asked = &outcome.lists[0];
    format!("{} {:?} {:?} {}", asked.edition, asked.freshness, asked.result, asked.age_s)
}

/// A flash in which some bytes cannot be read.
struct Unreadable {
    flash: MemoryFlash,
    from: u32,
    to: u32,
}

impl Flash for Unreadable {
    fn geometry(&self) -> Geometry {
        self.flash.geometry()
    }

    fn read(&self, at: u32, out: &mut [u8]) -> Result<(), FlashError> {
        let met = at < self.to && at + out.len() as u32 > self.from;
        if met { Err(FlashError) } else { self.flash.read(at, out) }
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.flash.write(at, bytes)
    }

    fn erase(&mut self, at: u32) -> Result<(), FlashError> {
        self.flash.erase(at)
    }
}

#[test]
fn a_setup_whose_regions_meet_or_leave_the_flash_is_refused() {
    type Change = fn(&mut Setup);
    let opened = |change: Change, geometry: Geometry| {
        let mut setup = setup();
        change(&mut setup);
        Scanner::open(setup, MemoryFlash::new(geometry, 1), Pretend).map(drop)
    };
    assert_eq!(opened(|_| (), GEOMETRY), Ok(()));
    let unit = Geometry { unit: 64, ..GEOMETRY };
    assert_eq!(opened(|_| (), unit), Err(SetupError::Geometry));
    let broken: [Change; 14] = [
        |s| s.kv.sectors = 0,
        |s| s.kv.sectors = 1,
        |s| s.kv = Region { first: 58, sectors: 3 },
        |s| s.spool.sectors = 1,
        |s| s.spool.first = 1,
        |s| s.spool.first = 3,
        |s| s.lists[0].region.first = 5,
        |s| s.lists[1].region.first = 31,
        |s| s.lists[1].region.first = 39,
        |s| s.lists[1].region = Region { first: u32::MAX, sectors: 2 },
        |s| s.lists[0].region.sectors = 0,
        |s| s.lists[0].region.sectors = 25,
        |s| s.lists[1].region = s.lists[0].region,
        |s| s.lists[1].issuer.list = s.lists[0].issuer.list.clone(),
    ];
    for (n, change) in broken.into_iter().enumerate() {
        assert_eq!(opened(change, GEOMETRY), Err(SetupError::Regions), "{n}");
    }
    let just: [Change; 3] = [
        |s| s.lists[1].region.first = 38,
        |s| s.lists.truncate(1),
        |s| s.lists[0].region = Region { first: 30, sectors: 2 },
    ];
    for (n, change) in just.into_iter().enumerate() {
        assert_eq!(opened(change, GEOMETRY), Ok(()), "{n}");
    }
}

#[test]
fn a_scanner_says_what_it_has() {
    let mut unit = ready();
    let hello = unit.hello(7).unwrap();
    assert_eq!((hello.time, hello.keyed, hello.encounters), (ISSUED + 17, true, 0));
    assert_eq!(hello.room_bytes, 13 * 4096);
    assert_eq!((hello.lists[0].edition, hello.lists[0].keyed), (2, true));
    assert_eq!((hello.lists[1].edition, hello.lists[1].keyed), (0, false));
    // Switched off, it has the list but neither keys nor time.
    let unit = open(unit.flash().clone());
    let hello = unit.hello(7).unwrap();
    assert_eq!((hello.time, hello.keyed), (0, false));
    assert_eq!((hello.lists[0].edition, hello.lists[0].keyed), (2, false));
}
