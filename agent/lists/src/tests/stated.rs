//! What the design states of sizes and errors.

use super::*;

#[test]
fn a_handful_of_changes_is_small() {
    let dir = tempfile::tempdir().unwrap();
    let changes: Vec<_> = (0..5)
        .map(|i| {
            put(
                DocumentId::document(key("UTO", "P", &format!("L89890{i}C3"))),
                DocumentPayload::new(Status::Lost),
            )
        })
        .collect();
    let (_, info) = build(&changes, dir.path());
    assert!(info.bytes < 300, "{} bytes", info.bytes);
    assert_eq!((info.entries, info.withdrawals), (5, 0));
}

#[test]
fn serial_numbers_take_next_to_nothing_and_answer_exactly() {
    let dir = tempfile::tempdir().unwrap();
    let number = |n: u32| key("UTO", "P", &format!("{n:09}"));
    // Series of every length around the shortest and the longest that are coded as such, each followed by a gap.
    let mut numbers = Vec::new();
    let mut next = 1_000;
    for length in (1..=8).chain(250..=262).chain([511, 512, 513, 514, 70_000, 1]) {
        numbers.extend(next..next + length);
        next += length + 1 + length % 5 * 40_000;
    }
    let changes: Vec<_> = numbers
        .iter()
        .map(|&n| {
            put(DocumentId::document(number(n)), DocumentPayload::new(Status::ALL[(n / 64 % 2) as usize]))
        })
        .collect();
    let (path, info) = build(&changes, dir.path());
    let edition = Edition::open(vec![SegmentFile::open(&path, info.digest, &list_key()).unwrap()]).unwrap();
    let listed: std::collections::BTreeSet<u32> = numbers.iter().copied().collect();
    for n in numbers.iter().flat_map(|&n| [n - 1, n, n + 1]) {
        let found = edition.find(&number(n)).unwrap().exact.map(|alert| alert.payload.status);
        assert_eq!(found, listed.contains(&n).then(|| Status::ALL[(n / 64 % 2) as usize]), "{n}");
    }
    let all: Vec<_> = edition.iter().unwrap().map(|alert| alert.unwrap().key).collect();
    assert_eq!(all, numbers.iter().map(|&n| number(n)).collect::<Vec<_>>());
    // One bit of status for each, and 3 bytes for each 256.
    assert!(info.bytes < numbers.len() as u64 / 8 * 13 / 10, "{} bytes", info.bytes);
}

#[test]
fn two_different_alerts_of_one_document_are_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let id = DocumentId::document(key("UTO", "P", "1"));
    let lost = put(id, DocumentPayload::new(Status::Lost));
    let stolen = put(id, DocumentPayload::new(Status::Stolen));
    let built = |changes: &[DocumentChange]| {
        build_documents(changes.iter().cloned().map(Ok::<_, Infallible>), &list_key(), dir.path())
    };
    let error = built(&[lost.clone(), stolen.clone()]).unwrap_err().to_string();
    assert!(error.contains("UTO-P-1") && error.contains("twice"), "{error}");
    assert!(matches!(
        build_in_batches(&[lost.clone(), stolen], 1, dir.path()),
        Err(ListError::Duplicate { .. })
    ));
    let once = built(std::slice::from_ref(&lost)).unwrap().1;
    assert_eq!(built(&[lost.clone(), lost.clone()]).unwrap().1, once);
    assert_eq!(built(&[Change::Withdraw(id), lost.clone()]).unwrap().1, once);
    assert_eq!(built(&[lost, Change::Withdraw(id)]).unwrap().1, once);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing half-made is left");
}

#[test]
fn texts_and_records_have_bounds() {
    let dir = tempfile::tempdir().unwrap();
    let mut payload = DocumentPayload::new(Status::Lost);
    payload.remark = "x".repeat(256);
    let change = put(DocumentId::document(key("UTO", "P", "1")), payload);
    let built = build_documents([Ok::<_, Infallible>(change)], &list_key(), dir.path());
    assert!(built.unwrap_err().to_string().contains("remark has 256 bytes, at most 255"));
    let record = Record { key: vec![b'k'; 65], value: None };
    let built = build_records([Ok::<_, Infallible>(record)], &list_key(), dir.path());
    assert!(built.unwrap_err().to_string().contains("key has 65 bytes, at most 64"));
}

