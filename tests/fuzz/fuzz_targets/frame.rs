//! Any bytes on a serial line: frames or errors, never a panic; none is longer than the buffer; and whatever came before, the
//! next frame comes out as it went in.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_shim::frame::{CRC_BYTES, Decoder, encode, encoded_max};

const BUFFER_BYTES: usize = 512;
const PAYLOAD_BYTES_MAX: usize = 400;

fuzz_target!(|bytes: &[u8]| {
    let mut decoder = Decoder::new([0u8; BUFFER_BYTES]);
    for byte in bytes {
        if let Some(Ok(payload)) = decoder.push(*byte) {
            assert!((1..=BUFFER_BYTES - CRC_BYTES).contains(&payload.len()));
        }
    }
    let payload = &bytes[..bytes.len().min(PAYLOAD_BYTES_MAX)];
    if payload.is_empty() {
        return;
    }
    let mut out = [0u8; encoded_max(PAYLOAD_BYTES_MAX)];
    let frame = encode(payload, &mut out).expect("there is room");
    // Its first zero ends what the noise began; only what ends with its last is the frame.
    let (last, begin) = frame.split_last().expect("a frame has two zeros");
    for byte in begin {
        let _ = decoder.push(*byte);
    }
    assert_eq!(decoder.push(*last).and_then(Result::ok).map(|whole| whole.to_vec()).as_deref(), Some(payload));
});
