//! The collector's core: sealed encounters in, rows and receipt entries out.
//!
//! Invariants: an entry is given only for what is committed; an encounter is one row however often it comes; the first
//! message with an id stays, and a later one that differs is counted as a conflict and answered with the digest of the
//! *first*, so that the device does not take its own for stored. What cannot be opened is not stored and gets no receipt:
//! nobody has vouched for it.

use super::db::Db;
use super::devices;
use super::keys::Key;
use super::{Home, HqError};
use crate::clock::system_now;
use crate::crypto::BoxKey;
use crate::encounter;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use vedette_shim::ids::{DeviceId, EncounterId, Hex, ListName};
use vedette_shim::trust::{ReceiptEntry, digest};
use vedette_shim::verdict::Verdict;
use vedette_shim::wire::{self, ENCOUNTER_BYTES_MAX, ScannedDocument, SealedEncounter};

/// Longest message: a sealed encounter and the names in front of it.
const MESSAGE_BYTES_MAX: usize = ENCOUNTER_BYTES_MAX + 512;

/// An encounter as `encounters` shows it. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncounterView {
    /// Its id, hexadecimal.
    pub id: String,
    /// The scan it came from, hexadecimal.
    pub scan: String,
    /// The device that made it.
    pub device: String,
    /// Where.
    pub post: String,
    /// When, by the device's clock.
    pub made_at: u64,
    /// When it was stored here.
    pub received_at: u64,
    /// The list that was met.
    pub list: String,
    /// Its edition at that moment.
    pub edition: u64,
    /// The alert.
    pub alert: String,
    /// Hit or Possible.
    pub verdict: Verdict,
    /// Score in thousandths.
    pub score: u16,
    /// What was read.
    pub document: ScannedDocument,
    /// Made with a key that was revoked when it came.
    pub device_revoked: bool,
    /// Later messages with the same id and other content.
    pub conflicts: u32,
}

/// Every encounter, in order of arrival.
pub fn encounters(home: &Home) -> Result<Vec<EncounterView>, HqError> {
    let db = home.database()?;
    let mut query = db.read().prepare(
        "SELECT encounter, device_revoked, conflicts FROM encounters ORDER BY received_at, made_at, id",
    )?;
    let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))?;
    let view = |row: rusqlite::Result<(String, bool, u32)>| {
        let (text, device_revoked, conflicts) = row?;
        let view: EncounterView = serde_json::from_str(&text)
            .map_err(|error| HqError::Damaged(format!("an encounter cannot be read: {error}")))?;
        Ok(EncounterView { device_revoked, conflicts, ..view })
    };
    rows.map(view).collect()
}

/// Why a message was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Too long, or not the encoding of FORMAT.md.
    #[error("it cannot be read")]
    Unreadable,
    /// It names another device than the one it came from.
    #[error("it names another device than the one it came from")]
    OtherDevice,
    /// No such device was ever enrolled.
    #[error("no such device was enrolled")]
    UnknownDevice,
    /// No such list here.
    #[error("it names a list that is not headquarters'")]
    UnknownList,
    /// Not sealed by that device's key to that list's owner.
    #[error("it does not open: damaged, or not sealed by this device to the list's owner")]
    DoesNotOpen,
}

/// What became of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Stored now.
    Stored(ReceiptEntry),
    /// Was stored before.
    Known(ReceiptEntry),
    /// Another message was stored under this id before; the entry is that one's.
    Conflict(ReceiptEntry),
    /// Not stored.
    Refused(Refusal),
}

/// The owners' keys, read when first needed, erased when dropped.
pub(super) struct Owners<'a> {
    home: &'a Home,
    keys: HashMap<ListName, BoxKey>,
}

impl<'a> Owners<'a> {
    pub(super) fn of(home: &'a Home) -> Self {
        Owners { home, keys: HashMap::new() }
    }

    fn key(&mut self, list: &ListName) -> Result<Option<&BoxKey>, HqError> {
        if !self.keys.contains_key(list) {
            if !Key::Owner(list).is_here(self.home) {
                return Ok(None);
            }
            self.keys.insert(list.clone(), Key::Owner(list).opening(self.home)?);
        }
        Ok(self.keys.get(list))
    }
}

/// Stores messages, each with the device whose topic it came on, in one transaction, and says what became of each.
/// When this returns, what it gives entries for is committed. `serve` does this and then sends the receipts.
pub fn collect(home: &Home, messages: &[(DeviceId, Vec<u8>)]) -> Result<Vec<Outcome>, HqError> {
    store(&mut home.database()?, &mut Owners::of(home), messages, system_now())
}

