//! The snapshot that lookups read, made from what the intake knows.

use super::Intake;
use super::entry::ListEntry;
use crate::snapshot::{Doubt, Snapshot, SnapshotList};
use crate::store::trust;
use std::sync::Arc;
use vedette_names::handling::Handling;
use vedette_shim::ids::ListName;
use vedette_shim::trust::Manifest;

impl Intake {
    /// Swaps in a new snapshot of the lists in use.
    pub(super) fn swap(&self) {
        let doubt = self.doubt();
        let lists = self.entries.iter().filter_map(|(list, entry)| self.held(list, entry, doubt)).collect();
        let heartbeat = trust::heartbeat(&self.db).unwrap_or_else(|error| {
            tracing::error!(%error, "the heartbeat cannot be read: scanners do not get the time");
            None
        });
        self.shared.store(Arc::new(Snapshot {
            root: self.root.clone(),
            heartbeat: heartbeat.map(Into::into),
            lists,
            roster_state: self.roster_state.clone(),
        }));
    }

    fn doubt(&self) -> Option<Doubt> {
        // A root that is withheld from us may disown what we believe.
        let root_behind = self.heartbeat.as_ref().is_some_and(|h| h.root_version > self.root.version);
        match self.clock.is_lost() {
            true => Some(Doubt::TimeLost),
            false => root_behind.then_some(Doubt::RootBehind),
        }
    }

    fn held(&self, list: &ListName, entry: &ListEntry, doubt: Option<Doubt>) -> Option<SnapshotList> {
        let issuer = self.root.issuer(list).ok()?;
        let manifest = entry.active.as_ref().map(|known| &known.manifest);
        Some(SnapshotList {
            list: list.clone(),
            kind: issuer.kind,
            owner: issuer.owner.as_str().to_string(),
            owner_key: issuer.owner_key,
            edition: manifest.map_or(0, |m| m.edition),
            manifest: entry.active.as_ref().map(|known| known.envelope.as_slice().into()),
            keys: entry.keys.clone(),
            entries: manifest.map_or(0, Manifest::entries),
            issued: manifest.map_or(0, |m| m.issued),
            lease_s: manifest.map_or(0, |m| m.lease_s),
            confirmed_at: entry.confirmed_at,
            newest_known: entry.newest_known,
            doubt,
            confirm_s: manifest.map_or(0, |m| m.confirm_s),
            handling: manifest.and_then(|m| Handling::of_list(&m.handling)),
            possible_from: manifest.map_or(1.0, |m| f32::from(m.possible_from) / 1000.0),
            hit_from: manifest.map_or(1.0, |m| f32::from(m.hit_from) / 1000.0),
            content: entry.content.clone(),
        })
    }
}
