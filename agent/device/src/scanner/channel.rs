//! The way to a secure channel with a scanner, as its host goes it. Pure: payloads, time and random bytes come in, payloads
//! and what they mean go out.
//!
//! ```text
//! Calling --here, enrolled--> Pinning --> Wanted --> Opening --reply proves its key--> Open
//!    ^---- here, not enrolled: said in the status, and nothing else happens
//!    ^---- no reply in time, a refusal, silence in the channel, or another enrolment
//! ```
//! Invariants: nothing of a message is read that does not open in the channel, and nothing is sealed to a key that
//! headquarters did not enrol at this device. What anything may say in the clear (a name, a refusal) at most ends a channel
//! or begins to open one, not more often than [`OPENING_EVERY`].
//!
//! Pins come first, for the key that signed the enrolment may be one that the scanner does not know yet: one at a time, because
//! each costs it a signature. It may refuse one and be right, having moved on, so its answers decide nothing, nor does it that there is none.

use super::session::{ANSWER_WAIT, ASK_EVERY, TRIES_MAX};
use crate::snapshot::{EnrolledScanner, EnrolledScanners};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use vedette_lists::Ring;
use vedette_shim::frame::encoded_max;
use vedette_shim::ids::DeviceId;
use vedette_shim::scanner::line::{self, FromScanner, PIN, PROTOCOL};
use vedette_shim::scanner::{MESSAGE_BYTES_MAX, ScannerRefusal, ToScanner};
use vedette_shim::session::{Channel, OPENING_BYTES, Opening, PrivateKey};
use zeroize::Zeroizing;

/// Shortest time between two openings: each costs a scanner a good part of a second.
const OPENING_EVERY: Duration = Duration::from_secs(1);

/// Who this device is to its scanners.
pub struct Host {
    pub device: DeviceId,
    pub key: PrivateKey,
    /// Its public half.
    pub public: [u8; 32],
}

/// How it stands with what is at a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScannerState {
    /// Nothing answers.
    Silent,
    /// It has proven its key.
    Connected,
    /// Nobody enrolled a scanner of this name here.
    Unknown,
    /// The scanner of this name is enrolled at another device.
    Elsewhere,
    /// Its enrolment is over.
    Expired,
    /// Headquarters has revoked it.
    Revoked,
    /// It does not prove the key that is enrolled under its name.
    Unproven,
    /// It speaks another version of the protocol.
    Foreign,
}

/// What a payload was.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard<'m> {
    /// Nothing to act on.
    Nothing,
    /// A channel is open: all that was known of the scanner begins anew.
    Opened,
    /// A message of the scanner's.
    Text(&'m [u8]),
}

enum State {
    Calling,
    /// This pin is next; when it was said last, and how often before.
    Pinning(usize, Option<(Instant, u32)>),
    /// To be opened as soon as that may be.
    Wanted,
    Opening(Opening),
    Open(Box<Channel>),
}

/// The way to one port's scanner.
pub struct ScannerChannel {
    state: State,
    /// Whose channel it is, or is to be.
    scanner: Option<EnrolledScanner>,
    standing: ScannerState,
    /// The name that was said last.
    claimed: Option<DeviceId>,
    /// When something was said last, and how often without an answer.
    said: Option<(Instant, u32)>,
    opened_at: Option<Instant>,
    /// Openings since a key was proven.
    unanswered: u32,
    /// The number of the enrolment that this scanner was told is revoked; it needs no second time.
    told: Option<(DeviceId, u64)>,
}

impl Default for ScannerChannel {
    fn default() -> Self {
        ScannerChannel {
            state: State::Calling,
            scanner: None,
            standing: ScannerState::Silent,
            claimed: None,
            said: None,
            opened_at: None,
            unanswered: 0,
            told: None,
        }
    }
}

impl ScannerChannel {
    /// How it stands, and the name that was said.
    pub fn standing(&self) -> (ScannerState, Option<&DeviceId>) {
        (self.standing, self.claimed.as_ref())
    }

    /// The enrolment of the scanner in the open channel.
    pub fn scanner(&self) -> Option<&EnrolledScanner> {
        self.scanner.as_ref().filter(|_| matches!(self.state, State::Open(_)))
    }

    /// The enrolments, or the time, are others now: a channel that no longer stands on one is closed.
    pub fn enrolments_changed(&mut self, enrolled: &EnrolledScanners, host: &Host, clock: u64) {
        let Some(scanner) = &self.scanner else { return };
        let name = &scanner.enrolment.scanner;
        // One that is revoked is still opened to, to be told.
        let stands = enrolled.get(name) == Some(scanner)
            && match standing(enrolled.get(name), host, clock) {
                ScannerState::Connected => true,
                ScannerState::Revoked => !matches!(self.state, State::Open(_)),
                _ => false,
            };
        if !stands && !matches!(self.state, State::Calling) {
            self.close();
        }
    }

