//! Who is answered.

use super::*;
use crate::frame::{Decoder, encoded_max};
use crate::scanner::line::{self, FromScanner, PROTOCOL};
use crate::scanner::{MESSAGE_BYTES_MAX, ToHost, ToScanner};
use crate::session::{OPENING_BYTES, Opening};
use crate::trust::{EnrolledPair, ScannerEnrolment};
use std::string::ToString;
use std::vec;

/// What the scanner said, less what is not compared.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Here(String),
    Opened,
    Text(List<u8>),
    Refused(ScannerRefusal),
    Pinned,
    Nothing,
}

/// A host with its private key.
struct Host {
    key: PrivateKey,
    opening: Option<Opening>,
    channel: Option<Channel>,
}

impl Host {
    fn with(key: PrivateKey) -> Host {
        Host { key, opening: None, channel: None }
    }

    fn opening(&mut self, word: &[u8], ephemeral: u8) -> List<u8> {
        let mut payload = vec![0; 2 + OPENING_BYTES + word.len()];
        (payload[0], payload[1]) = (PROTOCOL, 1);
        let ephemeral = PrivateKey([ephemeral; 32]);
        let written = Opening::write::<Soft>(&self.key, &KEY.public(), ephemeral, word, &mut payload[2..]);
        self.opening = Some(written.unwrap().0);
        payload
    }

    fn hear(&mut self, mut answer: List<u8>) -> Said {
        match FromScanner::read(&mut answer) {
            Some(FromScanner::Here(name)) => Said::Here(name.to_string()),
            Some(FromScanner::Opened(reply)) => {
                self.channel = self.opening.as_mut().unwrap().read::<Soft>(&self.key, reply).ok();
                if self.channel.is_some() { Said::Opened } else { Said::Nothing }
            }
            Some(FromScanner::Sealed(message)) => {
                let opened = self.channel.as_mut().and_then(|channel| channel.open::<Soft>(message).ok());
                opened.map_or(Said::Nothing, |text| Said::Text(text.to_vec()))
            }
            Some(FromScanner::Refused(refusal)) => Said::Refused(refusal),
            Some(FromScanner::Pinned) => Said::Pinned,
            None => Said::Nothing,
        }
    }

    /// A sealed message, as a payload.
    fn sealed(&mut self, message: &ToScanner<'_>) -> List<u8> {
        let mut out = vec![0; 2 * encoded_max(MESSAGE_BYTES_MAX)];
        let frame = line::seal::<Soft>(self.channel.as_mut().unwrap(), message, &mut out).unwrap();
        payload_of(frame)
    }

    fn opens(&mut self, unit: &mut Scanner, word: &[u8]) -> Said {
        let opening = self.opening(word, 3);
        self.hear(answer(unit, opening))
    }

    fn says(&mut self, unit: &mut Scanner, message: &ToScanner<'_>) -> Said {
        let message = self.sealed(message);
        self.hear(answer(unit, message))
    }
}

fn payload_of(frame: &[u8]) -> List<u8> {
    let mut decoder = Decoder::new(vec![0; MESSAGE_BYTES_MAX + 4]);
    let whole = frame.iter().find_map(|byte| decoder.push(*byte).map(|payload| payload.unwrap().to_vec()));
    whole.unwrap()
}

/// What a scanner answers to a payload; its random bytes are others each time.
fn answer(unit: &mut Scanner, mut payload: List<u8>) -> List<u8> {
    static RANDOM: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(40);
    let random = [RANDOM.fetch_add(1, std::sync::atomic::Ordering::Relaxed); 32];
    let mut out = vec![0; encoded_max(MESSAGE_BYTES_MAX)];
    payload_of(unit.receive(&mut payload, 0, &random, &mut out, |_| ()).unwrap())
}

fn word_of(pair: EnrolledPair, keys: &[u8]) -> List<u8> {
    let enrolment = ScannerEnrolment {
        pair,
        expires: 0,
        scanner: "scanner-1".parse().unwrap(),
        device: "post-7".parse().unwrap(),
        lists: [list()].into_iter().collect(),
    };
    sign(SignedKind::Enrolment, &enrolment, keys)
}

fn pair(number: u64) -> EnrolledPair {
    EnrolledPair { scanner_key: KEY.public(), host_key: HOST.public(), number, revoked: false }
}

fn word(number: u64) -> List<u8> {
    word_of(pair(number), &HEADQUARTERS)
}

fn list_key() -> ToScanner<'static> {
    let key = ListKey([3; 32]);
    ToScanner::Key(KeyFor::List { list: list(), number: 1, key })
}

#[test]
fn the_enrolled_host_is_obeyed_and_everything_else_is_refused_in_the_clear() {
    let mut unit = open(memory());
    let refused = |refusal| Said::Refused(refusal);
    let mut host = Host::with(HOST);
    assert_eq!(host.hear(answer(&mut unit, vec![PROTOCOL, 0])), Said::Here("scanner-1".into()));
    // As the protocol before had it: a list's key in the clear.
    let mut clear = [0; 100];
    let clear = crate::wire::encode(&list_key(), &mut clear).unwrap().to_vec();
    assert_eq!(host.hear(answer(&mut unit, clear.clone())), refused(ScannerRefusal::Unreadable));
    assert_eq!(
        host.hear(answer(&mut unit, [&[PROTOCOL, 2], &clear[..]].concat())),
        refused(ScannerRefusal::NoChannel)
    );
    assert!(unit.say(&ToHost::Nothing, &mut [0; 200]).is_err(), "nobody is asked before a host has opened");
    assert_eq!(host.opens(&mut unit, &word(5)), Said::Opened);
    assert_eq!(host.says(&mut unit, &list_key()), Said::Text(vec![1, 6]));
    assert_eq!(unit.list_key(0, 1).map(|key| key.0), Some([3; 32]));
    assert!(unit.say(&ToHost::Nothing, &mut [0; 200]).is_ok());
}

