//! Headquarters' side: which agencies there are, what they are given, and what of theirs it carries.
//!
//! Carried is what devices will take: every manifest, grant and segment is verified as a device does, by the root, before it is
//! stored. A list that the root does not name yet needs root keys; it is named only when an administrator says so. Who calls has
//! not locked the home.

use super::error::AgencyError;
use super::folder::{Giving, files_of, statement};
use super::home::{check_is_headquarters, check_name};
use super::notes::{MESSAGES, NOTE_BYTES_MAX, Note, TAKEN};
use super::statements::{DeviceStatement, ListRequest, accept, read};
use super::{NotTaken, Taken, refused};
use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::sign::signed;
use crate::authority::signing_time::{AHEAD_S_MAX, signing_time};
use crate::authority::{AuthorityError, heartbeat, root};
use crate::collector::answer;
pub use crate::db::agencies::AgencyView;
use crate::db::lists::{self, ListRow};
use crate::db::{Db, Session, agencies, devices, editions, grants, messages, statements};
use crate::publishing::issue;
use std::path::{Path, PathBuf};
use vedette_common::crypto::RingVerify;
use vedette_common::files;
use vedette_shim::ids::{DeviceId, Digest, Hex, ListName, from_hex};
use vedette_shim::trust::{
    Enrolment, Floor, Grant, Issuer, LISTS_MAX, Manifest, OwnerAnswer, PublicKey, Root, SegmentRef,
    SignedKind, key_id,
};

/// Messages that one folder has, at most; the next has those after them.
const MESSAGES_MAX: usize = 10_000;
const PARTS: [&str; 5] = ["root", "heartbeat", "device", "message", "messages"];
/// Grants that are stored in one transaction, at most: `serve` waits no longer than for these.
const GRANTS_AT_ONCE: usize = 500;

/// Adds an agency by the public key that its `init` printed; false if it is here with this key.
pub fn add(home: &Home, agency: &str, key: &PublicKey) -> Result<bool, AgencyError> {
    check_is_headquarters(home)?;
    check_name(agency)?;
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let change = db.change()?;
    if let Some((known, _)) = agencies::find(&change, agency)? {
        return if known == *key { Ok(false) } else { Err(AgencyError::OtherKey(agency.into())) };
    }
    agencies::add(&change, agency, key)?;
    audit::record(home, &change, Act::AgencyAdd.of(agency).with("key", Hex(key).to_string()))?;
    change.commit()?;
    Ok(true)
}

/// Every agency here.
pub fn agencies(home: &Home) -> Result<Vec<AgencyView>, AgencyError> {
    check_is_headquarters(home)?;
    Ok(agencies::all(home.database()?.read())?)
}

/// Writes what an agency should know into a folder: roots, the heartbeat, the devices, and the messages of its lists that it has not
/// taken. How many messages.
pub fn give(home: &Home, agency: &str, to: &Path) -> Result<usize, AgencyError> {
    check_is_headquarters(home)?;
    let _lock = home.lock()?;
    audit::around(home, Act::AgencyGive.of(agency), || write(home, agency, to))
}

fn write(home: &Home, agency: &str, to: &Path) -> Result<usize, AgencyError> {
    let db = home.database()?;
    let db = db.read();
    let (_, taken) = get(db, agency)?;
    let now = signing_time(home, db)?;
    let giving = Giving::into(to, &PARTS)?;
    for (version, bytes) in root::all(home)? {
        giving.put(&format!("root/{version}.root"), &bytes)?;
    }
    if let Some((_, bytes)) = statements::heartbeat(db)? {
        giving.put("heartbeat", &bytes)?;
    }
    let (key, (root, _)) = (Key::Orders.signing(home)?, root::newest(home)?);
    for known in agencies::enrolments(db)? {
        let statement = DeviceStatement {
            device: known.device.clone(),
            // Not the time of signing: what has not changed is the same statement.
            number: known.since.min(now),
            box_public: known.keys.box_public,
            signing_public: known.keys.signing_public,
            revoked: known.revoked,
        };
        let bytes = signed(SignedKind::Device, &statement, &[&key], |bytes| {
            accept::<DeviceStatement>(SignedKind::Device, bytes, &root.orders).map(drop)
        })?;
        let which = Hex(&key_id(&known.keys.box_public)).to_string();
        giving.put(&format!("device/{}/{:020}-{which}", known.device, known.enrolled_at), &bytes)?;
    }
    let waiting = messages::of_agency(db, agency, taken, MESSAGES_MAX)?;
    for (sequence, message) in &waiting {
        let bytes = postcard::to_allocvec(message).expect("plain data has an encoding");
        giving.put(&format!("message/{sequence:020}"), &bytes)?;
    }
    let sequences = waiting.iter().map(|(sequence, _)| *sequence).collect();
    let note = Note { agency: agency.into(), last: taken, sequences };
    giving.put("messages", note.sign(MESSAGES, &key).as_bytes())?;
    giving.finish()?;
    Ok(waiting.len())
}