    /// A payload to be sent now, if any; it counts as sent. `random` makes 32 fresh bytes.
    pub fn next(
        &mut self,
        host: &Host,
        now: Instant,
        random: impl FnOnce() -> PrivateKey,
    ) -> Option<Vec<u8>> {
        let waited =
            |least: Duration| move |(at, _): (Instant, u32)| now.saturating_duration_since(at) >= least;
        match &self.state {
            State::Open(_) => None,
            State::Calling => {
                if !self.said.is_none_or(waited(ASK_EVERY)) {
                    return None;
                }
                let tries = self.said.map_or(0, |(_, tries)| tries + 1);
                if tries >= TRIES_MAX {
                    (self.standing, self.claimed) = (ScannerState::Silent, None);
                }
                self.said = Some((now, tries));
                Some(vec![PROTOCOL, 0])
            }
            State::Pinning(next, said) => {
                let tries = said.map_or(0, |(_, tries)| tries + 1);
                if !said.is_none_or(waited(ANSWER_WAIT)) {
                    return None;
                }
                let pins = self.scanner.as_ref().map_or(&[][..], |scanner| &scanner.pins);
                let Some(pin) = pins.get(*next) else {
                    self.state = State::Wanted;
                    return self.next(host, now, random);
                };
                if tries >= TRIES_MAX {
                    // Nobody has vouched for it: it must not stand before the others.
                    self.state = State::Pinning(*next + 1, None);
                    return self.next(host, now, random);
                }
                let payload = [&[PROTOCOL, PIN], &pin[..]].concat();
                self.state = State::Pinning(*next, Some((now, tries)));
                Some(payload)
            }
            State::Wanted => {
                let waits =
                    self.opened_at.is_some_and(|at| now.saturating_duration_since(at) < OPENING_EVERY);
                if waits { None } else { self.open(host, now, 0, random) }
            }
            State::Opening(_) => {
                if !self.said.is_none_or(waited(ANSWER_WAIT)) {
                    return None;
                }
                let tries = self.said.map_or(0, |(_, tries)| tries + 1);
                if tries >= TRIES_MAX {
                    self.unproven();
                    self.said = Some((now, 0));
                    return None;
                }
                self.open(host, now, tries, random)
            }
        }
    }

    /// When [`ScannerChannel::next`] has something to say again, if nothing is heard until then.
    pub fn wakes_at(&self, now: Instant) -> Instant {
        let wait = match self.state {
            State::Open(_) => return now + ASK_EVERY,
            State::Wanted => return self.opened_at.map_or(now, |at| at + OPENING_EVERY),
            State::Pinning(_, said) => return said.map_or(now, |(at, _)| at + ANSWER_WAIT),
            State::Calling => ASK_EVERY,
            State::Opening(_) => ANSWER_WAIT,
        };
        self.said.map_or(now, |(at, _)| at + wait)
    }