#[test]
fn an_inputs_error_stops_the_build() {
    let dir = tempfile::tempdir().unwrap();
    let built = build_documents([Err::<DocumentChange, _>("line 3: no state")], &list_key(), dir.path());
    assert_eq!(built.unwrap_err().to_string(), "line 3: no state");
}

#[test]
fn ranges_must_be_ranges() {
    let number = |text| Number::new(text).unwrap();
    let from = key("UTO", "P", "A100");
    assert!(DocumentId::range(from, number("A100")).is_ok());
    assert!(DocumentId::range(from, number("A099")).unwrap_err().to_string().contains("after the last"));
    assert!(DocumentId::range(from, number("1100")).unwrap_err().to_string().contains("same length"));
    assert!(DocumentId::range(from, number("A1000")).is_err());
    let dir = tempfile::tempdir().unwrap();
    let alert =
        DocumentAlert { key: from, to: Some(number("9")), payload: DocumentPayload::new(Status::Lost) };
    let built = build_documents([Ok::<_, Infallible>(Change::Put(alert))], &list_key(), dir.path());
    assert!(matches!(built, Err(BuildError::List(ListError::Range(_)))));
}

#[test]
fn many_overlapping_ranges_are_bounded_and_said_so() {
    let dir = tempfile::tempdir().unwrap();
    let range = |i: u32| {
        DocumentId::range(
            key("UTO", "P", &format!("{i:06}")),
            Number::new(&format!("{:06}", 900_000 - i)).unwrap(),
        )
        .unwrap()
    };
    let puts: Vec<_> = (0..3000).map(|i| put(range(i), DocumentPayload::new(Status::StolenBlank))).collect();
    let but_two: Vec<_> = (2..3000).map(|i| Change::Withdraw(range(i))).collect();
    let all = Edition::open(vec![open(&puts, dir.path())]).unwrap();
    let found = all.find(&key("UTO", "P", "500000")).unwrap();
    assert_eq!((found.ranges.len(), found.more_ranges), (RANGE_HITS_MAX, true));
    let two = Edition::open(vec![open(&puts, dir.path()), open(&but_two, dir.path())]).unwrap();
    let found = two.find(&key("UTO", "P", "500000")).unwrap();
    assert_eq!((found.ranges.len(), found.more_ranges), (2, false));
    assert!(two.find(&key("UTO", "P", "900001")).unwrap().is_empty());
}

#[test]
fn lists_of_persons_and_documents_do_not_mix() {
    let dir = tempfile::tempdir().unwrap();
    let documents = open(&[], dir.path());
    let record = Record { key: b"a".to_vec(), value: Some(b"1".to_vec()) };
    let (path, info) = build_records([Ok::<_, Infallible>(record)], &list_key(), dir.path()).unwrap();
    let persons = SegmentFile::open_verified(&path, info.digest, &list_key()).unwrap();
    assert!(matches!(merge(&[&documents, &persons], true, &list_key(), dir.path()), Err(ListError::Kinds)));
    let edition = Edition::open(vec![persons]).unwrap();
    assert!(edition.find(&key("UTO", "P", "1")).unwrap_err().to_string().contains("other kind"));
}

#[test]
fn a_filter_in_passes_holds_every_document_and_refuses_nearly_every_other() {
    let dir = tempfile::tempdir().unwrap();
    let number = |i: u32| key("UTO", "P", &format!("{i:07}"));
    let puts: Vec<_> = (0..20_000)
        .map(|i| put(DocumentId::document(number(i * 2)), DocumentPayload::new(Status::Lost)))
        .collect();
    let segment = open(&puts, dir.path());
    let filter = filter::Filter::build_in_passes(&segment, || true, 1000, 3000).unwrap().unwrap();
    assert!(filter.bytes() as u64 <= filter::Filter::bytes_for(&segment.info()) + 16 * 1024);
    assert!(filter::Filter::build_in_passes(&segment, || false, 1000, 3000).unwrap().is_none());
    assert!((0..20_000).all(|i| filter.may_hold(&number(i * 2))));
    let maybe = (0..20_000).filter(|&i| filter.may_hold(&number(i * 2 + 1))).count();
    assert!(maybe < 200, "{maybe} of 20,000 where 78 are expected");
    assert!(filter.bytes() < 40_000);
}
