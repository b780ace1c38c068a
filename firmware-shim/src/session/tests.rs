use super::*;
use crate::seal::Soft;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn private(hex: &str) -> PrivateKey {
    PrivateKey(bytes(hex).try_into().unwrap())
}

fn sealed(channel: &mut Channel, text: &[u8]) -> Vec<u8> {
    let mut message = [&[0; 4], text, &[0; TAG_BYTES]].concat();
    channel.seal::<Soft>(&mut message).unwrap();
    message
}

/// The vector of Noise_IK_25519_AESGCM_SHA256 in the `cacophony` collection (github.com/haskell-cryptography/cacophony,
/// vectors/cacophony.txt), which implementations of Noise share.
#[test]
fn the_handshake_is_noises() {
    let host = private("e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1");
    let scanner = private("4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893");
    let public = scanner.public();
    assert_eq!(public.as_slice(), bytes("31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62"));
    let host_ephemeral = private("893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a");
    let ephemeral = private("bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b");
    let mut out = [0; 200];
    let (mut opening, used) = Opening::write_after::<Soft>(
        b"John Galt",
        &host,
        &public,
        host_ephemeral,
        b"Ludwig von Mises",
        &mut out,
    )
    .unwrap();
    assert_eq!(
        out[..used],
        bytes(
            "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444e417bc55c7a8166c993356c1be41ef6\
             7818a292426f301556c7f26b21d25ddb097153891a9a956cff47b83e63ad8d701c1342c209cff1ca5ecd43402762ac24\
             9e3bd3a4c0a145fe07cb5dae28ea13a3"
        )
    );
    let opened = Opened::read_after::<Soft>(b"John Galt", &scanner, &public, &mut out[..used]).unwrap();
    assert_eq!((opened.host, opened.word), (host.public(), b"Ludwig von Mises".as_slice()));
    let mut reply = [0; REPLY_BYTES];
    let mut theirs = opened.reply::<Soft>(&ephemeral, &mut reply).unwrap();
    // The vector's reply carries a text, ours none: only its ephemeral key is the same, and the keys that follow.
    assert_eq!(reply[..32], bytes("95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843"));
    let mut ours = opening.read::<Soft>(&host, &mut reply).unwrap();
    assert_eq!(
        sealed(&mut ours, b"F. A. Hayek")[4..],
        bytes("66acfc92e3197de166809e6d4d5d003dcc819a84bc3522ca53c9d9")
    );
    assert_eq!(
        sealed(&mut theirs, b"Carl Menger")[4..],
        bytes("71f89aa6533a6de70b0826864dd75f60806ee40170c16290189eb3")
    );
}

struct Pair {
    host: PrivateKey,
    scanner: PrivateKey,
}

fn pair() -> Pair {
    Pair { host: PrivateKey([1; 32]), scanner: PrivateKey([2; 32]) }
}

impl Pair {
    fn opening(&self, word: &[u8]) -> (Opening, Vec<u8>) {
        let mut out = vec![0; 400];
        let to = self.scanner.public();
        let (opening, used) =
            Opening::write::<Soft>(&self.host, &to, PrivateKey([3; 32]), word, &mut out).unwrap();
        out.truncate(used);
        (opening, out)
    }

    fn answer(&self, opening: &[u8], random: u8) -> Result<(Channel, Vec<u8>), BadSeal> {
        let mut opening = opening.to_vec();
        let opened = Opened::read::<Soft>(&self.scanner, &self.scanner.public(), &mut opening)?;
        let mut reply = vec![0; REPLY_BYTES];
        let channel = opened.reply::<Soft>(&PrivateKey([random; 32]), &mut reply).unwrap();
        Ok((channel, reply))
    }

    fn channels(&self) -> (Channel, Channel) {
        let (mut opening, bytes) = self.opening(b"word");
        let (scanner, mut reply) = self.answer(&bytes, 4).unwrap();
        (opening.read::<Soft>(&self.host, &mut reply).unwrap(), scanner)
    }
}

