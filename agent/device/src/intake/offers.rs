//! Intake's first half: what is signed. Each kind of offer is checked against what is believed, stored, then acted on.

use super::{Entry, Intake, IntakeError, ROOTS_WAITING_MAX, Taken, refused};
use crate::holdings::{Content, Unavailable};
use crate::store::trust::NewRoot;
use crate::store::{editions, trust};
use std::collections::BTreeMap;
use vedette_common::crypto::RingVerify;
use vedette_common::grant::{GRANT_INFO, grant_additional_data};
use vedette_lists::ListKey;
use vedette_shim::ids::ListName;
use vedette_shim::trust::{
    Floor, Grant, Heartbeat, Manifest, Order, OrderKind, SEALED_KEY_BYTES, SignedKind, TrustError, digest,
};
use zeroize::Zeroizing;

impl Intake {
    pub(super) fn take_root(&mut self, version: u32, bytes: Vec<u8>) -> Result<Taken, IntakeError> {
        if version <= self.root.version {
            return Ok(Taken::Known);
        }
        if version - self.root.version > 1 {
            if self.roots_waiting.len() < ROOTS_WAITING_MAX {
                self.roots_waiting.insert(version, bytes);
            }
            return Ok(Taken::Known);
        }
        self.follow_root(&bytes)?;
        while let Some(bytes) = self.roots_waiting.remove(&(self.root.version + 1)) {
            // The root above is taken already: a bad one that waited behind it changes nothing of that.
            if let Err(error) = self.follow_root(&bytes) {
                tracing::warn!(%error, "a root that waited is refused");
            }
        }
        self.roots_waiting.retain(|version, _| *version > self.root.version);
        for offer in std::mem::take(&mut self.offers_waiting) {
            if let Err(error) = self.offer(offer) {
                tracing::warn!(%error, "still refused under the new root");
            }
        }
        Ok(Taken::New)
    }

    fn follow_root(&mut self, bytes: &[u8]) -> Result<(), IntakeError> {
        let next = self.root.next(bytes, &RingVerify).map_err(refused("root"))?;
        let restarted: Vec<ListName> =
            self.entries.keys().filter(|list| next.replaces_issuer(&self.root, list)).cloned().collect();
        // A stolen heartbeat key could have moved the clock and every lease far into the future.
        let heartbeat_replaced = next.heartbeat != self.root.heartbeat;
        let root =
            NewRoot { envelope: bytes, issued: next.issued, restarted: &restarted, heartbeat_replaced };
        trust::set_root(&self.db, &root)?;
        // What a replaced issuer signed is not believed any more, the edition in use no more than others.
        for list in restarted {
            self.entries.insert(list, Entry::new());
        }
        if heartbeat_replaced {
            self.heartbeat = None;
            self.clock.reset(next.issued);
            self.time_kept = 0;
            for entry in self.entries.values_mut() {
                entry.confirmed_at = entry.confirmed_at.min(next.issued);
                entry.newest_known = entry.newest_held();
            }
        }
        tracing::info!(version = next.version, "new root");
        self.root = next;
        self.load_roll()
    }

    pub(super) fn take_heartbeat(&mut self, bytes: Vec<u8>) -> Result<Taken, IntakeError> {
        let floor = self.heartbeat.as_ref().map_or(0, |h| h.issued);
        let heartbeat = Heartbeat::accept(&bytes, &self.root, floor, self.clock.now(), &RingVerify)
            .map_err(refused("heartbeat"))?;
        if self.heartbeat.as_ref() == Some(&heartbeat) {
            return Ok(Taken::Known);
        }
        let confirmed = self.confirmed_by(&heartbeat);
        trust::set_heartbeat(&self.db, &bytes, heartbeat.issued, &confirmed)?;
        self.clock.raise(heartbeat.issued);
        for list in confirmed {
            if let Some(entry) = self.entries.get_mut(&list) {
                entry.confirmed_at = entry.confirmed_at.max(heartbeat.issued);
            }
        }
        self.note_newest(&heartbeat);
        self.heartbeat = Some(heartbeat);
        Ok(Taken::New)
    }

    /// The lists whose active edition is the very one the heartbeat names.
    fn confirmed_by(&self, heartbeat: &Heartbeat) -> Vec<ListName> {
        let is_newest = |list: &ListName, entry: &Entry| {
            entry.active.as_ref().is_some_and(|(manifest, bytes)| confirms(heartbeat, list, manifest, bytes))
        };
        self.entries
            .iter()
            .filter(|(list, entry)| is_newest(list, entry))
            .map(|(list, _)| list.clone())
            .collect()
    }

    /// Notes the newest editions there are; also of lists that we know nothing else of: then what they may say of a
    /// document is missing here, and the officer must hear so.
    pub(super) fn note_newest(&mut self, heartbeat: &Heartbeat) {
        for state in &heartbeat.lists {
            if self.root.issuer(&state.list).is_ok() {
                let entry = self.entries.entry(state.list.clone()).or_insert_with(Entry::new);
                entry.newest_known = state.edition.max(entry.newest_held());
            }
        }
    }

