use super::*;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const PAYLOAD_MAX: usize = 1500;

type Event = Result<Vec<u8>, FrameError>;

fn framed(payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0xaa; encoded_max(payload.len())];
    encode(payload, &mut out).unwrap().to_vec()
}

fn read_all(decoder: &mut Decoder<Vec<u8>>, bytes: &[u8]) -> Vec<Event> {
    bytes
        .iter()
        .filter_map(|byte| decoder.push(*byte).map(|frame| frame.map(|payload| payload.to_vec())))
        .collect()
}

fn decoder() -> Decoder<Vec<u8>> {
    Decoder::new(vec![0; PAYLOAD_MAX + CRC_BYTES])
}

/// Zeros and runs around 254 bytes are where stuffing goes wrong.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        prop::collection::vec(Just(0u8), 0..4),
        prop::collection::vec(1u8.., 250..260),
    ];
    prop::collection::vec(part, 1..5)
        .prop_map(|parts| parts.concat())
        .prop_filter("a payload has at least one byte", |payload| !payload.is_empty())
}

#[test]
fn four_zeros_are_no_empty_frame() {
    assert_eq!(read_all(&mut decoder(), &[0, 1, 1, 1, 1, 1, 0]), [Err(FrameError::Malformed)]);
}

#[test]
fn the_checksum_is_that_of_ieee_802_3() {
    assert_eq!(crc(b"123456789"), 0xcbf4_3926);
    assert_eq!(crc(b""), 0);
}

#[test]
fn the_bytes_are_those_of_the_format() {
    // 11 22 00 33 and its checksum, in runs that end where the zeros are.
    assert_eq!(framed(&[0x11, 0x22, 0x00, 0x33]), [0, 3, 0x11, 0x22, 6, 0x33, 0x7e, 0x1c, 0xf8, 0x4d, 0]);
}

#[test]
fn a_frame_longer_than_the_buffer_is_reported_and_costs_no_other() {
    let mut small = Decoder::new(vec![0; 8 + CRC_BYTES]);
    let line = [framed(&[7; 9]), framed(&[7; 8])].concat();
    assert_eq!(read_all(&mut small, &line), [Err(FrameError::Long), Ok(vec![7; 8])]);
    assert_eq!(encode(&[7; 9], &mut [0; 12]), Err(NoRoom));
}

proptest! {
    #[test]
    fn what_is_sent_arrives(payloads in prop::collection::vec(payload(), 1..5)) {
        let line: Vec<u8> = payloads.iter().flat_map(|payload| framed(payload)).collect();
        let arrived = read_all(&mut decoder(), &line);
        prop_assert_eq!(arrived, payloads.into_iter().map(Ok).collect::<Vec<Event>>());
    }

    #[test]
    fn a_frame_has_zeros_at_its_ends_only_and_the_promised_length(payload in payload()) {
        let frame = framed(&payload);
        prop_assert!(frame.len() <= encoded_max(payload.len()));
        let zeros: Vec<usize> = (0..frame.len()).filter(|i| frame[*i] == 0).collect();
        prop_assert_eq!(zeros, [0, frame.len() - 1]);
        // One byte less, and it is refused, not cut.
        let mut short = vec![0; frame.len() - 1];
        prop_assert_eq!(encode(&payload, &mut short), Err(NoRoom));
    }

    #[test]
    fn noise_between_frames_costs_none_of_them(noise in prop::collection::vec(any::<u8>(), 0..600), payload in payload()) {
        let mut decoder = decoder();
        read_all(&mut decoder, &noise);
        let arrived = read_all(&mut decoder, &framed(&payload));
        prop_assert_eq!(arrived.last(), Some(&Ok(payload)));
    }

    #[test]
    fn one_changed_byte_is_never_taken_for_a_frame(payload in payload(), at in any::<prop::sample::Index>(), by in 1u8..) {
        let mut frame = framed(&payload);
        // The zeros at the ends are shared with the frames before and after.
        let at = 1 + at.index(frame.len() - 2);
        frame[at] ^= by;
        for event in read_all(&mut decoder(), &frame) {
            prop_assert!(event.is_err(), "{:?} was taken for a frame", event);
        }
    }

    #[test]
    fn a_frame_cut_anywhere_is_no_frame_and_costs_no_other(payload in payload(), next in payload(), cut in any::<prop::sample::Index>()) {
        let frame = framed(&payload);
        let cut = 1 + cut.index(frame.len() - 1);
        let mut line = frame[..cut].to_vec();
        line.extend(framed(&next));
        let arrived: Vec<Vec<u8>> = read_all(&mut decoder(), &line).into_iter().flatten().collect();
        if cut == frame.len() - 1 {
            // Only the last zero is missing, and the next frame's first one stands for it.
            prop_assert_eq!(arrived, [payload, next]);
        } else {
            prop_assert_eq!(arrived, [next]);
        }
    }

    #[test]
    fn any_bytes_in_pieces_of_any_size_give_the_same_and_never_panic(bytes in prop::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..2000), size in 0usize..40) {
        let mut decoder = Decoder::new(vec![0; size]);
        for event in read_all(&mut decoder, &bytes) {
            prop_assert!(event.is_err() || event.is_ok_and(|payload| payload.len() + CRC_BYTES <= size));
        }
    }
}
