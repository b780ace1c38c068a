//! The vectors' list, document by document, and what becomes of it where it cannot be read. The vectors hold, by
//! `tests/src/vectors.rs`: 8,000 passports, each seventh number, stolen, lost and revoked in turn, every five hundredth with
//! a remark; loose numbers; ranges; and a delta that withdraws, changes and adds.

use super::edition::{Met, find_into};
use super::*;
use crate::document::{DocumentKey, Number};
use crate::seal::{ListKey, Soft};
use crate::vectors::{Vectors, number};
use std::vec::Vec;

type VectorSegment<'a> = Segment<&'a [u8], Soft>;

fn key(kind: &str, number: &str) -> DocumentKey {
    DocumentKey::new("UTO", kind, number).unwrap()
}

fn passport(n: usize) -> DocumentKey {
    key("P", &number(n))
}

fn open<'a>(vectors: &'a Vectors, index: usize) -> VectorSegment<'a> {
    Segment::open(&vectors.segments[index][..], &vectors.list_key).unwrap()
}

/// What a segment says of a document: its status and remark.
fn says(segment: &VectorSegment<'_>, key: &DocumentKey) -> (Found, std::string::String) {
    let mut scratch = Scratch::default();
    let found = segment.find(key, &mut scratch).unwrap();
    (found, scratch.texts.remark.as_str().into())
}

fn status(segment: &VectorSegment<'_>, key: &DocumentKey) -> Option<Status> {
    match says(segment, key).0 {
        Found::Alert(details) => Some(details.status),
        _ => None,
    }
}

#[test]
fn every_document_of_a_segment_is_found_and_no_other() {
    let vectors = Vectors::new();
    let base = open(&vectors, 0);
    let statuses = [Status::Stolen, Status::Lost, Status::Revoked];
    for n in 0..8000 {
        let (found, remark) = says(&base, &passport(7 * n));
        let Found::Alert(details) = found else { panic!("{n}: {found:?}") };
        assert_eq!(details.status, statuses[n % 3], "{n}");
        assert_eq!(remark, if n % 500 == 0 { "seen at sea" } else { "" }, "{n}");
    }
    for n in (0..8000).step_by(11) {
        for between in [1, 3, 6] {
            assert_eq!(says(&base, &passport(7 * n + between)).0, Found::Nothing, "{n}");
        }
    }
    // Beyond its ends, of other types and states, of other lengths.
    for none in [
        passport(56_000),
        passport(99_999_999),
        key("I", &number(7)),
        key("P", "X0000007"),
        key("P", "Y00000007"),
    ] {
        assert_eq!(says(&base, &none).0, Found::Nothing, "{none}");
    }
    let elsewhere = DocumentKey::new("DEU", "P", &number(7)).unwrap();
    assert_eq!(says(&base, &elsewhere).0, Found::Nothing);
    for (kind, number, wanted) in [
        ("P", "L898902C3", Status::Stolen),
        ("I", "D231458907", Status::Lost),
        ("V", "Z9Y8X7W6", Status::ValidBearerSought),
        ("P", "Z1234567", Status::Stolen),
    ] {
        assert_eq!(status(&base, &key(kind, number)), Some(wanted), "{number}");
    }
}

#[test]
fn a_delta_withdraws_changes_and_adds() {
    let vectors = Vectors::new();
    let delta = open(&vectors, 1);
    assert_eq!(says(&delta, &passport(7)).0, Found::Withdrawn);
    assert_eq!(status(&delta, &passport(14)), Some(Status::Lost));
    assert_eq!(status(&delta, &passport(5)), Some(Status::Stolen));
    assert_eq!(says(&delta, &passport(0)).0, Found::Nothing);
    assert_eq!((delta.root().alerts, delta.root().withdrawals), (2, 2));
}

/// What an edition of these segments says, and whether it could be asked to the end.
fn ask(segments: &[Option<&[u8]>], list_key: &ListKey, key: &DocumentKey) -> (Met, Result<(), ReadError>) {
    let mut met = Met::default();
    let open = |place: usize| match segments[place] {
        Some(bytes) => Segment::<_, Soft>::open(bytes, list_key),
        None => Err(ReadError::NotASegment),
    };
    let asked = find_into(&mut met, segments.len(), open, key, &mut Scratch::default());
    (met, asked)
}

