//! An agency's side: what it takes from headquarters, and what it gives.
//!
//! Headquarters is believed in what the root lets it say: further roots, which devices there are (the role of orders), the time. A
//! device that headquarters says is revoked gets no grant any more, and lists that it could read have other keys from the next
//! edition on. Encounters are believed by their devices' own signatures.

use super::error::AgencyError;
use super::folder::{Giving, files_of, statement};
use super::home;
use super::notes::{MESSAGES, NOTE_BYTES_MAX, Note, TAKEN};
use super::statements::{DeviceStatement, ListRequest, accept, read};
use super::{NotTaken, Taken, refused};
use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::root;
use crate::authority::sign::signed;
use crate::authority::signing_time::signing_time;
use crate::collector::encounters::half_digest;
use crate::collector::opening::Opening;
use crate::db::devices::{self, NewCertificate, NewEnrolment};
use crate::db::messages::{self, Arrival, Carried};
use crate::db::{Session, agencies, editions, grants as db_grants, lists, outcomes, settings, statements};
use crate::fleet::grants;
use crate::publishing::list;
use std::path::Path;
use vedette_common::crypto::RingVerify;
use vedette_common::device_key::EnrolledKeys;
use vedette_common::encounter::{self, MESSAGE_BYTES_MAX};
use vedette_common::files;
use vedette_common::mqtt::OWNER_ANSWER_KEPT_S;
use vedette_shim::ids::{DeviceId, Hex};
use vedette_shim::trust::{Heartbeat, Root, SignedKind, digest};
use vedette_shim::wire::SealedEncounter;

const PARTS: [&str; 6] = ["request", "list", "segment", "grant", "answer", "taken"];
/// Around a message in its file: device, list and times.
const AROUND_BYTES_MAX: usize = 256;

/// Takes what headquarters gave, grants lists to its devices and opens encounters.
pub fn take(home: &Home, from: &Path) -> Result<Taken, AgencyError> {
    let agency = home::of(home)?;
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let mut taken = Taken::default();
    roots(home, from, &mut taken)?;
    let (root, _) = root::newest(home)?;
    let change = db.change()?;
    if let Ok(bytes) = statement(&from.join("heartbeat")) {
        taken.count("heartbeat", heartbeat(home, &change, &root, &bytes))?;
    }
    let now = signing_time(home, &change)?;
    for (name, path) in files_of(from, "device")? {
        let done = device(home, &change, &root, (&name, &path), now);
        taken.count(&format!("device/{name}"), done)?;
    }
    grants::refresh(home, &change, now)?;
    messages(&change, (&agency, &root), from, &mut taken)?;
    let act = Act::AgencyTake.of("headquarters").with("new", taken.new);
    audit::record(home, &change, act.with("refused", taken.refused.clone()))?;
    change.commit()?;
    Opening::with_keys_of(home).open_stored(&mut db)?;
    Ok(taken)
}

/// Writes what headquarters should carry into a folder; lists that the root does not name as they are.
pub fn give(home: &Home, to: &Path) -> Result<Vec<String>, AgencyError> {
    home::of(home)?;
    let _lock = home.lock()?;
    audit::around(home, Act::AgencyGive.of("headquarters"), || write(home, to))
}

