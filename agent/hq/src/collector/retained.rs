//! What the broker should keep for devices: services' certificates that are revoked, every root, each device's grants, scanners and order, every list's newest manifest,
//! the roster, owners' answers, the heartbeat, in the order a device needs them.
//!
//! The broker remembers nothing we could not rebuild: all of it comes from the home, and is published again on every
//! connect. An empty message clears what the broker keeps: a revoked device's grants, an order carried no further.

use crate::authority::home::Home;
use crate::authority::{pins, replace_ca, root, services};
use crate::collector::answer;
use crate::collector::error::CollectorError;
use crate::db::{Session, devices, editions, grants, lists, officers, scanners, statements};
use vedette_common::mqtt::session::Publish;
use vedette_common::mqtt::topics::{DeviceTopic, Topic};

/// What one part of it is made of: the home, its database, the time.
type Part = fn(&Home, &Session, u64) -> Result<Kept, CollectorError>;

/// Topics and what the broker should keep there.
type Kept = Vec<(Topic, Vec<u8>)>;

/// Everything to be retained. A part that cannot be read is left out and given to `failed`: what the broker has of it stays.
pub(crate) fn all(
    home: &Home,
    db: &Session,
    now: u64,
    mut failed: impl FnMut(CollectorError),
) -> Vec<Publish> {
    let parts: [Part; 8] = [revoked, roots, authorities, of_devices, manifests, roster, answers, heartbeat];
    let mut publishes = Vec::new();
    for part in parts {
        match part(home, db, now) {
            Ok(kept) => publishes.extend(kept.into_iter().map(|(topic, payload)| Publish {
                topic: topic.name(),
                payload,
                retain: true,
            })),
            Err(error) => failed(error),
        }
    }
    publishes
}

/// Services' certificates that are revoked.
fn revoked(home: &Home, _: &Session, _: u64) -> Result<Kept, CollectorError> {
    Ok(vec![(Topic::Revoked, services::for_devices(home)?.der().to_vec())])
}

fn roots(home: &Home, _: &Session, _: u64) -> Result<Kept, CollectorError> {
    Ok(root::all(home)?.into_iter().map(|(version, bytes)| (Topic::Root(version), bytes)).collect())
}

/// The CAs of the link, once they were replaced.
fn authorities(home: &Home, _: &Session, _: u64) -> Result<Kept, CollectorError> {
    Ok(replace_ca::statement(home)?.into_iter().map(|bytes| (Topic::Authorities, bytes)).collect())
}

/// Each device's grants, scanners and order.
fn of_devices(home: &Home, db: &Session, _: u64) -> Result<Kept, CollectorError> {
    let mut kept = Vec::new();
    let (lists, pins) = (lists::all(db)?, pins::all(home)?);
    for device in devices::all(db)? {
        let granted = grants::of_device(db, &device)?;
        for list in &lists {
            let grant = granted.iter().find(|(granted, _)| *granted == list.name);
            let grant = grant.map(|(_, bytes)| bytes.clone());
            let topic = Topic::Device(device.clone(), DeviceTopic::Grant(list.name.clone()));
            kept.push((topic, grant.unwrap_or_default()));
        }
        for scanner in scanners::of_device(db, &device)? {
            let papers = pins::papers(&pins, &scanner);
            let topic = DeviceTopic::Scanner(scanner.enrolment.scanner);
            kept.push((Topic::Device(device.clone(), topic), papers));
        }
        let order = statements::order(db, &device)?.unwrap_or_default();
        kept.push((Topic::Device(device, DeviceTopic::Order), order));
    }
    Ok(kept)
}

fn manifests(_: &Home, db: &Session, _: u64) -> Result<Kept, CollectorError> {
    let newest = editions::newest_of_all(db)?;
    Ok(newest.into_iter().map(|(list, _, manifest)| (Topic::Manifest(list), manifest)).collect())
}

fn roster(_: &Home, db: &Session, _: u64) -> Result<Kept, CollectorError> {
    Ok(officers::roster(db)?.into_iter().map(|roster| (Topic::Roster, roster.bytes)).collect())
}

fn answers(_: &Home, db: &Session, now: u64) -> Result<Kept, CollectorError> {
    answer::retained(db, now)
}

fn heartbeat(_: &Home, db: &Session, _: u64) -> Result<Kept, CollectorError> {
    Ok(statements::heartbeat(db)?.into_iter().map(|(_, bytes)| (Topic::Heartbeat, bytes)).collect())
}