/// What an administrator lets an agency's requests do. Either needs root keys.
#[derive(Debug, Clone, Copy, Default)]
pub struct Naming {
    /// Lists that the root does not name are named in the next.
    pub new: bool,
    /// Those that it names get other keys: what the ones before signed counts no more.
    pub other_keys: bool,
}

/// Takes what an agency gave.
pub fn take(home: &Home, agency: &str, from: &Path, naming: Naming) -> Result<Taken, AgencyError> {
    check_is_headquarters(home)?;
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let (key, _) = get(db.read(), agency)?;
    let now = signing_time(home, db.read())?;
    let mut taken = Taken::default();
    let requests = requests(agency, &key, from, &mut taken)?;
    name(home, &mut db, (agency, &requests), naming, now, &mut taken)?;
    let (root, _) = root::newest(home)?;
    // A folder may be on a slow stick: it is read before the database is locked, and `serve` goes on meanwhile.
    let mut manifests = Vec::new();
    for (list, path) in files_of(from, "list")? {
        match manifest(home, db.read(), agency, &root, (&list, &path, from), now) {
            Ok(None) => taken.known += 1,
            Ok(Some(new)) => manifests.push(new),
            Err(why) => taken.not_taken(&format!("list/{list}"), why)?,
        }
    }
    for some in files_of(from, "grant")?.chunks(GRANTS_AT_ONCE) {
        let came: Vec<_> = some.iter().map(|(name, path)| (name, statement(path))).collect();
        let change = db.change()?;
        for (name, bytes) in came {
            let done = bytes.and_then(|bytes| grant(&change, agency, &root, name, &bytes, now));
            taken.count(&format!("grant/{name}"), done)?;
        }
        change.commit()?;
    }
    let answers = files_of(from, "answer")?;
    let answers: Vec<_> = answers.iter().map(|(name, path)| (name, statement(path))).collect();
    let said = files::read_foreign(&from.join("taken"), NOTE_BYTES_MAX);
    let change = db.change()?;
    for (manifest, bytes) in &manifests {
        carry(&change, agency, root.issuer(&manifest.list).map_err(AuthorityError::trust("its root"))?, now)?;
        editions::insert(&change, manifest, bytes)?;
        taken.new += 1;
    }
    for (name, bytes) in answers {
        let done = bytes.and_then(|bytes| answer(home, &change, (agency, &key), &bytes, now));
        taken.count(&format!("answer/{name}"), done)?;
    }
    if let Ok(bytes) = said
        && let Err(why) = note_taken(&change, (agency, &key), &bytes)
    {
        taken.not_taken("taken", why)?;
    }
    if taken.new > 0 {
        heartbeat::renew(home, &change, now)?;
    }
    let act = Act::AgencyTake.of(agency).with("new", taken.new).with("refused", taken.refused.clone());
    audit::record(home, &change, act)?;
    change.commit()?;
    issue::sweep(home, db.read())?;
    Ok(taken)
}

/// Notes up to which message an agency has taken all.
fn note_taken(db: &Session, (agency, key): (&str, &PublicKey), bytes: &[u8]) -> Result<(), NotTaken> {
    let note = Note::read(TAKEN, bytes, &root::role(1, std::slice::from_ref(key)))?.check_agency(agency)?;
    if note.last > messages::last_sequence(db)? {
        return Err(refused("it names a message that never was"));
    }
    Ok(agencies::set_taken(db, agency, note.last)?)
}

fn get(db: &Session, agency: &str) -> Result<(PublicKey, i64), AgencyError> {
    agencies::find(db, agency)?.ok_or_else(|| AgencyError::NoAgency(agency.into()))
}

