//! The intake's first half: what is signed. Each kind of update is verified against what is believed, stored, then put in
//! effect.

use super::entry::{GrantFrom, ListEntry, VerifiedManifest};
use super::error::refused;
use super::{Intake, IntakeError, Update, UpdateOutcome};
use crate::snapshot::{Content, Unavailable};
use crate::store::trust::NewRoot;
use crate::store::{editions, trust};
use std::collections::BTreeMap;
use vedette_common::crypto::RingVerify;
use vedette_common::grant::{GRANT_INFO, grant_additional_data};
use vedette_lists::ListKey;
use vedette_shim::ids::ListName;
use vedette_shim::trust::{
    Floor, Grant, Heartbeat, ListState, Manifest, Order, OrderKind, SEALED_KEY_BYTES, SignedKind, TrustError,
    identity,
};
use zeroize::Zeroizing;

/// Roots that arrived out of order and wait for the ones before, at most.
const ROOTS_WAITING_MAX: usize = 64;
/// Updates that were refused, perhaps only because a newer root is missing, and wait for it, at most.
const UPDATES_WAITING_MAX: usize = 64;

impl Intake {
    /// Applies one update. On success the lists in use are up to date with it.
    pub fn apply(&mut self, update: Update) -> Result<UpdateOutcome, IntakeError> {
        // It comes later than one of its topic that waits for the store.
        self.unapplied.forget(&update);
        let done = match &update {
            Update::Root(version, bytes) => self.apply_root(*version, bytes),
            Update::Heartbeat(bytes) => self.apply_heartbeat(bytes),
            Update::Manifest(list, bytes) => self.apply_manifest(list, bytes),
            Update::Grant(list, bytes) => self.apply_grant(Some(list), bytes, GrantFrom::Outside),
            Update::Order(bytes) => self.apply_order(bytes),
            Update::Roster(bytes) => self.apply_roster(bytes),
            Update::Scanner(scanner, bytes) => self.apply_scanner(scanner, bytes),
        };
        match &done {
            Ok(UpdateOutcome::Applied) => self.reconcile(),
            Ok(UpdateOutcome::Duplicate | UpdateOutcome::Waiting) => {}
            Err(error) if error.is_passing() => {
                let now = self.clock.since_boot();
                self.unapplied.add(update, now);
            }
            Err(error) => {
                let waits = may_need_newer_root(error)
                    && !matches!(update, Update::Root(..))
                    && !self.updates_waiting.contains(&update);
                self.may_lack_root |= waits;
                if waits && self.updates_waiting.len() < UPDATES_WAITING_MAX {
                    self.updates_waiting.push(update);
                }
            }
        }
        done
    }

    fn apply_root(&mut self, version: u32, bytes: &[u8]) -> Result<UpdateOutcome, IntakeError> {
        if version <= self.root.version {
            // The broker gave what it has. A newer one comes with it, or there is none and the refusal was right.
            self.may_lack_root &= version < self.root.version;
            return Ok(UpdateOutcome::Duplicate);
        }
        if version - self.root.version > 1 {
            if self.roots_waiting.len() < ROOTS_WAITING_MAX {
                self.roots_waiting.insert(version, bytes.to_vec());
            }
            return Ok(UpdateOutcome::Waiting);
        }
        self.follow_root(bytes)?;
        while let Some(bytes) = self.roots_waiting.remove(&(self.root.version + 1)) {
            // The root above is in effect already: a bad one that waited behind it changes nothing of that.
            if let Err(error) = self.follow_root(&bytes) {
                tracing::warn!(reason = %error.reason(), %error, "a root that waited is refused");
            }
        }
        self.roots_waiting.retain(|version, _| *version > self.root.version);
        for update in std::mem::take(&mut self.updates_waiting) {
            if let Err(error) = self.apply(update) {
                tracing::warn!(reason = %error.reason(), %error, "still refused under the new root");
            }
        }
        Ok(UpdateOutcome::Applied)
    }