fn write(home: &Home, to: &Path) -> Result<Vec<String>, AgencyError> {
    let db = home.database()?;
    let db = db.read();
    let now = signing_time(home, db)?;
    let (root, _) = root::newest(home)?;
    let key = Key::Agency.signing(home)?;
    let role = root::role(1, &[key.public()]);
    let giving = Giving::into(to, &PARTS)?;
    let mut requested = Vec::new();
    for row in lists::all(db)? {
        let issuer = list::issuer(home, &row)?;
        if root.issuer(&row.name) != Ok(&issuer) {
            let request = ListRequest { number: now, issuer };
            let bytes = signed(SignedKind::List, &request, &[&key], |bytes| {
                accept::<ListRequest>(SignedKind::List, bytes, &role).map(drop)
            })?;
            giving.put(&format!("request/{}", row.name), &bytes)?;
            requested.push(row.name.to_string());
            continue;
        }
        let Some(bytes) = editions::newest_signed(db, &row.name)? else { continue };
        giving.put(&format!("list/{}/manifest", row.name), &bytes)?;
        let manifest = editions::read(&bytes)?;
        for segment in manifest.segments.iter().chain(&manifest.delta) {
            let to = giving.at(&format!("segment/{}", Hex(&segment.digest)))?;
            files::copy(&home.segment(&segment.digest), &to)?;
        }
    }
    for device in devices::all(db)? {
        for (list, bytes) in db_grants::of_device(db, &device)? {
            giving.put(&format!("grant/{device}/{list}"), &bytes)?;
        }
    }
    let since = now.saturating_sub(OWNER_ANSWER_KEPT_S);
    for answer in outcomes::answers_since(db, since)? {
        giving.put(&format!("answer/{}/{}", answer.device, Hex(&answer.encounter)), &answer.bytes)?;
    }
    let taken = Note { agency: home::of(home)?, last: settings::messages_taken(db)?, sequences: Vec::new() };
    giving.put("taken", taken.sign(TAKEN, &key).as_bytes())?;
    giving.finish()?;
    Ok(requested)
}

/// Follows the roots after the newest known, one by one.
fn roots(home: &Home, from: &Path, taken: &mut Taken) -> Result<(), AgencyError> {
    loop {
        let (newest, _) = root::newest(home)?;
        let name = format!("root/{}.root", newest.version.saturating_add(1));
        let path = from.join(&name);
        if path.symlink_metadata().is_err() {
            return Ok(());
        }
        let next = statement(&path)
            .and_then(|bytes| Ok((newest.next(&bytes, &RingVerify).map_err(refused)?, bytes)));
        match next {
            Ok((next, bytes)) => {
                root::keep(home, &next, &bytes)?;
                taken.new += 1;
            }
            Err(why) => return taken.not_taken(&name, why),
        }
    }
}

/// Notes headquarters' time.
fn heartbeat(home: &Home, db: &Session, root: &Root, bytes: &[u8]) -> Result<bool, NotTaken> {
    let floor = statements::heartbeat(db)?.map_or(0, |(issued, _)| issued);
    let heartbeat = Heartbeat::accept(bytes, root, floor, home.now(), &RingVerify).map_err(refused)?;
    if heartbeat.issued == floor {
        return Ok(false);
    }
    statements::set_heartbeat(db, heartbeat.issued, bytes)?;
    Ok(true)
}

/// Takes what headquarters says of a device; whether it is new.
fn device(
    home: &Home,
    db: &Session,
    root: &Root,
    (name, path): (&str, &Path),
    now: u64,
) -> Result<bool, NotTaken> {
    let said: DeviceStatement = read(SignedKind::Device, &statement(path)?, &root.orders)?;
    if name.split('/').next() != Some(said.device.as_str()) {
        return Err(refused("it is of another device"));
    }
    let (device, known) = (&said.device, agencies::statement_number(db, &said.device)?);
    match (devices::is_revoked_key(db, device, &said.box_public)?, said.revoked) {
        (Some(false), false) | (Some(true), true) => return Ok(false),
        (Some(true), false) => return Err(refused("these keys of the device were revoked")),
        (None, false) if said.number < known => {
            return Err(refused(format_args!("number {} is below {known}, which was taken", said.number)));
        }
        (None, false) => {
            // In the place of another enrolment, of which headquarters says that it ended.
            end(home, db, device, now)?;
            enrol(db, &said, now)?;
        }
        (Some(false), true) => end(home, db, device, now)?,
        // A former one: what was sealed under it may still come.
        (None, true) => enrol(db, &said, now)?,
    }
    agencies::set_statement_number(db, device, said.number.max(known))?;
    Ok(true)
}

