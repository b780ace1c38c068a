//! Retro-hit: a document that no list had, whatever its bearer met, and that is listed some hours later (off by default;
//! `retro.keep_h`).
//!
//! Of a Clear nothing is kept about the traveller but, if this is on, the keyed hash of the document's key and the scan's
//! number. When an edition brings new alerts, theirs are hashed too; one that is found raises a late encounter with its
//! owner, naming the scan and its time.
//!
//! Bytes: HMAC-SHA256(key of the epoch, the document key's sorted form), the first 16. An epoch is as long as hashes are
//! kept; its key is random, made with its first hash and destroyed with its last, so that what was kept says nothing
//! any more even to whoever copied it (the store overwrites what it deletes, and its log is emptied). Ranges of numbers and persons are not looked
//! for: only documents named one by one have a hash to compare.
//!
//! Failure: a hash that cannot be kept fails the check, as its journal line would.

use crate::state::{State, StateError};
use ring::hmac;
use rusqlite::{OptionalExtension, Transaction, params};
use std::collections::HashSet;
use vedette_common::crypto;
use vedette_shim::document::DocumentKey;
use zeroize::Zeroizing;

/// Keeps a document's hash, in the transaction that records its Clear, for `keep_s` seconds. True if others were
/// destroyed: then [`State::mark_erased`].
pub fn remember(
    t: &Transaction<'_>,
    key: &DocumentKey,
    scan: &[u8; 16],
    at: u64,
    keep_s: u64,
) -> rusqlite::Result<bool> {
    let forgot = forget(t, at, keep_s)?;
    let epoch = (at / keep_s) as i64;
    let query = "SELECT key FROM retro_key WHERE epoch = ?1";
    let secret: Option<[u8; 32]> =
        t.prepare_cached(query)?.query_row([epoch], |row| row.get(0)).optional()?;
    let secret = Zeroizing::new(match secret {
        Some(secret) => secret,
        None => {
            let secret: [u8; 32] = crypto::random();
            t.execute("INSERT INTO retro_key VALUES (?1, ?2)", params![epoch, secret])?;
            secret
        }
    });
    t.prepare_cached("INSERT OR REPLACE INTO retro VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        hash(&hmac::Key::new(hmac::HMAC_SHA256, &*secret), key),
        epoch,
        at as i64,
        scan
    ])?;
    Ok(forgot)
}

/// The same in the caller's transaction, who then marks the state.
fn forget(t: &Transaction<'_>, now: u64, keep_s: u64) -> rusqlite::Result<bool> {
    let before = if keep_s == 0 { i64::MAX } else { now.saturating_sub(keep_s) as i64 };
    let hashes = t.prepare_cached("DELETE FROM retro WHERE at < ?1")?.execute([before])?;
    let current = now.checked_div(keep_s).map_or(i64::MAX, |epoch| epoch as i64);
    let keys = t
        .prepare_cached(
            "DELETE FROM retro_key WHERE epoch < ?1 AND NOT EXISTS (SELECT 1 FROM retro WHERE retro.epoch = retro_key.epoch)",
    )?
    .execute([current])?;
    Ok(hashes + keys > 0)
}

/// Destroys what was kept long enough, with `keep_s` 0 all of it; whether there was any. Call it every minute, because a
/// night without a scan must not keep what the day left.
pub fn forget_due(state: &State, now: u64, keep_s: u64) -> Result<bool, StateError> {
    let forgot = state.transaction("forget kept hashes", |t| forget(t, now, keep_s))?;
    if forgot {
        state.mark_erased();
    }
    Ok(forgot)
}

/// What is kept, in memory: so that a list of millions is looked through without holding the store.
pub struct Kept {
    keys: Vec<hmac::Key>,
    hashes: HashSet<[u8; 16]>,
}

impl Kept {
    /// Destroys what was kept long enough, and reads the rest.
    pub fn read(state: &State, now: u64, keep_s: u64) -> Result<Kept, StateError> {
        forget_due(state, now, keep_s)?;
        state.transaction("read the kept hashes", |t| {
            let keys = t
                .prepare_cached("SELECT key FROM retro_key")?
                .query_map([], |row| row.get(0).map(Zeroizing::new))?
                .map(|key: rusqlite::Result<Zeroizing<[u8; 32]>>| {
                    Ok(hmac::Key::new(hmac::HMAC_SHA256, &*key?))
                })
                .collect::<rusqlite::Result<_>>()?;
            let hashes = t
                .prepare_cached("SELECT hash FROM retro")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            Ok(Kept { keys, hashes })
        })
    }

    /// Nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The kept hashes of a document.
    pub fn hashes_of(&self, key: &DocumentKey) -> impl Iterator<Item = [u8; 16]> {
        self.keys.iter().map(|secret| hash(secret, key)).filter(|hash| self.hashes.contains(hash))
    }
}

/// Takes a kept hash out: the scan and its time, seconds since 1970; none if it is gone. So each is taken once.
pub fn take(t: &Transaction<'_>, hash: &[u8; 16]) -> rusqlite::Result<Option<([u8; 16], u64)>> {
    t.prepare_cached("DELETE FROM retro WHERE hash = ?1 RETURNING scan, at")?
        .query_row([hash], |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)))
        .optional()
}

