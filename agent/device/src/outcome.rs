//! The encounters that this device made and an outcome may be given to: their ids, lists and owners' keys, nothing of the
//! traveller, the newest [`ENCOUNTERS_KEPT_MAX`]. So an outcome can be given after a restart, and when the list is no
//! longer cached. [`crate::check::outcome`] gives it.

use rusqlite::{OptionalExtension, Transaction, params};
use vedette_shim::ids::{EncounterId, ListName};

/// Encounters that an outcome can be given to.
pub const ENCOUNTERS_KEPT_MAX: u32 = 10_000;
/// What a device knows of an encounter it made.
pub(crate) struct Expected {
    /// The list that was met.
    pub(crate) list: ListName,
    /// Outcomes are sealed to it.
    pub(crate) owner_key: [u8; 32],
    /// False for a discreet alert's: nothing of it is told to who is not entitled.
    pub(crate) shown: bool,
}

/// Notes, in the transaction that keeps an encounter, that an outcome may come.
pub(crate) fn expect(
    t: &Transaction<'_>,
    id: &EncounterId,
    expected: &Expected,
    now: u64,
) -> rusqlite::Result<()> {
    t.prepare_cached(
        "INSERT INTO awaits_outcome (encounter, list, owner_key, shown, made_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![id, expected.list.as_str(), expected.owner_key, expected.shown, now as i64])?;
    t.prepare_cached(
        "DELETE FROM awaits_outcome WHERE sequence <= (SELECT max(sequence) FROM awaits_outcome) - ?1",
    )?
    .execute([ENCOUNTERS_KEPT_MAX])?;
    Ok(())
}

/// Notes the time of the outcome given last.
pub(crate) fn given(t: &Transaction<'_>, id: &EncounterId, at: u64) -> rusqlite::Result<()> {
    t.prepare_cached("UPDATE awaits_outcome SET outcome_at = ?2 WHERE encounter = ?1")?
        .execute(params![id, at as i64])
        .map(|_| ())
}

/// What is known of an encounter, if this device made it, and the time of its next outcome: now, or later if one has that
/// time already, so that which one counts does not hang on the order in which they arrive.
pub(crate) fn expected(
    t: &Transaction<'_>,
    id: &EncounterId,
    now: u64,
) -> rusqlite::Result<Option<(Expected, u64)>> {
    let row = t
        .prepare_cached(
            "SELECT list, owner_key, shown, max(?2, outcome_at + 1) FROM awaits_outcome WHERE encounter = ?1",
        )?
        .query_row(params![id, now as i64], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get::<_, i64>(3)?))
        })
        .optional()?;
    // A name that does not parse was not written by us; it is as good as absent.
    Ok(row.and_then(|(list, owner_key, shown, at)| {
        Some((Expected { list: list.parse().ok()?, owner_key, shown }, at as u64))
    }))
}
