//! The keys and seals that FORMAT.md specifies, against values made by Python's `hmac` and `cryptography`.

use super::*;
use std::string::String;
use std::vec::Vec;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| std::format!("{byte:02x}")).collect()
}

fn counting() -> [u8; 32] {
    core::array::from_fn(|n| n as u8)
}

fn segment_key() -> SegmentKey {
    let list_key = ListKey([3; 32]);
    SegmentKey::derive(&list_key, &SegmentSalt::derive(&list_key, &counting()))
}

#[test]
fn keys_are_those_of_the_format() {
    let salt = SegmentSalt::derive(&ListKey([3; 32]), &counting());
    assert_eq!(hex(&salt.0), "439b8d3b15bb7c65251ad8260e1898ec3145508e18998982457da1e24eb2cf6b");
    assert_eq!(hex(&segment_key().0), "65a1a291b40e2f0301f966db7f0d51160f0f82232a84e90d40960e2f17eb8b81");
    let note = ScannerKey([4; 32]).of_note(&[9; 16]);
    assert_eq!(hex(&note.0), "83fb275d703445aa2c4dc078582ecd319361930650d54990129db3466223d5a8");
}

#[test]
fn a_page_has_the_bytes_of_the_format_and_opens_as_it_was() {
    let (number, plain) = (0x0102_0304_0506_0708, b"a page of a list");
    let mut page = *plain;
    let tag = Soft::new(&segment_key()).seal(number, &mut page);
    let sealed = [page.as_slice(), &tag].concat();
    assert_eq!(hex(&sealed), "f23c5f0f10a9491c2db235aba3ad154508003a532a4d4addfd3fc224acde7400");
    assert_eq!(Soft::new(&segment_key()).open(number, &mut page, &tag), Ok(()));
    assert_eq!(page, *plain);
}

#[test]
fn what_was_changed_anywhere_or_lies_elsewhere_does_not_open() {
    let aead = Soft::new(&segment_key());
    let mut page = *b"a page of a list";
    let tag = aead.seal(7, &mut page);
    let opens = |aead: &Soft, number, page: &[u8], tag: &[u8; TAG_BYTES]| {
        let mut page = page.to_vec();
        aead.open(number, &mut page, tag).is_ok()
    };
    assert!(opens(&aead, 7, &page, &tag));
    for bit in 0..page.len() * 8 {
        let mut changed = page;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!opens(&aead, 7, &changed, &tag), "bit {bit} of the page");
    }
    for bit in 0..tag.len() * 8 {
        let mut changed = tag;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!opens(&aead, 7, &page, &changed), "bit {bit} of the tag");
    }
    for number in [0, 6, 8, 7 << 32, u64::MAX] {
        assert!(!opens(&aead, number, &page, &tag), "as page {number}");
    }
    assert!(!opens(&aead, 7, &page[..15], &tag));
    assert!(!opens(&Soft::new(&SegmentKey([3; 32])), 7, &page, &tag), "under the list's own key");
}

#[test]
fn every_number_has_a_nonce_of_its_own() {
    let numbers = [0, 1, 255, 256, 1 << 31, 1 << 32, 1 << 56, u64::MAX];
    let nonces: Vec<_> = numbers.iter().map(|number| nonce(*number)).collect();
    for (n, one) in nonces.iter().enumerate() {
        assert!(!nonces[..n].contains(one));
        assert_eq!(one[8..], [0; 4]);
    }
}

#[test]
fn secrets_are_not_printed() {
    let printed = std::format!("{:?} {:?}", ListKey([7; 32]), ScannerKey([7; 32]));
    assert!(!printed.contains('7'), "{printed}");
}