pub(super) fn store(
    db: &mut Db,
    owners: &mut Owners<'_>,
    messages: &[(DeviceId, impl AsRef<[u8]>)],
    now: u64,
) -> Result<Vec<Outcome>, HqError> {
    let change = db.change()?;
    let stored = messages
        .iter()
        .map(|(device, message)| store_one(&change, owners, device, message.as_ref(), now))
        .collect::<Result<Vec<_>, _>>()?;
    change.commit()?;
    Ok(stored)
}

fn store_one(
    db: &Connection,
    owners: &mut Owners<'_>,
    from: &DeviceId,
    message: &[u8],
    now: u64,
) -> Result<Outcome, HqError> {
    let refuse = |why| Ok(Outcome::Refused(why));
    if message.len() > MESSAGE_BYTES_MAX {
        return refuse(Refusal::Unreadable);
    }
    let Ok(sealed) = wire::decode::<SealedEncounter>(message) else {
        return refuse(Refusal::Unreadable);
    };
    if sealed.device != *from {
        return refuse(Refusal::OtherDevice);
    }
    let ours = entry(sealed.id, message);
    let first = first_digest(db, &sealed.id)?;
    // The same bytes from the same device: opened once already.
    if first == Some(ours.digest) {
        return Ok(Outcome::Known(ours));
    }
    let enrolments = devices::enrolments(db, from)?;
    if enrolments.is_empty() {
        return refuse(Refusal::UnknownDevice);
    }
    let Some(owner) = owners.key(&sealed.list)? else {
        return refuse(Refusal::UnknownList);
    };
    // A device enrolled anew may still have encounters of its former self: those count as a revoked device's.
    let opened = enrolments.iter().find_map(|enrolment| {
        let encounter = encounter::open(&sealed, owner, &enrolment.box_public).ok()?;
        Some((encounter, enrolment.revoked))
    });
    let Some((opened, device_revoked)) = opened else {
        return refuse(Refusal::DoesNotOpen);
    };
    if let Some(digest) = first {
        db.execute("UPDATE encounters SET conflicts = conflicts + 1 WHERE id = ?", [&sealed.id[..]])?;
        return Ok(Outcome::Conflict(ReceiptEntry { id: sealed.id, digest }));
    }
    let view = EncounterView {
        id: Hex(&opened.id).to_string(),
        scan: Hex(&opened.scan).to_string(),
        device: opened.device.to_string(),
        post: opened.post.as_str().into(),
        made_at: opened.made_at,
        received_at: now,
        list: opened.list.to_string(),
        edition: opened.edition,
        alert: opened.alert.as_str().into(),
        verdict: opened.verdict,
        score: opened.score,
        document: opened.document,
        device_revoked,
        conflicts: 0,
    };
    db.execute(
        "INSERT INTO encounters(id, device, list, received_at, made_at, digest, message, encounter, device_revoked)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            &sealed.id[..],
            view.device,
            view.list,
            now as i64,
            // SQLite has no unsigned numbers; a device's clock beyond the year 292 billion is shown as that.
            i64::try_from(view.made_at).unwrap_or(i64::MAX),
            &ours.digest[..],
            message,
            serde_json::to_string(&view).expect("texts and numbers are JSON"),
            device_revoked
        ],
    )?;
    Ok(Outcome::Stored(ours))
}

fn entry(id: EncounterId, message: &[u8]) -> ReceiptEntry {
    let mut half = [0; 16];
    half.copy_from_slice(&digest(message)[..16]);
    ReceiptEntry { id, digest: half }
}

