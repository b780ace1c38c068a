//! Any bytes as a message of the link or of a scanner's line: read or refused, never a panic. What is read is written and
//! read again as the same; a sealed encounter, which has a signature, is written as it was read, byte for byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::fmt::Debug;
use vedette_shim::scanner::{Note, ToHost, ToScanner};
use vedette_shim::wire::{Chunk, Report, SealedEncounter, Want, decode, encode};

macro_rules! messages {
    ($bytes:expr, $($type:ty),*) => {
        $(if let Ok(read) = decode::<$type>($bytes) {
            let mut buffer = vec![0; $bytes.len() + 1];
            let written = encode(&read, &mut buffer).expect("no longer than it was read");
            let again = decode::<$type>(written).expect("what was written is read");
            assert_same(&read, &again);
        })*
    };
}

/// Not every message can be compared: one that has a key cannot.
fn assert_same(one: &impl Debug, other: &impl Debug) {
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
}

fuzz_target!(|bytes: &[u8]| {
    messages!(bytes, Want, Chunk<'_>, ToScanner<'_>, ToHost<'_>, Note);
    let mut buffer = vec![0; bytes.len() + 8 * 1024];
    if let Ok((encounter, rest)) = SealedEncounter::take(bytes) {
        let written = encounter.encode(&mut buffer).expect("there is room");
        assert_eq!(*written, bytes[..bytes.len() - rest.len()]);
    }
    let (list, device) = ("uto/list".parse().expect("a name"), "post-7".parse().expect("a name"));
    if let Ok(report) = Report::decode(bytes, (&[7; 16], &list, &device)) {
        buffer.fill(0);
        let written = report.encode(&mut buffer).expect("there is room");
        assert_eq!(Report::decode(written, report.names()), Ok(report));
    }
});
