//! `enrol`: a device's folder: certificate, keys, trust anchors, grants and an `agent.toml` that names them.
//!
//! ```text
//! agent.toml                device.pem device.key   its certificate and private key
//! ca.pem crl.pem            box.key                 its private key, 64 hexadecimal digits
//! root.anchor               grants/<owner>/<list>   a signed grant each
//! state/certificate/authorities                     which CAs count, once one was replaced
//! ```
//!
//! A device that brought a request has its keys already: then the folder has no `device.key` and no `box.key`.
//!
//! A renewal makes a folder of `device.pem`, `device.key` and `authorities` alone, to be copied over the device's: its box key, state
//! and rights stay, and so does the old certificate until it ends.
//!
//! Invariants: the folder (mode 0700) appears whole or not at all; headquarters keeps public keys only, and the
//! key by which the device names lists; a certificate's serial
//! number is in the database, and so can be revoked, before it is signed (see `cut_off`). The same command again says what is
//! there.

use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::new_folder::{CERTIFICATE, NewFolder};
use crate::authority::pki::{self, Ca, Certified};
use crate::authority::signing_time::signing_time;
use crate::authority::{replace_ca, root, services};
use crate::db::devices::{self, NewCertificate, NewEnrolment};
use crate::db::{Session, grants as db_grants, settings, statements, under_way};
use crate::fleet::cut_off;
use crate::fleet::devices::enrolled_serial;
use crate::fleet::enrolment_keys::{Brought, Made};
use crate::fleet::error::FleetError;
use crate::fleet::grants;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use vedette_common::crypto::secret_line;
use vedette_common::files;
use vedette_shim::ids::{DeviceId, Hex, ListName};

/// Most days a device's certificate may live.
const CERTIFICATE_DAYS_MAX: u32 = 825;
/// Longest post, bytes: an encounter has no room for more.
const POST_BYTES_MAX: usize = 64;

/// How to enrol a device.
#[derive(Debug, Clone)]
pub struct EnrolOptions {
    /// The folder to make.
    pub out: PathBuf,
    /// Where the device will stand, as encounters name it; at most 64 bytes. Else its id.
    pub post: Option<String>,
    /// Life of its certificate, days.
    pub certificate_days: u32,
    /// The request that `vedette request` made on the device, which keeps its private keys; without it they are made here.
    pub request: Option<PathBuf>,
    /// The fingerprint that the device showed of it; without it nothing is enrolled, and the request's is the error.
    pub fingerprint: Option<String>,
    /// Another broker than the home's: host and port.
    pub broker: Option<(String, u16)>,
    /// Where on its loopback the device serves console and API.
    pub listen: SocketAddr,
}

impl EnrolOptions {
    /// Where a device serves its console by default.
    pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8470);

    /// Into `out`, for 90 days, at the home's broker.
    pub fn into(out: impl Into<PathBuf>) -> Self {
        EnrolOptions {
            out: out.into(),
            post: None,
            certificate_days: 90,
            request: None,
            fingerprint: None,
            broker: None,
            listen: Self::LISTEN,
        }
    }
}

/// What was made.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// The configuration to run the device with.
    pub agent_toml: PathBuf,
    /// When its certificate ends, seconds since 1970.
    pub certificate_expires_at: u64,
    /// The lists it was granted.
    pub lists: Vec<ListName>,
    /// It was enrolled into this folder before.
    pub before: bool,
}

/// Enrols a device. One that is enrolled is refused, unless it is into the same folder; one that was revoked may be enrolled again, with new keys.
pub fn enrol(home: &Home, device: &DeviceId, options: &EnrolOptions) -> Result<Enrolled, FleetError> {
    let post = options.post.as_deref().unwrap_or(device.as_str());
    check(device, post, options)?;
    let brought = options.request.as_deref().map(|file| Brought::read(file, device)).transpose()?;
    if let Some(brought) = &brought {
        brought.check(options.fingerprint.as_deref())?;
    }
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    cut_off::settle(home, &mut db)?;
    if let Some(serial) = devices::serial_in_force(db.read(), device)? {
        if !cut_off::is_made(&options.out, &serial) {
            return Err(FleetError::DeviceExists(device.clone()));
        }
        if let Some(brought) = &brought
            && devices::box_in_force(db.read(), device)? != Some(brought.keys.box_public)
        {
            return Err(FleetError::OtherKeys(device.clone()));
        }
        return enrolled(db.read(), device, &options.out, true);
    }
    if let Some(brought) = &brought
        && devices::are_keys_known(db.read(), &brought.keys)?
    {
        return Err(FleetError::KeysKnown);
    }
    let folder = NewFolder::at(&options.out, 0o700)?;
    let ends = pki::ends_after(now, options.certificate_days);
    let serial = cut_off::note(&mut db, &folder, &options.out, ends)?;
    let ca = Ca::for_devices(home)?;
    let made = Made::make(&ca, device, brought.as_ref(), (options.certificate_days, now), serial)?;

    let change = db.change()?;
    let enrolment = NewEnrolment {
        device,
        post,
        certificate: NewCertificate { serial: &serial, ca: ca.id(), expires_at: made.expires },
        keys: &made.keys,
        enrolled_at: now,
    };
    devices::enrol(&change, &enrolment)?;
    // The order that erased its predecessor is not meant for it.
    statements::retire_orders(&change, device)?;
    grants::refresh(home, &change, now)?;
    let granted = db_grants::of_device(&change, device)?;
    let broker = match &options.broker {
        Some(broker) => broker.clone(),
        None => settings::broker(&change)?,
    };

    files::write(&folder.path().join(CERTIFICATE), made.certificate_pem.as_bytes())?;
    if let Some(private) = &made.private {
        files::write(&folder.path().join("device.key"), private.link_pem.as_bytes())?;
        files::write(&folder.path().join("box.key"), &secret_line(&private.box_key))?;
    }
    write_anchors(home, folder.path(), &granted)?;
    write_authorities(home, folder.path())?;
    let config = agent_toml(device, post, &broker, options.listen);
    files::write(&folder.path().join("agent.toml"), config.as_bytes())?;
    let act = Act::Enrol.of(device).with("post", post).with("certificate", Hex(&serial).to_string());
    let fingerprint = brought.map_or(String::new(), |brought| brought.fingerprint);
    let act = act.with("fingerprint", fingerprint).with("ends", made.expires);
    audit::record(home, &change, act)?;
    change.commit()?;
    folder.finish()?;
    under_way::forget(db.read(), &serial)?;
    enrolled(db.read(), device, &options.out, false)
}