    /// Takes a payload, which is changed by it.
    pub fn received<'m>(
        &mut self,
        payload: &'m mut [u8],
        enrolled: &EnrolledScanners,
        host: &Host,
        clock: u64,
        now: Instant,
    ) -> Heard<'m> {
        match FromScanner::read(payload) {
            Some(FromScanner::Here(name)) => {
                if let Ok(name) = name.parse() {
                    self.here(name, enrolled, host, clock, now);
                }
            }
            Some(FromScanner::Opened(reply)) => {
                // A revoked one was only told so, whatever it answers.
                let revoked = self.scanner.as_ref().is_some_and(|known| known.enrolment.pair.revoked);
                if let State::Opening(opening) = &mut self.state
                    && !revoked
                    && let Ok(channel) = opening.read::<Ring>(&host.key, reply)
                {
                    self.state = State::Open(Box::new(channel));
                    self.standing = ScannerState::Connected;
                    (self.said, self.unanswered) = (None, 0);
                    return Heard::Opened;
                }
            }
            Some(FromScanner::Sealed(message)) => {
                if let State::Open(channel) = &mut self.state
                    && let Ok(text) = channel.open::<Ring>(message)
                {
                    return Heard::Text(text);
                }
            }
            Some(FromScanner::Pinned | FromScanner::Refused(_))
                if matches!(self.state, State::Pinning(_, Some(_))) =>
            {
                if let State::Pinning(next, said) = &mut self.state {
                    (*next, *said) = (*next + 1, None);
                }
            }
            Some(FromScanner::Pinned) => {}
            Some(FromScanner::Refused(refusal)) => self.refused(refusal, now),
            // What has said a name by this protocol is named by that.
            None if matches!(self.state, State::Calling) && self.claimed.is_none() => {
                self.standing = ScannerState::Foreign;
            }
            None => {}
        }
        Heard::Nothing
    }

    /// Seals a message, as a frame; `None` without a channel, or if it is larger than a message may be.
    pub fn seal(&mut self, message: &ToScanner<'_>) -> Option<Zeroizing<Vec<u8>>> {
        let State::Open(channel) = &mut self.state else { return None };
        // The shim makes the text behind the frame.
        let mut out = Zeroizing::new(vec![0; 2 * encoded_max(MESSAGE_BYTES_MAX)]);
        let used = line::seal::<Ring>(channel, message, &mut out).ok()?.len();
        out.truncate(used);
        Some(out)
    }

    /// The channel is of no use any more: who is there is asked at once.
    pub fn close(&mut self) {
        (self.state, self.scanner, self.said) = (State::Calling, None, None);
    }

    fn here(&mut self, name: DeviceId, enrolled: &EnrolledScanners, host: &Host, clock: u64, now: Instant) {
        let known = enrolled.get(&name);
        let stands = standing(known, host, clock);
        let told =
            known.is_some_and(|k| self.told.as_ref() == Some(&(name.clone(), k.enrolment.pair.number)));
        self.claimed = Some(name);
        // A name said in the clear does not unsay that its key was not proven.
        if !(stands == ScannerState::Connected && self.standing == ScannerState::Unproven) {
            self.standing = if stands == ScannerState::Connected { ScannerState::Silent } else { stands };
        }
        self.scanner = match stands {
            ScannerState::Connected => known.cloned(),
            // It is told, once: that it is revoked is what the enrolment says.
            ScannerState::Revoked if !told => known.cloned(),
            _ => None,
        };
        self.said = Some((now, 0));
        self.state = if self.scanner.is_some() { State::Pinning(0, None) } else { State::Calling };
    }

    fn open(
        &mut self,
        host: &Host,
        now: Instant,
        tries: u32,
        random: impl FnOnce() -> PrivateKey,
    ) -> Option<Vec<u8>> {
        let scanner = self.scanner.as_ref()?;
        let word = &*scanner.envelope;
        let mut payload = vec![0; 2 + OPENING_BYTES + word.len()];
        (payload[0], payload[1]) = (PROTOCOL, 1);
        let to = &scanner.enrolment.pair.scanner_key;
        let (opening, _) = Opening::write::<Ring>(&host.key, to, random(), word, &mut payload[2..])?;
        self.state = State::Opening(opening);
        (self.said, self.opened_at) = (Some((now, tries)), Some(now));
        // What says its name again instead of a reply would never run out of time.
        self.unanswered += 1;
        if self.unanswered > TRIES_MAX && self.standing == ScannerState::Silent {
            self.standing = ScannerState::Unproven;
        }
        Some(payload)
    }

    fn refused(&mut self, refusal: ScannerRefusal, now: Instant) {
        match (&self.state, refusal) {
            (State::Open(_), ScannerRefusal::NoChannel) => self.close(),
            (State::Opening(_), ScannerRefusal::Revoked) => {
                self.told = self.scanner.take().map(|s| (s.enrolment.scanner, s.enrolment.pair.number));
                (self.state, self.said) = (State::Calling, Some((now, 0)));
            }
            (State::Opening(_), ScannerRefusal::Untrusted | ScannerRefusal::Rollback) => {
                self.unproven();
                self.said = Some((now, 0));
            }
            _ => {}
        }
    }

    fn unproven(&mut self) {
        let revoked = self.scanner.as_ref().is_some_and(|scanner| scanner.enrolment.pair.revoked);
        self.standing = if revoked { ScannerState::Revoked } else { ScannerState::Unproven };
        (self.state, self.scanner) = (State::Calling, None);
    }
}

/// How a scanner's enrolment stands at this device; `Connected` if it may be opened to.
fn standing(known: Option<&EnrolledScanner>, host: &Host, clock: u64) -> ScannerState {
    let Some(EnrolledScanner { enrolment, .. }) = known else { return ScannerState::Unknown };
    if enrolment.device != host.device || enrolment.pair.host_key != host.public {
        ScannerState::Elsewhere
    } else if enrolment.pair.revoked {
        ScannerState::Revoked
    } else if clock >= enrolment.expires {
        ScannerState::Expired
    } else {
        ScannerState::Connected
    }
}

#[cfg(test)]
mod tests;
