//! What devices say that cannot be true: editions that this home did not publish, messages that contradict each other, and
//! what came in a device's name without its signature. Each is an alarm while it lasts, or for [`SAID_S`] after the last time.

use crate::collector::alarms::Alarms;
use crate::collector::encounters::Refusal;
use crate::collector::error::CollectorError;
use crate::db::{Db, DbError, contradictions, devices, refusals};
use crate::fleet::status::NOT_SIGNED;
use std::time::{Duration, Instant};

const FORK: &str = "a fork";
const CONTRADICTIONS: &str = "devices that contradict themselves";
const FORGERIES: &str = "messages in devices' names";

/// How often they are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long the last one of a kind is an alarm, seconds: long enough that somebody comes by.
const SAID_S: u64 = 3 * 24 * 3600;
/// Devices that one alarm names, at most.
const NAMED_MAX: usize = 8;

/// When they are looked for next; at once at the start.
#[derive(Default)]
pub(crate) struct Suspicions(Option<Instant>);

impl Suspicions {
    /// Raises and ends the alarms, if that is due.
    pub(crate) fn look(&mut self, db: &Db, alarms: &mut Alarms, now: u64) {
        if self.0.is_some_and(|due| Instant::now() < due) {
            return;
        }
        self.0 = Some(Instant::now() + LOOK_EVERY);
        let found = alarms.watch("what devices say", find(db, now).map_err(CollectorError::from), now);
        for (subject, found) in found.into_iter().flatten() {
            match found {
                Some(text) => alarms.raise(subject, text, now),
                None => alarms.end(subject),
            }
        }
    }
}

/// Each alarm's subject, and its text if it is to be raised.
fn find(db: &Db, now: u64) -> Result<[(&'static str, Option<String>); 3], DbError> {
    let since = now.saturating_sub(SAID_S);
    Ok([(FORK, forks(db)?), (CONTRADICTIONS, contradicting(db, since)?), (FORGERIES, forged(db, since)?)])
}

fn forks(db: &Db) -> Result<Option<String>, DbError> {
    let overtaken = devices::overtaken(db.read())?;
    let of_list = |(list, held, ours): &(String, u64, u64)| format!("{list} edition {held} (here {ours})");
    let lists: Vec<_> = overtaken.iter().map(of_list).collect();
    Ok((!lists.is_empty()).then(|| {
        format!(
            "devices hold editions that this home did not publish: {}. It was restored or copied, or a device errs; \
             `vedette-hq publish` of each list goes past them",
            lists.join(", ")
        )
    }))
}

fn contradicting(db: &Db, since: u64) -> Result<Option<String>, DbError> {
    let found = contradictions::since(db.read(), since, NAMED_MAX)?;
    let of_device = |(device, what): &(String, String)| format!("{device}: {what}");
    let devices: Vec<_> = found.iter().map(of_device).collect();
    Ok((!devices.is_empty()).then(|| {
        format!(
            "{}. Its keys are in two hands, or its store was copied or restored: nothing of it is lost, all is in \
             `vedette-hq encounters` and `devices`; `vedette-hq revoke` ends it",
            devices.join("; ")
        )
    }))
}

fn forged(db: &Db, since: u64) -> Result<Option<String>, DbError> {
    let mut devices = refusals::since(db.read(), &Refusal::NotSigned.to_string(), since, NAMED_MAX)?;
    devices.extend(refusals::since(db.read(), NOT_SIGNED, since, NAMED_MAX)?);
    devices.sort();
    devices.dedup();
    Ok((!devices.is_empty()).then(|| {
        format!(
            "encounters or statuses came that these devices have not signed: {}. They are refused. Somebody writes in their names at the \
             broker, or what comes is damaged on the way",
            devices.join(", ")
        )
    }))
}