fn enrolled(db: &Session, device: &DeviceId, out: &Path, before: bool) -> Result<Enrolled, FleetError> {
    let lists = db_grants::of_device(db, device)?.into_iter().map(|(list, _)| list).collect();
    let certificate_expires_at = devices::certificate_ends(db, device)?.unwrap_or(0);
    Ok(Enrolled { agent_toml: out.join("agent.toml"), certificate_expires_at, lists, before })
}

/// Makes a new certificate and key for an enrolled device, into `out`, unless `out` has the newest; when that ends, seconds since 1970.
pub fn renew(home: &Home, device: &DeviceId, out: &Path, certificate_days: u32) -> Result<u64, FleetError> {
    check_days(certificate_days)?;
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    cut_off::settle(home, &mut db)?;
    let serial = enrolled_serial(db.read(), device)?;
    if cut_off::is_made(out, &serial) {
        return Ok(devices::certificate_ends(db.read(), device)?.unwrap_or(0));
    }
    let folder = NewFolder::at(out, 0o700)?;
    let serial = cut_off::note(&mut db, &folder, out, pki::ends_after(now, certificate_days))?;
    let ca = Ca::for_devices(home)?;
    let certified = ca.certify_device(device, certificate_days, now, serial)?;
    let change = db.change()?;
    super::devices::renew(&change, device, &noted(&certified, &ca))?;
    files::write(&folder.path().join(CERTIFICATE), certified.certificate_pem.as_bytes())?;
    files::write(&folder.path().join("device.key"), certified.key_pem.as_bytes())?;
    write_authorities(home, folder.path())?;
    let act = Act::RenewDevice.of(device).with("certificate", Hex(&serial).to_string());
    audit::record(home, &change, act.with("ends", certified.expires))?;
    change.commit()?;
    folder.finish()?;
    under_way::forget(db.read(), &serial)?;
    Ok(certified.expires)
}

/// What the device believes from its start: the CA, the newest root, its grants.
fn write_anchors(home: &Home, folder: &Path, granted: &[(ListName, Vec<u8>)]) -> Result<(), FleetError> {
    files::write(&folder.join("ca.pem"), pki::read_text(home, "ca.pem")?.as_bytes())?;
    files::write(&folder.join("crl.pem"), pki::read_text(home, services::FOR_DEVICES)?.as_bytes())?;
    files::write(&folder.join("root.anchor"), &root::newest(home)?.1)?;
    for (list, grant) in granted {
        let file = folder.join("grants").join(list.as_str());
        files::make_folder(file.parent().unwrap_or(folder))?;
        files::write(&file, grant)?;
    }
    Ok(())
}

/// What the database notes of a certificate.
fn noted<'a>(certified: &'a Certified, ca: &Ca) -> NewCertificate<'a> {
    NewCertificate { serial: &certified.serial, ca: ca.id(), expires_at: certified.expires }
}

/// Which CAs count, where the device has it stored: it takes no older statement.
fn write_authorities(home: &Home, folder: &Path) -> Result<(), FleetError> {
    let Some(statement) = replace_ca::statement(home)? else { return Ok(()) };
    let stored = folder.join("state/certificate");
    files::make_folder(&stored)?;
    Ok(files::write(&stored.join("authorities"), &statement)?)
}

fn check(device: &DeviceId, post: &str, options: &EnrolOptions) -> Result<(), FleetError> {
    let bad =
        |what, value: &dyn ToString, rule| Err(FleetError::Value { what, value: value.to_string(), rule });
    // The broker knows its clients by this name: a device of this name would be headquarters there.
    if [pki::HEADQUARTERS, pki::PUBLISHER, pki::BROKER].contains(&device.as_str()) {
        return bad("device", device, "this name is not for devices");
    }
    if post.len() > POST_BYTES_MAX || post.chars().any(char::is_control) {
        return bad("post", &post, "at most 64 bytes, no control characters");
    }
    check_days(options.certificate_days)
}

fn check_days(days: u32) -> Result<(), FleetError> {
    match days {
        1..=CERTIFICATE_DAYS_MAX => Ok(()),
        _ => Err(FleetError::Value {
            what: "certificate days",
            value: days.to_string(),
            rule: "from 1 to 825",
        }),
    }
}

fn agent_toml(device: &DeviceId, post: &str, broker: &(String, u16), listen: SocketAddr) -> String {
    let (host, port) = broker;
    let text = |value: &str| toml::Value::from(value).to_string();
    format!(
        r#"# The device {device}, as enrolled. Paths are relative to this file.
[device]
id = {id}
post = {post}
state = "state"

[trust]
root = "root.anchor"
box_key = "box.key"
grants = "grants"

[link]
host = {host}
port = {port}
ca = "ca.pem"
crl = "crl.pem"
certificate = "device.pem"
key = "device.key"

[desk]
socket = "vedette.sock"
listen = "{listen}"
"#,
        id = text(device.as_str()),
        post = text(post),
        host = text(host),
    )
}