    pub(super) fn take_manifest(&mut self, list: ListName, bytes: Vec<u8>) -> Result<Taken, IntakeError> {
        let held = self.entries.get(&list);
        let same = |held: &Option<(Manifest, Vec<u8>)>| held.as_ref().is_some_and(|(_, b)| *b == bytes);
        if held.is_some_and(|entry| same(&entry.pending) || same(&entry.active)) {
            return Ok(Taken::Known);
        }
        let what = || format!("manifest of {list}");
        let floor = held.and_then(|entry| entry.floor);
        let manifest = Manifest::accept(&bytes, &list, &self.root, floor, self.clock.now(), &RingVerify)
            .map_err(refused(what()))?;
        let found = digest(&bytes);
        if let Some(heartbeat) = &self.heartbeat {
            heartbeat.check_manifest(&manifest, &found).map_err(refused(what()))?;
        }
        let floor = Floor { edition: manifest.edition, manifest: found };
        editions::set_pending(&self.db, &list, floor, &bytes)?;
        let entry = self.entries.entry(list).or_insert_with(Entry::new);
        entry.floor = Some(floor);
        entry.newest_known = entry.newest_known.max(manifest.edition);
        entry.pending = Some((manifest, bytes));
        entry.merge_failed = false;
        Ok(Taken::New)
    }

    /// `place`: the list whose grant belongs where this one came in.
    pub(super) fn take_grant(
        &mut self,
        place: Option<ListName>,
        bytes: Vec<u8>,
        store: bool,
    ) -> Result<Taken, IntakeError> {
        if bytes.is_empty() {
            return Ok(Taken::Known); // headquarters cleared the retained grant
        }
        let grant = Grant::accept(&bytes, &self.device, &self.root, self.clock.now(), &RingVerify)
            .map_err(refused("grant"))?;
        if place.is_some_and(|place| place != grant.list) {
            let rule = TrustError::NotForUs(SignedKind::Grant);
            return Err(refused("grant")(rule));
        }
        let mut keys = BTreeMap::new();
        for key in &grant.keys {
            debug_assert_eq!(key.sealed.len(), SEALED_KEY_BYTES);
            let additional = grant_additional_data(&self.device, &grant.list, key.number);
            let opened = self.box_key.open(GRANT_INFO, &additional, key.sealed);
            let plain = opened.map_err(|_| IntakeError::Grant { list: grant.list.clone() })?;
            let secret: Zeroizing<[u8; 32]> = Zeroizing::new(
                plain.as_slice().try_into().map_err(|_| IntakeError::Grant { list: grant.list.clone() })?,
            );
            keys.insert(key.number, ListKey(*secret));
        }
        let list = grant.list.clone();
        let entry = self.entries.entry(list.clone()).or_insert_with(Entry::new);
        // Numbers rise; an older grant, played again, must not take a newer one's keys away.
        let older = keys.keys().next_back() < entry.keys.keys().next_back();
        let fresh = keys.keys().any(|number| !entry.keys.contains_key(number));
        if older || !fresh {
            return Ok(Taken::Known);
        }
        if store {
            editions::set_grant(&self.db, &list, &bytes)?;
            (entry.granted_at, entry.to_erase) = (self.clock.now(), false);
        }
        entry.keys = keys;
        Ok(Taken::New)
    }

    pub(super) fn take_order(&mut self, bytes: &[u8]) -> Result<Taken, IntakeError> {
        let floor = trust::order_floor(&self.db)?;
        let order = match Order::accept(bytes, &self.device, &self.root, floor, &RingVerify) {
            Err(TrustError::Rollback { offered, floor, .. }) if offered == floor => return Ok(Taken::Known),
            other => other.map_err(refused("order"))?,
        };
        let only = match &order.order {
            OrderKind::EraseAll => None,
            OrderKind::EraseList(list) => Some(list.clone()),
        };
        tracing::warn!(?order, "headquarters orders to erase");
        trust::erase(&self.db, only.as_ref(), order.number)?;
        self.load_roll()?;
        for (list, entry) in &mut self.entries {
            if only.as_ref().is_none_or(|only| only == list) {
                let floor = entry.floor;
                *entry = Entry { floor, content: Content::Nothing(Unavailable::Erased), ..Entry::new() };
            }
        }
        Ok(Taken::New)
    }
}

/// Whether this very manifest is the newest, by a heartbeat's word.
pub(super) fn confirms(heartbeat: &Heartbeat, list: &ListName, manifest: &Manifest, bytes: &[u8]) -> bool {
    heartbeat
        .list(list)
        .is_some_and(|state| state.edition == manifest.edition && state.manifest == digest(bytes))
}