#[test]
fn in_an_edition_the_newest_word_counts() {
    let vectors = Vectors::new();
    let [base, delta] = &vectors.segments;
    let both = [Some(&base[..]), Some(&delta[..])];
    let status = |segments: &[Option<&[u8]>], key: &DocumentKey| {
        let (met, asked) = ask(segments, &vectors.list_key, key);
        assert_eq!(asked, Ok(()));
        met.exact.map(|details| details.status)
    };
    assert_eq!(status(&both[..1], &passport(7)), Some(Status::Lost));
    assert_eq!(status(&both, &passport(7)), None, "withdrawn");
    assert_eq!(status(&both[..1], &passport(14)), Some(Status::Revoked));
    assert_eq!(status(&both, &passport(14)), Some(Status::Lost), "changed");
    assert_eq!(status(&both, &passport(5)), Some(Status::Stolen), "added");
    assert_eq!(status(&both, &passport(21)), Some(Status::Stolen), "as it was");
    assert_eq!(status(&both, &passport(22)), None);
    assert_eq!(status(&[], &passport(21)), None);
}

#[test]
fn ranges_hold_what_lies_between_their_ends_unless_they_are_withdrawn() {
    let vectors = Vectors::new();
    let [base, delta] = &vectors.segments;
    let both = [Some(&base[..]), Some(&delta[..])];
    let ranges = |segments: &[Option<&[u8]>], number: &str| {
        let (met, asked) = ask(segments, &vectors.list_key, &key("P", number));
        assert_eq!((asked, met.exact, met.more_ranges), (Ok(()), None, false), "{number}");
        let text = |range: &edition::RangeMet| std::format!("{}:{}", range.first, range.last);
        assert!(met.ranges.iter().all(|range| range.details.status == Status::StolenBlank));
        assert_eq!(met.is_empty(), met.ranges.is_empty());
        met.ranges.iter().map(text).collect::<Vec<_>>()
    };
    let wide = "BL100000:BL199999";
    for (number, wanted) in [
        ("BL099999", &[][..]),
        ("BL100000", &[wide]),
        ("BL149999", &[wide]),
        ("BL150000", &[wide, "BL150000:BL150999"]),
        ("BL150999", &[wide, "BL150000:BL150999"]),
        ("BL151000", &[wide]),
        ("BL199999", &[wide]),
        ("BL200000", &[]),
        ("BK000123", &[]),
        ("BL1000000", &[]),
    ] {
        let mut found = ranges(&both, number);
        found.sort();
        assert_eq!(found, wanted, "{number}");
    }
    for (number, wanted) in [("BK000000", 1), ("BK000499", 1), ("BK000500", 0)] {
        assert_eq!(ranges(&both[..1], number).len(), wanted, "{number}, before it was withdrawn");
        assert!(ranges(&both, number).is_empty());
    }
    let find = |index: usize, first: &str, last: &str| {
        let last = Number::new(last).unwrap();
        open(&vectors, index).find_range(&key("P", first), &last, &mut Scratch::default()).unwrap()
    };
    assert!(matches!(find(0, "BK000000", "BK000499"), Found::Alert(_)));
    assert_eq!(find(1, "BK000000", "BK000499"), Found::Withdrawn);
    assert_eq!(find(0, "BK000000", "BK000498"), Found::Nothing, "only exactly that range");
    assert_eq!(find(0, "BK000001", "BK000499"), Found::Nothing);
}

#[test]
fn what_was_found_before_a_segment_fails_stays_and_nothing_older_comes_back() {
    let vectors = Vectors::new();
    let [base, delta] = &vectors.segments;
    let ask = |segments: &[Option<&[u8]>], key: &DocumentKey| {
        let (met, asked) = ask(segments, &vectors.list_key, key);
        (met.exact.map(|details| details.status), met.ranges.len(), asked.is_ok())
    };
    let older_fails = [None, Some(&delta[..])];
    assert_eq!(ask(&older_fails, &passport(5)), (Some(Status::Stolen), 0, false));
    assert_eq!(ask(&older_fails, &passport(14)), (Some(Status::Lost), 0, false));
    assert_eq!(ask(&older_fails, &passport(7)), (None, 0, false), "withdrawn, but ranges are not known");
    assert_eq!(ask(&older_fails, &passport(21)), (None, 0, false));
    let newer_fails = [Some(&base[..]), None];
    for n in [7, 14, 21] {
        assert_eq!(
            ask(&newer_fails, &passport(n)),
            (None, 0, false),
            "what was withdrawn does not come back"
        );
    }
    assert_eq!(ask(&newer_fails, &key("P", "BK000123")), (None, 0, false));
}

