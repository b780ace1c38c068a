//! Damage is refused at install or reported at read; it never changes an answer.

use super::*;

fn sample() -> Vec<DocumentChange> {
    let mut changes = Vec::new();
    for i in 0..400u32 {
        let mut payload = DocumentPayload::new(Status::ALL[i as usize % 4]);
        payload.theft_date = Day::from_number(40_000 + i * 7);
        if i % 50 == 0 {
            payload.remark = format!("remark {i}");
        }
        changes.push(put(DocumentId::document(key("UTO", "P", &format!("L{:05}", i * 37))), payload));
    }
    changes.push(Change::Withdraw(DocumentId::document(key("UTO", "P", "L99999"))));
    let range = DocumentId::range(key("UTO", "P", "B100"), Number::new("B200").unwrap()).unwrap();
    changes.push(put(range, DocumentPayload::new(Status::StolenBlank)));
    changes.push(put(DocumentId::document(key("UTO", "V", "7")), DocumentPayload::new(Status::Lost)));
    changes
}

/// All that can be asked of the sample; the error if anything fails.
fn answers(path: &std::path::Path) -> Result<Vec<DocumentMatches>, ListError> {
    let edition = Edition::open(vec![SegmentFile::open(path, [0; 32], &list_key())?])?;
    let keys = sample().into_iter().map(|change| match change {
        Change::Put(alert) => alert.key,
        Change::Withdraw(id) => id.key,
    });
    let mut answers = keys.map(|key| edition.find(&key)).collect::<Result<Vec<_>, _>>()?;
    answers.push(edition.find(&key("UTO", "P", "B150"))?);
    Ok(answers)
}

#[test]
fn every_flipped_bit_is_refused_or_reported() {
    let dir = tempfile::tempdir().unwrap();
    let (path, info) = build(&sample(), dir.path());
    let good = std::fs::read(&path).unwrap();
    let right = answers(&path).unwrap();
    let damaged = dir.path().join("damaged");
    let mut bytes = good.clone();
    let mut unread = 0;
    for bit in 0..good.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        // Every bit is covered by the digest at install; every bit is tried, all questions are asked for one in 16.
        assert_ne!(ring::digest::digest(&ring::digest::SHA256, &bytes).as_ref(), info.digest);
        if bit % 16 == bit / 16 % 16 || bit / 8 >= good.len() - 160 {
            std::fs::write(&damaged, &bytes).unwrap();
            assert!(SegmentFile::open_verified(&damaged, info.digest, &list_key()).is_err());
            match answers(&damaged) {
                Err(ListError::Segment { .. }) => {}
                Err(other) => panic!("bit {bit}: {other}"),
                Ok(answers) => {
                    // A page that no question touches, or a part that is only read in order.
                    assert_eq!(answers, right, "bit {bit}");
                    unread += 1;
                }
            }
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(unread, 0, "every page of the sample is asked for something");
}

#[test]
fn a_format_that_nothing_has_is_known_unless_a_page_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let (path, _) = build(&sample(), dir.path());
    let open = || Edition::open(vec![SegmentFile::open(&path, [0; 32], &list_key()).unwrap()]).unwrap();
    let listed = [key("UTO", "P", "L00037"), key("UTO", "P", "B150"), key("UTO", "V", "7")];
    let others = [key("UTO", "P", "100037"), key("UTO", "V", "L00037"), key("UTP", "P", "L00037")];
    let has = |key: &DocumentKey| open().formats().map(|all| all.contains(&key.format()));
    assert!(listed.iter().all(|key| has(key) == Some(true)));
    assert!(others.iter().all(|key| has(key) == Some(false)));
    let edition = open();
    assert!(edition.formats().is_some_and(<[u64]>::is_sorted));
    // The loose document's page.
    let loose = edition.segments()[0].segment.offset(vedette_shim::list::root::Part::Loose, 0) as usize;
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[loose] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(open().formats().is_none(), "nobody can tell");
}

#[test]
fn cut_or_grown_files_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (path, info) = build(&sample(), dir.path());
    let good = std::fs::read(&path).unwrap();
    let other = dir.path().join("other");
    let lengths = (0..200).chain((200..good.len()).step_by(97)).chain([good.len() - 1]);
    for length in lengths {
        std::fs::write(&other, &good[..length]).unwrap();
        assert!(SegmentFile::open(&other, info.digest, &list_key()).is_err(), "{length} bytes");
    }
    for more in [1, 16, 4096] {
        let grown = [&good[..], &vec![0; more]].concat();
        std::fs::write(&other, grown).unwrap();
        assert!(SegmentFile::open(&other, info.digest, &list_key()).is_err());
        let grown = [&vec![0; more], &good[..]].concat();
        std::fs::write(&other, grown).unwrap();
        assert!(SegmentFile::open(&other, info.digest, &list_key()).is_err());
    }
}

#[test]
fn another_lists_key_opens_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (path, info) = build(&sample(), dir.path());
    let opened = SegmentFile::open_verified(&path, info.digest, &ListKey([8; 32]));
    assert!(matches!(opened, Err(ListError::Segment { source: ReadError::Seal { .. }, .. })));
}

#[test]
fn nothing_of_the_list_is_in_the_clear() {
    let dir = tempfile::tempdir().unwrap();
    let (path, _) = build(&sample(), dir.path());
    let bytes = std::fs::read(&path).unwrap();
    for text in ["remark 50", "B100", "L00037"] {
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
}

proptest! {
    #[test]
    fn arbitrary_files_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        prop_assert!(SegmentFile::open(&path, [0; 32], &list_key()).is_err());
    }
}
