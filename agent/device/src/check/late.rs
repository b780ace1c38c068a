//! Late encounters: documents that met no alert when they were scanned, and are listed now ([`crate::retro`]).
//!
//! A new edition is looked through without holding the store; then each document found is taken out, and its encounter
//! sealed and spooled, in one transaction. It carries the scan's number and time, and of the document only what the
//! alert says: nothing else was kept of the traveller. The desk shows it for a week.
//!
//! Failure: what cannot be stored is not taken out, and is found again by the next edition.

use super::Checker;
use super::ask::document_action;
use crate::confirmation;
use crate::holdings::{Content, Held};
use crate::outcome::{self, Expected};
use crate::retro::{self, Kept as KeptHashes};
use crate::spool::{self, Kept};
use crate::state::{State, StateError};
use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vedette_common::clock::rfc3339;
use vedette_common::crypto;
use vedette_common::encounter;
use vedette_common::text::cut;
use vedette_lists::{DocumentAlert, Edition, ListError};
use vedette_shim::document::DocumentKey;
use vedette_shim::ids::{EncounterId, Hex};
use vedette_shim::list::Status;
use vedette_shim::verdict::Verdict;
use vedette_shim::wire::{Encounter, Report, ScannedDocument};

/// Documents of one edition that are looked for, at most: of a list that comes whole for the first time more are not
/// news but the list.
const LOOKED_FOR_MAX: u64 = 5_000_000;
/// How long late encounters are shown, seconds.
const SHOWN_S: u64 = 7 * 24 * 3600;
/// Most shown at once.
const SHOWN_MAX: usize = 100;

/// Why a list was not looked through, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum LateError {
    /// The list.
    #[error(transparent)]
    List(#[from] ListError),
    /// The state.
    #[error(transparent)]
    State(#[from] StateError),
}

/// A late encounter as the desk shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LateEncounter {
    /// The encounter, 32 hexadecimal digits.
    pub encounter_id: String,
    /// The list.
    pub list: String,
    /// The alert, which names the document.
    pub alert_id: String,
    /// The scan that had met nothing, 32 hexadecimal digits.
    pub scan_id: String,
    /// When that was, RFC 3339.
    pub scanned_at: String,
    /// When the alert came, RFC 3339.
    pub raised_at: String,
    /// What to do, as an answer says it: `seize_document`, or `bearer_sought` of a valid one.
    #[serde(default = "seize")]
    pub action: String,
    /// Whether what came of it was reported.
    #[serde(default)]
    pub reported: bool,
}

fn seize() -> String {
    document_action(Status::Stolen).into()
}

impl Checker {
    /// Looks through what an edition lists anew for documents that were scanned before; how many were found.
    pub fn look_back(&self, held: &Held, before: Option<&Edition>) -> Result<usize, LateError> {
        let Content::Documents(edition) = &held.content else { return Ok(0) };
        if self.retro_keep_s() == 0 {
            return Ok(0);
        }
        let now = self.now();
        let kept = KeptHashes::read(&self.state, now, self.retro_keep_s())?;
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
        let look = |held: &Held| -> Result<(), LateError> {
            let Content::Documents(edition) = &held.content else { return Ok(()) };
            let Some(alert) = edition.find(key)?.exact else { return Ok(()) };
            for hash in KeptHashes::read(&self.state, now, self.retro_keep_s())?.hashes_of(key) {
                if self.raise(held, &alert, &hash, now)? {
                    self.notify_spooled();
                }
            }
            Ok(())
        };
        for held in &self.holdings().lists {
            if let Err(error) = look(held) {
                tracing::error!(list = %held.list, %error, "a scan amid an update was not looked for");
            }
        }
    }

