//! One scanner's side of the talk, as its host remembers it. Pure: messages and time come in, what to say comes out.
//!
//! The scanner keeps no memory of the talk, so all that is to be said follows from what it last said it holds (its hello)
//! and what we hold ([`Ours`]). [`Session::next`] compares the two; every answer moves the picture of what it holds.
//! Every [`ASK_EVERY`] it is asked anew, which mends the picture whatever was lost.
//!
//! Invariants: one message is under way at a time, besides answers to scans, which wait for nothing. A message without
//! an answer is said again after [`ANSWER_WAIT`]; after [`TRIES_MAX`] the scanner counts as gone, and is only asked who
//! it is. What it refused is not said again until it restarts, what we hold changes, or [`REFUSED_WAIT`] is over. That it
//! restarted shows by what it no longer has, too: a hello that it said by itself may be lost, or never said.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use vedette_shim::ids::{Digest, EncounterId, ListName};
use vedette_shim::scanner::{Hello, ScannerRefusal, ToHost};
use vedette_shim::seal::ListKey;

/// A scanner that was silent so long is asked whether it is there.
pub const ASK_EVERY: Duration = Duration::from_secs(5);
/// So long an answer may take: flash is erased and written meanwhile.
pub const ANSWER_WAIT: Duration = Duration::from_secs(2);
/// A message is said so often before the scanner counts as gone.
pub const TRIES_MAX: u32 = 3;

/// What was refused is tried again after so long: flash may have room again, and a key may have come.
pub const REFUSED_WAIT: Duration = Duration::from_secs(60);

/// What the host has for its scanners.
#[derive(Debug, Default)]
pub struct Ours {
    /// The newest heartbeat: its issue time, seconds since 1970, and its envelope.
    pub heartbeat: Option<(u64, Arc<[u8]>)>,
    /// The lists of documents in use, by name.
    pub lists: BTreeMap<ListName, OurList>,
}

/// One list in use.
#[derive(Debug)]
pub struct OurList {
    pub edition: u64,
    /// The manifest's envelope.
    pub manifest: Arc<[u8]>,
    /// SHA-256 of that.
    pub digest: Digest,
    /// The keys that its segments need, by number.
    pub keys: BTreeMap<u32, ListKey>,
}

/// What to say.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Command {
    /// Who are you?
    Who,
    /// The heartbeat issued then.
    Time(u64),
    /// The key for its encounters.
    EncounterKey,
    /// A key of a list.
    ListKey(ListName, u32),
    /// The manifest of this digest.
    Offer(ListName, Digest),
    /// The piece it wants: the segment, from where, how many bytes. It belongs to the offer before.
    Piece(Digest, u32, u16),
    /// Hand over the oldest encounter.
    Next,
    /// This one is stored.
    Taken(EncounterId),
}

