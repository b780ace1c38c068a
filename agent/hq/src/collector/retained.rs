//! What the broker should keep for devices: every root, each device's grants, scanners and order, every list's newest manifest,
//! the roster, owners' answers, the heartbeat, in the order a device needs them.
//!
//! The broker remembers nothing we could not rebuild: all of it comes from the home, and is published again on every
//! connect. An empty message clears what the broker keeps: a revoked device's grants, an order carried no further.

use crate::authority::home::Home;
use crate::authority::root;
use crate::collector::answer;
use crate::collector::error::CollectorError;
use crate::db::{Session, devices, editions, grants, lists, officers, scanners, statements};
use vedette_common::mqtt::session::Publish;
use vedette_common::mqtt::topics::{DeviceTopic, Topic};

/// Everything to be retained.
pub(crate) fn all(home: &Home, db: &Session) -> Result<Vec<Publish>, CollectorError> {
    let mut publishes = Vec::new();
    let mut retain = |topic: Topic, payload| {
        publishes.push(Publish { topic: topic.name(), payload, retain: true });
    };
    for (version, bytes) in root::all(home)? {
        retain(Topic::Root(version), bytes);
    }
    let lists = lists::all(db)?;
    for device in devices::all(db)? {
        let granted = grants::of_device(db, &device)?;
        for list in &lists {
            let grant = granted.iter().find(|(granted, _)| *granted == list.name);
            let grant = grant.map(|(_, bytes)| bytes.clone());
            let topic = Topic::Device(device.clone(), DeviceTopic::Grant(list.name.clone()));
            retain(topic, grant.unwrap_or_default());
        }
        for (scanner, bytes) in scanners::of_device(db, &device)? {
            retain(Topic::Device(device.clone(), DeviceTopic::Scanner(scanner)), bytes);
        }
        let order = statements::order(db, &device)?.unwrap_or_default();
        retain(Topic::Device(device, DeviceTopic::Order), order);
    }
    for (list, _, manifest) in editions::newest_of_all(db)? {
        retain(Topic::Manifest(list), manifest);
    }
    if let Some(roster) = officers::roster(db)? {
        retain(Topic::Roster, roster.bytes);
    }
    for (topic, bytes) in answer::retained(db, home.now())? {
        retain(topic, bytes);
    }
    if let Some((_, heartbeat)) = statements::heartbeat(db)? {
        retain(Topic::Heartbeat, heartbeat);
    }
    Ok(publishes)
}
