//! The key-value store has room for whatever it is given: the largest value of every key, all at once.

use super::setup::FIRST_ROLE;
use super::*;
use crate::flash::record::bytes_for;
use crate::ids::LIST_NAME_MAX;
use crate::installer::{InstalledSegment, Progress};
use crate::kv::KvStore;
use crate::trust::tests::encode;
use crate::trust::{KEYS_MAX, Pin, PinnedRole, Role, SEGMENTS_MAX};
use std::vec;

/// The largest values that a scanner with so many lists stores, with their keys.
fn largest(lists: usize) -> List<(u8, List<u8>)> {
    let keys: [u8; KEYS_MAX] = core::array::from_fn(|n| n as u8);
    let pin = |of: PinnedRole| {
        let role = Role { threshold: u8::MAX, ..role(2, &keys) };
        encode(&Pin { version: u32::MAX, of, role })
    };
    let name: ListName = format!("a/{}", "b".repeat(LIST_NAME_MAX - 2)).parse().unwrap();
    let segment = InstalledSegment { digest: [255; 32], bytes: u32::MAX, key: u32::MAX };
    let edition = InstalledEdition {
        edition: u64::MAX,
        manifest: [255; 32],
        bank: 1,
        issued: u64::MAX,
        lease_s: u32::MAX,
        segments: [segment; SEGMENTS_MAX].into_iter().collect(),
    };
    let progress = Progress { edition: u64::MAX, manifest: [255; 32], segment: 255, offset: u32::MAX };
    let mut values = List::from([(TIME, vec![255; 16]), (ENROLMENT, vec![255; 16])]);
    for (n, of) in [PinnedRole::Root, PinnedRole::Heartbeat, PinnedRole::Orders].into_iter().enumerate() {
        values.push((FIRST_ROLE + n as u8, pin(of)));
    }
    for slot in 0..lists as u8 {
        values.push((16 + slot, encode(&edition)));
        values.push((32 + slot, encode(&progress)));
        values.push((48 + slot, role(2, &keys).mark("").to_vec()));
        values.push((FIRST_ROLE + 3 + slot, pin(PinnedRole::Issuer(name.clone()))));
    }
    values
}

#[test]
fn the_largest_values_of_every_key_fit_and_each_is_replaced() {
    for lists in 1..=SCANNER_LISTS_MAX {
        for (sector, unit) in [(512, 1), (512, 8), (512, 32), (4096, 4), (16_384, 32)] {
            let half = kv_half_bytes(lists).div_ceil(sector);
            let region = Region { first: 1, sectors: 2 * half };
            let mut flash = MemoryFlash::new(Geometry { sector, unit, sectors: 2 + 2 * half }, 1);
            let mut kv = KvStore::open(&mut flash, region).unwrap();
            let values = largest(lists);
            let records = [4, 0].into_iter().chain(values.iter().map(|(_, value)| 1 + value.len()));
            let bytes: u32 = records.map(|len| bytes_for(&flash, len)).sum();
            assert!(bytes <= kv_half_bytes(lists), "{lists} lists, units of {unit}: {bytes} bytes");
            for _ in 0..3 {
                for (key, value) in &values {
                    kv.put(&mut flash, *key, value).unwrap();
                }
            }
            let kv = KvStore::open(&mut flash, region).unwrap();
            for (key, value) in &values {
                assert_eq!(kv.get(&flash, *key, &mut [0; VALUE_BYTES_MAX]).unwrap(), Some(&value[..]));
            }
        }
    }
}

#[test]
fn a_setup_without_that_room_is_refused_at_the_start() {
    let with = |lists: usize, sector: u32, kv_sectors: u32| {
        let mut setup = setup();
        setup.kv = Region { first: 0, sectors: kv_sectors };
        setup.spool = Region { first: kv_sectors, sectors: 2 };
        let list = |n: usize| {
            let issuer = setup.lists[0].issuer.clone();
            let issuer = PinnedIssuer { list: format!("uto/{n}").parse().unwrap(), ..issuer };
            Pinned { issuer, region: Region { first: kv_sectors + 2 + 2 * n as u32, sectors: 2 } }
        };
        setup.lists = (0..lists).map(list).collect();
        let flash = MemoryFlash::new(Geometry { sector, unit: 4, sectors: 64 }, 1);
        Scanner::open(setup, flash, Pretend).map(drop)
    };
    for (lists, sector, least) in [(1, 512, 8), (3, 4096, 2), (4, 4096, 4), (8, 4096, 4), (8, 8192, 2)] {
        assert_eq!(with(lists, sector, least), Ok(()), "{lists} lists in {least} sectors of {sector}");
        assert_eq!(with(lists, sector, least - 2), Err(SetupError::Regions), "{lists} {sector}");
    }
}
