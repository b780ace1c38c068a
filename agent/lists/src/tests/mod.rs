//! The list engine against a model, a map from identity to payload, and against damage.

mod faults;
mod model;
mod reader;
mod shim;
mod stated;
mod wildcard;

use std::convert::Infallible;
use std::path::Path;

use proptest::prelude::*;
use vedette_shim::document::{DocumentKey, Number};

use super::build::Builder;
use super::documents::Streamed;
use super::*;

fn list_key() -> ListKey {
    ListKey([7; 32])
}

fn key(state: &str, code: &str, number: &str) -> DocumentKey {
    DocumentKey::new(state, code, number).unwrap()
}

fn build(changes: &[DocumentChange], dir: &Path) -> (std::path::PathBuf, SegmentInfo) {
    let changes = changes.iter().cloned().map(Ok::<_, Infallible>);
    build_documents(changes, &list_key(), dir).unwrap()
}

fn open(changes: &[DocumentChange], dir: &Path) -> SegmentFile {
    let (path, info) = build(changes, dir);
    SegmentFile::open_verified(&path, info.digest, &list_key()).unwrap()
}

fn build_in_batches(changes: &[DocumentChange], max: usize, dir: &Path) -> Result<[u8; 32], ListError> {
    let mut builder = Builder::new(Kind::Documents, dir, max);
    for change in changes {
        builder.add(Streamed::new(change.clone())?)?;
    }
    Ok(builder.finish(&list_key())?.1.digest)
}

/// Few enough keys that changes meet, enough of some formats that they become classes.
fn any_key() -> impl Strategy<Value = DocumentKey> {
    let number = prop_oneof![
        6 => "[0-9]{2}",
        6 => "[AB][0-9]{2}",
        1 => "[A-Z0-9]{1,32}",
        1 => "[XY]{3}",
    ];
    (prop_oneof![4 => Just("UTO"), 1 => Just("D")], prop_oneof![4 => Just("P"), 1 => Just("ID")], number)
        .prop_map(|(state, code, number)| key(state, code, &number))
}

fn any_day() -> impl Strategy<Value = Option<Day>> {
    prop_oneof![Just(None), (0..=Day::NUMBER_MAX).prop_map(Day::from_number)]
}

fn any_payload() -> impl Strategy<Value = DocumentPayload> {
    let texts = (
        prop_oneof![9 => Just(String::new()), 1 => "[a-z]{1,64}"],
        prop_oneof![
            9 => Just(String::new()), 1 => "\\PC{1,60}"
        ],
    );
    let state =
        prop_oneof![3 => Just(None), 1 => Just(Some(vedette_shim::document::State::new("UTO").unwrap()))];
    (
        0..Status::ALL.len(),
        any_day(),
        any_day(),
        any_day(),
        prop_oneof![9 => Just(None), 1 => any_day()],
        state,
        texts,
    )
        .prop_map(|(status, issue, expiry, theft, review, state, texts)| DocumentPayload {
            status: Status::ALL[status],
            issue_date: issue,
            expiry_date: expiry,
            theft_date: theft,
            review_date: review,
            theft_state: state,
            national_ref: texts.0,
            remark: texts.1,
        })
}

fn any_id() -> impl Strategy<Value = DocumentId> {
    let range = (any_key(), "[0-9]{2}", "[0-9]{2}").prop_map(|(key, a, b)| {
        let number = |text: &str| Number::new(text).unwrap();
        let (from, to) = (number(a.as_str().min(&b)), number(a.as_str().max(&b)));
        DocumentId::range(key.with_number(from), to).unwrap()
    });
    prop_oneof![6 => any_key().prop_map(DocumentId::document), 1 => range]
}

fn put(id: DocumentId, payload: DocumentPayload) -> DocumentChange {
    Change::Put(DocumentAlert { key: id.key, to: id.to, payload })
}

/// The changes of one segment: each identity once.
fn any_changes(most: usize) -> impl Strategy<Value = Vec<DocumentChange>> {
    let change = (any_id(), prop_oneof![3 => any_payload().prop_map(Some), 1 => Just(None)]);
    proptest::collection::btree_map(any_id(), change.prop_map(|(_, payload)| payload), 0..most).prop_map(
        |changes| {
            let change = |(id, payload): (DocumentId, Option<DocumentPayload>)| match payload {
                Some(payload) => put(id, payload),
                None => Change::Withdraw(id),
            };
            changes.into_iter().map(change).collect()
        },
    )
}
