//! The snapshot that lookups read, made from what the intake knows.

use super::Intake;
use super::entry::ListEntry;
use crate::snapshot::{Content, Doubt, Snapshot, SnapshotList, Unavailable};
use crate::store::trust;
use std::sync::Arc;
use vedette_names::handling::Handling;
use vedette_shim::ids::ListName;
use vedette_shim::trust::Manifest;

impl Intake {
    /// Swaps in a new snapshot of the lists in use.
    pub(super) fn swap(&self) {
        let (doubt, blocked) = (self.doubt(), self.blocked());
        let held = |(list, entry)| self.held(list, entry, doubt, blocked);
        let lists = self.entries.iter().filter_map(held).collect();
        let heartbeat = trust::heartbeat(&self.db).unwrap_or_else(|error| {
            tracing::error!(%error, "the heartbeat cannot be read: scanners do not get the time");
            None
        });
        self.shared.store(Arc::new(Snapshot {
            root: self.root.clone(),
            heartbeat: heartbeat.map(Into::into),
            lists,
            roster_state: self.roster_state.clone(),
            scanners: self.scanners.clone(),
            roster_behind: self.roster_is_behind(),
        }));
    }

    fn doubt(&self) -> Option<Doubt> {
        // A root that is withheld from us may disown what we believe.
        let root_behind = self.heartbeat.as_ref().is_some_and(|h| h.root_version > self.root.version);
        root_behind.then_some(Doubt::RootBehind)
    }

    /// Why no list can be asked at present, whatever is here of it.
    fn blocked(&self) -> Option<Unavailable> {
        let heartbeat = self.heartbeat.as_ref();
        let root_forked =
            heartbeat.is_some_and(|h| h.root_version == self.root.version && h.root != self.root_identity);
        let ordered = heartbeat.and_then(|heartbeat| heartbeat.device(&self.us.key));
        if root_forked {
            return Some(Unavailable::Forked);
        }
        if ordered.is_some_and(|ordered| ordered.order > self.order_floor) {
            return Some(Unavailable::OrderWithheld);
        }
        self.clock.is_lost().then_some(Unavailable::TimeLost)
    }

    fn held(
        &self,
        list: &ListName,
        entry: &ListEntry,
        doubt: Option<Doubt>,
        blocked: Option<Unavailable>,
    ) -> Option<SnapshotList> {
        let issuer = self.root.issuer(list).ok()?;
        let manifest = entry.active.as_ref().map(|known| &known.manifest);
        let blocked = blocked.or(entry.is_forked().then_some(Unavailable::Forked));
        Some(SnapshotList {
            list: list.clone(),
            kind: issuer.kind,
            owner: issuer.owner.as_str().to_string(),
            owner_key: issuer.owner_key,
            edition: manifest.map_or(0, |m| m.edition),
            manifest: entry.active.as_ref().map(|known| known.envelope.as_slice().into()),
            keys: entry.keys.clone(),
            keys_erased: entry.keys_erased,
            entries: manifest.map_or(0, Manifest::entries),
            issued: manifest.map_or(0, |m| m.issued),
            lease_s: manifest.map_or(0, |m| m.lease_s),
            confirmed_at: entry.confirmed_at,
            stale_after_s: self.stale_after_s,
            newest_known: entry.newest_known,
            doubt,
            confirm_s: manifest.map_or(0, |m| m.confirm_s),
            handling: manifest.and_then(|m| Handling::of_list(&m.handling)),
            possible_from: manifest.map_or(1.0, |m| f32::from(m.possible_from) / 1000.0),
            hit_from: manifest.map_or(1.0, |m| f32::from(m.hit_from) / 1000.0),
            // What is not here at all is the better reason, for it says what to do.
            content: match (&entry.content, blocked) {
                (Content::Documents(_) | Content::Persons(..), Some(why)) => Content::Nothing(why),
                (content, _) => content.clone(),
            },
        })
    }
}
