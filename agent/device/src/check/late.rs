//! Late encounters: documents that met no alert when they were scanned, and are listed now ([`crate::retro`]).
//!
//! A new edition is looked through without holding the store; then each document found is taken out, and its encounter
//! sealed and spooled, in one transaction. It carries the scan's number and time, and of the document only what the
//! alert says: nothing else was kept of the traveller. The desk shows it for a week.
//!
//! Failure: what cannot be stored is not taken out, and is found again by the next edition.

use super::Checker;
use super::encounter::{Addressee, Met};
use crate::action::Action;
use crate::retro::StoredHashes;
use crate::snapshot::{Content, SnapshotList};
use crate::store::spool::Spooling;
use crate::store::{DbError, late, retro};
use vedette_common::crypto::{self, BadSeal};
use vedette_common::text::cut;
use vedette_lists::{DocumentAlert, Edition, ListError};
use vedette_shim::document::DocumentKey;
use vedette_shim::verdict::Verdict;
use vedette_shim::wire::ScannedDocument;

/// Documents of one edition that are looked for, at most: of a list that comes whole for the first time more are not
/// news but the list.
const LOOKED_FOR_MAX: u64 = 5_000_000;

/// Why a list was not looked through, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum LateError {
    #[error(transparent)]
    List(#[from] ListError),
    #[error(transparent)]
    Db(#[from] DbError),
    /// The owner's key is no key.
    #[error("it cannot be sealed to the list's owner")]
    Seal(#[from] BadSeal),
    /// The spool is full.
    #[error("the spool is full")]
    Full,
}

impl Checker {
    /// Looks through what an edition lists anew for documents that were scanned before; how many were found.
    pub fn look_back(&self, held: &SnapshotList, before: Option<&Edition>) -> Result<usize, LateError> {
        let Content::Documents(edition) = &held.content else { return Ok(0) };
        if self.retro_keep_s() == 0 {
            return Ok(0);
        }
        let now = self.now();
        let kept = StoredHashes::read(self.db(), self.box_key(), now, self.retro_keep_s())?;
        if kept.is_empty() {
            return Ok(0);
        }
        if edition.alerts_at_most() > LOOKED_FOR_MAX && before.is_none() {
            tracing::warn!(list = %held.list, "a list this long came whole: scans before it are not looked for");
            return Ok(0);
        }
        let mut found = 0;
        for key in edition.listed_since(before).take(LOOKED_FOR_MAX as usize) {
            let key = key?;
            for hash in kept.hashes_of(&key) {
                if let Some(alert) = edition.find(&key)?.exact {
                    found += usize::from(self.raise(held, &alert, &hash, now)?);
                }
            }
        }
        if found > 0 {
            tracing::info!(list = %held.list, found, "documents scanned before are listed now");
            self.notify_spooled();
        }
        Ok(found)
    }

    /// Looks for a document whose hash was just kept: while it was checked the lists in use changed, and whoever looked
    /// through the new ones may have read the kept hashes before. Failure: said in the log; the scan is recorded.
    pub(super) fn look_again(&self, key: &DocumentKey) {
        let now = self.now();
        let look = |held: &SnapshotList| -> Result<(), LateError> {
            let Content::Documents(edition) = &held.content else { return Ok(()) };
            let Some(alert) = edition.find(key)?.exact else { return Ok(()) };
            for hash in
                StoredHashes::read(self.db(), self.box_key(), now, self.retro_keep_s())?.hashes_of(key)
            {
                if self.raise(held, &alert, &hash, now)? {
                    self.notify_spooled();
                }
            }
            Ok(())
        };
        for held in &self.snapshot().lists {
            if let Err(error) = look(held) {
                tracing::error!(list = %held.list, %error, "a scan amid an update was not looked for");
            }
        }
    }

    /// Raises an encounter with the document of a stored hash; false if another did before.
    fn raise(
        &self,
        held: &SnapshotList,
        alert: &DocumentAlert,
        hash: &[u8; 16],
        now: u64,
    ) -> Result<bool, LateError> {
        let key = &alert.key;
        let alert_id = vedette_lists::DocumentId::document(*key).to_string();
        self.db().transaction("raise a late encounter", |t| {
            let Some((scan, scanned_at)) = retro::take(t, hash)? else { return Ok(false) };
            let met = Met {
                id: crypto::random(),
                scan,
                made_at: scanned_at,
                list: &held.list,
                edition: held.edition,
                alert_id: &alert_id,
                verdict: Verdict::Hit,
                score: 1.0,
                document: ScannedDocument {
                    code: cut(key.kind().encode_utf8(&mut [0; 4])),
                    issuing_state: cut(key.state().letters().as_str()),
                    number: cut(&String::from_utf8_lossy(key.number().chars())),
                    ..ScannedDocument::default()
                },
                late: true,
            };
            let to = Addressee { owner_key: held.owner_key, confirm_s: held.confirm_s, shown: true };
            let new = self.seal_encounter(met, to)?;
            if self.spool_encounter(t, &new, now)? == Spooling::Full {
                return Err(LateError::Full);
            }
            let late = late::LateEncounter {
                encounter: new.id,
                list: held.list.to_string(),
                alert_id: alert_id.clone(),
                scan,
                scanned_at,
                raised_at: now,
                action: Action::of_document(alert.payload.status),
                reported: false,
            };
            late::add(t, &late)?;
            Ok(true)
        })
    }
}
