//! Which editions of a list an alert is in: recorded as editions are published, asked by `holders --alert`.
//!
//! With each edition the alerts that came and went against the one before are recorded, by a hash of their ids under a key of
//! the list. An alert's content may change in between; that is not recorded. What an edition holds is never recorded as a
//! whole: the newest one's segments are here and can be asked, and from there what came and went leads back.
//!
//! Invariants: an edition and its transitions are recorded in one transaction. What is recorded always leads from one content to
//! the next: where it does not (an edition that was signed without this file, a first edition, more than [`TRANSITIONS_MAX`] at
//! once), the record begins again there, and what is in earlier editions cannot be determined: [`Presence::Unknown`],
//! never a guess. Bounds: see [`crate::db::presence`].

use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::db::presence::{self, AlertHash, Known, Transition};
use crate::db::{Session, editions};
use crate::publishing::error::PublishingError;
use crate::publishing::imports::import_report::shown;
use crate::publishing::list;
use crate::publishing::next::{self, Next};
use ring::hmac;
use vedette_lists::{Change, DocumentId, Edition, ListKey, SegmentFile};
use vedette_shim::ids::ListName;
use vedette_shim::list::Kind;
use vedette_shim::trust::Manifest;

/// Alerts that come and go with one edition and are recorded, at most: about 20 MB of memory.
const TRANSITIONS_MAX: usize = 1_000_000;

/// Whether an alert is in an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Yes,
    No,
    /// It cannot be determined.
    Unknown,
}

/// What comes and goes with an edition that is about to be signed.
pub(super) struct Transitions {
    /// Of the list key that the ids are hashed with.
    key_number: u32,
    /// Since which edition that is known; `None`: not even of the new one's predecessor.
    since: Option<u64>,
    found: Vec<Transition>,
}

/// Finds what comes and goes from `last` to `next`. Reads the delta, or both editions where there is none.
pub(super) fn transitions(
    home: &Home,
    db: &Session,
    name: &ListName,
    last: Option<&Manifest>,
    next: &Next,
) -> Result<Transitions, PublishingError> {
    let known = presence::known(db, name)?;
    let key_number = known.map_or(list::get(db, name)?.key_number, |known| known.key_number);
    let mut transitions = Transitions { key_number, since: None, found: Vec::new() };
    let Some(last) = last else { return Ok(transitions) };
    let unbroken = match known {
        Some(known) if leads_to(db, &known, last)? => Some(known.since),
        _ => None,
    };
    transitions.since = Some(unbroken.unwrap_or(last.edition));
    if last.segments[..] == next.segments[..] {
        return Ok(transitions);
    }
    match compared(home, name, key_number, last, next) {
        Ok(Some(found)) => transitions.found = found,
        Ok(None) => transitions.since = None,
        // An edition goes out all the same: it may be the cure for what cannot be read.
        Err(error) => {
            tracing::warn!(list = %name, %error, "which alerts come and go is not recorded");
            transitions.since = None;
        }
    }
    Ok(transitions)
}

/// `None` if there are more than can be recorded.
fn compared(
    home: &Home,
    name: &ListName,
    key_number: u32,
    last: &Manifest,
    next: &Next,
) -> Result<Option<Vec<Transition>>, PublishingError> {
    let hashed = Hashed(Key::List(name, key_number).list_key(home)?);
    let old = Edition::open(next::open_segments(home, name, last)?)?;
    let open = |segment: &_| next::open_segment(home, name, segment);
    match &next.delta {
        Some(delta) => hashed.of_delta(&old, &open(delta)?),
        None => {
            let new = next.segments.iter().map(open).collect::<Result<_, _>>()?;
            hashed.of_editions(&old, &Edition::open(new)?)
        }
    }
}

/// Records them with the edition that was signed, on a change.
pub(super) fn record(
    db: &Session,
    signed: &Manifest,
    transitions: &Transitions,
) -> Result<(), PublishingError> {
    let Transitions { key_number, since, found } = transitions;
    let known =
        Known { key_number: *key_number, since: since.unwrap_or(signed.edition), upto: signed.edition };
    Ok(presence::record(db, &signed.list, &known, found)?)
}

/// Whether `last` has the content that the record ends with: an edition may be signed once more as it is.
fn leads_to(db: &Session, known: &Known, last: &Manifest) -> Result<bool, PublishingError> {
    if known.upto == last.edition {
        return Ok(true);
    }
    let upto = editions::manifest(db, &last.list, known.upto)?.map(|bytes| editions::read(&bytes));
    Ok(upto.transpose()?.is_some_and(|upto| upto.segments == last.segments))
}

/// The key that alerts' ids are hashed with: nobody without a list's key can try ids against the record.
struct Hashed(ListKey);

