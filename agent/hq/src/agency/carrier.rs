//! Headquarters' side: which agencies there are, what they are given, and what of theirs it carries.
//!
//! Carried is what devices will take: every manifest, grant and segment is verified as a device does, by the root, before it is
//! stored. A list that the root does not name yet needs root keys; it is named only when an administrator says so. Who calls has
//! not locked the home.

use super::Taken;
use super::error::AgencyError;
use super::folder::{Giving, files_of, statement};
use super::home::{check_is_headquarters, check_name};
use super::statements::{DeviceStatement, ListRequest, accept};
use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::sign::signed;
use crate::authority::signing_time::signing_time;
use crate::authority::{AuthorityError, heartbeat, root};
use crate::collector::answer;
pub use crate::db::agencies::AgencyView;
use crate::db::lists::{self, ListRow};
use crate::db::{Session, agencies, devices, editions, grants, messages, statements};
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
const PARTS: [&str; 4] = ["root", "heartbeat", "device", "message"];

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
    for known in agencies::devices(db)? {
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
        giving.put(&format!("device/{}", known.device), &bytes)?;
    }
    let waiting = messages::of_agency(db, agency, taken, MESSAGES_MAX)?;
    for (sequence, message) in &waiting {
        let bytes = postcard::to_allocvec(message).expect("plain data has an encoding");
        giving.put(&format!("message/{sequence:020}"), &bytes)?;
    }
    giving.finish()?;
    Ok(waiting.len())
}

/// Takes what an agency gave. `name_lists`: lists that it asks for are named in the next root, which needs root keys.
pub fn take(home: &Home, agency: &str, from: &Path, name_lists: bool) -> Result<Taken, AgencyError> {
    check_is_headquarters(home)?;
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let (key, _) = get(db.read(), agency)?;
    let now = signing_time(home, db.read())?;
    let mut taken = Taken::default();
    let requests = requests(agency, &key, from, &mut taken)?;
    let change = db.change()?;
    name(home, &change, (agency, &requests), name_lists, now, &mut taken)?;
    let (root, _) = root::newest(home)?;
    for (list, path) in files_of(from, "list")? {
        let done = manifest(home, &change, agency, &root, (&list, &path, from), now)?;
        taken.count(&format!("list/{list}"), done);
    }
    for (name, path) in files_of(from, "grant")? {
        let done = grant(&change, agency, &root, (&name, &path), now)?;
        taken.count(&format!("grant/{name}"), done);
    }
    for (name, path) in files_of(from, "answer")? {
        let done = answer(home, &change, (agency, &key), &path)?;
        taken.count(&format!("answer/{name}"), done);
    }
    if let Ok(sequence) = files::read_foreign(&from.join("taken"), 32)
        && let Some(sequence) = std::str::from_utf8(&sequence).ok().and_then(|text| text.trim().parse().ok())
    {
        agencies::set_taken(&change, agency, sequence)?;
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
        let read = statement(&path).and_then(|bytes| {
            let request: ListRequest =
                accept(SignedKind::List, &bytes, &role).map_err(|error| error.to_string())?;
            let list = request.issuer.list.as_str();
            match list == name && is_of(agency, list) {
                true => Ok(request),
                false => Err(format!("it names {list}, which is not the agency's")),
            }
        });
        match read {
            Ok(request) => requests.push(request),
            Err(why) => taken.refuse(format!("request/{name}: {why}")),
        }
    }
    Ok(requests)
}

fn is_of(agency: &str, list: &str) -> bool {
    list.strip_prefix(agency).is_some_and(|rest| rest.starts_with('/'))
}