    fn follow_root(&mut self, bytes: &[u8]) -> Result<(), IntakeError> {
        let next = self.root.next(bytes, &RingVerify).map_err(refused("root"))?;
        let restarted: Vec<ListName> =
            self.entries.keys().filter(|list| next.replaces_issuer(&self.root, list)).cloned().collect();
        let dropped: Vec<ListName> =
            self.entries.keys().filter(|list| next.issuer(list).is_err()).cloned().collect();
        // A stolen heartbeat key could have moved the clock and every lease far into the future.
        let heartbeat_replaced = next.heartbeat != self.root.heartbeat;
        let orders_replaced = next.orders != self.root.orders;
        let root = NewRoot {
            envelope: bytes,
            issued: next.issued,
            restarted: &restarted,
            dropped: &dropped,
            heartbeat_replaced,
            orders_replaced,
            collector_replaced: next.collector != self.root.collector,
        };
        trust::set_root(&self.db, &root)?;
        // What a replaced issuer signed is not believed any more, the edition in use no more than others.
        for list in restarted {
            self.entries.insert(list, ListEntry::new());
        }
        if heartbeat_replaced {
            self.heartbeat = None;
            self.clock.reset(next.issued);
            self.time_stored = 0;
            for entry in self.entries.values_mut() {
                entry.confirmed_at = entry.confirmed_at.min(next.issued);
                entry.newest_known = entry.newest_stored();
                entry.forked = None;
            }
        }
        if orders_replaced {
            self.forget_scanners()?;
            self.order_floor = 0;
            self.grant_floor = self.grant_floor.min(next.issued);
            for entry in self.entries.values_mut() {
                entry.grant_floor = entry.grant_floor.min(next.issued);
            }
        }
        tracing::info!(version = next.version, "new root in effect");
        self.root_identity = identity(bytes, SignedKind::Root).map_err(refused("root"))?;
        self.root = next;
        self.load_roster()
    }

    fn apply_heartbeat(&mut self, bytes: &[u8]) -> Result<UpdateOutcome, IntakeError> {
        let floor = self.heartbeat.as_ref().map_or(0, |h| h.issued);
        let heartbeat = Heartbeat::accept(bytes, &self.root, floor, self.clock.now(), &RingVerify)
            .map_err(refused("heartbeat"))?;
        if self.heartbeat.as_ref() == Some(&heartbeat) {
            return Ok(UpdateOutcome::Duplicate);
        }
        if self.heartbeat.as_ref().is_some_and(|before| heartbeat.is_overtaken_by(before)) {
            let kind = SignedKind::Heartbeat;
            return Err(refused("heartbeat")(TrustError::Rollback {
                kind,
                offered: heartbeat.issued,
                floor,
            }));
        }
        let is_confirmed =
            |entry: &ListEntry| entry.active.as_ref().is_some_and(|known| known.is_confirmed_by(&heartbeat));
        let confirmed: Vec<ListName> = self
            .entries
            .iter()
            .filter(|(_, entry)| is_confirmed(entry))
            .map(|(list, _)| list.clone())
            .collect();
        trust::set_heartbeat(&self.db, bytes, heartbeat.issued, &confirmed)?;
        self.clock.raise(heartbeat.issued);
        for list in confirmed {
            let entry = self.entry(&list);
            entry.confirmed_at = entry.confirmed_at.max(heartbeat.issued);
        }
        for state in &heartbeat.lists {
            if self.entries.get(&state.list).is_some_and(|entry| names_another(entry, state)) {
                self.fork(&state.list, state.edition)?;
            }
        }
        self.note_newest(&heartbeat);
        self.heartbeat = Some(heartbeat);
        Ok(UpdateOutcome::Applied)
    }