/// The lists that an agency asks for, each signed by its key and named as its own.
fn requests(
    agency: &str,
    key: &PublicKey,
    from: &Path,
    taken: &mut Taken,
) -> Result<Vec<ListRequest>, AgencyError> {
    let role = root::role(1, std::slice::from_ref(key));
    let mut requests = Vec::new();
    for (name, path) in files_of(from, "request")? {
        let came = statement(&path).and_then(|bytes| {
            let request: ListRequest = read(SignedKind::List, &bytes, &role)?;
            let list = request.issuer.list.as_str();
            match list == name && is_of(agency, list) {
                true => Ok(request),
                false => Err(refused(format_args!("it names {list}, which is not the agency's"))),
            }
        });
        match came {
            Ok(request) => requests.push(request),
            Err(why) => taken.not_taken(&format!("request/{name}"), why)?,
        }
    }
    Ok(requests)
}

fn is_of(agency: &str, list: &str) -> bool {
    list.strip_prefix(agency).is_some_and(|rest| rest.starts_with('/'))
}

/// Names the lists that are asked for in the next root, as far as an administrator lets it.
fn name(
    home: &Home,
    db: &mut Db,
    (agency, requests): (&str, &[ListRequest]),
    naming: Naming,
    now: u64,
    taken: &mut Taken,
) -> Result<(), AgencyError> {
    let (newest, _) = root::newest(home)?;
    let mut to_name = Vec::new();
    for request in requests {
        let list = &request.issuer.list;
        let is_ours =
            lists::find(db.read(), list)?.is_some() && agencies::of_list(db.read(), list)?.is_none();
        let known = agencies::request_number(db.read(), list)?;
        match newest.issuer(list) {
            _ if is_ours => taken.refuse(format!("request/{list}: a list of headquarters has this name")),
            // Cut off before its row was stored, or asked for again.
            Ok(issuer) if *issuer == request.issuer => {
                let change = db.change()?;
                taken.new += usize::from(carry(&change, agency, issuer, now)?);
                change.commit()?;
            }
            _ if request.number <= known || request.number > now + AHEAD_S_MAX => {
                taken.refuse(format!("request/{list}: another was followed since, or its time is far ahead"));
            }
            Ok(_) if !naming.other_keys => taken.requested.push(format!("{list} (other keys)")),
            Err(_) if !naming.new => taken.requested.push(list.to_string()),
            _ => to_name.push(request),
        }
    }
    if to_name.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = to_name.iter().map(|request| request.issuer.list.as_str()).collect();
    let act = Act::ListName.of(agency).with("lists", names).with("root", newest.version + 1);
    audit::around(home, act, || {
        root::issue_next(home, now, |root| {
            for request in &to_name {
                root.issuers.retain(|issuer| issuer.list != request.issuer.list);
                let added = root.issuers.push(request.issuer.clone());
                added.map_err(|_| AuthorityError::TooManyLists(LISTS_MAX))?;
            }
            Ok(())
        })
    })?;
    let change = db.change()?;
    for request in to_name {
        let list = &request.issuer.list;
        carry(&change, agency, &request.issuer, now)?;
        agencies::set_request_number(&change, list, request.number)?;
        // What its key of before signed is worth nothing under this root.
        grants::forget(&change, list)?;
        taken.new += 1;
    }
    heartbeat::renew(home, &change, now)?;
    Ok(change.commit()?)
}

/// Carries a list of an agency from now on; false if it did.
fn carry(db: &Session, agency: &str, issuer: &Issuer, now: u64) -> Result<bool, AgencyError> {
    if lists::find(db, &issuer.list)?.is_some() {
        return Ok(false);
    }
    // What else its manifests say is the agency's.
    let row = ListRow {
        name: issuer.list.clone(),
        kind: issuer.kind,
        owner: issuer.owner.as_str().into(),
        lease_s: 0,
        possible_from: 1000,
        hit_from: 1000,
        confirm_s: 0,
        key_number: 0,
        handling: None,
    };
    lists::insert(db, &row, now)?;
    agencies::set_of_list(db, &issuer.list, agency)?;
    Ok(true)
}

/// A manifest, and its bytes as they were signed.
type Signed = (Manifest, Vec<u8>);

