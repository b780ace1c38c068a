//! The device's state and its lists, as officers may know them: nothing here tells of a discreet alert.

use super::Post;
use crate::link::LinkState;
use crate::snapshot::{Content, Doubt, Snapshot, SnapshotList, Unavailable};
use crate::store::DbError;
use crate::store::confirmations;
use crate::store::late;
use crate::store::spool;
use serde::{Deserialize, Serialize};
use vedette_shim::ids::{DeviceId, ListName};
use vedette_shim::list::Kind;
use vedette_shim::trust::Freshness;

#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    pub device: DeviceId,
    pub post: String,
    pub link: LinkState,
    /// Officers must sign in: a roster came once.
    pub sign_in: bool,
    /// None where none is in effect.
    pub roster: Option<RosterStatus>,
    /// Encounters that wait for a receipt.
    pub spool: u64,
    pub confirmations: confirmations::Counts,
    /// Documents of the last week that were listed only after their scan.
    pub late: u64,
    /// While a drill holds the link back: until when, seconds since 1970.
    pub drill_until: Option<u64>,
    /// The version of the trusted root.
    pub root: u32,
    pub lists: Vec<ListStatus>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RosterStatus {
    pub number: u64,
    /// Seconds since 1970.
    pub expires: u64,
    pub state: RosterStanding,
}

/// How far a roster is in effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RosterStanding {
    Current,
    /// Expired, in its grace: officers still sign in, and a new one is overdue.
    Expired,
    /// Its grace is over: only administrators sign in.
    Ended,
}

/// One list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListStatus {
    pub list: ListName,
    pub kind: Kind,
    /// As the officer reads it.
    pub owner: String,
    /// The edition in use; 0 for none.
    pub edition: u64,
    /// The newest edition known to exist.
    pub newest_known: u64,
    /// Alerts in it.
    pub entries: u64,
    /// Seconds since 1970; 0 without an edition.
    pub issued: u64,
    /// Seconds since it was last confirmed.
    pub age_s: u64,
    pub lease_s: u64,
    pub freshness: Freshness,
    /// Why it cannot be asked.
    pub unavailable: Option<Unavailable>,
    /// Why it cannot be determined whether it is the newest.
    pub doubt: Option<Doubt>,
}

impl Status {
    /// Whether the difference is worth publishing: ages alone are not.
    pub(super) fn differs(&self, other: &Status) -> bool {
        let ageless = |status: &Status| {
            let mut status = status.clone();
            status.lists.iter_mut().for_each(|list| list.age_s = 0);
            status
        };
        ageless(self) != ageless(other)
    }
}

impl ListStatus {
    /// A list at `now`, seconds since 1970.
    pub fn of(held: &SnapshotList, now: u64) -> ListStatus {
        let (age_s, freshness) = held.freshness(now);
        ListStatus {
            list: held.list.clone(),
            kind: held.kind,
            owner: held.owner.clone(),
            edition: held.edition,
            newest_known: held.newest_known,
            entries: held.entries,
            issued: if held.edition == 0 { 0 } else { held.issued },
            age_s,
            lease_s: held.lease_s.into(),
            freshness,
            unavailable: match held.content {
                Content::Nothing(why) => Some(why),
                _ => (freshness == Freshness::Expired).then_some(Unavailable::PastLease),
            },
            doubt: held.doubt,
        }
    }
}

impl Post {
    /// The device's state.
    pub fn status(&self) -> Result<Status, DbError> {
        let (checker, now) = (self.checker(), self.now());
        let snapshot = checker.snapshot();
        let drill = self.parts.drill.view().filter(|drill| drill.running);
        Ok(Status {
            device: checker.device().clone(),
            post: checker.post().into(),
            link: self.parts.link.borrow().clone(),
            sign_in: snapshot.roster_state.asks_for_sign_in(),
            roster: self.roster(&snapshot, now),
            spool: spool::depth_shown(checker.db())?,
            confirmations: confirmations::counts(checker.db(), now)?,
            late: late::count(checker.db(), now)?,
            drill_until: drill.map(|drill| drill.ends),
            root: snapshot.root.version,
            lists: snapshot.lists.iter().map(|held| ListStatus::of(held, now)).collect(),
        })
    }

    /// Every list that the device was granted.
    pub fn lists(&self) -> Vec<ListStatus> {
        let now = self.now();
        self.checker().snapshot().lists.iter().map(|held| ListStatus::of(held, now)).collect()
    }

    /// The roster that is in effect.
    pub fn roster_status(&self) -> Option<RosterStatus> {
        self.roster(&self.checker().snapshot(), self.now())
    }

    fn roster(&self, snapshot: &Snapshot, now: u64) -> Option<RosterStatus> {
        let roster = snapshot.roster_state.roster()?;
        let grace_s = self.parts.officers.rules().roster_grace_s;
        let state = match () {
            () if now < roster.expires => RosterStanding::Current,
            () if now < roster.expires.saturating_add(grace_s) => RosterStanding::Expired,
            () => RosterStanding::Ended,
        };
        Some(RosterStatus { number: roster.number, expires: roster.expires, state })
    }
}