/// Ends a device's enrolment, if there is one in force: no grant, and other keys for the lists that it could read.
fn end(home: &Home, db: &Session, device: &DeviceId, now: u64) -> Result<(), AgencyError> {
    if devices::box_in_force(db, device)?.is_none() {
        return Ok(());
    }
    for (list, _) in db_grants::of_device(db, device)? {
        let number = lists::raise_key(db, &list)?;
        Key::List(&list, number).make(home)?;
    }
    devices::revoke(db, device, now)?;
    Ok(db_grants::withdraw(db, device)?)
}

fn enrol(db: &Session, said: &DeviceStatement, now: u64) -> Result<(), AgencyError> {
    // An agency sees no certificate: the row is known by the device's key.
    let serial = &digest(&said.box_public)[..20];
    let (box_public, signing_public) = (said.box_public, said.signing_public);
    let enrolment = NewEnrolment {
        device: &said.device,
        post: "",
        certificate: NewCertificate { serial, ca: Default::default(), expires_at: i64::MAX as u64 },
        // Which list an encounter is of, headquarters says.
        keys: &EnrolledKeys { box_public, signing_public, route_key: [0; 32] },
        enrolled_at: now,
    };
    match said.revoked {
        true => Ok(devices::enrol_revoked(db, &enrolment, now)?),
        false => Ok(devices::enrol(db, &enrolment)?),
    }
}

/// Takes the messages that headquarters says are in the folder. Taken is what comes before the first that is missing or refused: that
/// and all after it are given again.
fn messages(
    db: &Session,
    (agency, root): (&str, &Root),
    from: &Path,
    taken: &mut Taken,
) -> Result<(), AgencyError> {
    let note = match files::read_foreign(&from.join("messages"), NOTE_BYTES_MAX) {
        Err(error) if error.is_not_found() => return Ok(()),
        came => came.map_err(refused),
    };
    let note = note.and_then(|bytes| Note::read(MESSAGES, &bytes, &root.orders)?.check_agency(agency));
    let note = match note {
        Ok(note) => note,
        Err(why) => return taken.not_taken("messages", why),
    };
    let mut last = settings::messages_taken(db)?;
    let mut is_whole = note.last <= last;
    for sequence in note.sequences {
        if sequence <= last {
            continue;
        }
        let name = format!("message/{sequence:020}");
        let done = message(db, &from.join(&name));
        is_whole &= done.is_ok();
        taken.count(&name, done)?;
        if is_whole {
            last = sequence;
        }
    }
    Ok(settings::set_messages_taken(db, last)?)
}

/// Stores a message that its device has signed; whether it is new.
fn message(db: &Session, path: &Path) -> Result<bool, NotTaken> {
    let bytes_max = (MESSAGE_BYTES_MAX + AROUND_BYTES_MAX) as u64;
    let bytes = files::read_foreign(path, bytes_max).map_err(refused)?;
    let unreadable = || refused("it cannot be read");
    let carried: Carried = postcard::from_bytes(&bytes).map_err(|_| unreadable())?;
    let sealed = SealedEncounter::decode(&carried.message).map_err(|_| unreadable())?;
    let (device, digest) = (&carried.device, half_digest(&carried.message));
    if lists::find(db, &carried.list)?.is_none() {
        return Err(refused(format_args!("{} is no list here", carried.list)));
    }
    if messages::under_id(db, &sealed.id)?.iter().any(|(of, known)| of == device && *known == digest) {
        // Nobody has signed which list it is of.
        messages::relabel(db, &sealed.id, device, &carried.list)?;
        return Ok(false);
    }
    let is_signed = devices::enrolments(db, device)?
        .iter()
        .any(|enrolment| encounter::is_signed(&sealed, device, &enrolment.keys));
    if !is_signed {
        return Err(refused(format_args!("{device} has not signed it")));
    }
    let arrival = Arrival {
        id: sealed.id,
        device,
        list: &carried.list,
        message: &carried.message,
        digest,
        device_revoked: carried.device_revoked,
        received_at: carried.received_at,
    };
    messages::insert(db, &arrival)?;
    Ok(true)
}