    /// An edition of a list was rightly signed with two contents: neither is believed, whichever is here.
    fn fork(&mut self, list: &ListName, edition: u64) -> Result<(), IntakeError> {
        if self.entries.get(list).is_some_and(|entry| entry.forked >= Some(edition)) {
            return Ok(());
        }
        tracing::error!(%list, edition, "two contents of one edition are signed: it is not used until a higher edition comes");
        editions::set_forked(&self.db, list, edition)?;
        let entry = self.entry(list);
        entry.forked = entry.forked.max(Some(edition));
        Ok(())
    }

    /// Notes the newest editions there are; also of lists that we know nothing else of: then what they may say of a
    /// document is missing here, and the officer must see that.
    pub(super) fn note_newest(&mut self, heartbeat: &Heartbeat) {
        for state in &heartbeat.lists {
            if self.root.issuer(&state.list).is_ok() {
                let entry = self.entry(&state.list);
                entry.newest_known = state.edition.max(entry.newest_stored());
            }
        }
    }

    fn apply_manifest(&mut self, list: &ListName, bytes: &[u8]) -> Result<UpdateOutcome, IntakeError> {
        let entry = self.entries.get(list);
        let mut known = entry.into_iter().flat_map(|entry| entry.pending.iter().chain(&entry.active));
        if known.any(|known| known.envelope == bytes) {
            return Ok(UpdateOutcome::Duplicate);
        }
        let what = || format!("manifest of {list}");
        let floor = entry.and_then(|entry| entry.floor);
        let accepted = Manifest::accept(bytes, list, &self.root, floor, self.clock.now(), &RingVerify);
        if let Err(TrustError::Forked { version, .. }) = accepted {
            self.fork(list, version)?;
            self.swap();
        }
        let (manifest, identity) = accepted.map_err(refused(what()))?;
        if let Some(heartbeat) = &self.heartbeat {
            heartbeat.check_manifest(&manifest, &identity).map_err(refused(what()))?;
        }
        let entry = self.entries.get(list);
        let mut known = entry.into_iter().flat_map(|entry| entry.pending.iter().chain(&entry.active));
        if known.any(|known| known.identity == identity) {
            return Ok(UpdateOutcome::Duplicate); // signed by others of its issuer's keys
        }
        let floor = Floor { edition: manifest.edition, manifest: identity };
        editions::set_pending(&self.db, list, floor, bytes)?;
        let entry = self.entry(list);
        entry.floor = Some(floor);
        entry.newest_known = entry.newest_known.max(manifest.edition);
        entry.pending = Some(VerifiedManifest { manifest, identity, envelope: bytes.to_vec() });
        entry.merge_failed = false;
        Ok(UpdateOutcome::Applied)
    }

    /// `place`: the list whose grant belongs where this one came in.
    pub(super) fn apply_grant(
        &mut self,
        place: Option<&ListName>,
        bytes: &[u8],
        from: GrantFrom,
    ) -> Result<UpdateOutcome, IntakeError> {
        if bytes.is_empty() {
            return Ok(UpdateOutcome::Duplicate); // headquarters cleared the retained grant
        }
        let floor = |list: &ListName| {
            self.entries.get(list).map_or(0, |entry| entry.grant_floor).max(self.grant_floor)
        };
        let grant = Grant::accept(bytes, &self.us, &self.root, floor, self.clock.now(), &RingVerify)
            .map_err(refused("grant"))?;
        if place.is_some_and(|place| *place != grant.list) {
            return Err(refused("grant")(TrustError::NotForUs(SignedKind::Grant)));
        }
        let has_it = |entry: &ListEntry| entry.grant_floor == grant.number && !entry.keys.is_empty();
        if self.entries.get(&grant.list).is_some_and(has_it) {
            return Ok(UpdateOutcome::Duplicate);
        }
        let keys = self.open_grant(&grant)?;
        let (list, number, expires, now) = (grant.list, grant.number, grant.expires, self.clock.now());
        if from == GrantFrom::Outside {
            editions::set_grant(&self.db, &list, number, bytes)?;
            let entry = self.entry(&list);
            (entry.granted_at, entry.to_erase) = (now, false);
        }
        let entry = self.entry(&list);
        (entry.keys, entry.grant_floor, entry.grant_expires) = (keys, number, expires);
        entry.keys_erased = false;
        Ok(UpdateOutcome::Applied)
    }

