//! What is wrong with a device, by its last status and what is known of it: each a flag with words.
//!
//! Of a revoked device only that it contradicts itself counts: it is silent and behind because it is to be.

#![allow(missing_docs)] // plain data: a field that its name and type explain has none

use crate::db::contradictions::What;
use crate::db::editions::Issued;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;
use vedette_common::clock::rfc3339;
use vedette_common::mqtt::CERTIFICATE_WARN_S;
use vedette_common::text::{age, json_word};

/// A device that has not spoken for so long is silent, seconds. It speaks about every minute.
pub(crate) const SILENT_AFTER_S: u64 = 600;
/// A device that has not taken an edition after so long is behind, seconds.
const BEHIND_AFTER_S: u64 = 300;
/// A clock that is wrong by more is flagged, seconds. A status may wait at the broker for a while.
const CLOCK_WRONG_BY_S: u64 = 300;

/// What can be wrong with a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// It has not taken an edition that has been out for a while.
    Lag,
    /// It signed two encounters of one number, or holds an edition whose content this home did not sign.
    Conflict,
    /// Its keys or its store are there twice, or an older store was put back.
    Clone,
    /// Its clock is wrong, or it cannot tell the time.
    Clock,
    /// Its store cannot be written.
    Disk,
    /// The certificate that it uses ends soon.
    Certificate,
    /// Nothing has come from it for a while.
    Silent,
}

impl Flag {
    /// Every flag.
    pub const ALL: [Flag; 7] =
        [Flag::Lag, Flag::Conflict, Flag::Clone, Flag::Clock, Flag::Disk, Flag::Certificate, Flag::Silent];
}

impl fmt::Display for Flag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&json_word(self))
    }
}

impl FromStr for Flag {
    type Err = String;

    fn from_str(text: &str) -> Result<Flag, String> {
        let found = Flag::ALL.into_iter().find(|flag| flag.to_string() == text);
        found.ok_or_else(|| Flag::ALL.map(|flag| flag.to_string()).join(", "))
    }
}

/// A flag, and why in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlagView {
    pub flag: Flag,
    pub text: String,
}

/// What flags are raised by. Times are seconds since 1970.
pub(crate) struct Health<'a> {
    pub(crate) revoked: bool,
    pub(crate) enrolled_at: u64,
    pub(crate) certificate_ends: u64,
    /// When its last status came; `None` if none did.
    pub(crate) seen: Option<u64>,
    pub(crate) online: bool,
    pub(crate) said: Option<Said<'a>>,
    /// What contradicts itself, and when last.
    pub(crate) contradictions: Vec<(&'a str, u64)>,
}

/// Of its last status.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    /// When it was made, by the device's clock.
    pub(crate) at: u64,
    pub(crate) time_lost: bool,
    pub(crate) store_fault: &'a str,
}

impl Health<'_> {
    /// Whether nothing has come from it for a while.
    pub(crate) fn is_silent(&self, now: u64) -> bool {
        !self.online || self.seen.is_none_or(|seen| seen + SILENT_AFTER_S < now)
    }

    /// Whether its last word may not be that of every copy of it.
    pub(crate) fn is_cloned(&self) -> bool {
        self.contradicts().any(|(what, _)| flag_of(what) == Flag::Clone)
    }

    /// By how many seconds its clock was behind when it spoke last.
    pub(crate) fn clock_behind_s(&self) -> u64 {
        self.said.zip(self.seen).map_or(0, |(said, seen)| seen.saturating_sub(said.at))
    }

    /// Of this enrolment: what a former one did is not this one's.
    fn contradicts(&self) -> impl Iterator<Item = (&str, u64)> {
        self.contradictions.iter().copied().filter(|(_, at)| *at >= self.enrolled_at)
    }

    /// Its flags, but for [`Flag::Lag`].
    pub(crate) fn flags(&self, now: u64) -> Vec<FlagView> {
        let mut flags = Vec::new();
        let mut raise = |flag, text: String| flags.push(FlagView { flag, text });
        for (what, at) in self.contradicts() {
            raise(flag_of(what), format!("{what}, last at {}", rfc3339(at)));
        }
        if self.revoked {
            return flags;
        }
        if let Some(text) = self.clock() {
            raise(Flag::Clock, text);
        }
        if let Some(said) = self.said.filter(|said| !said.store_fault.is_empty()) {
            raise(Flag::Disk, format!("its store cannot be written: {}", said.store_fault));
        }
        if self.certificate_ends < now + CERTIFICATE_WARN_S {
            raise(Flag::Certificate, format!("its certificate ends at {}", rfc3339(self.certificate_ends)));
        }
        match self.seen {
            None => raise(Flag::Silent, "it never spoke".into()),
            Some(seen) if self.is_silent(now) => raise(Flag::Silent, format!("since {}", rfc3339(seen))),
            Some(_) => {}
        }
        flags
    }

    fn clock(&self) -> Option<String> {
        let said = self.said?;
        let seen = self.seen.unwrap_or(said.at);
        if said.time_lost {
            return Some("it cannot tell the time".into());
        }
        let (off, way) = match said.at >= seen {
            true => (said.at - seen, "ahead"),
            false => (seen - said.at, "behind, or its status was on its way that long"),
        };
        (off > CLOCK_WRONG_BY_S).then(|| format!("{} {way}", age(off)))
    }
}

fn flag_of(what: &str) -> Flag {
    let conflicts = [What::OneId, What::Edition];
    if conflicts.iter().any(|conflict| conflict.text() == what) { Flag::Conflict } else { Flag::Clone }
}

/// By how much a device that holds the edition `held` of a list (0: none) is behind, if it is. `issued`: the list's editions.
pub(crate) fn lag(list: &str, issued: &[Issued], held: u64, now: u64) -> Option<FlagView> {
    let newer = &issued[issued.partition_point(|issued| issued.edition <= held)..];
    let since = newer.first()?.at;
    let late = now.checked_sub(since).filter(|late| *late > BEHIND_AFTER_S)?;
    let text = format!("{list}: {} edition(s) behind, for {}", newer.len(), age(late));
    Some(FlagView { flag: Flag::Lag, text })
}
