//! The vectors taken apart, for this crate's own tests: what a host says to set a scanner up, as values.

use crate::frame::Decoder;
use crate::ids::Digest;
use crate::scanner::line::FromHost;
use crate::scanner::{self, KeyFor, MESSAGE_BYTES_MAX, Piece, ToScanner};
use crate::seal::{ListKey, ScannerKey, Soft};
use crate::session::{Opened, PrivateKey, REPLY_BYTES};
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

const HOST: &[u8] = include_bytes!("../tests/vectors/host.bin");
/// Three public keys, then the scanner's private key and its random bytes.
const PINNED: &[u8; 192] = include_bytes!("../tests/vectors/pinned.bin");
/// Zones, one a line.
pub(crate) const ZONES: &str = include_str!("../tests/vectors/zones.txt");

/// An edition of two segments, with its keys.
pub(crate) struct Vectors {
    /// The base, then a delta.
    pub(crate) segments: [Vec<u8>; 2],
    pub(crate) list_key: ListKey,
    pub(crate) scanner_key: ScannerKey,
}

impl Vectors {
    pub(crate) fn new() -> Vectors {
        let [key, random] = [96, 128].map(|at| PrivateKey(PINNED[at..at + 32].try_into().unwrap()));
        let (mut list_key, mut scanner_key, mut channel) = (None, None, None);
        let mut segments: Vec<(Digest, Vec<u8>)> = Vec::new();
        let mut decoder = Decoder::new(vec![0; MESSAGE_BYTES_MAX + 4]);
        for byte in HOST {
            let Some(payload) = decoder.push(*byte) else { continue };
            let message = match FromHost::read(payload.unwrap()) {
                Some(FromHost::Open(opening)) => {
                    let opened = Opened::read::<Soft>(&key, &key.public(), opening).unwrap();
                    channel = opened.reply::<Soft>(&random, &mut [0; REPLY_BYTES]);
                    continue;
                }
                Some(FromHost::Sealed(message)) => channel.as_mut().unwrap().open::<Soft>(message).unwrap(),
                _ => panic!("a host opens, then seals"),
            };
            match scanner::decode(message).unwrap() {
                ToScanner::Key(KeyFor::List { key, .. }) => list_key = Some(key),
                ToScanner::Key(KeyFor::Encounters(key)) => scanner_key = Some(key),
                ToScanner::Piece(Piece { segment, bytes, .. }) => {
                    if segments.last().is_none_or(|(digest, _)| *digest != segment) {
                        segments.push((segment, Vec::new()));
                    }
                    segments.last_mut().unwrap().1.extend(bytes);
                }
                _ => {}
            }
        }
        let segments: Vec<_> = segments.into_iter().map(|(_, bytes)| bytes).collect();
        Vectors {
            segments: segments.try_into().unwrap(),
            list_key: list_key.unwrap(),
            scanner_key: scanner_key.unwrap(),
        }
    }
}

/// The nth of the invented passport numbers.
pub(crate) fn number(n: usize) -> String {
    format!("X{n:08}")
}

/// The zone of a passport of Utopia with this number, its lines joined.
pub(crate) fn passport(number: &str) -> String {
    let fields = crate::mrz::Fields::specimen_passport("UTO", number);
    crate::mrz::compose(&fields).unwrap().text().into()
}
