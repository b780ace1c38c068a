//! Any bytes as a segment whose seals open, as only who has the list's key can make one: opened or refused, and every lookup
//! answered or refused; never a panic, and never a read without an end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_shim::document::DocumentKey;
use vedette_shim::list::edition::{Met, find_into};
use vedette_shim::list::records::Cursor;
use vedette_shim::list::root::Part;
use vedette_shim::list::{Scratch, Segment};
use vedette_shim::seal::{Aead, BadSeal, ListKey, SegmentKey, TAG_BYTES};

/// More than the longest input has.
const PAGES_MAX: u32 = 64;

/// A cipher that opens everything, so that the bytes reach the reader.
struct Open;

impl Aead for Open {
    fn new(_: &SegmentKey) -> Self {
        Open
    }

    fn seal_with(&self, _: &[u8; 12], _: &[u8], _: &mut [u8]) -> [u8; TAG_BYTES] {
        [0; TAG_BYTES]
    }

    fn open_with(&self, _: &[u8; 12], _: &[u8], _: &mut [u8], _: &[u8; TAG_BYTES]) -> Result<(), BadSeal> {
        Ok(())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let open = |_| Segment::<_, Open>::open(bytes, &ListKey([0; 32]));
    let Ok(segment) = open(0) else { return };
    let mut scratch = Scratch::default();
    for number in ["L898902C3", "A", "X00000001", "999999999"] {
        let key = DocumentKey::new("UTO", "P", number).expect("a document");
        // Twice the same segment: what the newer one withdraws the older one is not asked for.
        let _ = find_into(&mut Met::default(), 2, open, &key, &mut scratch);
    }
    // As an index of a list of persons is made: all records, in their order.
    for page in 0..segment.pages(Part::Records).min(PAGES_MAX) {
        let Ok(plain) = segment.page(Part::Records, page, &mut scratch.page) else { continue };
        let Ok(mut cursor) = Cursor::new(plain) else { continue };
        while let Ok(Some(_)) = cursor.step() {}
    }
});
