//! Intake of the roster: checked like a manifest, stored with its floor, then swapped in with the lists.
//!
//! Invariant: once any roster was stored, the device never again works as if there were none. A root that replaces the
//! roster's signers resets its floor, as it does a list's.

use super::error::refused;
use super::{Intake, IntakeError, UpdateOutcome};
use crate::officers::RosterState;
use crate::store::roster::{self, RosterRow};
use std::sync::Arc;
use vedette_common::crypto::RingVerify;
use vedette_common::roster::Roster;

impl Intake {
    pub(super) fn apply_roster(&mut self, bytes: &[u8]) -> Result<UpdateOutcome, IntakeError> {
        let floor = match (roster::get(&self.db)?, &self.roster_state) {
            // It is stored, and its signers were replaced.
            (Some(RosterRow { envelope: Some(_), .. }), RosterState::Lost) => None,
            (stored, _) => stored.map(|stored| stored.floor),
        };
        let (roster, new) = Roster::accept(bytes, &self.root, floor, self.clock.now(), &RingVerify)
            .map_err(refused("roster"))?;
        if floor == Some(new) && self.roster_state.roster().is_some() {
            return Ok(UpdateOutcome::Duplicate);
        }
        roster::set(&self.db, new, bytes)?;
        tracing::info!(number = roster.number, officers = roster.officers.len(), "new roster in effect");
        self.roster_state = RosterState::InEffect(Arc::new(roster));
        Ok(UpdateOutcome::Applied)
    }

    /// Reads the stored roster and verifies it under the root in effect.
    pub(super) fn load_roster(&mut self) -> Result<(), IntakeError> {
        self.roster_state = match roster::get(&self.db)? {
            None => RosterState::Open,
            Some(RosterRow { envelope: None, .. }) => RosterState::Lost,
            Some(RosterRow { envelope: Some(bytes), .. }) => {
                match Roster::verified(&bytes, &self.root.roster, &RingVerify) {
                    Ok((roster, _)) => RosterState::InEffect(Arc::new(roster)),
                    Err(error) => {
                        tracing::warn!(%error, "the stored roster does not verify under this root: nobody can sign in");
                        RosterState::Lost
                    }
                }
            }
        };
        Ok(())
    }
}
