//! The small bounded words that everything is named by: lists, devices, digests, keys, ids.
//!
//! Invariant: a value of these types is already checked, so it can go into a topic, a file name or a log line
//! as it is. Deserialising checks too; there is no way around it.

use core::fmt;
use core::str::FromStr;
use heapless::String;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest list name, bytes.
pub const LIST_NAME_MAX: usize = 48;
/// Longest device id, bytes (ub-common-name of X.509 is 64).
pub const DEVICE_ID_MAX: usize = 64;

/// A SHA-256 digest.
pub type Digest = [u8; 32];
/// What makes an encounter one: 16 random bytes made once, on the device.
pub type EncounterId = [u8; 16];

/// A name that does not fit its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadName {
    what: &'static str,
    rule: &'static str,
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a {}: {}", self.what, self.rule)
    }
}

impl core::error::Error for BadName {}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $max:expr, $what:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String<$max>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// As parsing it, where nobody reads what is wrong.
            pub(crate) fn checked(text: &str) -> Option<Self> {
                let check: fn(&str) -> bool = $check;
                if check(text) { String::try_from(text).ok().map($name) } else { None }
            }
        }

        impl FromStr for $name {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                $name::checked(text).ok_or(BadName { what: $what, rule: $rule })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($rule)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::checked(text).ok_or_else(|| E::custom($rule))
                    }
                }
                d.deserialize_str(Text)
            }
        }
    };
}

name!(
    /// A list: `owner/name`, such as `interpol/sltd`. Lower-case letters, digits, `-` and `_` in two parts.
    ListName, LIST_NAME_MAX, "list name",
    "two parts of a-z, 0-9, '-' or '_' joined by '/', at most 48 bytes, such as interpol/sltd",
    |text| {
        let part = |p: &[u8]| {
            !p.is_empty() && p.iter().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        };
        let slash = text.bytes().position(|b| b == b'/').and_then(|at| text.as_bytes().split_at_checked(at));
        slash.is_some_and(|(owner, rest)| part(owner) && part(&rest[1..]))
    }
);

name!(
    /// A device: the CN of its certificate and its part of every topic.
    DeviceId, DEVICE_ID_MAX, "device id",
    "1 to 64 bytes of A-Z, a-z, 0-9, '-' or '_', such as post-7-scanner-2",
    |text| !text.is_empty()
        && text.bytes().all(|b| matches!(b, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
);

/// Digests, keys and ids in lower-case hexadecimal, for topics, file names and log lines.
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Reads exactly `N` bytes of hexadecimal, either case; `None` if it is anything else.
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = ((pair[0] as char).to_digit(16)?, (pair[1] as char).to_digit(16)?);
        *byte = (high << 4 | low) as u8;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn names_that_could_leave_their_topic_or_folder_are_refused() {
        for bad in ["", "a", "a/", "/a", "a/b/c", "A/b", "a/b+", "a/#", "../x", "a/..", "a/b\0", "a b/c"] {
            assert!(bad.parse::<ListName>().is_err(), "{bad:?}");
        }
        for bad in ["", ".", "a/b", "a+", "#", "a b", &"x".repeat(65)] {
            assert!(bad.parse::<DeviceId>().is_err(), "{bad:?}");
        }
        assert_eq!("interpol/sltd".parse::<ListName>().unwrap().as_str(), "interpol/sltd");
        assert_eq!("post-7".parse::<DeviceId>().unwrap().to_string(), "post-7");
    }

    #[test]
    fn hexadecimal_goes_both_ways() {
        let text = Hex(&[0x00, 0xff, 0x1a]).to_string();
        assert_eq!(text, "00ff1a");
        assert_eq!(from_hex::<3>(&text), Some([0x00, 0xff, 0x1a]));
        assert_eq!(from_hex::<3>("00ff1"), None);
        assert_eq!(from_hex::<3>("00ff1g"), None);
        assert_eq!(from_hex::<2>("+1+1"), None);
    }
}
