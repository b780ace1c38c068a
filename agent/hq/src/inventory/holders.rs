//! `holders`: who holds a list, one edition of it, or an alert; and who may, and until when.
//!
//! Everybody who was ever enrolled is judged (see [`super::judge`]), also former enrolments of a device: who copied or stole it
//! has what it had. An alert is asked for by the editions that it is in (see [`crate::publishing::presence`]).
//!
//! Until when: erasing is the device's own doing, by its own clock and while it is on. `lease_ends` is when its lease ends if it
//! has heard nothing since it spoke last; `grant_ends` when it erases its keys even if it hears of every heartbeat. Once a time has
//! passed the copy still counts as one that may be there, because nobody has signed that it is gone.

#![allow(missing_docs)] // plain data: a field that its name and type explain has none

use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::db::copies::{self, Copy};
use crate::db::editions::{self, Issued};
use crate::db::{Session, lists};
use crate::error::HqError;
use crate::fleet::devices::DeviceState;
use crate::inventory::flags::{self, FlagView, Health, Said};
pub use crate::inventory::judge::Standing;
use crate::inventory::judge::{Asked, Judgement, Why, judge};
use crate::publishing::PublishingError;
use crate::publishing::presence::{self, Presence, Whereabouts};
use serde::Serialize;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use vedette_common::clock::rfc3339;
use vedette_shim::ids::{Digest, ListName};
use vedette_shim::trust::{SignedKind, identity};

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Who holds an edition with the alert of this id.
    pub alert: Option<String>,
    /// Who holds this edition.
    pub edition: Option<u64>,
}

/// The answer. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holders {
    pub list: ListName,
    /// Editions of which holders are asked for, first and last of each range.
    pub editions: Vec<(u64, u64)>,
    /// Whether the alert is in earlier editions cannot be determined.
    pub undetermined_before: Option<u64>,
    /// By device.
    pub copies: Vec<CopyView>,
}

/// One enrolment. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CopyView {
    pub device: String,
    pub post: String,
    pub state: DeviceState,
    pub standing: Standing,
    pub why: String,
    /// The edition that its last signed status names; `None` for none.
    pub edition: Option<u64>,
    /// When that edition was last confirmed to it.
    pub confirmed_at: Option<u64>,
    /// The number of that status,
    pub status: Option<u64>,
    /// and when it came.
    pub said_at: Option<u64>,
    /// When its lease ends, if it has heard nothing since.
    pub lease_ends: Option<u64>,
    /// When its grant ends, by its own clock as that was last; `None` where it holds nothing, or cannot tell the time.
    pub grant_ends: Option<u64>,
    pub flags: Vec<FlagView>,
}

/// Answers a question about a list. That an alert was asked for is recorded, not which.
pub fn holders(home: &Home, list: &ListName, question: &Question) -> Result<Holders, HqError> {
    let mut db = home.database()?;
    if question.alert.is_some() {
        let change = db.change()?;
        audit::record(home, &change, Act::Holders.of(list).with("of", "an alert"))?;
        change.commit()?;
    }
    let db = db.read();
    let row = lists::find(db, list)?.ok_or_else(|| PublishingError::NoList(list.clone()))?;
    let issued = editions::issued(db, list)?;
    if let Some(edition) = question.edition.filter(|edition| issued.iter().all(|one| one.edition != *edition))
    {
        return Err(PublishingError::NoEdition { list: list.clone(), edition }.into());
    }
    let alert = question.alert.as_deref().map(|id| presence::whereabouts(home, db, list, id)).transpose()?;
    let asked = Asked::of(row.lease_s, &issued, |edition| wanted(edition, question, alert.as_ref()));
    let copies = judged(db, list, &issued, &asked, home.now())?;
    let first = issued.first().map_or(0, |first| first.edition);
    let undetermined_before = alert.and_then(|alert| alert.undetermined_before(first));
    Ok(Holders { list: list.clone(), editions: asked.ranges(), undetermined_before, copies })
}

fn wanted(edition: u64, question: &Question, alert: Option<&Whereabouts>) -> Presence {
    match (question.edition, alert) {
        (Some(wanted), _) if wanted != edition => Presence::No,
        (_, None) => Presence::Yes,
        (_, Some(alert)) => alert.at(edition),
    }
}