#[test]
fn what_is_no_segment_or_anothers_is_not_opened() {
    let vectors = Vectors::new();
    let base = &vectors.segments[0];
    let opened = |bytes: &[u8], key: &ListKey| Segment::<_, Soft>::open(bytes, key).map(drop);
    assert_eq!(opened(base, &vectors.list_key), Ok(()));
    for len in [0, 1, 47, 48, base.len() / 2, base.len() - 1] {
        assert!(opened(&base[..len], &vectors.list_key).is_err(), "cut at {len}");
    }
    assert!(opened(&[base.as_slice(), &[0]].concat(), &vectors.list_key).is_err());
    assert!(opened(&base[1024..], &vectors.list_key).is_err(), "without its first page");
    assert!(opened(base, &ListKey([9; 32])).is_err());
    // The footer and the sealed root: each bit counts.
    let root_at = base.len() - root::FOOTER_BYTES - root::ROOT_BYTES - crate::seal::TAG_BYTES;
    for at in root_at..base.len() {
        for bit in 0..8 {
            let mut changed = base.clone();
            changed[at] ^= 1 << bit;
            assert!(opened(&changed, &vectors.list_key).is_err(), "bit {bit} of byte {at}");
        }
    }
    let mut later = base.clone();
    let version_at = later.len() - root::FOOTER_BYTES + 6;
    later[version_at] = 2;
    assert_eq!(opened(&later, &vectors.list_key), Err(ReadError::Version(2)));
}

#[test]
fn a_damaged_page_gives_an_error_or_the_answer_never_another_one() {
    let vectors = Vectors::new();
    let base = &vectors.segments[0];
    let whole = open(&vectors, 0);
    let asked =
        [passport(0), passport(7), passport(8), passport(3500), passport(55_993), key("V", "Z9Y8X7W6")];
    let truth: Vec<_> = asked.iter().map(|key| says(&whole, key)).collect();
    let mut failed = 0;
    for page in (0..base.len() - 300).step_by(PAGE_BYTES) {
        let mut damaged = base.clone();
        damaged[page + 100] ^= 1;
        let segment = Segment::<_, Soft>::open(&damaged[..], &vectors.list_key).unwrap();
        for (key, truth) in asked.iter().zip(&truth) {
            let mut scratch = Scratch::default();
            match segment.find(key, &mut scratch) {
                Ok(found) => assert_eq!(found, truth.0, "page {page}, {key}"),
                Err(ReadError::Seal { .. }) => failed += 1,
                Err(other) => panic!("page {page}, {key}: {other}"),
            }
        }
    }
    assert!(failed >= asked.len(), "each lookup reads at least one page: {failed}");
}

#[test]
fn bytes_beyond_the_end_are_an_error() {
    let source = &[1u8, 2, 3][..];
    let mut out = [0; 2];
    assert_eq!((BlockRead::read(&source, 1, &mut out), out), (Ok(()), [2, 3]));
    for offset in [2, 3, 4, u64::MAX] {
        assert_eq!(BlockRead::read(&source, offset, &mut out), Err(BlockError));
    }
    assert_eq!(BlockRead::size(&source), 3);
}