fn first_digest(db: &Connection, id: &EncounterId) -> Result<Option<[u8; 16]>, HqError> {
    let query = "SELECT digest FROM encounters WHERE id = ?";
    Ok(db.query_row(query, [&id[..]], |row| row.get(0)).optional()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random_secret;
    use crate::hq::list::{CreateOptions, create};
    use crate::hq::tests::{device_id, list_name, new_home};
    use proptest::prelude::*;
    use tempfile::TempDir;
    use vedette_shim::list::Kind;
    use vedette_shim::wire::Encounter;

    /// A home with one list, a database with one device whose former key was revoked, and both keys.
    struct Bench {
        _dir: TempDir,
        home: Home,
        db: Db,
        key: BoxKey,
        old_key: BoxKey,
    }

    fn bench() -> Bench {
        let (dir, home) = new_home();
        create(&home, &list_name(), &CreateOptions::of(Kind::Documents)).unwrap();
        let db = Db::in_memory();
        let (key, old_key) = (BoxKey::from_private(random_secret()), BoxKey::from_private(random_secret()));
        db.read().execute("INSERT INTO devices(id, post) VALUES ('post-7', 'Kehl')", []).unwrap();
        for (serial, key, revoked) in [(1u8, &old_key, Some(5)), (2, &key, None)] {
            db.read()
                .execute(
                    "INSERT INTO enrolments VALUES (?, 'post-7', ?, 1, 9, ?)",
                    params![[serial].as_slice(), &key.public()[..], revoked],
                )
                .unwrap();
        }
        Bench { _dir: dir, home, db, key, old_key }
    }

    impl Bench {
        fn message(&self, id: u8, alert: &str, key: &BoxKey) -> Vec<u8> {
            let encounter = Encounter {
                id: [id; 16],
                scan: [9; 16],
                device: device_id(),
                post: "Kehl".try_into().unwrap(),
                made_at: u64::MAX,
                list: list_name(),
                edition: 4,
                alert: alert.try_into().unwrap(),
                verdict: Verdict::Hit,
                score: 1000,
                document: ScannedDocument::default(),
            };
            let owner = Key::Owner(&list_name()).opening(&self.home).unwrap().public();
            encounter::seal(&encounter, key, &owner).unwrap()
        }

        fn store(&mut self, messages: &[Vec<u8>]) -> Vec<Outcome> {
            let messages: Vec<_> = messages.iter().map(|message| (device_id(), message)).collect();
            store(&mut self.db, &mut Owners::of(&self.home), &messages, 77).unwrap()
        }

        fn rows(&self) -> Vec<(Vec<u8>, bool, u32)> {
            let mut query =
                self.db.read().prepare("SELECT message, device_revoked, conflicts FROM encounters").unwrap();
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        }
    }

    #[test]
    fn what_nobody_vouched_for_is_refused_and_leaves_nothing() {
        let mut bench = bench();
        let stranger = BoxKey::from_private(random_secret());
        let good = bench.message(1, "UTO-P-1", &bench.key);
        let forged = bench.message(1, "UTO-P-1", &stranger);
        let mut flipped = good.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let messages = [forged, flipped, good[..40].to_vec(), Vec::new(), vec![1; MESSAGE_BYTES_MAX + 1]];
        let refused = |why| Outcome::Refused(why);
        assert_eq!(
            bench.store(&messages),
            [
                refused(Refusal::DoesNotOpen),
                refused(Refusal::DoesNotOpen),
                refused(Refusal::Unreadable),
                refused(Refusal::Unreadable),
                refused(Refusal::Unreadable)
            ]
        );
        let other: DeviceId = "post-8".parse().unwrap();
        let mut owners = Owners::of(&bench.home);
        let stored = store(&mut bench.db, &mut owners, &[(other, &good)], 77).unwrap();
        assert_eq!(stored, [refused(Refusal::OtherDevice)]);
        assert!(bench.rows().is_empty());
    }

    #[test]
    fn a_revoked_device_s_encounter_is_kept_and_marked() {
        let mut bench = bench();
        let message = bench.message(3, "UTO-P-1", &bench.old_key);
        assert_eq!(bench.store(std::slice::from_ref(&message)), [Outcome::Stored(entry([3; 16], &message))]);
        assert_eq!(bench.rows(), [(message, true, 0)]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        /// However messages repeat and whatever batches they come in: one row an id, the first content, and receipts
        /// that name the first content only.
        #[test]
        fn an_encounter_is_stored_once_and_the_first_stays(
            batches in prop::collection::vec(prop::collection::vec((0u8..3, 0usize..2), 1..6), 1..6)
        ) {
            let mut bench = bench();
            let made: Vec<[Vec<u8>; 2]> = (0..3)
                .map(|id| ["UTO-P-1", "UTO-P-2"].map(|alert| bench.message(id, alert, &bench.key)))
                .collect();
            let mut first: HashMap<u8, usize> = HashMap::new();
            let mut conflicts: HashMap<u8, u32> = HashMap::new();
            for batch in batches {
                let messages: Vec<_> =
                    batch.iter().map(|(id, content)| made[usize::from(*id)][*content].clone()).collect();
                for ((id, content), outcome) in batch.into_iter().zip(bench.store(&messages)) {
                    let is_new = !first.contains_key(&id);
                    let stays = *first.entry(id).or_insert(content);
                    let entry = entry([id; 16], &made[usize::from(id)][stays]);
                    if stays != content {
                        *conflicts.entry(id).or_default() += 1;
                        prop_assert_eq!(outcome, Outcome::Conflict(entry));
                    } else if is_new {
                        prop_assert_eq!(outcome, Outcome::Stored(entry));
                    } else {
                        prop_assert_eq!(outcome, Outcome::Known(entry));
                    }
                }
            }
            let mut expected: Vec<_> = first
                .iter()
                .map(|(id, content)| {
                    let message = made[usize::from(*id)][*content].clone();
                    (message, false, conflicts.get(id).copied().unwrap_or(0))
                })
                .collect();
            expected.sort();
            let mut rows = bench.rows();
            rows.sort();
            prop_assert_eq!(rows, expected);
        }
    }
}