#[test]
fn a_recorded_opening_played_again_gives_a_channel_that_the_recording_does_not_open() {
    let pair = pair();
    let (mut opening, bytes) = pair.opening(b"word");
    let (mut scanner, mut reply) = pair.answer(&bytes, 4).unwrap();
    let mut host = opening.read::<Soft>(&pair.host, &mut reply).unwrap();
    let said = sealed(&mut host, b"a list's key");
    assert_eq!(scanner.open::<Soft>(&mut said.clone()).unwrap(), b"a list's key");
    assert_eq!(scanner.open::<Soft>(&mut said.clone()), Err(BadSeal), "in the same session");
    let (mut again, _) = pair.answer(&bytes, 5).unwrap();
    assert_eq!(again.open::<Soft>(&mut said.clone()), Err(BadSeal), "in another");
}

#[test]
fn messages_may_be_lost_but_not_come_in_another_order_or_back() {
    let (mut host, mut scanner) = pair().channels();
    let said: Vec<_> = (0..4u8).map(|n| sealed(&mut host, &[n])).collect();
    assert_eq!(scanner.open::<Soft>(&mut said[2].clone()).unwrap(), [2]);
    assert_eq!(scanner.open::<Soft>(&mut said[1].clone()), Err(BadSeal));
    assert_eq!(scanner.open::<Soft>(&mut said[3].clone()).unwrap(), [3]);
    assert_eq!(host.open::<Soft>(&mut said[3].clone()), Err(BadSeal), "said back to who said it");
}

#[test]
fn the_last_number_ends_a_channel_instead_of_beginning_anew() {
    let (mut host, mut scanner) = pair().channels();
    host.sent = u32::MAX - 1;
    let mut last = sealed(&mut host, b"x");
    assert_eq!(scanner.open::<Soft>(&mut last).unwrap(), b"x");
    assert_eq!(host.seal::<Soft>(&mut [0; 30]), None);
}

#[test]
fn who_lacks_a_key_gets_nowhere() {
    let pair = pair();
    let (mut opening, bytes) = pair.opening(b"word");
    let stranger = Pair { scanner: PrivateKey([9; 32]), host: PrivateKey([1; 32]) };
    assert!(stranger.answer(&bytes, 4).is_err(), "a scanner whose key is another");
    // It makes a reply of its own, to the opening's ephemeral key, which lies open.
    let (_, theirs) = stranger.opening(b"");
    let (_, mut forged) = stranger.answer(&theirs, 4).unwrap();
    assert!(opening.read::<Soft>(&pair.host, &mut forged).is_err());
    let (_, mut reply) = pair.answer(&bytes, 4).unwrap();
    assert!(opening.read::<Soft>(&pair.host, &mut reply).is_ok(), "the true reply still counts");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_changed_or_shortened_byte_anywhere_ends_it(place: prop::sample::Index, change in 1u8.., cut: bool) {
        let pair = pair();
        let (mut opening, bytes) = pair.opening(b"word");
        let (_, reply) = pair.answer(&bytes, 4).unwrap();
        let damaged = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let at = place.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] ^= change }
            bytes
        };
        // The top bit of a public key is no part of it, but it is hashed.
        prop_assert!(pair.answer(&damaged(&bytes), 4).is_err());
        prop_assert!(opening.read::<Soft>(&pair.host, &mut damaged(&reply)).is_err());
        let (mut host, mut scanner) = pair.channels();
        let said = sealed(&mut host, b"a list's key");
        prop_assert!(scanner.open::<Soft>(&mut damaged(&said)).is_err());
        let mut said = said;
        prop_assert_eq!(scanner.open::<Soft>(&mut said).unwrap(), b"a list's key");
    }

    #[test]
    fn any_bytes_are_refused(mut bytes: Vec<u8>) {
        let pair = pair();
        prop_assert!(pair.answer(&bytes, 4).is_err());
        prop_assert!(pair.opening(b"").0.read::<Soft>(&pair.host, &mut bytes).is_err());
        prop_assert!(pair.channels().1.open::<Soft>(&mut bytes).is_err());
    }
}
