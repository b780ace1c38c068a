//! What must be true, whatever happens: known to the simulation, which sees both ends, and to no part of what it tries.
//!
//! | rule | what it says |
//! |---|---|
//! | [`Rule::StoredOnce`] | every hit that was answered is stored at headquarters once, and nothing else is |
//! | [`Rule::FloorKept`] | no device uses an edition below one that it had |
//! | [`Rule::NotClearPastLease`] | nobody is Clear by a list whose last word of headquarters is older than its lease |
//! | [`Rule::InEffectInTime`] | what a heartbeat named is in use [`super::IN_EFFECT_S`] after it came, while the link lasts |
//! | [`Rule::RevokedHasNothing`] | a revoked device has no key after its lease |
//! | [`Rule::RightForItsEdition`] | a list's Clear and Hit are what its edition says of the document |
//! | [`Rule::Settles`] | once nothing fails any more, every device has the newest of every list |

use super::{IDLE_S, LEASE_S};
use std::collections::{BTreeMap, BTreeSet};
use vedette::Answer;
use vedette_shim::ids::{Hex, ListName};
use vedette_shim::verdict::ListResult;

/// How long after a revocation the broker's administrator may take to have it refuse the device.
pub const CUT_OFF_WITHIN_S: u64 = 86_400;
/// A system clock may be so slow, and a device notices the end of a lease so late (a turn, and the grace for a clock that is
/// ahead), seconds.
const SLACK_S: u64 = 300;
const ERASED_WITHIN_S: u64 = 2 * IDLE_S + SLACK_S;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    StoredOnce,
    FloorKept,
    NotClearPastLease,
    InEffectInTime,
    RevokedHasNothing,
    RightForItsEdition,
    Settles,
}

/// A rule that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub rule: Rule,
    /// When, seconds since the simulation began.
    pub at: u64,
    pub what: String,
}

/// What is listed in one list: now, and in each edition.
#[derive(Default)]
struct Content {
    newest: u64,
    now: BTreeSet<usize>,
    backup: BTreeSet<usize>,
    /// Of each document, from which edition on it is listed or not.
    history: BTreeMap<usize, Vec<(u64, bool)>>,
}

/// What is known of one device since its enrolment.
#[derive(Debug, Clone, Default)]
struct Known {
    /// The newest time that was signed and reached it, and when it did.
    signed: u64,
    heard_at: u64,
    /// The highest edition it used of each list.
    highest: BTreeMap<ListName, u64>,
    revoked_at: Option<u64>,
}

/// An encounter that an answer named.
#[derive(Debug, Clone, Copy)]
struct Answered {
    device: usize,
    at: u64,
    /// Lost with its device, because that was revoked.
    may_be_lost: bool,
}

/// All that is known.
pub struct Truth {
    began: u64,
    lists: Vec<ListName>,
    contents: Vec<Content>,
    devices: Vec<Known>,
    /// The encounters of answers, by their id.
    answered: BTreeMap<String, Answered>,
    broken: Vec<Broken>,
}

impl Truth {
    /// Nothing has happened yet.
    pub fn new(began: u64, lists: &[ListName], devices: usize) -> Truth {
        Truth {
            began,
            lists: lists.to_vec(),
            contents: lists.iter().map(|_| Content::default()).collect(),
            devices: vec![Known::default(); devices],
            answered: BTreeMap::new(),
            broken: Vec::new(),
        }
    }

    /// The rules that did not hold.
    pub fn broken(self) -> Vec<Broken> {
        self.broken
    }

    /// Whether any rule did not hold.
    pub fn is_broken(&self) -> bool {
        !self.broken.is_empty()
    }

    /// Encounters that answers named.
    pub fn answered(&self) -> usize {
        self.answered.len()
    }

    fn report(&mut self, rule: Rule, now: u64, what: String) {
        self.broken.push(Broken { rule, at: now - self.began, what });
    }

    /// The documents in a list now.
    pub fn listed(&self, list: usize) -> &BTreeSet<usize> {
        &self.contents[list].now
    }

    /// An edition of a list was published.
    pub fn published(&mut self, list: usize, edition: u64, put: &[usize], withdrawn: &[usize]) {
        let content = &mut self.contents[list];
        content.newest = edition;
        for (numbers, is_listed) in [(put, true), (withdrawn, false)] {
            for number in numbers {
                content.history.entry(*number).or_default().push((edition, is_listed));
                let _ = if is_listed { content.now.insert(*number) } else { content.now.remove(number) };
            }
        }
    }

    /// Headquarters made a backup.
    pub fn backed_up(&mut self) {
        self.contents.iter_mut().for_each(|content| content.backup = content.now.clone());
    }

    /// Headquarters went back to its backup, and published that as this edition.
    pub fn restored(&mut self, list: usize, edition: u64) {
        let content = &self.contents[list];
        let put: Vec<usize> = content.backup.difference(&content.now).copied().collect();
        let withdrawn: Vec<usize> = content.now.difference(&content.backup).copied().collect();
        self.published(list, edition, &put, &withdrawn);
    }

    fn is_listed(&self, list: usize, number: usize, edition: u64) -> bool {
        let history = self.contents[list].history.get(&number);
        let last = history.into_iter().flatten().rev().find(|(since, _)| *since <= edition);
        last.is_some_and(|(_, is_listed)| *is_listed)
    }

    /// A device was enrolled, with new keys and an empty store.
    pub fn enrolled(&mut self, device: usize, now: u64) {
        self.devices[device] = Known { signed: now, heard_at: now, ..Known::default() };
    }