    fn raise(
        &self,
        held: &Held,
        alert: &DocumentAlert,
        hash: &[u8; 16],
        now: u64,
    ) -> Result<bool, StateError> {
        let key = &alert.key;
        let id: EncounterId = crypto::random();
        let alert_id = vedette_lists::DocumentId::document(*key).to_string();
        self.state.transaction("raise a late encounter", |t| {
            let Some((scan, scanned_at)) = retro::take(t, hash)? else { return Ok(false) };
            let encounter = Encounter {
                id,
                scan,
                device: self.device().clone(),
                post: cut(self.post()),
                made_at: scanned_at,
                list: held.list.clone(),
                edition: held.edition,
                alert: cut(&alert_id),
                verdict: Verdict::Hit,
                score: 1000,
                document: ScannedDocument {
                    code: cut(key.kind().encode_utf8(&mut [0; 4])),
                    issuing_state: cut(key.state().letters().as_str()),
                    number: cut(&String::from_utf8_lossy(key.number().chars())),
                    ..ScannedDocument::default()
                },
                late: true,
            };
            let refused = |error: &dyn std::fmt::Display| {
                // Rolls the transaction back: the hash stays.
                rusqlite::Error::ToSqlConversionFailure(error.to_string().into())
            };
            let message = encounter::seal(&Report::Encounter(encounter), self.box_key(), &held.owner_key)
                .map_err(|_| refused(&"it cannot be sealed to the list's owner"))?;
            if spool::keep(t, &id, &message, self.limits().spool_bytes_max, true)? == Kept::Full {
                return Err(refused(&"the spool is full"));
            }
            let expected = Expected { list: held.list.clone(), owner_key: held.owner_key, shown: true };
            outcome::expect(t, &id, &expected, now)?;
            if held.confirm_s > 0 {
                let clock = confirmation::Start {
                    encounter: id,
                    list: &held.list,
                    alert_id: &alert_id,
                    made_at: now,
                    within_s: held.confirm_s,
                    discreet: false,
                };
                confirmation::start(t, &clock)?;
            }
            note(t, &id, held, &alert_id, &scan, scanned_at, now)?;
            t.execute(
                "INSERT INTO late_action VALUES (?1, ?2)",
                params![id, document_action(alert.payload.status)],
            )?;
            Ok(true)
        })
    }
}

fn note(
    t: &Transaction<'_>,
    id: &EncounterId,
    held: &Held,
    alert_id: &str,
    scan: &[u8; 16],
    scanned_at: u64,
    now: u64,
) -> rusqlite::Result<()> {
    t.execute("DELETE FROM late WHERE raised_at < ?1", [now.saturating_sub(SHOWN_S) as i64])?;
    t.execute("DELETE FROM late_action WHERE encounter NOT IN (SELECT encounter FROM late)", [])?;
    t.execute(
        "INSERT INTO late VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![id, held.list.as_str(), alert_id, scan, scanned_at as i64, now as i64],
    )?;
    Ok(())
}

/// The late encounters of the last week, the newest first, at most [`SHOWN_MAX`].
pub fn shown(state: &State, now: u64) -> Result<Vec<LateEncounter>, StateError> {
    state.read("read the late encounters", |db| {
        let sql =
            "SELECT encounter, late.list, alert, scan, scanned_at, raised_at, coalesce(outcome_at, 0) > 0, action
                   FROM late LEFT JOIN awaits_outcome USING (encounter) LEFT JOIN late_action USING (encounter)
                   WHERE raised_at >= ?1
                   ORDER BY raised_at DESC LIMIT ?2";
        db.prepare_cached(sql)?
            .query_map(params![now.saturating_sub(SHOWN_S) as i64, SHOWN_MAX as i64], |row| {
                Ok(LateEncounter {
                    encounter_id: Hex(&row.get::<_, EncounterId>(0)?).to_string(),
                    list: row.get(1)?,
                    alert_id: row.get(2)?,
                    scan_id: Hex(&row.get::<_, [u8; 16]>(3)?).to_string(),
                    scanned_at: rfc3339(row.get::<_, i64>(4)? as u64),
                    raised_at: rfc3339(row.get::<_, i64>(5)? as u64),
                    reported: row.get(6)?,
                    // None stands beside one that an older program raised.
                    action: row.get::<_, Option<String>>(7)?.unwrap_or_else(seize),
                })
            })?
            .collect()
    })
}

/// How many there were in the last week.
pub fn count(state: &State, now: u64) -> Result<u64, StateError> {
    let since = now.saturating_sub(SHOWN_S) as i64;
    let count = state.read("count the late encounters", |db| {
        let sql = "SELECT count(*) FROM late WHERE raised_at >= ?1";
        db.prepare_cached(sql)?.query_row([since], |row| row.get::<_, i64>(0))
    });
    count.map(|count| count as u64)
}