impl Hashed {
    fn hash(&self, id: &[u8]) -> AlertHash {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0.0);
        let mut context = hmac::Context::with_key(&key);
        context.update(b"vedette alert id\0");
        context.update(id);
        let mut hash = AlertHash::default();
        hash.copy_from_slice(&context.sign().as_ref()[..16]);
        hash
    }

    /// `None` if there are more than can be recorded.
    fn of_delta(
        &self,
        old: &Edition,
        delta: &SegmentFile,
    ) -> Result<Option<Vec<Transition>>, PublishingError> {
        let mut found = Found::default();
        match delta.kind() {
            Kind::Documents => {
                for change in vedette_lists::changes(delta) {
                    found.add(self.document(old, &change?)?);
                }
            }
            Kind::Persons => {
                for record in vedette_lists::changed_records(delta) {
                    let record = record?;
                    found.add(self.person(old, &record.key, record.value.is_some())?);
                }
            }
        }
        Ok(found.all())
    }

    fn of_editions(&self, old: &Edition, new: &Edition) -> Result<Option<Vec<Transition>>, PublishingError> {
        let mut found = Found::default();
        match new.kind() {
            Kind::Documents => {
                for change in vedette_lists::diff(Some(old), new)? {
                    found.add(self.document(old, &change?)?);
                }
            }
            Kind::Persons => {
                for record in vedette_lists::diff_records(Some(old), new)? {
                    let record = record?;
                    found.add(self.person(old, &record.key, record.value.is_some())?);
                }
            }
        }
        Ok(found.all())
    }

    fn document(
        &self,
        old: &Edition,
        change: &vedette_lists::DocumentChange,
    ) -> Result<Option<Transition>, PublishingError> {
        let (id, came) = match change {
            Change::Put(alert) => (alert.id(), true),
            Change::Withdraw(id) => (*id, false),
        };
        let moved = old.alert(&id)?.is_some() != came;
        Ok(moved.then(|| Transition { alert: self.hash(id.to_string().as_bytes()), came }))
    }

    fn person(&self, old: &Edition, key: &[u8], came: bool) -> Result<Option<Transition>, PublishingError> {
        let moved = old.find_record(key)?.is_some() != came;
        Ok(moved.then(|| Transition { alert: self.hash(key), came }))
    }
}

#[derive(Default)]
struct Found {
    transitions: Vec<Transition>,
    too_many: bool,
}

impl Found {
    fn add(&mut self, transition: Option<Transition>) {
        self.too_many |= transition.is_some() && self.transitions.len() == TRANSITIONS_MAX;
        if !self.too_many {
            self.transitions.extend(transition);
        }
    }

    fn all(self) -> Option<Vec<Transition>> {
        (!self.too_many).then_some(self.transitions)
    }
}

/// In which editions an alert is.
#[derive(Debug, Clone)]
pub(crate) struct Whereabouts {
    /// With which it came, true, or went, the lowest first.
    transitions: Vec<(u64, bool)>,
    is_in_newest: bool,
    /// In earlier ones it cannot be determined.
    since: u64,
}

impl Whereabouts {
    /// The first edition of which it can be determined; `None` where it can of all.
    pub(crate) fn undetermined_before(&self, first: u64) -> Option<u64> {
        (self.since > first).then_some(self.since)
    }

    /// Whether it is in an edition of this home.
    pub(crate) fn at(&self, edition: u64) -> Presence {
        if edition < self.since {
            return Presence::Unknown;
        }
        let until = self.transitions.partition_point(|(at, _)| *at <= edition);
        let is_in = match (until.checked_sub(1), self.transitions.first()) {
            (Some(last), _) => self.transitions[last].1,
            (None, Some((_, came))) => !came,
            (None, None) => self.is_in_newest,
        };
        if is_in { Presence::Yes } else { Presence::No }
    }
}

/// In which editions the alert of this id is: as the list's last edition and what was recorded say.
pub(crate) fn whereabouts(
    home: &Home,
    db: &Session,
    name: &ListName,
    id: &str,
) -> Result<Whereabouts, PublishingError> {
    let row = list::get(db, name)?;
    let Some(newest) = editions::newest(db, name)? else {
        return Err(PublishingError::NothingImported(name.clone()));
    };
    let edition = Edition::open(next::open_segments(home, name, &newest)?)?;
    let (id, is_in_newest) = match row.kind {
        Kind::Documents => {
            let document: DocumentId =
                id.parse().map_err(|why: String| PublishingError::NoAlertId { id: shown(id), why })?;
            (document.to_string(), edition.alert(&document)?.is_some())
        }
        Kind::Persons => (id.to_owned(), edition.find_record(id.as_bytes())?.is_some()),
    };
    let unknown = Whereabouts { transitions: Vec::new(), is_in_newest, since: newest.edition };
    let Some(known) = presence::known(db, name)? else { return Ok(unknown) };
    if !leads_to(db, &known, &newest)? {
        return Ok(unknown);
    }
    let hash = Hashed(Key::List(name, known.key_number).list_key(home)?).hash(id.as_bytes());
    let transitions = presence::of_alert(db, name, &hash)?;
    if transitions.last().is_some_and(|(_, came)| *came != is_in_newest) {
        tracing::warn!(list = %name, "what was recorded does not fit the newest edition");
        return Ok(unknown);
    }
    Ok(Whereabouts { transitions, is_in_newest, since: known.since })
}