#[test]
fn a_host_that_headquarters_did_not_name_is_not_answered() {
    let mut unit = open(memory());
    let stranger = || PrivateKey([66; 32]);
    // With the true host's statement, which it overheard; with one of its own making; with one for another scanner.
    let own = EnrolledPair { host_key: stranger().public(), ..pair(5) };
    let other = EnrolledPair { scanner_key: [9; 32], host_key: stranger().public(), ..pair(5) };
    for word in [word(5), word_of(own, &CLOCK), word_of(own, &[21, 99]), word_of(other, &HEADQUARTERS)] {
        let mut host = Host::with(stranger());
        assert_eq!(host.opens(&mut unit, &word), Said::Refused(ScannerRefusal::Untrusted));
    }
    let mut host = Host::with(HOST);
    assert_eq!(host.opens(&mut unit, b""), Said::Refused(ScannerRefusal::Unreadable));
    assert_eq!(host.opens(&mut unit, &word(5)), Said::Opened);
    // Headquarters names another host: the one before is over, also after the scanner was switched off.
    let mut next = Host::with(stranger());
    assert_eq!(
        next.opens(&mut unit, &word_of(EnrolledPair { number: 6, ..own }, &HEADQUARTERS)),
        Said::Opened
    );
    let mut unit = open(unit.flash().clone());
    assert_eq!(host.opens(&mut unit, &word(5)), Said::Refused(ScannerRefusal::Rollback));
}

#[test]
fn a_recorded_session_played_again_gives_nothing() {
    let mut unit = open(memory());
    let mut host = Host::with(HOST);
    let opening = host.opening(&word(5), 3);
    assert_eq!(host.hear(answer(&mut unit, opening.clone())), Said::Opened);
    let key = host.sealed(&list_key());
    let said = answer(&mut unit, key.clone());
    assert!(matches!(host.hear(said), Said::Text(_)));
    assert_eq!(host.hear(answer(&mut unit, key.clone())), Said::Refused(ScannerRefusal::NoChannel));
    let mut unit = open(unit.flash().clone());
    assert_eq!(host.hear(answer(&mut unit, opening)), Said::Nothing, "it answers with other keys");
    assert_eq!(host.hear(answer(&mut unit, key)), Said::Refused(ScannerRefusal::NoChannel));
    assert!(unit.list_key(0, 1).is_none());
}

#[test]
fn a_revoked_scanner_erases_its_lists_and_keys_and_keeps_its_floors_and_notes() {
    let mut unit = ready();
    let zone = mrz::parse(&passport("X00000021")).unwrap();
    let met = unit.check(&zone, 20, &mut Scratch::default());
    unit.note(&zone, &met.alerts[0], &[1; 16], 20).unwrap();
    let mut host = Host::with(HOST);
    let revoked = word_of(EnrolledPair { revoked: true, ..pair(9) }, &HEADQUARTERS);
    assert_eq!(host.opens(&mut unit, &revoked), Said::Refused(ScannerRefusal::Revoked));
    assert_eq!(unit.hello(20).unwrap().lists[0].edition, 0);
    assert!(unit.list_key(0, 1).is_none() && !unit.hello(20).unwrap().keyed);
    let region = unit.setup.lists[0].region;
    let bytes = (region.first * GEOMETRY.sector) as usize
        ..((region.first + region.sectors) * GEOMETRY.sector) as usize;
    assert!(unit.flash().bytes()[bytes].iter().all(|byte| *byte == 0xff));
    assert_eq!(host.opens(&mut unit, &word(8)), Said::Refused(ScannerRefusal::Rollback));
    // Enrolled again it goes on, above its floors.
    assert_eq!(host.opens(&mut unit, &word(10)), Said::Opened);
    assert_eq!(unit.hello(20).unwrap().encounters, 1);
    let vectors = Vectors::new();
    let [base, delta] = &vectors.segments;
    assert_eq!(install(&mut unit, &print(1, &[base])), Err(ScannerRefusal::Rollback));
    install(&mut unit, &print(2, &[base, delta])).unwrap();
}

#[test]
fn power_lost_while_it_erases_ends_in_erased_when_it_is_told_again() {
    let steps = {
        let mut unit = ready();
        let revoked = word_of(EnrolledPair { revoked: true, ..pair(9) }, &HEADQUARTERS);
        (1..).map(move |steps| {
            let mut flash = unit.flash().clone();
            flash.steps_left = Some(steps);
            (flash, revoked.clone())
        })
    };
    for (flash, revoked) in steps.step_by(7) {
        let Ok(mut unit) = Unit::open(setup(), flash, Pretend) else { continue };
        let mut host = Host::with(HOST);
        let said = host.opens(&mut unit, &revoked);
        let whole = said == Said::Refused(ScannerRefusal::Revoked);
        let mut flash = unit.flash().clone();
        flash.steps_left = None;
        let mut unit = open(flash);
        assert_eq!(host.opens(&mut unit, &revoked), Said::Refused(ScannerRefusal::Revoked));
        assert_eq!(unit.hello(20).unwrap().lists[0].edition, 0);
        assert_eq!(host.opens(&mut unit, &word(8)), Said::Refused(ScannerRefusal::Rollback));
        if whole {
            return;
        }
    }
}
