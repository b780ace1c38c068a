//! A check's matches -> alerts: their encounters are sealed, and stored with the check's line in the journal in one
//! transaction.
//!
//! Failure: an encounter that cannot be sealed, or for which the spool has no room, leaves its alert without one, and the
//! answer says so; a transaction that fails is the check's error, and nothing of it is stored.

use super::Checker;
use super::alert::{Alert, Encountered, Match};
use super::answer::{Notice, ScanId};
use super::encounter::{Addressee, Met};
use crate::journal::{self, AuditLine};
use crate::retro;
use crate::store::encounters::NewEncounter;
use crate::store::spool::Spooling;
use crate::store::{DbError, Tx};
use vedette_common::crypto;
use vedette_shim::document::DocumentKey;
use vedette_shim::verdict::{ListResult, Verdict};
use vedette_shim::wire::ScannedDocument;

/// A match with its encounter, if that could be sealed.
pub(super) struct Sealed {
    found: Match,
    encounter: Option<NewEncounter>,
}

/// What a check left behind.
pub(super) struct Recorded {
    pub(super) open: Vec<Alert>,
    pub(super) discreet: Vec<Alert>,
    /// If encounters of open alerts could not be stored.
    pub(super) lost: Option<Notice>,
}

impl Checker {
    /// Seals an encounter of each match to its list's owner; not `shown` are those of discreet alerts.
    pub(super) fn seal(
        &self,
        scan: ScanId,
        document: &ScannedDocument,
        matches: Vec<Match>,
        shown: bool,
        now: u64,
    ) -> Vec<Sealed> {
        let seal = |found: Match| {
            let met = Met {
                id: crypto::random(),
                scan,
                made_at: now,
                list: &found.list,
                edition: found.home.edition,
                alert_id: &found.alert_id,
                verdict: if found.result == ListResult::Hit { Verdict::Hit } else { Verdict::Possible },
                score: found.score,
                document: document.clone(),
                late: false,
            };
            let to = Addressee { owner_key: found.home.owner_key, confirm_s: found.home.confirm_s, shown };
            let sealed = self.seal_encounter(met, to);
            if let Err(error) = &sealed {
                // Only an owner's key that is no key can do this; the root that carries it was signed so.
                tracing::error!(list = %found.list, %error, "cannot seal an encounter to the list's owner");
            }
            Sealed { found, encounter: sealed.ok() }
        };
        matches.into_iter().map(seal).collect()
    }

    /// Stores the journal line, the hash of a document to be remembered, and the encounters.
    pub(super) fn record(
        &self,
        line: &AuditLine,
        open: Vec<Sealed>,
        discreet: Vec<Sealed>,
        remember: Option<(&DocumentKey, &ScanId)>,
    ) -> Result<Recorded, DbError> {
        let (open_stored, discreet_stored) = self.db().transaction("record the check", |t| {
            journal::append(t, line)?;
            if let Some((key, scan)) = remember {
                retro::remember(t, self.box_key(), key, scan, line.at, self.retro_keep_s())?;
            }
            Ok::<_, DbError>((self.store(t, &open, line.at)?, self.store(t, &discreet, line.at)?))
        })?;
        if !open.is_empty() || !discreet.is_empty() {
            self.notify_spooled();
        }
        let unsealed = open.iter().any(|sealed| sealed.encounter.is_none());
        let alerts = |sealed: Vec<Sealed>, stored: Vec<bool>| -> Vec<Alert> {
            sealed.into_iter().zip(stored).map(|(sealed, stored)| sealed.alert(stored, line.at)).collect()
        };
        let (open, discreet) = (alerts(open, open_stored), alerts(discreet, discreet_stored));
        let lost = match open.iter().filter(|alert| alert.encounter.is_none()).count() {
            0 => None,
            lost if unsealed => Some(Notice::NotSealed(lost)),
            lost => Some(Notice::SpoolFull(lost)),
        };
        Ok(Recorded { open, discreet, lost })
    }

    /// Stores encounters, as far as the spool has room; which are stored, in their order.
    fn store(&self, t: &Tx<'_>, sealed: &[Sealed], at: u64) -> Result<Vec<bool>, DbError> {
        let store = |sealed: &Sealed| match &sealed.encounter {
            None => Ok(false),
            Some(new) => Ok(self.spool_encounter(t, new, at)? == Spooling::Stored),
        };
        sealed.iter().map(store).collect()
    }
}

impl Sealed {
    fn alert(self, stored: bool, now: u64) -> Alert {
        let within_s = self.found.home.confirm_s;
        let confirm_by = (within_s > 0).then(|| now + u64::from(within_s));
        let encounter = self.encounter.filter(|_| stored);
        Alert { found: self.found, encounter: encounter.map(|new| Encountered { id: new.id, confirm_by }) }
    }
}