/// Two runs: class 1 with the ranks 100, 110 to 115 and 130, of which 112 is withdrawn; class 2 with 5 and 6. The entries
/// 110, 130 and 6 have extras.
#[test]
fn a_page_made_by_hand_says_of_each_rank_what_it_holds() {
    let schema = root::Schema { withdrawals: true, extras: true, ..Default::default() };
    let heads = [[1, 0, 8, 0, 1, 2, 2 << 2], [2, 0, 2, 0, 0, 1, 0]].concat();
    let second_rank = [5, 0, 0, 0, 0, 0, 0];
    // Flags, a series of 5 behind the second start, low halves, records of one bit, upper.
    let first = [0b1111_0111, 1, 0, 5, 0b10_10_00, 0b100_0010, 0b1001, 0b10];
    let second = [0b11, 0b10, 0b101];
    let page = [&[2, 7, 0, 0, 0, 3, 0], &heads[..], &second_rank, &first, &second].concat();
    let read = entries::Page::new(&page, 100, &schema).unwrap();
    assert_eq!(read.first_extra(), (7, 3));
    let alert = |extra| entries::Entry::Alert { numbers: [None; details::FIELDS], extra };
    for (class, rank, wanted) in [
        (1, 100, alert(None)),
        (1, 110, alert(Some(0))),
        (1, 111, alert(None)),
        (1, 112, entries::Entry::Withdrawn),
        (1, 115, alert(None)),
        (1, 130, alert(Some(1))),
        (2, 5, alert(None)),
        (2, 6, alert(Some(2))),
    ] {
        assert_eq!(read.find(class, rank), Ok(wanted), "class {class}, rank {rank}");
    }
    for (class, rank) in
        [(1, 99), (1, 101), (1, 102), (1, 109), (1, 116), (1, 131), (1, 5), (2, 4), (2, 7), (2, 100), (3, 5)]
    {
        assert_eq!(read.find(class, rank), Ok(entries::Entry::Missing), "class {class}, rank {rank}");
    }
    // Cut anywhere, it never answers with another alert.
    for len in 0..page.len() {
        let cut = entries::Page::new(&page[..len], 100, &schema).and_then(|page| page.find(2, 6));
        assert!(
            !matches!(cut, Ok(entries::Entry::Withdrawn | entries::Entry::Missing)),
            "cut at {len}: {cut:?}"
        );
    }
    let mut wide = page.clone();
    wide[13] = 60 << 2;
    let read = entries::Page::new(&wide, 100, &schema).and_then(|page| page.find(1, 100));
    assert_eq!(read, Err(ReadError::Malformed("entries")), "low halves of 60 bits");
}

#[test]
fn a_packed_field_may_be_absent_and_counts_from_its_smallest() {
    let mut schema = root::Schema::default();
    schema.fields[0] = root::Field { packed: true, optional: true, bits: 3, min: 10 };
    // Absent, 0 and 4 above the smallest: three bits each, behind them the ranks' upper bits.
    let page = [1, 1, 0, 3, 0, 0, 1, 0, 0b0100_1000, 0b1, 0b1_0101];
    let read = entries::Page::new(&page, 100, &schema).unwrap();
    for (rank, wanted) in [(100, None), (101, Some(10)), (102, Some(14))] {
        let Ok(entries::Entry::Alert { numbers, extra: None }) = read.find(1, rank) else { panic!("{rank}") };
        assert_eq!(numbers[0], wanted, "{rank}");
    }
}

#[test]
fn a_root_or_footer_that_no_builder_writes_is_refused() {
    let vectors = Vectors::new();
    let root = open(&vectors, 0).root().write();
    assert!(root::Root::read(&root).is_ok());
    let pages_at = 20;
    for (at, bytes, what) in [
        (0, &[2][..], "another format"),
        (1, &[2], "a kind that is none"),
        (2, &[4], "flags that are none"),
        (3, &[1], "no zero"),
        (pages_at, &[0, 0, 0, 0], "bytes without a page"),
        (pages_at + 4, &[0, 0], "a page without bytes"),
        (pages_at + 4, &[16, 0], "a page of a tag alone"),
        (pages_at + 4, &[1, 4], "a page of 1025 bytes"),
    ] {
        let mut changed = root;
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        assert!(root::Root::read(&changed).is_err(), "{what}");
    }
    assert!(root::Root::read(&root[..root.len() - 1]).is_err());
    let base = &vectors.segments[0];
    let footer: [u8; root::FOOTER_BYTES] = *base.last_chunk().unwrap();
    assert!(root::Footer::read(&footer).is_ok());
    for (at, what) in [(0, "magic"), (40, "another length of the root"), (47, "no zero")] {
        let mut changed = footer;
        changed[at] ^= 1;
        assert!(root::Footer::read(&changed).is_err(), "{what}");
    }
}