/// Names the lists that are asked for in the next root, if an administrator says so.
fn name(
    home: &Home,
    db: &Session,
    (agency, requests): (&str, &[ListRequest]),
    name_lists: bool,
    now: u64,
    taken: &mut Taken,
) -> Result<(), AgencyError> {
    let (newest, _) = root::newest(home)?;
    let mut unnamed = Vec::new();
    for request in requests {
        let list = &request.issuer.list;
        let is_ours = lists::find(db, list)?.is_some() && agencies::of_list(db, list)?.is_none();
        if is_ours {
            taken.refuse(format!("request/{list}: a list of headquarters has this name"));
        } else if newest.issuer(list) == Ok(&request.issuer) {
            // Cut off before its row was stored, or asked for again.
            taken.new += usize::from(carry(db, agency, &request.issuer, now)?);
        } else {
            unnamed.push(request);
        }
    }
    if unnamed.is_empty() {
        return Ok(());
    }
    if !name_lists {
        taken.requested = unnamed.iter().map(|request| request.issuer.list.to_string()).collect();
        return Ok(());
    }
    root::issue_next(home, now, |root| {
        for request in &unnamed {
            root.issuers.retain(|issuer| issuer.list != request.issuer.list);
            let added = root.issuers.push(request.issuer.clone());
            added.map_err(|_| AuthorityError::TooManyLists(LISTS_MAX))?;
        }
        Ok(())
    })?;
    for request in unnamed {
        carry(db, agency, &request.issuer, now)?;
        // What its key of before signed is worth nothing under this root.
        grants::forget(db, &request.issuer.list)?;
        taken.new += 1;
    }
    Ok(())
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

/// Takes a manifest with its segments; whether it is new.
fn manifest(
    home: &Home,
    db: &Session,
    agency: &str,
    root: &Root,
    (name, path, from): (&str, &Path, &Path),
    now: u64,
) -> Result<Result<bool, String>, AgencyError> {
    let Some(list) = name.strip_suffix("/manifest").and_then(|name| name.parse::<ListName>().ok()) else {
        return Ok(Err("it names no list".into()));
    };
    if agencies::of_list(db, &list)?.as_deref() != Some(agency) {
        return Ok(Err("it is no list of this agency here".into()));
    }
    let bytes = match statement(path) {
        Ok(bytes) => bytes,
        Err(why) => return Ok(Err(why)),
    };
    let newest = editions::newest_signed(db, &list)?;
    if newest.as_ref() == Some(&bytes) {
        return Ok(Ok(false));
    }
    let floor = newest.as_deref().map(editions::read).transpose()?;
    let floor = floor.map(|last| Floor { edition: last.edition, manifest: Digest::default() });
    let manifest = match Manifest::accept(&bytes, &list, root, floor, now, &RingVerify) {
        Ok((manifest, _)) => manifest,
        Err(error) => return Ok(Err(error.to_string())),
    };
    for segment in manifest.segments.iter().chain(&manifest.delta) {
        if let Err(why) = take_segment(home, from, segment)? {
            return Ok(Err(why));
        }
    }
    editions::insert(db, &manifest, &bytes)?;
    Ok(Ok(true))
}

/// Copies a segment into the home, if its bytes are those that were signed.
fn take_segment(home: &Home, from: &Path, segment: &SegmentRef) -> Result<Result<(), String>, AgencyError> {
    let to = home.segment(&segment.digest);
    if to.is_file() {
        return Ok(Ok(()));
    }
    let digest = Hex(&segment.digest).to_string();
    let source: PathBuf = from.join("segment").join(&digest);
    let is_whole =
        source.symlink_metadata().is_ok_and(|found| found.is_file() && found.len() == segment.bytes);
    if !is_whole || files::sha256(&source).ok() != Some(segment.digest) {
        return Ok(Err(format!("segment/{digest} is missing or damaged")));
    }
    // Copied, then checked again: what lies in a foreign folder may change.
    files::copy(&source, &to)?;
    if files::sha256(&to).ok() != Some(segment.digest) {
        files::remove(&to)?;
        return Ok(Err(format!("segment/{digest} changed while it was read")));
    }
    Ok(Ok(()))
}

/// Takes a grant for an enrolled device; whether it is new.
fn grant(
    db: &Session,
    agency: &str,
    root: &Root,
    (name, path): (&str, &Path),
    now: u64,
) -> Result<Result<bool, String>, AgencyError> {
    let named = name
        .split_once('/')
        .and_then(|(device, list)| Some((device.parse::<DeviceId>().ok()?, list.parse::<ListName>().ok()?)));
    let Some((device, list)) = named else { return Ok(Err("it names no device and list".into())) };
    if agencies::of_list(db, &list)?.as_deref() != Some(agency) {
        return Ok(Err("it is no list of this agency here".into()));
    }
    let bytes = match statement(path) {
        Ok(bytes) => bytes,
        Err(why) => return Ok(Err(why)),
    };
    if grants::of_device(db, &device)?.iter().any(|(of, before)| *of == list && *before == bytes) {
        return Ok(Ok(false));
    }
    // Revoked since: its agency learns of that with the next folder.
    let Some(box_public) = devices::box_in_force(db, &device)? else { return Ok(Ok(false)) };
    let floor = grants::number(db, &device, &list)?;
    let us = Enrolment { device, key: key_id(&box_public) };
    let grant = match Grant::accept(&bytes, &us, root, |_| floor, now, &RingVerify) {
        Ok(grant) if grant.list == list => grant,
        Ok(_) => return Ok(Err("it is of another list".into())),
        Err(error) => return Ok(Err(error.to_string())),
    };
    let keys = grant.keys.iter().map(|key| key.number.to_string()).collect::<Vec<_>>().join(",");
    let new = grants::NewGrant {
        device: &us.device,
        list: &list,
        keys: &keys,
        number: grant.number,
        expires: grant.expires,
        bytes: &bytes,
    };
    grants::set(db, &new)?;
    Ok(Ok(true))
}

/// Takes an answer to an encounter with the agency's list; whether it is new.
fn answer(
    home: &Home,
    db: &Session,
    (agency, key): (&str, &PublicKey),
    path: &Path,
) -> Result<Result<bool, String>, AgencyError> {
    let role = root::role(1, std::slice::from_ref(key));
    let read = statement(path).and_then(|bytes| {
        accept::<OwnerAnswer>(SignedKind::Answer, &bytes, &role).map_err(|error| error.to_string())
    });
    let answer = match read {
        Ok(answer) => answer,
        Err(why) => return Ok(Err(why)),
    };
    if !messages::is_of_agency(db, &answer.encounter, &answer.device, agency)? {
        return Ok(Err("no encounter with the agency's lists has this number".into()));
    }
    Ok(Ok(answer::take(home, db, &answer)?))
}

/// A public key in hexadecimal.
pub fn parse_key(text: &str) -> Result<PublicKey, AgencyError> {
    from_hex(text.trim()).ok_or_else(|| AgencyError::Value {
        what: "key",
        value: text.into(),
        rule: "64 hexadecimal digits, as `agency init` prints them",
    })
}