fn judged(
    db: &Session,
    list: &ListName,
    issued: &[Issued],
    asked: &Asked,
    now: u64,
) -> Result<Vec<CopyView>, HqError> {
    let contradictions = copies::contradictions(db)?;
    let mut identities = HashMap::new();
    let mut views = Vec::new();
    for copy in copies::of_list(db, list)? {
        let is_ours = match copy.word.as_ref().and_then(|word| word.held) {
            None => true,
            Some(held) => {
                let ours = match identities.entry(held.edition) {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(new) => *new.insert(our_identity(db, list, held.edition)?),
                };
                // Of a status before identities were stored, the number has to do.
                ours.is_some_and(|ours| held.manifest.is_none_or(|its| its == ours))
            }
        };
        let said_twice = contradictions.get(&copy.device).filter(|_| copy.is_newest);
        let health = health(&copy, said_twice.map_or(&[], Vec::as_slice));
        let judgement = judge(&copy, &health, asked, is_ours, now);
        let mut flags = health.flags(now);
        if copy.revoked_at.is_none() && copy.granted.is_some() {
            let held = copy.word.as_ref().and_then(|word| word.held).map_or(0, |held| held.edition);
            flags.extend(flags::lag(list.as_str(), issued, held, now));
        }
        views.push(view(&copy, &judgement, grant_ends(&copy, &health, &judgement), flags));
    }
    Ok(views)
}

/// The identity of an edition's manifest; `None` of one that this home did not publish.
fn our_identity(db: &Session, list: &ListName, edition: u64) -> Result<Option<Digest>, HqError> {
    let signed = editions::manifest(db, list, edition)?;
    Ok(signed.and_then(|signed| identity(&signed, SignedKind::Manifest).ok()))
}

fn health<'a>(copy: &'a Copy, contradictions: &'a [(String, u64)]) -> Health<'a> {
    let said = |word: &'a copies::Word| Said {
        at: word.said.at,
        time_lost: word.said.time_lost,
        store_fault: word.said.store_fault.as_str(),
    };
    Health {
        revoked: copy.revoked_at.is_some(),
        enrolled_at: copy.enrolled_at,
        certificate_ends: copy.certificate_ends,
        seen: copy.word.as_ref().map(|word| word.seen),
        online: copy.word.as_ref().is_some_and(|word| word.online),
        said: copy.word.as_ref().map(said),
        contradictions: contradictions.iter().map(|(what, at)| (what.as_str(), *at)).collect(),
    }
}

/// When its grant ends by its own clock.
fn grant_ends(copy: &Copy, health: &Health<'_>, judgement: &Judgement) -> Option<u64> {
    let holding = matches!(judgement.standing, Standing::Holds | Standing::MayHold);
    let tells_time = health.said.is_none_or(|said| !said.time_lost);
    copy.granted
        .filter(|_| holding && tells_time)
        .map(|granted| granted.ends.saturating_add(health.clock_behind_s()))
}

fn view(copy: &Copy, judgement: &Judgement, grant_ends: Option<u64>, flags: Vec<FlagView>) -> CopyView {
    let held = copy.word.as_ref().and_then(|word| word.held);
    CopyView {
        device: copy.device.clone(),
        post: copy.post.clone(),
        state: if copy.revoked_at.is_some() { DeviceState::Revoked } else { DeviceState::Enrolled },
        standing: judgement.standing,
        why: words(copy, judgement.why),
        edition: held.map(|held| held.edition),
        confirmed_at: held.map(|held| held.confirmed_at),
        status: copy.word.as_ref().map(|word| word.said.number),
        said_at: copy.word.as_ref().map(|word| word.seen),
        lease_ends: judgement.lease_ends,
        grant_ends,
        flags,
    }
}

fn words(copy: &Copy, why: Why) -> String {
    let word = copy.word.as_ref();
    let edition = word.and_then(|word| word.held).map_or(0, |held| held.edition);
    match why {
        Why::SaidSo => "its last status says so".into(),
        Why::Silent => "its last status says so, and it is silent since".into(),
        Why::Lapsed => {
            "its lease was over when it spoke last; it has not said that its keys are erased".into()
        }
        Why::NotOurs => format!("its edition {edition} is not one that this home published"),
        Why::TooOld => format!("whether its edition {edition} has the alert cannot be determined any more"),
        Why::CanHaveTaken => match word.map(|word| word.said.store_fault.as_str()) {
            Some("") | None => {
                format!("it had edition {edition} when it spoke last, and can have taken one since")
            }
            Some(fault) => {
                format!(
                    "it had edition {edition} when it spoke last; it had refused newer ones: its store cannot be written: {fault}"
                )
            }
        },
        Why::NeverSpoke => "it was granted the list and never spoke".into(),
        Why::Former => "it was enrolled again since, and did not say before that this copy is erased".into(),
        Why::Cloned => {
            "it says that it has a later edition, but contradicts itself: there may be another copy of it"
                .into()
        }
        Why::Erased => {
            let at = copy.granted.and_then(|granted| granted.erased_at).unwrap_or_default();
            format!("it was ordered to erase everything, and said at {} that it has", rfc3339(at))
        }
        Why::Newer => format!("its last status names edition {edition}"),
        Why::NotGranted => "it was never granted the list".into(),
        Why::NoKeys => "it was never granted a key of these editions".into(),
    }
}
