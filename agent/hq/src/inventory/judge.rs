//! Whether one enrolment of a device holds an edition that is asked for: by its last signed status and all it was ever granted.
//!
//! Invariants. Nobody who holds one is judged [`Standing::NoLonger`] or [`Standing::Never`]: those need a signed word after which
//! it cannot have come to hold one. What a device took since it spoke last is not known, so whoever could have taken one of the
//! editions since may hold it. [`Standing::Holds`] needs a signed word that names one of them.
//! What makes this right: a device never goes below the highest edition it accepted; it opens an edition only with all its
//! keys; a revoked device that has carried out its order takes none of its old grants again. A device whose store was copied
//! or put back may break the first, so its word ends nothing.

use super::flags::Health;
use crate::db::copies::{Copy, Granted, Held, Word};
use crate::db::editions::Issued;
use crate::publishing::presence::Presence;
use serde::Serialize;
use std::collections::BTreeMap;

/// A device erases a list's keys so long after the lease's end, at most, seconds: see the device's `intake/leases`.
pub(crate) const LEASE_GRACE_S: u64 = 120;

/// Whether an enrolment holds what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It said so lately.
    Holds,
    /// It may, for it said so last, or can have come to since.
    MayHold,
    /// It had the list, and by its word holds nothing of what is asked for any more.
    NoLonger,
    /// It was never granted what it takes.
    Never,
}

/// A judgement. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) standing: Standing,
    pub(crate) why: Why,
    /// When its lease ends there, if it heard nothing since it spoke last; `None` where that says nothing.
    pub(crate) lease_ends: Option<u64>,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    SaidSo,
    Silent,
    /// By its last word its lease was over.
    Lapsed,
    /// It holds an edition that this home did not publish.
    NotOurs,
    /// What is in the edition cannot be determined.
    TooOld,
    /// It had an earlier one, or none, and can have taken one since.
    CanHaveTaken,
    NeverSpoke,
    /// It was enrolled again since.
    Former,
    Cloned,
    Erased,
    /// It holds one that is not asked for, and none that is can follow.
    Newer,
    NotGranted,
    /// Sealed with keys that it never had.
    NoKeys,
}

/// Which editions of a list are asked for.
pub(crate) struct Asked {
    /// The list's lease, seconds.
    lease_s: u32,
    /// By edition: whether it is asked for.
    editions: BTreeMap<u64, Presence>,
    /// The editions that are or may be: each one's highest key number, and it.
    wanted: Vec<(u32, u64)>,
}

impl Asked {
    /// `at` says of each of a list's editions whether it is asked for.
    pub(crate) fn of(lease_s: u32, issued: &[Issued], at: impl Fn(u64) -> Presence) -> Asked {
        let editions: BTreeMap<_, _> = issued.iter().map(|one| (one.edition, at(one.edition))).collect();
        let is_wanted = |one: &&Issued| editions[&one.edition] != Presence::No;
        let wanted = issued.iter().filter(is_wanted).map(|one| (one.last_key, one.edition)).collect();
        Asked { lease_s, editions, wanted }
    }

    /// The editions that are asked for, as ranges of neighbours; those that may be are not among them.
    pub(crate) fn ranges(&self) -> Vec<(u64, u64)> {
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        let mut before = Presence::No;
        for (&edition, &presence) in &self.editions {
            match ranges.last_mut().filter(|_| before == Presence::Yes) {
                Some(range) if presence == Presence::Yes => range.1 = edition,
                _ if presence == Presence::Yes => ranges.push((edition, edition)),
                _ => {}
            }
            before = presence;
        }
        ranges
    }

    /// Whether an edition above `held` that may be asked for opens with keys up to `last_key`.
    fn can_follow(&self, held: u64, last_key: u32) -> bool {
        self.wanted.iter().rev().any(|(key, edition)| *edition > held && *key <= last_key)
    }

    fn at(&self, edition: u64) -> Presence {
        self.editions.get(&edition).copied().unwrap_or(Presence::Unknown)
    }
}

/// Judges an enrolment. `is_ours`: whether the manifest of the edition that its word names is this home's.
pub(crate) fn judge(copy: &Copy, health: &Health<'_>, asked: &Asked, is_ours: bool, now: u64) -> Judgement {
    let word = copy.word.as_ref();
    let judged = |standing, why| Judgement { standing, why, lease_ends: None };
    if let (Some(Granted { erased_at: Some(_), .. }), false) = (copy.granted, health.is_cloned()) {
        return judged(Standing::NoLonger, Why::Erased);
    }
    let last_key = copy.granted.map(|granted| granted.last_key);
    let can_follow = |held| last_key.is_some_and(|last_key| asked.can_follow(held, last_key));
    let Some((word, held)) = word.and_then(|word| Some((word, word.held?))) else {
        let why = match (word, copy.is_newest) {
            _ if last_key.is_none() => return judged(Standing::Never, Why::NotGranted),
            _ if !can_follow(0) => return judged(Standing::Never, Why::NoKeys),
            (Some(_), _) => Why::CanHaveTaken,
            (None, true) => Why::NeverSpoke,
            (None, false) => Why::Former,
        };
        return judged(Standing::MayHold, why);
    };
    let lease_ends = (!word.said.time_lost).then(|| held.confirmed_at + u64::from(asked.lease_s));
    let holding = |standing, why| Judgement { standing, why, lease_ends };
    match if is_ours { asked.at(held.edition) } else { Presence::Unknown } {
        Presence::Unknown if is_ours => holding(Standing::MayHold, Why::TooOld),
        Presence::Unknown => holding(Standing::MayHold, Why::NotOurs),
        Presence::Yes if has_lapsed(word, &held, asked.lease_s) => holding(Standing::MayHold, Why::Lapsed),
        Presence::Yes if health.is_silent(now) => holding(Standing::MayHold, Why::Silent),
        Presence::Yes => holding(Standing::Holds, Why::SaidSo),
        Presence::No if can_follow(held.edition) => judged(Standing::MayHold, Why::CanHaveTaken),
        Presence::No if health.is_cloned() => judged(Standing::MayHold, Why::Cloned),
        Presence::No => judged(Standing::NoLonger, Why::Newer),
    }
}

/// Whether by its last word the lease was over, so that its keys are erased if it is not fetching a newer edition.
fn has_lapsed(word: &Word, held: &Held, lease_s: u32) -> bool {
    word.seen.saturating_sub(held.confirmed_at) >= u64::from(lease_s) + LEASE_GRACE_S
}
