//! A match -> an encounter: built, sealed to its list's owner, and stored with all that belongs to it.

use super::Checker;
use crate::store::encounters::{self, NewEncounter};
use crate::store::spool::Spooling;
use crate::store::{DbError, Tx};
use vedette_common::crypto::BadSeal;
use vedette_common::encounter;
use vedette_common::text::cut;
use vedette_shim::ids::{EncounterId, ListName};
use vedette_shim::verdict::Verdict;
use vedette_shim::wire::{Encounter, Report, ScannedDocument};

/// What was met.
pub(crate) struct Met<'a> {
    pub(crate) id: EncounterId,
    pub(crate) scan: [u8; 16],
    /// When the document was scanned, seconds since 1970.
    pub(crate) made_at: u64,
    pub(crate) list: &'a ListName,
    pub(crate) edition: u64,
    pub(crate) alert_id: &'a str,
    pub(crate) verdict: Verdict,
    /// From 0 to 1.
    pub(crate) score: f32,
    pub(crate) document: ScannedDocument,
    pub(crate) late: bool,
}

/// Whom an encounter goes to, and what is expected of them.
#[derive(Clone, Copy)]
pub(crate) struct Addressee {
    /// X25519; encounters are sealed to it.
    pub(crate) owner_key: [u8; 32],
    /// Within how many seconds the owner must confirm it; 0: no clock.
    pub(crate) confirm_s: u32,
    /// False for a discreet alert's.
    pub(crate) shown: bool,
}

impl Checker {
    /// The encounter of a match, sealed.
    ///
    /// # Errors
    /// The owner's key is no key, which only a root that was signed so can do.
    pub(crate) fn seal_encounter(&self, met: Met<'_>, to: Addressee) -> Result<NewEncounter, BadSeal> {
        let encounter = Encounter {
            id: met.id,
            scan: met.scan,
            device: self.device().clone(),
            post: cut(self.post()),
            made_at: met.made_at,
            list: met.list.clone(),
            edition: met.edition,
            alert: cut(met.alert_id),
            verdict: met.verdict,
            score: (met.score * 1000.0).round() as u16,
            document: met.document,
            late: met.late,
        };
        Ok(NewEncounter {
            id: met.id,
            message: encounter::seal(&Report::Encounter(encounter), self.box_key(), &to.owner_key)?,
            list: met.list.clone(),
            owner_key: to.owner_key,
            alert_id: met.alert_id.into(),
            confirm_s: to.confirm_s,
            shown: to.shown,
        })
    }

    /// Stores an encounter in the caller's transaction, if the spool has room. Its confirmation clock starts `at`.
    pub(crate) fn spool_encounter(
        &self,
        t: &Tx<'_>,
        new: &NewEncounter,
        at: u64,
    ) -> Result<Spooling, DbError> {
        encounters::spool(t, new, at, self.limits().spool_bytes_max)
    }
}