    fn open_grant(&self, grant: &Grant<'_>) -> Result<BTreeMap<u32, ListKey>, IntakeError> {
        let fail = || IntakeError::Grant { list: grant.list.clone() };
        let mut keys = BTreeMap::new();
        for key in &grant.keys {
            debug_assert_eq!(key.sealed.len(), SEALED_KEY_BYTES);
            let additional = grant_additional_data(&self.us.device, &grant.list, key.number);
            let plain = self.box_key.open(GRANT_INFO, &additional, key.sealed).map_err(|_| fail())?;
            let secret: Zeroizing<[u8; 32]> =
                Zeroizing::new(plain.as_slice().try_into().map_err(|_| fail())?);
            keys.insert(key.number, ListKey(*secret));
        }
        Ok(keys)
    }

    fn apply_order(&mut self, bytes: &[u8]) -> Result<UpdateOutcome, IntakeError> {
        let floor = self.order_floor;
        let order = match Order::accept(bytes, &self.us, &self.root, floor, &RingVerify) {
            Err(TrustError::Rollback { offered, floor, .. }) if offered == floor => {
                return Ok(UpdateOutcome::Duplicate);
            }
            other => other.map_err(refused("order"))?,
        };
        let only = match &order.order {
            OrderKind::EraseAll => None,
            OrderKind::EraseList(list) => Some(list.clone()),
            OrderKind::SendAgain => {
                tracing::info!("headquarters orders to send again what it refused or lost");
                trust::send_again(&self.db, order.number)?;
                self.order_floor = order.number;
                return Ok(UpdateOutcome::Applied);
            }
        };
        tracing::warn!(?order, "headquarters orders to erase");
        let grant_floor = order.voids_grants.saturating_add(1);
        // From memory first: a store that cannot be written must not keep the lists in use.
        for (list, entry) in &mut self.entries {
            if only.as_ref().is_none_or(|only| only == list) {
                let content = Content::Nothing(Unavailable::Erased);
                let grant_floor = entry.grant_floor.max(grant_floor);
                let (floor, forked) = (entry.floor, entry.forked);
                let keys_erased = true;
                *entry = ListEntry { floor, forked, content, grant_floor, keys_erased, ..ListEntry::new() };
            }
        }
        self.swap();
        trust::erase(&self.db, only.as_ref(), order.number, grant_floor)?;
        self.order_floor = order.number;
        if only.is_none() {
            self.grant_floor = self.grant_floor.max(grant_floor);
        }
        self.load_roster()?;
        Ok(UpdateOutcome::Applied)
    }
}

/// Whether a heartbeat names another manifest for an edition that was accepted.
fn names_another(entry: &ListEntry, state: &ListState) -> bool {
    let known =
        entry.pending.iter().chain(&entry.active).map(|known| (known.manifest.edition, known.identity));
    let known = known.chain(entry.floor.map(|floor| (floor.edition, floor.manifest)));
    known.into_iter().any(|(edition, identity)| edition == state.edition && identity != state.manifest)
}

/// Whether what was refused may only lack a root that has not arrived yet.
fn may_need_newer_root(error: &IntakeError) -> bool {
    let IntakeError::Refused { source, .. } = error else { return false };
    matches!(
        source,
        TrustError::UnknownList(_)
            | TrustError::Signatures { .. }
            | TrustError::Surplus(_)
            // Newer pins may be by keys of a root that is not here: then none of them is seen.
            | TrustError::Rollback { kind: SignedKind::Pin, .. }
    )
}
