//! What the post says of its device.

use super::Post;
use super::status::{ListStatus, RosterStanding, RosterStatus, Status};
use crate::snapshot::Snapshot;
use crate::store::{DbError, confirmations, late, spool};

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
            store_fault: checker.db().fault(),
            key_protection: self.parts.key_protection,
            spool: spool::depth_shown(checker.db())?,
            refused: spool::refused_shown(checker.db())?,
            confirmations: confirmations::counts(checker.db(), now)?,
            late: late::count(checker.db(), now)?,
            drill_until: drill.map(|drill| drill.ends),
            root: snapshot.root.version,
            lists: snapshot.lists.iter().map(|held| ListStatus::of(held, now)).collect(),
            scanners: self.standings.all(),
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
            () if now < roster.expires && snapshot.roster_behind => RosterStanding::Behind,
            () if now < roster.expires => RosterStanding::Current,
            () if now < roster.expires.saturating_add(grace_s) => RosterStanding::Expired,
            () => RosterStanding::Ended,
        };
        Some(RosterStatus { number: roster.number, expires: roster.expires, state })
    }
}
