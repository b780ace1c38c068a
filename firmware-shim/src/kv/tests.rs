use super::*;
use crate::flash::Geometry;
use crate::flash::memory::MemoryFlash;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

const REGION: Region = Region { first: 1, sectors: 2 };

fn flash(unit: u32, noise: u64) -> MemoryFlash {
    MemoryFlash::new(Geometry { sector: 512, unit, sectors: 6 }, noise)
}

fn all(kv: &KvStore, flash: &MemoryFlash) -> BTreeMap<u8, Vec<u8>> {
    let mut buffer = [0; VALUE_BYTES_MAX];
    let get = |key: u8| Some((key, kv.get(flash, key, &mut buffer).unwrap()?.to_vec()));
    (0..6).filter_map(get).collect()
}

#[test]
fn values_too_many_for_a_sector_are_refused_and_those_before_stay() {
    let mut flash = flash(4, 1);
    let mut kv = KvStore::open(&mut flash, REGION).unwrap();
    kv.put(&mut flash, 0, &[1; 200]).unwrap();
    kv.put(&mut flash, 1, &[2; 200]).unwrap();
    assert_eq!(kv.put(&mut flash, 2, &[3; 200]), Err(KvError::Full));
    for kv in [kv, KvStore::open(&mut flash, REGION).unwrap()] {
        assert_eq!(all(&kv, &flash), BTreeMap::from([(0, vec![1; 200]), (1, vec![2; 200])]));
    }
    kv.put(&mut flash, 1, &[4; 10]).unwrap();
    kv.put(&mut flash, 2, &[3; 200]).unwrap();
}

#[test]
fn a_new_vault_takes_nothing_over_from_what_lay_in_its_sectors() {
    let mut flash = flash(4, 1);
    for sector in [512, 1024] {
        flash.erase(sector).unwrap();
        record::write(&mut flash, sector, sector + 512, VALUE, &[&[1], b"a spool's note"]).unwrap();
    }
    let kv = KvStore::open(&mut flash, REGION).unwrap();
    assert_eq!(all(&kv, &flash), BTreeMap::new());
}

proptest! {
    #[test]
    fn a_power_cut_at_any_step_costs_at_most_the_value_being_put(
        unit in prop_oneof![Just(1u32), Just(4), Just(8), Just(32)],
        half in 1u32..3,
        noise: u64,
        puts in prop::collection::vec((0u8..6, prop::collection::vec(any::<u8>(), 0..60)), 1..60),
        cuts in prop::collection::vec(0u32..60, 1..12),
    ) {
        let region = Region { first: 1, sectors: 2 * half };
        let mut flash = flash(unit, noise);
        let mut model = BTreeMap::new();
        let mut cuts = cuts.into_iter();
        flash.steps_left = cuts.next();
        let mut kv = KvStore::open(&mut flash, region);
        for (key, value) in puts {
            let before = model.get(&key).cloned();
            let put = match &mut kv {
                Ok(kv) => kv.put(&mut flash, key, &value),
                Err(FlashError) => Err(KvError::Flash),
            };
            if put.is_ok() {
                model.insert(key, value);
                continue;
            }
            // The power is back; it may go again while the store is opened.
            kv = loop {
                flash.steps_left = cuts.next();
                if let Ok(kv) = KvStore::open(&mut flash, region) {
                    break Ok(kv);
                }
            };
            let found = all(kv.as_ref().unwrap(), &flash);
            // The value being put is there, or the one before.
            if found.get(&key) == Some(&value) {
                model.insert(key, value);
            } else {
                prop_assert_eq!(found.get(&key), before.as_ref());
            }
            prop_assert_eq!(&found, &model);
        }
        // Whatever happened in its sectors, those around them are as they were.
        let end = (1 + 2 * half as usize) * 512;
        prop_assert!(flash.bytes()[..512].iter().chain(&flash.bytes()[end..]).all(|b| *b == 0x5a));
    }
}
