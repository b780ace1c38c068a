//! A pin has one encoding.

use super::*;
use proptest::prelude::*;

fn pins() -> impl Strategy<Value = Pin> {
    let of = prop_oneof![
        Just(PinnedRole::Root),
        Just(PinnedRole::Heartbeat),
        Just(PinnedRole::Orders),
        Just(PinnedRole::Issuer(list()))
    ];
    let keys = prop::collection::vec(any::<[u8; 32]>(), 0..=KEYS_MAX);
    let version = prop_oneof![any::<u32>(), 0..300_u32];
    (version, of, 0..128_u8, keys).prop_map(|(version, of, threshold, keys)| {
        let role = Role { threshold, keys: keys.into_iter().collect() };
        Pin { version, of, role }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_nothing_else_is(pin in pins(), at in any::<usize>(), byte in any::<u8>()) {
        let bytes = encode(&pin);
        prop_assert_eq!(Pin::parse(&bytes), Some(pin));
        let mut other = bytes.clone();
        let at = at % other.len();
        other[at] = byte;
        for other in [other, [bytes.clone(), vec![byte]].concat(), bytes[..at].to_vec()] {
            if let Some(read) = Pin::parse(&other) {
                prop_assert_eq!(encode(&read), other);
            }
        }
    }

    #[test]
    fn any_bytes_that_are_read_are_as_they_would_be_written(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Some(read) = Pin::parse(&bytes) {
            prop_assert_eq!(encode(&read), bytes);
        }
    }
}
