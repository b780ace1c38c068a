//! Retro-hit: a document that met no alert when it was scanned, whatever its bearer met, and that is listed some hours later
//! (off by default; `retro.keep_h`).
//!
//! Of a Clear nothing is stored about the traveller but, if this is on, the keyed hash of the document's key and the scan's
//! number. When an edition brings new alerts, their keys are hashed too; one that is found raises a late encounter with the
//! list's owner, naming the scan and its time.
//!
//! Bytes: HMAC-SHA256(key of the epoch, the document key's sorted form), the first 16. An epoch is as long as hashes are
//! stored. Its key is of the device's key and of a random part, made with its first hash and destroyed with its last, so that a
//! copy of the database tells nothing without the device's key, and nothing at all afterwards (the store overwrites what it deletes, and empties its log). Ranges of numbers and persons are not
//! found: only documents listed one by one have a hash to compare.
//!
//! Failure: a hash that cannot be stored fails the check, as its journal line would.

use crate::store::retro as rows;
use crate::store::{Db, DbError, Tx};
use ring::hmac;
use std::collections::HashSet;
use vedette_common::crypto::{self, BoxKey};
use vedette_shim::document::DocumentKey;

/// Stores a document's hash for `keep_s` seconds, in the transaction that records its Clear.
pub(crate) fn remember(
    t: &Tx<'_>,
    box_key: &BoxKey,
    key: &DocumentKey,
    scan: &[u8; 16],
    at: u64,
    keep_s: u64,
) -> Result<(), DbError> {
    forget(t, at, keep_s)?;
    let epoch = at / keep_s;
    let secret = match rows::key(t, epoch)? {
        Some(secret) => secret,
        None => {
            let secret = crypto::random_secret();
            rows::add_key(t, epoch, &secret)?;
            secret
        }
    };
    rows::add(t, &hash(&hash_key(box_key, &secret), key), epoch, at, scan)
}

/// An epoch's key: of what is stored and of the device's key, for a copy of the database alone must not give it.
fn hash_key(box_key: &BoxKey, stored: &[u8; 32]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &*box_key.derive(&[b"vedette retro hashes", stored]))
}

fn forget(t: &Tx<'_>, now: u64, keep_s: u64) -> Result<bool, DbError> {
    match now.checked_div(keep_s) {
        Some(epoch) => rows::forget(t, now.saturating_sub(keep_s), epoch),
        None => rows::forget(t, u64::MAX, u64::MAX),
    }
}

/// Destroys the hashes that were stored long enough, with `keep_s` 0 all of them; whether there were any. Call it every
/// minute, so that a night without a scan does not extend what the day left.
pub fn forget_due(db: &Db, now: u64, keep_s: u64) -> Result<bool, DbError> {
    db.transaction("forget stored hashes", |t| forget(t, now, keep_s))
}

/// The stored hashes in memory, so that a list of millions is compared without locking the database.
pub(crate) struct StoredHashes {
    keys: Vec<hmac::Key>,
    hashes: HashSet<rows::Hash>,
}