    /// A device was revoked, while headquarters had these encounters. What is not among them may stay on the device: the broker
    /// refuses it soon.
    pub fn revoked(&mut self, device: usize, now: u64, stored: &BTreeMap<String, u64>) {
        self.devices[device].revoked_at = Some(now);
        for (id, answered) in &mut self.answered {
            answered.may_be_lost |= answered.device == device && !stored.contains_key(id);
        }
    }

    /// Headquarters lost the end of its enrolment, with what it had stored of it since, or the enrolment itself: the device cannot
    /// send again, or nobody can open what it sealed with the lost keys.
    pub fn enrolment_lost(&mut self, device: usize) {
        let answered = self.answered.values_mut().filter(|answered| answered.device == device);
        answered.for_each(|answered| answered.may_be_lost = true);
    }

    /// Whether it is revoked.
    pub fn is_revoked(&self, device: usize) -> bool {
        self.devices[device].revoked_at.is_some()
    }

    /// Signed word of this time reached a device.
    pub fn heard(&mut self, device: usize, now: u64, signed: u64) {
        let known = &mut self.devices[device];
        known.signed = known.signed.max(signed);
        known.heard_at = now;
    }

    /// Until when a list may be relied on, at most.
    fn relied_until(&self, device: usize, clock_is_right: bool) -> u64 {
        let known = &self.devices[device];
        // A device whose clock is dead cannot know how old the first word is that it hears.
        let word = if clock_is_right { known.signed } else { known.heard_at };
        let cut_off = known.revoked_at.map_or(u64::MAX, |at| at + CUT_OFF_WITHIN_S);
        word.min(cut_off) + LEASE_S
    }

    /// A device uses these editions.
    pub fn uses(&mut self, device: usize, now: u64, editions: Vec<(ListName, u64)>) {
        for (list, edition) in editions {
            let highest = self.devices[device].highest.entry(list.clone()).or_default();
            let before = *highest;
            *highest = before.max(edition);
            if edition > 0 && edition < before {
                self.report(
                    Rule::FloorKept,
                    now,
                    format!("device {device} uses {list} {edition} after {before}"),
                );
            }
        }
    }

    /// A device answered a scan.
    pub fn scanned(&mut self, device: usize, now: u64, clock_is_right: bool, number: usize, answer: &Answer) {
        let until = self.relied_until(device, clock_is_right) + SLACK_S;
        for checked in &answer.checked {
            let Some(list) = self.lists.iter().position(|list| *list == checked.list) else { continue };
            let is_listed = self.is_listed(list, number, checked.edition);
            let (is_clear, is_hit) = (checked.result == ListResult::Clear, checked.result == ListResult::Hit);
            if (is_clear && is_listed) || (is_hit && !is_listed) {
                let what =
                    format!("device {device}: {:?} in {} {}", checked.result, checked.list, checked.edition);
                self.report(Rule::RightForItsEdition, now, what);
            }
            if is_clear && now >= until {
                let what =
                    format!("device {device}: Clear by {}, {} s past its lease", checked.list, now - until);
                self.report(Rule::NotClearPastLease, now, what);
            }
        }
        let answered = Answered { device, at: now, may_be_lost: self.is_revoked(device) };
        for alert in &answer.alerts {
            match &alert.encounter {
                Some(encounter) => drop(self.answered.insert(Hex(&encounter.id).to_string(), answered)),
                None => {
                    self.report(Rule::StoredOnce, now, format!("device {device}: a hit that is not spooled"))
                }
            }
        }
    }

    /// A revoked device had its turn and has keys. `knows_since`: since when its clock is right; if it is wrong, since when the
    /// device runs: how long it had been off before it cannot know, so that a lease's time may begin then.
    pub fn has_keys(&mut self, device: usize, now: u64, clock_is_right: bool, knows_since: u64) {
        let counted = if clock_is_right { knows_since } else { knows_since + LEASE_S };
        let until = self.relied_until(device, clock_is_right).max(counted) + ERASED_WITHIN_S;
        if now >= until {
            let what = format!("device {device} has keys {} s after it must not", now - until);
            self.report(Rule::RevokedHasNothing, now, what);
        }
    }

    /// What a heartbeat named should be in effect by now.
    pub fn in_effect(&mut self, device: usize, now: u64, named: &[(usize, u64)], used: &[(ListName, u64)]) {
        for (list, edition) in named {
            let used = used.iter().find(|(name, _)| *name == self.lists[*list]).map_or(0, |(_, used)| *used);
            if used < *edition {
                let what = format!("device {device} uses {} {used}, not {edition}", self.lists[*list]);
                self.report(Rule::InEffectInTime, now, what);
            }
        }
    }

    /// Nothing has failed for days: what a device uses.
    pub fn settled(&mut self, device: usize, now: u64, used: &[(ListName, u64)]) {
        for (list, content) in self.lists.clone().iter().zip(0..) {
            let newest = self.contents[content].newest;
            let used = used.iter().find(|(name, _)| name == list).map_or(0, |(_, used)| *used);
            if used != newest && !self.is_revoked(device) {
                self.report(Rule::Settles, now, format!("device {device} uses {list} {used}, not {newest}"));
            }
        }
    }

    /// Nothing has failed for days: what is stored, and how often.
    pub fn stored(&mut self, now: u64, stored: &BTreeMap<String, u64>) {
        for (id, Answered { device, at, may_be_lost }) in self.answered.clone() {
            let times = stored.get(&id).copied().unwrap_or(0);
            if times > 1 || (times == 0 && !may_be_lost) {
                let what =
                    format!("an encounter of device {device} at {} is stored {times} times", at - self.began);
                self.report(Rule::StoredOnce, now, what);
            }
        }
        let unknown = stored.keys().filter(|id| !self.answered.contains_key(*id)).count();
        if unknown > 0 {
            self.report(
                Rule::StoredOnce,
                now,
                format!("{unknown} encounters are stored that no answer named"),
            );
        }
    }
}