/// Reads a manifest and brings its segments into the home; none if it is here.
fn manifest(
    home: &Home,
    db: &Session,
    agency: &str,
    root: &Root,
    (name, path, from): (&str, &Path, &Path),
    now: u64,
) -> Result<Option<Signed>, NotTaken> {
    let Some(list) = name.strip_suffix("/manifest").and_then(|name| name.parse::<ListName>().ok()) else {
        return Err(refused("it names no list"));
    };
    let is_here = lists::find(db, &list)?.is_some();
    if !is_of(agency, list.as_str()) || (is_here && agencies::of_list(db, &list)?.as_deref() != Some(agency))
    {
        return Err(refused("it is no list of this agency"));
    }
    let bytes = statement(path)?;
    let newest = editions::newest_signed(db, &list)?;
    if newest.as_ref() == Some(&bytes) {
        return Ok(None);
    }
    let floor = newest.as_deref().map(editions::read).transpose()?;
    let floor = floor.map(|last| Floor { edition: last.edition, manifest: Digest::default() });
    let (manifest, _) = Manifest::accept(&bytes, &list, root, floor, now, &RingVerify).map_err(refused)?;
    if manifest.issued > now + AHEAD_S_MAX || i64::try_from(manifest.edition).is_err() {
        return Err(refused("its time or its number is far ahead"));
    }
    for segment in manifest.segments.iter().chain(&manifest.delta) {
        take_segment(home, from, segment)?;
    }
    Ok(Some((manifest, bytes)))
}

/// Copies a segment into the home, if its bytes are those that were signed.
fn take_segment(home: &Home, from: &Path, segment: &SegmentRef) -> Result<(), NotTaken> {
    let to = home.segment(&segment.digest);
    if to.is_file() {
        return Ok(());
    }
    let digest = Hex(&segment.digest).to_string();
    let source: PathBuf = from.join("segment").join(&digest);
    let is_whole =
        source.symlink_metadata().is_ok_and(|found| found.is_file() && found.len() == segment.bytes);
    if !is_whole || files::sha256(&source).ok() != Some(segment.digest) {
        return Err(refused(format_args!("segment/{digest} is missing or damaged")));
    }
    // Copied, then checked again: what lies in a foreign folder may change.
    files::copy(&source, &to)?;
    if files::sha256(&to).ok() != Some(segment.digest) {
        files::remove(&to)?;
        return Err(refused(format_args!("segment/{digest} changed while it was read")));
    }
    Ok(())
}

/// Takes a grant for an enrolled device; whether it is new.
fn grant(
    db: &Session,
    agency: &str,
    root: &Root,
    name: &str,
    bytes: &[u8],
    now: u64,
) -> Result<bool, NotTaken> {
    let named = name
        .split_once('/')
        .and_then(|(device, list)| Some((device.parse::<DeviceId>().ok()?, list.parse::<ListName>().ok()?)));
    let (device, list) = named.ok_or_else(|| refused("it names no device and list"))?;
    if agencies::of_list(db, &list)?.as_deref() != Some(agency) {
        return Err(refused("it is no list of this agency here"));
    }
    if grants::of_device(db, &device)?.iter().any(|(of, before)| *of == list && before == bytes) {
        return Ok(false);
    }
    // Revoked since: its agency learns of that with the next folder.
    let Some(box_public) = devices::box_in_force(db, &device)? else { return Ok(false) };
    let floor = grants::number(db, &device, &list)?;
    let us = Enrolment { device, key: key_id(&box_public) };
    let grant = Grant::accept(bytes, &us, root, |_| floor, now, &RingVerify).map_err(refused)?;
    if grant.list != list {
        return Err(refused("it is of another list"));
    }
    // Headquarters' next grants go above all that a device has: a number far ahead would end them.
    if grant.number > now + AHEAD_S_MAX {
        return Err(refused("its number is far ahead"));
    }
    let keys = grant.keys.iter().map(|key| key.number.to_string()).collect::<Vec<_>>().join(",");
    let new = grants::NewGrant {
        device: &us.device,
        list: &list,
        keys: &keys,
        number: grant.number,
        expires: grant.expires,
        bytes,
    };
    grants::set(db, &new)?;
    Ok(true)
}

/// Takes an answer to an encounter with the agency's list; whether it is new.
fn answer(
    home: &Home,
    db: &Session,
    (agency, key): (&str, &PublicKey),
    bytes: &[u8],
    now: u64,
) -> Result<bool, NotTaken> {
    let role = root::role(1, std::slice::from_ref(key));
    let answer: OwnerAnswer = read(SignedKind::Answer, bytes, &role)?;
    if !messages::is_of_agency(db, &answer.encounter, &answer.device, agency)? {
        return Err(refused("no encounter with the agency's lists has this number"));
    }
    if answer.at > now + AHEAD_S_MAX {
        return Err(refused("its time is far ahead"));
    }
    Ok(answer::take(home, db, &answer)?)
}

/// A public key in hexadecimal.
pub fn parse_key(text: &str) -> Result<PublicKey, AgencyError> {
    from_hex(text.trim()).ok_or_else(|| AgencyError::Value {
        what: "key",
        value: text.into(),
        rule: "64 hexadecimal digits, as `agency init` prints them",
    })
}