impl StoredHashes {
    /// Destroys what was stored long enough, and reads the rest.
    pub(crate) fn read(db: &Db, box_key: &BoxKey, now: u64, keep_s: u64) -> Result<StoredHashes, DbError> {
        forget_due(db, now, keep_s)?;
        let (keys, hashes) = rows::all(db)?;
        let keys = keys.iter().map(|stored| hash_key(box_key, stored)).collect();
        Ok(StoredHashes { keys, hashes })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The stored hashes of a document.
    pub(crate) fn hashes_of(&self, key: &DocumentKey) -> impl Iterator<Item = rows::Hash> {
        self.keys.iter().map(|secret| hash(secret, key)).filter(|hash| self.hashes.contains(hash))
    }
}

fn hash(secret: &hmac::Key, key: &DocumentKey) -> rows::Hash {
    let tag = hmac::sign(secret, &key.sort_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&tag.as_ref()[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::rows::counts;
    use super::*;

    const HOUR: u64 = 3_600;

    fn box_key() -> BoxKey {
        BoxKey::from_private([3; 32].into())
    }

    fn key(number: &str) -> DocumentKey {
        DocumentKey::new("UTO", "P", number).unwrap()
    }

    fn open() -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("state.db")).unwrap();
        (folder, db)
    }

    /// Stores the hash of a scanned document.
    fn scan(db: &Db, number: &str, scan: u8, at: u64, keep_s: u64) {
        db.transaction("scan", |t| remember(t, &box_key(), &key(number), &[scan; 16], at, keep_s)).unwrap();
    }

    #[test]
    fn a_document_listed_in_time_is_found_once() {
        let (_folder, db) = open();
        let keep = 6 * HOUR;
        scan(&db, "A1", 1, 100 * HOUR, keep);
        scan(&db, "B2", 2, 103 * HOUR, keep);
        scan(&db, "A1", 3, 104 * HOUR, keep);
        let take_all = |now| {
            let stored = StoredHashes::read(&db, &box_key(), now, keep).unwrap();
            let listed = ["Z9", "A1", "B2"].map(key);
            let hashes: Vec<_> = listed.iter().flat_map(|key| stored.hashes_of(key)).collect();
            let taken = db.transaction("list", |t| {
                hashes.iter().map(|hash| rows::take(t, hash)).collect::<Result<Vec<_>, DbError>>()
            });
            let mut scans: Vec<_> =
                taken.unwrap().into_iter().flatten().map(|(scan, at)| (scan[0], at / HOUR)).collect();
            scans.sort();
            scans
        };
        // The first scan of A1 was in the epoch before: it is found as well.
        assert_eq!(take_all(105 * HOUR), [(1, 100), (2, 103), (3, 104)]);
        assert_eq!(take_all(105 * HOUR), []);
        assert!(StoredHashes::read(&db, &box_key(), 105 * HOUR, keep).unwrap().is_empty());
    }

    #[test]
    fn what_was_stored_long_enough_is_destroyed_with_its_key() {
        let (_folder, db) = open();
        let keep = 6 * HOUR;
        scan(&db, "A1", 7, 100 * HOUR, keep);
        scan(&db, "B2", 7, 103 * HOUR, keep);
        assert_eq!(counts(&db), (2, 2), "100 h and 103 h lie in two epochs of 6 h");
        scan(&db, "C3", 7, 107 * HOUR, keep);
        assert_eq!(counts(&db), (2, 1));
        let later = StoredHashes::read(&db, &box_key(), 109 * HOUR + 1, keep).unwrap();
        assert_eq!(later.hashes_of(&key("B2")).count(), 0, "stored for six hours, not longer");
        assert_eq!(later.hashes_of(&key("C3")).count(), 1);
        assert!(forget_due(&db, 109 * HOUR, 0).unwrap(), "it is off now");
        assert_eq!(counts(&db), (0, 0));
    }

    #[test]
    fn a_quiet_night_destroys_it_too() {
        let (_folder, db) = open();
        let keep = 6 * HOUR;
        scan(&db, "A1", 7, 100 * HOUR, keep);
        assert!(!forget_due(&db, 106 * HOUR, keep).unwrap());
        assert_eq!(counts(&db), (1, 1));
        assert!(forget_due(&db, 106 * HOUR + 1, keep).unwrap());
        assert_eq!(counts(&db), (0, 0));
        assert!(!forget_due(&db, 106 * HOUR + 1, keep).unwrap(), "nothing is written for nothing");
        // What was found took its hash out, and left the key.
        scan(&db, "A1", 7, 107 * HOUR, keep);
        let hash = StoredHashes::read(&db, &box_key(), 107 * HOUR, keep)
            .unwrap()
            .hashes_of(&key("A1"))
            .next()
            .unwrap();
        db.transaction("found", |t| rows::take(t, &hash)).unwrap();
        assert_eq!(counts(&db), (0, 1));
        forget_due(&db, 114 * HOUR, keep).unwrap();
        assert_eq!(counts(&db), (0, 0));
    }

    #[test]
    fn what_is_stored_does_not_tell_which_document_it_was() {
        let (folder, db) = open();
        scan(&db, "L898902C3", 1, 9, HOUR);
        let plain = |needle: &[u8]| {
            std::fs::read_dir(folder.path()).unwrap().any(|file| {
                let bytes = std::fs::read(file.unwrap().path()).unwrap();
                bytes.windows(needle.len()).any(|window| window == needle)
            })
        };
        assert!(!plain(b"L898902C3") && !plain(&key("L898902C3").sort_bytes()));
    }

    #[test]
    fn a_copy_of_the_database_does_not_find_a_document_without_the_devices_key() {
        let (_folder, db) = open();
        scan(&db, "A1", 1, 9, HOUR);
        let found = |box_key: &BoxKey| {
            let stored = StoredHashes::read(&db, box_key, 9, HOUR).unwrap();
            stored.hashes_of(&key("A1")).count()
        };
        assert_eq!((found(&box_key()), found(&BoxKey::from_private([4; 32].into()))), (1, 0));
    }

    #[test]
    fn destroyed_hashes_and_keys_are_in_no_file() {
        let (folder, db) = open();
        scan(&db, "A1", 1, 9, HOUR);
        let (keys, hashes) = rows::all(&db).unwrap();
        let is_in_a_file = |needle: &[u8]| {
            std::fs::read_dir(folder.path()).unwrap().any(|file| {
                let bytes = std::fs::read(file.unwrap().path()).unwrap();
                bytes.windows(needle.len()).any(|window| window == needle)
            })
        };
        let secrets = || keys.iter().map(|key| key.as_slice()).chain(hashes.iter().map(<[u8; 16]>::as_slice));
        assert!(secrets().all(is_in_a_file), "else this test shows nothing");
        forget_due(&db, 9 + 2 * HOUR, HOUR).unwrap();
        db.empty_log().unwrap();
        assert!(!secrets().any(is_in_a_file));
    }
}
