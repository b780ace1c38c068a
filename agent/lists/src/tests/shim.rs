//! The scanner's reader, portable cryptography and a page of memory, gives the agent's answers.

use std::cell::RefCell;

use super::*;
use crate::seal::Ring;
use vedette_shim::list::root::Part;
use vedette_shim::list::{BlockError, BlockRead, Found, PAGE_BYTES, Scratch, Segment};
use vedette_shim::seal::{Aead, SegmentKey, Soft};

/// Counts what is read.
struct Counting<'a>(&'a [u8], RefCell<Vec<u64>>);

impl BlockRead for &Counting<'_> {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), BlockError> {
        self.1.borrow_mut().push(offset);
        self.0.read(offset, out)
    }
}

#[test]
fn a_lookup_touches_one_page_of_entries() {
    let dir = tempfile::tempdir().unwrap();
    let changes: Vec<_> = (0..20_000u32)
        .map(|i| {
            put(
                DocumentId::document(key("UTO", "P", &format!("{:07}", i * 431))),
                DocumentPayload::new(Status::Lost),
            )
        })
        .collect();
    let (path, _) = build(&changes, dir.path());
    let bytes = std::fs::read(path).unwrap();
    let counting = Counting(&bytes, RefCell::default());
    let segment = Segment::<_, Soft>::open(&counting, &list_key()).unwrap();
    // Entries come first, and their last page is short: every page of theirs begins before this.
    let entries = u64::from(segment.pages(Part::Entries) - 1) * PAGE_BYTES as u64 + 1;
    assert!(segment.pages(Part::Entries) > 10);
    let mut scratch = Scratch::default();
    for i in (0..20_000u32).step_by(97) {
        for (number, listed) in [(i * 431, true), (i * 431 + 1, false)] {
            counting.1.borrow_mut().clear();
            let found = segment.find(&key("UTO", "P", &format!("{number:07}")), &mut scratch).unwrap();
            assert_eq!(found != Found::Nothing, listed);
            let pages = counting.1.borrow().iter().filter(|&&offset| offset < entries).count();
            assert_eq!(pages, 1);
        }
    }
    // What fits no class is a miss without a page of entries.
    counting.1.borrow_mut().clear();
    assert_eq!(segment.find(&key("UTO", "P", "A1"), &mut scratch).unwrap(), Found::Nothing);
    assert!(counting.1.borrow().iter().all(|&offset| offset >= entries));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn scanner_and_agent_agree(changes in any_changes(300), asked in proptest::collection::vec(any_key(), 50)) {
        let dir = tempfile::tempdir().unwrap();
        let edition = Edition::open(vec![open(&changes, dir.path())]).unwrap();
        let bytes = std::fs::read(edition.segments()[0].path()).unwrap();
        let segment = Segment::<_, Soft>::open(&bytes[..], &list_key()).unwrap();
        let mut scratch = Scratch::default();
        let listed = changes.iter().map(|change| match change {
            Change::Put(alert) => alert.key,
            Change::Withdraw(id) => id.key,
        });
        for key in listed.chain(asked) {
            let matches = edition.find(&key).unwrap();
            let exact = match segment.find(&key, &mut scratch).unwrap() {
                Found::Alert(details) => Some(DocumentPayload::from_parts(
                    &details, &scratch.texts.national_ref, &scratch.texts.remark)),
                Found::Nothing | Found::Withdrawn => None,
            };
            prop_assert_eq!(exact, matches.exact.map(|alert| alert.payload));
            let mut ranges = Vec::new();
            segment.ranges_with(&key, &mut scratch, |first, last, _, _| {
                ranges.push((*first, *last));
                true
            }).unwrap();
            let agents: Vec<_> = matches.ranges.iter().map(|range| (*range.key.number(), range.to.unwrap())).collect();
            prop_assert_eq!(&ranges[..ranges.len().min(RANGE_HITS_MAX)], &agents[..]);
        }
    }

    #[test]
    fn both_ciphers_make_the_same_bytes(key: [u8; 32], page: u64, plain in proptest::collection::vec(any::<u8>(), 0..2100)) {
        let key = SegmentKey(key);
        let (mut hard, mut soft) = (plain.clone(), plain.clone());
        let tag = Ring::new(&key).seal(page, &mut hard);
        prop_assert_eq!(Soft::new(&key).seal(page, &mut soft), tag);
        prop_assert_eq!(&hard, &soft);
        prop_assert!(Ring::new(&key).open(page.wrapping_add(1), &mut hard.clone(), &tag).is_err());
        prop_assert_eq!(Ring::new(&key).open(page, &mut soft, &tag), Ok(()));
        prop_assert_eq!(Soft::new(&key).open(page, &mut hard, &tag), Ok(()));
        prop_assert_eq!(soft, plain.clone());
        prop_assert_eq!(hard, plain);
    }
}