/// What a message asks of the host.
#[derive(Debug, PartialEq, Eq)]
pub enum ScannerEvent<'a> {
    /// Nothing more than what [`Session::next`] says.
    Noted,
    /// A scanner that has (re)started.
    Started,
    /// Check this, and answer at once.
    Check(u32, &'a str),
    /// Store this encounter, then say [`Session::stored`].
    Store(EncounterId, &'a [u8]),
    /// It did not take what was said.
    Refused(Command, ScannerRefusal),
}

/// What the host knows of its scanner.
#[derive(Debug)]
pub struct ScannerSession {
    hello: Option<Hello>,
    /// Said, and not answered yet; since when, and how often before.
    waiting: Option<(Command, Instant, u32)>,
    /// The issue time of the heartbeat it was told last. Its own clock runs on and cannot tell.
    time_told: u64,
    /// It was given our key for its encounters. One that it had before may be another host's.
    key_told: bool,
    /// To be said before anything else.
    urgent: Option<Command>,
    keys_told: HashSet<(ListName, u32)>,
    refused: HashMap<Command, Instant>,
    /// The last offer.
    offered: Option<(ListName, Digest)>,
    /// It said that no encounter waits.
    drained: bool,
    received_at: Instant,
    answers_unconfirmed: u32,
}

impl ScannerSession {
    /// Nothing is known yet.
    pub fn new(now: Instant) -> ScannerSession {
        ScannerSession {
            hello: None,
            waiting: None,
            time_told: 0,
            key_told: false,
            urgent: None,
            keys_told: HashSet::new(),
            refused: HashMap::new(),
            offered: None,
            drained: false,
            received_at: now,
            answers_unconfirmed: 0,
        }
    }

    /// Who it is, once it has said so.
    pub fn hello(&self) -> Option<&Hello> {
        self.hello.as_ref()
    }

    /// What we hold has changed: what was refused may be welcome now.
    pub fn ours_changed(&mut self) {
        self.refused.clear();
    }

    /// An answer to a scan was said; it will be confirmed.
    pub fn answered(&mut self) {
        self.answers_unconfirmed += 1;
    }

    /// The encounter is stored here.
    pub fn stored(&mut self, id: EncounterId) {
        self.urgent = Some(Command::Taken(id));
    }

    /// The encounter cannot be stored now: it stays with the scanner for a while.
    pub fn not_stored(&mut self, now: Instant) {
        self.refused.insert(Command::Next, now);
    }

    /// What to say now, if anything; it counts as said.
    pub fn next(&mut self, ours: &Ours, now: Instant) -> Option<Command> {
        let mut tries = 0;
        if let Some((say, since, before)) = self.waiting.take() {
            if now.saturating_duration_since(since) < ANSWER_WAIT {
                self.waiting = Some((say, since, before));
                return None;
            }
            self.answers_unconfirmed = 0;
            tries = before + 1;
            if tries >= TRIES_MAX {
                (self.hello, self.urgent, tries) = (None, None, 0);
            } else if matches!(say, Command::Taken(_)) {
                self.urgent = Some(say);
            }
        }
        let say = match self.urgent.take() {
            Some(say) => say,
            None => self.due(ours, now)?,
        };
        if let Command::Offer(list, digest) = &say {
            self.offered = Some((list.clone(), *digest));
        }
        self.waiting = Some((say.clone(), now, tries));
        Some(say)
    }

    /// When [`Session::next`] has something to say again, if nothing is heard until then.
    pub fn wakes_at(&self) -> Instant {
        match &self.waiting {
            Some((_, since, _)) => *since + ANSWER_WAIT,
            None => self.received_at + ASK_EVERY,
        }
    }

    fn due(&self, ours: &Ours, now: Instant) -> Option<Command> {
        let Some(hello) = &self.hello else { return Some(Command::Who) };
        let wanted = |say: &Command| {
            self.refused.get(say).is_none_or(|at| now.saturating_duration_since(*at) >= REFUSED_WAIT)
        };
        if !(self.key_told && hello.keyed) && wanted(&Command::EncounterKey) {
            return Some(Command::EncounterKey);
        }
        if let Some((issued, _)) = ours.heartbeat
            && issued > self.time_told
            && wanted(&Command::Time(issued))
        {
            return Some(Command::Time(issued));
        }
        // Encounters before lists: they are small, and somebody may be waiting for them.
        if !self.drained && wanted(&Command::Next) {
            return Some(Command::Next);
        }
        for held in &hello.lists {
            let Some(list) = ours.lists.get(&held.list) else { continue };
            let current = held.edition > list.edition || held.manifest == list.digest;
            let key = |number: &u32| Command::ListKey(held.list.clone(), *number);
            let untold = |number: &&u32| !self.keys_told.contains(&(held.list.clone(), **number));
            if !(current && held.keyed) {
                let keys = list.keys.keys().filter(untold).map(key);
                if let Some(say) = keys.into_iter().find(wanted) {
                    return Some(say);
                }
            }
            let offer = Command::Offer(held.list.clone(), list.digest);
            if !current && wanted(&offer) {
                return Some(offer);
            }
        }
        (now.saturating_duration_since(self.received_at) >= ASK_EVERY).then_some(Command::Who)
    }

    /// Takes a message of the scanner's.
    pub fn received<'a>(&mut self, message: ToHost<'a>, now: Instant) -> ScannerEvent<'a> {
        self.received_at = now;
        match message {
            ToHost::Hello(hello) => self.greeted(hello, now),
            ToHost::Scan(scan) => ScannerEvent::Check(scan.number, scan.text),
            ToHost::Want(want) => {
                let piece = Command::Piece(want.segment, want.offset, want.bytes);
                match &self.waiting {
                    // On its way already: the scanner asks once for each message, and one was said twice.
                    Some((said, ..)) if *said == piece => {}
                    Some((Command::Offer(..) | Command::Piece(..), ..)) => {
                        self.waiting = None;
                        self.urgent = Some(piece);
                    }
                    _ => {}
                }
                ScannerEvent::Noted
            }
            ToHost::Installed { list, edition } => {
                self.waiting.take_if(|(say, ..)| matches!(say, Command::Offer(..) | Command::Piece(..)));
                let held = self.hello.iter_mut().flat_map(|hello| &mut hello.lists);
                if let Some(held) = held.into_iter().find(|held| held.list == list)
                    && let Some((_, digest)) = self.offered.take_if(|(offered, _)| *offered == list)
                {
                    (held.edition, held.manifest, held.keyed) = (edition, digest, true);
                    // The heartbeat confirms an edition only when it is there.
                    self.time_told = 0;
                }
                ScannerEvent::Noted
            }
            ToHost::Encounter(note) => {
                self.waiting.take_if(|(say, ..)| matches!(say, Command::Next | Command::Taken(_)));
                self.drained = false;
                ScannerEvent::Store(note.id, note.sealed)
            }
            ToHost::Nothing => {
                self.waiting.take_if(|(say, ..)| matches!(say, Command::Next | Command::Taken(_)));
                self.drained = true;
                ScannerEvent::Noted
            }
            ToHost::Done => {
                self.done();
                ScannerEvent::Noted
            }
            ToHost::Refused(_) if self.answers_unconfirmed > 0 => {
                self.answers_unconfirmed -= 1;
                ScannerEvent::Noted
            }
            ToHost::Refused(refusal) => {
                let Some((say, ..)) = self.waiting.take() else { return ScannerEvent::Noted };
                if say == Command::Who {
                    // Nothing can be said before it says who it is; it is asked again, but not at once.
                    self.waiting = Some((Command::Who, now, 0));
                }
                let refused = match (&say, self.offered.take()) {
                    (Command::Piece(..), Some((list, digest))) => Command::Offer(list, digest),
                    _ => say.clone(),
                };
                self.refused.insert(refused, now);
                ScannerEvent::Refused(say, refusal)
            }
        }
    }

    fn greeted<'a>(&mut self, hello: Hello, now: Instant) -> ScannerEvent<'a> {
        let asked = self.waiting.take_if(|(say, ..)| *say == Command::Who).is_some();
        let same = self
            .hello
            .as_ref()
            .is_some_and(|before| hello.keyed >= before.keyed && (hello.time > 0 || self.time_told == 0));
        if !(asked && same) {
            *self = ScannerSession::new(now);
        }
        self.drained = hello.encounters == 0;
        for held in hello.lists.iter().filter(|held| !held.keyed) {
            self.keys_told.retain(|(list, _)| *list != held.list);
        }
        self.hello = Some(hello);
        if asked && same { ScannerEvent::Noted } else { ScannerEvent::Started }
    }

    /// What was said last is taken: the answer to a scan, or what waits.
    fn done(&mut self) {
        if self.answers_unconfirmed > 0 {
            self.answers_unconfirmed -= 1;
            return;
        }
        let Some((say, ..)) = self.waiting.take_if(|(say, ..)| {
            matches!(say, Command::Time(_) | Command::EncounterKey | Command::ListKey(..))
        }) else {
            return;
        };
        match (say, &mut self.hello) {
            (Command::Time(issued), _) => self.time_told = issued,
            (Command::EncounterKey, Some(hello)) => (hello.keyed, self.key_told) = (true, true),
            (Command::ListKey(list, number), _) => {
                self.keys_told.insert((list, number));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
