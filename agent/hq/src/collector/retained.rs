//! What the broker should keep for devices: every root, each device's grants and order, every list's newest manifest,
//! the roster, owners' answers, the heartbeat, in the order a device needs them.
//!
//! The broker remembers nothing we could not rebuild: all of it comes from the home, and is published again on every
//! connect. An empty message clears what the broker keeps: a revoked device's grants, an order carried no further.

use crate::authority::home::Home;
use crate::authority::{heartbeat, root};
use crate::collector::answer;
use crate::error::HqError;
use crate::fleet::{devices, grants, officer};
use rusqlite::Connection;
use rusqlite::OptionalExtension;
use vedette_common::mqtt::session::Publish;
use vedette_common::mqtt::topics::{DeviceTopic, Topic};
use vedette_shim::ids::DeviceId;

/// Everything to be retained.
pub(crate) fn all(home: &Home, db: &Connection) -> Result<Vec<Publish>, HqError> {
    let mut publishes = Vec::new();
    let mut retain = |topic: Topic, payload| {
        publishes.push(Publish { topic: topic.name(), payload, retain: true });
    };
    for (version, bytes) in root::all(home)? {
        retain(Topic::Root(version), bytes);
    }
    let lists = grants::lists(db)?;
    for (device, _) in devices::all(db)? {
        let granted = grants::of_device(db, &device)?;
        for (list, _) in &lists {
            let grant = granted.iter().find(|(granted, _)| granted == list).map(|(_, bytes)| bytes.clone());
            let topic = Topic::Device(device.clone(), DeviceTopic::Grant(list.clone()));
            retain(topic, grant.unwrap_or_default());
        }
        let order = order(db, &device)?.unwrap_or_default();
        retain(Topic::Device(device, DeviceTopic::Order), order);
    }
    for (list, _) in &lists {
        if let Some(manifest) = grants::newest_manifest_bytes(db, list)? {
            retain(Topic::Manifest(list.clone()), manifest);
        }
    }
    if let Some(roster) = officer::newest(db)? {
        retain(Topic::Roster, roster);
    }
    for (topic, bytes) in answer::retained(db, home.now())? {
        retain(topic, bytes);
    }
    if let Some(heartbeat) = heartbeat::newest(db)? {
        retain(Topic::Heartbeat, heartbeat);
    }
    Ok(publishes)
}

fn order(db: &Connection, device: &DeviceId) -> Result<Option<Vec<u8>>, HqError> {
    let query = "SELECT bytes FROM orders WHERE device = ? AND retired = 0 ORDER BY number DESC LIMIT 1";
    Ok(db.query_row(query, [device.as_str()], |row| row.get(0)).optional()?)
}