fn hash(secret: &hmac::Key, key: &DocumentKey) -> [u8; 16] {
    let tag = hmac::sign(secret, &key.sort_bytes());
    let mut half = [0; 16];
    half.copy_from_slice(&tag.as_ref()[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600;

    fn key(number: &str) -> DocumentKey {
        DocumentKey::new("UTO", "P", number).unwrap()
    }

    fn state() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("state.db")).unwrap();
        (folder, state)
    }

    fn kept(state: &State) -> (i64, i64) {
        let count = |what: &str| {
            let sql = format!("SELECT count(*) FROM {what}");
            state.read("count", |db| db.query_row(&sql, [], |row| row.get(0))).unwrap()
        };
        (count("retro"), count("retro_key"))
    }

    #[test]
    fn a_document_listed_in_time_is_found_once() {
        let (_folder, state) = state();
        let keep = 6 * HOUR;
        state
            .transaction("scan", |t| {
                remember(t, &key("A1"), &[1; 16], 100 * HOUR, keep)?;
                remember(t, &key("B2"), &[2; 16], 103 * HOUR, keep)?;
                remember(t, &key("A1"), &[3; 16], 104 * HOUR, keep)
            })
            .unwrap();
        let take_all = |now| {
            let kept = Kept::read(&state, now, keep).unwrap();
            let listed = ["Z9", "A1", "B2"].map(key);
            let hashes: Vec<_> = listed.iter().flat_map(|key| kept.hashes_of(key)).collect();
            let taken = state.transaction("list", |t| hashes.iter().map(|hash| take(t, hash)).collect());
            let taken: Vec<Option<([u8; 16], u64)>> = taken.unwrap();
            let mut scans: Vec<_> =
                taken.into_iter().flatten().map(|(scan, at)| (scan[0], at / HOUR)).collect();
            scans.sort();
            scans
        };
        // The first scan of A1 was in the epoch before: it is found as well.
        assert_eq!(take_all(105 * HOUR), [(1, 100), (2, 103), (3, 104)]);
        assert_eq!(take_all(105 * HOUR), []);
        assert!(Kept::read(&state, 105 * HOUR, keep).unwrap().is_empty());
    }

    #[test]
    fn what_was_kept_long_enough_is_destroyed_with_its_key() {
        let (_folder, state) = state();
        let keep = 6 * HOUR;
        let scan = |number: &str, at| {
            state.transaction("scan", |t| remember(t, &key(number), &[7; 16], at, keep)).unwrap();
        };
        scan("A1", 100 * HOUR);
        scan("B2", 103 * HOUR);
        assert_eq!(kept(&state), (2, 2), "100 h and 103 h lie in two epochs of 6 h");
        scan("C3", 107 * HOUR);
        assert_eq!(kept(&state), (2, 1));
        let later = Kept::read(&state, 109 * HOUR + 1, keep).unwrap();
        assert_eq!(later.hashes_of(&key("B2")).count(), 0, "kept for six hours, not longer");
        assert_eq!(later.hashes_of(&key("C3")).count(), 1);
        state.transaction("off", |t| forget(t, 109 * HOUR, 0)).unwrap();
        assert_eq!(kept(&state), (0, 0));
    }

    #[test]
    fn a_quiet_night_destroys_it_too() {
        let (_folder, state) = state();
        let keep = 6 * HOUR;
        state.transaction("scan", |t| remember(t, &key("A1"), &[7; 16], 100 * HOUR, keep)).unwrap();
        assert!(!forget_due(&state, 106 * HOUR, keep).unwrap());
        assert_eq!(kept(&state), (1, 1));
        assert!(forget_due(&state, 106 * HOUR + 1, keep).unwrap());
        assert_eq!(kept(&state), (0, 0));
        assert!(!forget_due(&state, 106 * HOUR + 1, keep).unwrap(), "nothing is written for nothing");
        // What was found took its hash out, and left the key.
        state.transaction("scan", |t| remember(t, &key("A1"), &[7; 16], 107 * HOUR, keep)).unwrap();
        let hash = Kept::read(&state, 107 * HOUR, keep).unwrap().hashes_of(&key("A1")).next().unwrap();
        state.transaction("found", |t| take(t, &hash)).unwrap();
        assert_eq!(kept(&state), (0, 1));
        forget_due(&state, 114 * HOUR, keep).unwrap();
        assert_eq!(kept(&state), (0, 0));
    }

    #[test]
    fn what_is_kept_does_not_say_which_document_it_was() {
        let (folder, state) = state();
        state.transaction("scan", |t| remember(t, &key("L898902C3"), &[1; 16], 9, HOUR)).unwrap();
        let plain = |needle: &[u8]| {
            std::fs::read_dir(folder.path()).unwrap().any(|file| {
                let bytes = std::fs::read(file.unwrap().path()).unwrap();
                bytes.windows(needle.len()).any(|window| window == needle)
            })
        };
        assert!(!plain(b"L898902C3") && !plain(&key("L898902C3").sort_bytes()));
    }
}
