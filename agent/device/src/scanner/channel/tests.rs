//! What a host says to whatever may be at its port.

use super::*;
use vedette_common::crypto::{SigningKey, sign_statement};
use vedette_shim::scanner::line::PINNED;
use vedette_shim::session::{Opened, REPLY_BYTES};
use vedette_shim::trust::{EnrolledPair, ScannerEnrolment, SignedKind};

const SCANNER: PrivateKey = PrivateKey([5; 32]);
const CLOCK: u64 = 1_790_000_000;

fn host() -> Host {
    let key = PrivateKey([6; 32]);
    Host { device: "post-7".parse().unwrap(), public: key.public(), key }
}

fn enrolled(change: impl FnOnce(&mut ScannerEnrolment)) -> EnrolledScanners {
    let pair =
        EnrolledPair { scanner_key: SCANNER.public(), host_key: host().public, number: 3, revoked: false };
    let mut enrolment = ScannerEnrolment {
        pair,
        expires: CLOCK + 100,
        scanner: "lane-1".parse().unwrap(),
        device: host().device,
        lists: ["uto/stolen".parse().unwrap()].into_iter().collect(),
    };
    change(&mut enrolment);
    let envelope = sign_statement(SignedKind::Enrolment, &enrolment, &[&SigningKey::from_seed(&[7; 32])]);
    let known = EnrolledScanner { envelope: envelope.into(), enrolment, pins: Default::default() };
    [("lane-1".parse().unwrap(), known)].into()
}

/// A port, and the time there.
struct Port {
    channel: ScannerChannel,
    enrolled: EnrolledScanners,
    now: Instant,
    random: u8,
}

impl Port {
    fn with(enrolled: EnrolledScanners) -> Port {
        Port { channel: ScannerChannel::default(), enrolled, now: Instant::now(), random: 10 }
    }

    fn says(&mut self) -> Option<Vec<u8>> {
        self.random += 1;
        self.channel.enrolments_changed(&self.enrolled, &host(), CLOCK);
        let random = PrivateKey([self.random; 32]);
        self.channel.next(&host(), self.now, || random)
    }

    fn waits(&mut self, wait: Duration) {
        self.now += wait;
    }

    fn hears(&mut self, payload: &[u8]) -> bool {
        let mut payload = payload.to_vec();
        let heard = self.channel.received(&mut payload, &self.enrolled, &host(), CLOCK, self.now);
        heard == Heard::Opened
    }

    fn state(&self) -> ScannerState {
        self.channel.standing().0
    }

    /// Hears a name, and says an opening at once.
    fn opening(&mut self) -> Vec<u8> {
        assert_eq!(self.says(), Some(vec![PROTOCOL, 0]));
        self.hears(b"\x02\x00lane-1");
        self.says().expect("it opens to an enrolled scanner")
    }
}

/// What whoever has `key` replies to an opening.
fn reply(opening: &[u8], key: &PrivateKey) -> Option<Vec<u8>> {
    let mut opening = opening[2..].to_vec();
    let opened = Opened::read::<Ring>(key, &key.public(), &mut opening).ok()?;
    let mut reply = [&[PROTOCOL, 1][..], &[0; REPLY_BYTES]].concat();
    opened.reply::<Ring>(&PrivateKey([4; 32]), &mut reply[2..])?;
    Some(reply)
}

#[test]
fn the_enrolled_scanner_proves_its_key_and_is_talked_to() {
    let mut port = Port::with(enrolled(|_| ()));
    let opening = port.opening();
    assert_eq!(opening[..2], [PROTOCOL, 1]);
    assert!(port.channel.scanner().is_none() && port.channel.seal(&ToScanner::Who).is_none());
    assert!(port.hears(&reply(&opening, &SCANNER).unwrap()));
    assert_eq!(port.state(), ScannerState::Connected);
    assert!(port.channel.seal(&ToScanner::Who).is_some());
    assert_eq!(port.says(), None, "the rest is sealed");
}

#[test]
fn nothing_is_said_to_a_name_that_is_not_enrolled_here_but_the_call() {
    let cases: [(EnrolledScanners, ScannerState); 4] = [
        (EnrolledScanners::new(), ScannerState::Unknown),
        (enrolled(|e| e.device = "post-8".parse().unwrap()), ScannerState::Elsewhere),
        (enrolled(|e| e.pair.host_key = [1; 32]), ScannerState::Elsewhere),
        (enrolled(|e| e.expires = CLOCK), ScannerState::Expired),
    ];
    for (enrolled, state) in cases {
        let mut port = Port::with(enrolled);
        for _ in 0..20 {
            let said = port.says();
            assert!(said.is_none() || said == Some(vec![PROTOCOL, 0]), "{state:?}");
            port.hears(b"\x02\x00lane-1");
            // A hello of the protocol before, a forged reply, a forged message.
            for forged in
                [&b"\x01\x00\x01\x06lane-1"[..], &[2, 1, 0, 0], &[[2, 2].as_slice(), &[0; 40]].concat()]
            {
                assert!(!port.hears(forged));
            }
            port.waits(Duration::from_millis(700));
            assert_eq!(port.state(), state);
        }
        assert!(port.channel.scanner().is_none());
        assert_eq!(port.channel.standing().1.map(|name| name.as_str()), Some("lane-1"));
    }
}

