//! Any bytes as a signed statement, its envelope and every kind of body: read or refused, never a panic; and what is read is
//! written as it was read, byte for byte: there is one encoding.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_common::roster::Roster;
use vedette_shim::trust::{
    Envelope, Grant, Heartbeat, Manifest, Order, OwnerAnswer, Receipt, Root, ScannerEnrolment, SignedKind, Status,
    decode_body,
};

const KINDS: [SignedKind; 11] = [
    SignedKind::Root,
    SignedKind::Manifest,
    SignedKind::Heartbeat,
    SignedKind::Grant,
    SignedKind::Receipt,
    SignedKind::Order,
    SignedKind::Roster,
    SignedKind::Answer,
    SignedKind::Enrolment,
    SignedKind::Encounter,
    SignedKind::Status,
];

macro_rules! bodies {
    ($bytes:expr, $($kind:ident: $type:ty),*) => {
        $(if let Ok(read) = decode_body::<$type>(SignedKind::$kind, $bytes) {
            assert_eq!(postcard::to_allocvec(&read).expect("it was read"), $bytes, stringify!($kind));
        })*
    };
}

fn check_body(body: &[u8]) {
    bodies!(body, Root: Root, Manifest: Manifest, Heartbeat: Heartbeat, Grant: Grant<'_>, Receipt: Receipt,
        Order: Order, Answer: OwnerAnswer, Enrolment: ScannerEnrolment, Status: Status, Roster: Roster);
}

fuzz_target!(|bytes: &[u8]| {
    for kind in KINDS {
        if let Ok(envelope) = Envelope::read(bytes, kind) {
            assert_eq!(postcard::to_allocvec(&envelope).expect("it was read"), bytes);
            check_body(envelope.body);
        }
    }
    check_body(bytes);
});
