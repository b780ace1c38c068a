//! The same vectors, the same answers: on every processor that these tests run on.

use vedette_shim::flash::memory::MemoryFlash;
use vedette_shim::flash::{Geometry, Region};
use vedette_shim::frame::{Decoder, encoded_max};
use vedette_shim::list::{Kind, Scratch};
use vedette_shim::mrz;
use vedette_shim::scanner::MESSAGE_BYTES_MAX;
use vedette_shim::scanner::line::FromScanner;
use vedette_shim::seal::Soft;
use vedette_shim::session::PrivateKey;
use vedette_shim::trust::{PinnedIssuer, PublicKey, Role, SoftVerify};
use vedette_shim::unit::{Pinned, Setup, Unit};

const PINNED: &[u8; 192] = include_bytes!("vectors/pinned.bin");
const HOST: &[u8] = include_bytes!("vectors/host.bin");
const ZONES: &str = include_str!("vectors/zones.txt");
const ANSWERS: &str = include_str!("vectors/answers.txt");
const DAMAGE: &str = include_str!("vectors/damage.txt");

type Scanner = Unit<MemoryFlash, Soft, SoftVerify>;

fn unit() -> Scanner {
    let role = |key: &[u8]| {
        let key: PublicKey = key.try_into().unwrap();
        Role { threshold: 1, keys: [key].into_iter().collect() }
    };
    let issuer = PinnedIssuer {
        list: "uto/stolen".parse().unwrap(),
        kind: Kind::Documents,
        role: role(&PINNED[..32]),
    };
    let setup = Setup {
        device: "scanner-1".parse().unwrap(),
        firmware: "0.1.0".try_into().unwrap(),
        key: PrivateKey(PINNED[96..128].try_into().unwrap()),
        heartbeat: role(&PINNED[32..64]),
        root: role(&PINNED[160..192]),
        root_version: 1,
        orders: role(&PINNED[64..96]),
        kv: Region { first: 0, sectors: 2 },
        spool: Region { first: 2, sectors: 4 },
        lists: [Pinned { issuer, region: Region { first: 6, sectors: 26 } }].into_iter().collect(),
    };
    let flash = MemoryFlash::new(Geometry { sector: 4096, unit: 4, sectors: 32 }, 1);
    Unit::open(setup, flash, SoftVerify).unwrap()
}

/// A scanner that its host has set up.
fn installed() -> Scanner {
    let mut unit = unit();
    let mut decoder = Decoder::new(vec![0; MESSAGE_BYTES_MAX + 4]);
    let mut out = vec![0; encoded_max(MESSAGE_BYTES_MAX)];
    let mut reader = Decoder::new(vec![0; MESSAGE_BYTES_MAX + 4]);
    for byte in HOST {
        let Some(frame) = decoder.push(*byte) else { continue };
        // With the random bytes of the recorded session, so that its messages open.
        let random = PINNED[128..160].try_into().unwrap();
        for byte in unit.receive(frame.unwrap(), 0, random, &mut out, |_| {}).unwrap() {
            if let Some(answer) = reader.push(*byte)
                && let Some(FromScanner::Refused(why)) = FromScanner::read(answer.unwrap())
            {
                panic!("refused: {why}");
            }
        }
    }
    unit
}

fn answer(unit: &Scanner, zone: &str) -> String {
    match mrz::parse(zone) {
        Ok(zone) => unit.check(&zone, 60, &mut Scratch::default()).to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_document_of_the_vectors_gets_the_answer_that_the_agent_gives() {
    let unit = installed();
    let answers: Vec<String> = ZONES.lines().map(|zone| answer(&unit, zone)).collect();
    let expected: Vec<&str> = ANSWERS.lines().collect();
    assert_eq!(answers, expected);
    assert!(answers.len() >= 10 && answers.iter().any(|answer| answer.starts_with("HIT")));
}

#[test]
fn a_damaged_page_changes_an_answer_as_the_agent_changes_it() {
    let mut unit = installed();
    let whole = unit.flash().bytes().to_vec();
    let zones: Vec<&str> = ZONES.lines().collect();
    for case in DAMAGE.lines() {
        let (numbers, expected) = case.split_at(case.match_indices(' ').nth(4).unwrap().0 + 1);
        let numbers: Vec<usize> =
            numbers.split_terminator(' ').map(|number| number.parse().unwrap()).collect();
        let [_segment, _offset, flash, bytes, zone] = numbers.try_into().unwrap();
        let page = &whole[flash..flash + bytes];
        unit.flash().damage(flash, &page.iter().map(|byte| byte ^ 0x55).collect::<Vec<_>>());
        assert_eq!(answer(&unit, zones[zone - 1]), expected, "{case}");
        unit.flash().damage(flash, page);
    }
}
