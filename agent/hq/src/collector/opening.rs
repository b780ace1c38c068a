//! Opens what the collector stored, for the lists whose owner's key is here, so that `encounters` can show it.
//!
//! The collector has no part in this: a message is stored and receipted sealed, whoever can read it. Invariants: a message is opened
//! once, in one transaction with the row that it becomes; it stays as it came. One that no key of its owner opens is shown as
//! such (`alarms`), and tried again when `serve` starts. Failure: a key that cannot be read is an alarm; what it opens waits.

use crate::authority::home::Home;
use crate::authority::keys;
use crate::collector::alarms::Alarms;
use crate::db::messages::{self, Sealed};
use crate::db::{Db, DbError, Session, devices, encounters, lists, outcomes};
use std::collections::{BTreeMap, HashMap};
use vedette_common::crypto::BoxKey;
use vedette_common::encounter;
use vedette_shim::ids::ListName;
use vedette_shim::wire::{Report, SealedEncounter};

/// Messages opened in one transaction, at most.
const BATCH_MAX: usize = 64;
/// What waits for a key is tried again so often, seconds.
const AGAIN_S: u64 = 60;

const UNREADABLE: &str = "messages that do not open";

/// Opens messages as they are stored.
pub(crate) struct Opening<'a> {
    home: &'a Home,
    /// The last message of each list that was tried in this round.
    tried: HashMap<ListName, i64>,
    /// When the next round begins, by the home's uptime, seconds; none before the first, which tries what no key opened too.
    round_ends: Option<u64>,
    /// Why a list's key cannot be read; `None` when it can.
    keys: BTreeMap<ListName, Option<String>>,
    /// Something was tried since the last [`Opening::alarm`].
    has_news: bool,
}

impl<'a> Opening<'a> {
    pub(crate) fn with_keys_of(home: &'a Home) -> Self {
        Opening { home, tried: HashMap::new(), round_ends: None, keys: BTreeMap::new(), has_news: true }
    }

    /// Whether another round is to begin, though nothing came.
    pub(crate) fn is_due(&self) -> bool {
        self.round_ends.is_none_or(|end| self.home.uptime() >= end)
    }

    /// Opens everything stored that was not tried in this round. Keys are read for that and forgotten, so that one that is replaced
    /// counts from the first message that may be sealed to it, and one that is erased stays in no memory.
    pub(crate) fn open_stored(&mut self, db: &mut Db) -> Result<(), DbError> {
        if self.round_ends.is_none() {
            messages::try_again(db.read())?;
        }
        if self.is_due() {
            self.round_ends = Some(self.home.uptime() + AGAIN_S);
            self.tried.clear();
            self.has_news = true;
        }
        for list in lists::issued_here(db.read())? {
            self.open_list(db, &list.name)?;
        }
        Ok(())
    }

    fn open_list(&mut self, db: &mut Db, list: &ListName) -> Result<(), DbError> {
        let mut after = self.tried.get(list).copied().unwrap_or_default();
        let mut sealed = messages::untried(db.read(), list, after, BATCH_MAX)?;
        if sealed.is_empty() && self.keys.get(list).is_none_or(Option::is_none) {
            return Ok(());
        }
        self.has_news = true;
        let (owners, failed) = keys::owners(self.home, list);
        let are_all_here = failed.is_none();
        self.keys.insert(list.clone(), failed.map(|error| error.to_string()));
        while !sealed.is_empty() {
            let change = db.change()?;
            for message in &sealed {
                match open(&change, list, &owners, message)? {
                    Some(report) => {
                        store(&change, &report, message)?;
                        messages::set_opened(&change, message.sequence, true)?;
                    }
                    None if are_all_here => messages::set_opened(&change, message.sequence, false)?,
                    None => {}
                }
                after = message.sequence;
            }
            change.commit()?;
            self.tried.insert(list.clone(), after);
            sealed = messages::untried(db.read(), list, after, BATCH_MAX)?;
        }
        Ok(())
    }

    /// Raises and ends the alarms about owners' keys and what they do not open.
    pub(crate) fn alarm(&mut self, db: &Db, alarms: &mut Alarms, now: u64) -> Result<(), DbError> {
        if !std::mem::take(&mut self.has_news) {
            return Ok(());
        }
        for (list, why) in &self.keys {
            let subject = format!("the owner's key of {list}");
            match why {
                Some(why) => {
                    let text =
                        format!("{why}. What is sealed to it is stored, and shown once its file is restored");
                    alarms.raise(&subject, text, now);
                }
                None => alarms.end(&subject),
            }
        }
        let unreadable = messages::unreadable(db.read())?;
        if unreadable.is_empty() {
            alarms.end(UNREADABLE);
            return Ok(());
        }
        let lists: Vec<_> = unreadable.iter().map(|(list, count)| format!("{count} of {list}")).collect();
        let text = format!(
            "no key of their list's owner opens them: {}. They are stored as they came; a key of before may be in a backup. They are tried \
             again when `serve` starts",
            lists.join(", ")
        );
        alarms.raise(UNREADABLE, text, now);
        Ok(())
    }
}

/// What one of the keys opens, and its device has sealed.
fn open(
    db: &Session,
    list: &ListName,
    owners: &[BoxKey],
    message: &Sealed,
) -> Result<Option<Report>, DbError> {
    let Ok(sealed) = SealedEncounter::decode(&message.message) else { return Ok(None) };
    let device = &message.device;
    let enrolments = devices::enrolments(db, device)?;
    let Some(made) = enrolments.iter().find(|made| encounter::is_signed(&sealed, device, &made.keys)) else {
        return Ok(None);
    };
    let of = (device, &made.keys.box_public);
    Ok(owners.iter().find_map(|owner| encounter::open(&sealed, (list, owner), of).ok()))
}

fn store(db: &Session, report: &Report, message: &Sealed) -> Result<(), DbError> {
    match report {
        Report::Encounter(made) => encounters::insert(db, made, message),
        Report::Outcome(outcome) => outcomes::insert(db, outcome, &message.digest, message.received_at),
    }
}