#[test]
fn a_liar_without_the_key_gets_openings_at_most_once_a_second_and_is_named_a_liar() {
    let mut port = Port::with(enrolled(|_| ()));
    let mut openings = 0;
    for _ in 0..200 {
        port.hears(b"\x02\x00lane-1");
        while let Some(said) = port.says() {
            if said[1] == 1 {
                openings += 1;
                assert!(reply(&said, &PrivateKey([9; 32])).is_none(), "sealed to the enrolled key");
                // A reply to somebody else's opening, and a refusal.
                let mut other = Port::with(enrolled(|_| ()));
                let foreign = reply(&other.opening(), &SCANNER).unwrap();
                assert!(!port.hears(&foreign));
            }
        }
        port.waits(Duration::from_millis(100));
    }
    assert!((10..=21).contains(&openings), "{openings} in 20 s");
    assert_eq!(port.state(), ScannerState::Unproven);
    let mut port = Port::with(enrolled(|_| ()));
    port.opening();
    port.hears(&[PROTOCOL, 3, ScannerRefusal::Untrusted as u8]);
    assert_eq!(port.state(), ScannerState::Unproven);
    let mut silent = Port::with(enrolled(|_| ()));
    silent.opening();
    for _ in 0..TRIES_MAX {
        silent.waits(ANSWER_WAIT);
        silent.says();
    }
    assert_eq!(silent.state(), ScannerState::Unproven);
}

#[test]
fn another_enrolment_ends_the_channel() {
    let mut port = Port::with(enrolled(|_| ()));
    let opening = port.opening();
    port.hears(&reply(&opening, &SCANNER).unwrap());
    port.channel.enrolments_changed(&port.enrolled, &host(), CLOCK);
    assert!(port.channel.scanner().is_some());
    let renewed = enrolled(|e| e.pair.number = 4);
    for (changed, clock) in
        [(&renewed, CLOCK), (&EnrolledScanners::new(), CLOCK), (&port.enrolled.clone(), CLOCK + 100)]
    {
        let mut port = Port::with(enrolled(|_| ()));
        let opening = port.opening();
        port.hears(&reply(&opening, &SCANNER).unwrap());
        port.channel.enrolments_changed(changed, &host(), clock);
        assert!(port.channel.scanner().is_none() && port.channel.seal(&ToScanner::Who).is_none());
    }
}

#[test]
fn a_revoked_scanner_is_told_to_erase_once_and_gets_nothing_else() {
    let mut port = Port::with(enrolled(|e| e.pair.revoked = true));
    let opening = port.opening();
    let mut open = opening[2..].to_vec();
    let opened = Opened::read::<Ring>(&SCANNER, &SCANNER.public(), &mut open).unwrap();
    assert_eq!(opened.word, &*port.enrolled.values().next().unwrap().envelope);
    assert!(!port.hears(&reply(&opening, &SCANNER).unwrap()), "not even if it proves its key");
    assert!(port.channel.scanner().is_none());
    port.hears(&[PROTOCOL, 3, ScannerRefusal::Revoked as u8]);
    for _ in 0..20 {
        port.waits(ASK_EVERY);
        port.hears(b"\x02\x00lane-1");
        assert_ne!(port.says().map(|said| said[1]), Some(1), "not again");
        assert_eq!(port.state(), ScannerState::Revoked);
    }
}

#[test]
fn pins_come_before_the_opening_one_at_a_time_and_whatever_is_said_of_them() {
    let with_pins = || {
        let mut enrolled = enrolled(|_| ());
        enrolled.values_mut().for_each(|known| known.pins = [vec![7, 7], vec![8]].into());
        let mut port = Port::with(enrolled);
        port.says();
        port.hears(b"\x02\x00lane-1");
        port
    };
    let mut port = with_pins();
    assert_eq!(port.says(), Some(vec![PROTOCOL, PIN, 7, 7]));
    assert_eq!(port.says(), None, "it has not answered");
    port.hears(&[PROTOCOL, PINNED]);
    assert_eq!(port.says(), Some(vec![PROTOCOL, PIN, 8]));
    // It does not know the list, or has moved on.
    port.hears(&[PROTOCOL, 3, ScannerRefusal::Untrusted as u8]);
    let opening = port.says().unwrap();
    assert_eq!(opening[1], 1);
    assert!(port.hears(&reply(&opening, &SCANNER).unwrap()));

    // An answer that was lost; and one that never comes.
    let mut port = with_pins();
    for _ in 0..TRIES_MAX {
        assert_eq!(port.says(), Some(vec![PROTOCOL, PIN, 7, 7]));
        port.waits(ANSWER_WAIT);
    }
    assert_eq!(port.says(), Some(vec![PROTOCOL, PIN, 8]), "one that it never answers keeps none from it");
    port.hears(&[PROTOCOL, PINNED]);
    let opening = port.says().unwrap();
    assert!(port.hears(&reply(&opening, &SCANNER).unwrap()));
    // Nor does it keep the channel from opening, if it answers none.
    let mut port = with_pins();
    let mut said = Vec::new();
    for _ in 0..2 * TRIES_MAX {
        said.extend(port.says().map(|said| said[1]));
        port.waits(ANSWER_WAIT);
    }
    assert_eq!(said, [PIN; 2 * TRIES_MAX as usize]);
    let opening = port.says().unwrap();
    assert!(port.hears(&reply(&opening, &SCANNER).unwrap()));

    // Pins that come later end the channel, so that it begins with them.
    let mut port = Port::with(enrolled(|_| ()));
    let opening = port.opening();
    port.hears(&reply(&opening, &SCANNER).unwrap());
    port.enrolled = with_pins().enrolled;
    assert_eq!(port.says(), Some(vec![PROTOCOL, 0]));
    assert!(port.channel.scanner().is_none());
}
