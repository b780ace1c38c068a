//! An agency's side: what it takes from headquarters, and what it gives.
//!
//! Headquarters is believed in what the root lets it say: further roots, which devices there are (the role of orders), the time. A
//! device that headquarters says is revoked gets no grant any more, and lists that it could read have other keys from the next
//! edition on. Encounters are believed by their devices' own signatures.

use super::Taken;
use super::error::AgencyError;
use super::folder::{Giving, files_of, statement};
use super::home;
use super::statements::{DeviceStatement, ListRequest, accept};
use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::root;
use crate::authority::sign::signed;
use crate::authority::signing_time::signing_time;
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
use vedette_shim::ids::Hex;
use vedette_shim::trust::{Heartbeat, Root, SignedKind, digest};
use vedette_shim::wire::SealedEncounter;

const PARTS: [&str; 6] = ["request", "list", "segment", "grant", "answer", "taken"];
/// Around a message in its file: device, list and times.
const AROUND_BYTES_MAX: usize = 256;

/// Takes what headquarters gave, grants lists to its devices and opens encounters.
pub fn take(home: &Home, from: &Path) -> Result<Taken, AgencyError> {
    home::of(home)?;
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let mut taken = Taken::default();
    roots(home, from, &mut taken)?;
    let (root, _) = root::newest(home)?;
    let change = db.change()?;
    if let Ok(bytes) = statement(&from.join("heartbeat")) {
        let done = heartbeat(home, &change, &root, &bytes)?;
        taken.count("heartbeat", done);
    }
    let now = signing_time(home, &change)?;
    for (name, path) in files_of(from, "device")? {
        let done = device(home, &change, &root, (&name, &path), now)?;
        taken.count(&format!("device/{name}"), done);
    }
    grants::refresh(home, &change, now)?;
    let mut last = settings::messages_taken(&change)?;
    for (name, path) in files_of(from, "message")? {
        let Ok(sequence) = name.parse::<i64>() else { continue };
        taken.count(&format!("message/{name}"), message(&change, &path)?);
        last = last.max(sequence);
    }
    settings::set_messages_taken(&change, last)?;
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
    let giving = Giving::into(to, &PARTS)?;
    let mut requested = Vec::new();
    for row in lists::all(db)? {
        let issuer = list::issuer(home, &row)?;
        if root.issuer(&row.name) != Ok(&issuer) {
            let key = Key::Agency.signing(home)?;
            let role = root::role(1, &[key.public()]);
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
    giving.put("taken", format!("{}\n", settings::messages_taken(db)?).as_bytes())?;
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
        let next = statement(&path).and_then(|bytes| {
            let next = newest.next(&bytes, &RingVerify).map_err(|error| error.to_string())?;
            Ok((next, bytes))
        });
        match next {
            Ok((next, bytes)) => {
                root::keep(home, &next, &bytes)?;
                taken.new += 1;
            }
            Err(why) => {
                taken.refuse(format!("{name}: {why}"));
                return Ok(());
            }
        }
    }
}

/// Notes headquarters' time.
fn heartbeat(
    home: &Home,
    db: &Session,
    root: &Root,
    bytes: &[u8],
) -> Result<Result<bool, String>, AgencyError> {
    let floor = statements::heartbeat(db)?.map_or(0, |(issued, _)| issued);
    match Heartbeat::accept(bytes, root, floor, home.now(), &RingVerify) {
        Ok(heartbeat) if heartbeat.issued == floor => Ok(Ok(false)),
        Ok(heartbeat) => {
            statements::set_heartbeat(db, heartbeat.issued, bytes)?;
            Ok(Ok(true))
        }
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// Takes what headquarters says of a device; whether it is new.
fn device(
    home: &Home,
    db: &Session,
    root: &Root,
    (name, path): (&str, &Path),
    now: u64,
) -> Result<Result<bool, String>, AgencyError> {
    let read = statement(path).and_then(|bytes| {
        accept::<DeviceStatement>(SignedKind::Device, &bytes, &root.orders).map_err(|error| error.to_string())
    });
    let said = match read {
        Ok(said) if said.device.as_str() == name => said,
        Ok(_) => return Ok(Err("it is of another device".into())),
        Err(why) => return Ok(Err(why)),
    };
    let known = agencies::statement_number(db, &said.device)?;
    if said.number < known {
        return Ok(Err(format!("number {} is below {known}, which was taken", said.number)));
    }
    let in_force = devices::box_in_force(db, &said.device)?;
    if in_force == (!said.revoked).then_some(said.box_public) {
        agencies::set_statement_number(db, &said.device, said.number)?;
        return Ok(Ok(false));
    }
    if in_force.is_some() {
        for (list, _) in db_grants::of_device(db, &said.device)? {
            let number = lists::raise_key(db, &list)?;
            Key::List(&list, number).make(home)?;
        }
        devices::revoke(db, &said.device, now)?;
        db_grants::withdraw(db, &said.device)?;
    }
    if !said.revoked || !devices::is_known(db, &said.device)? {
        enrol(db, &said, now)?;
    }
    if said.revoked {
        devices::revoke(db, &said.device, now)?;
    }
    agencies::set_statement_number(db, &said.device, said.number)?;
    Ok(Ok(true))
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
    Ok(devices::enrol(db, &enrolment)?)
}

/// Stores a message that its device has signed; whether it is new.
fn message(db: &Session, path: &Path) -> Result<Result<bool, String>, AgencyError> {
    let bytes_max = (MESSAGE_BYTES_MAX + AROUND_BYTES_MAX) as u64;
    let read = files::read_foreign(path, bytes_max).map_err(|error| error.to_string());
    let read = read.and_then(|bytes| {
        let carried: Carried = postcard::from_bytes(&bytes).map_err(|_| "it cannot be read")?;
        let sealed = SealedEncounter::decode(&carried.message).map_err(|_| "it cannot be read")?;
        let mut half = [0; 16];
        half.copy_from_slice(&digest(&carried.message)[..16]);
        let id = sealed.id;
        Ok((carried, id, half))
    });
    let (carried, id, half) = match read {
        Ok(read) => read,
        Err(why) => return Ok(Err(why)),
    };
    let device = &carried.device;
    if messages::under_id(db, &id)?.iter().any(|(of, digest)| of == device && *digest == half) {
        return Ok(Ok(false));
    }
    if lists::find(db, &carried.list)?.is_none() {
        return Ok(Err(format!("{} is no list here", carried.list)));
    }
    let sealed = SealedEncounter::decode(&carried.message).expect("it was read above");
    let is_signed = devices::enrolments(db, device)?
        .iter()
        .any(|enrolment| encounter::is_signed(&sealed, device, &enrolment.keys));
    if !is_signed {
        return Ok(Err(format!("{device} has not signed it")));
    }
    let arrival = Arrival {
        id,
        device,
        list: &carried.list,
        message: &carried.message,
        digest: half,
        device_revoked: carried.device_revoked,
        received_at: carried.received_at,
    };
    messages::insert(db, &arrival)?;
    Ok(Ok(true))
}
