//! An agency's home: as headquarters', without root, CA and the keys of headquarters' roles.
//!
//! It begins with a root that the agency was given by hand: what headquarters says later is believed by that. The file
//! `keys/agency-name` has the agency's name, and makes the home one.

use super::error::AgencyError;
use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::new_folder::NewFolder;
use crate::authority::root;
use std::path::Path;
use std::sync::Arc;
use vedette_common::clock::Clock;
use vedette_common::crypto::RingVerify;
use vedette_common::files;
use vedette_shim::ids::ListName;
use vedette_shim::trust::{METADATA_BYTES_MAX, Root};

/// An agency's name: what stands in its lists' names before the `/`.
pub(super) fn check_name(name: &str) -> Result<(), AgencyError> {
    let is_first_part = !name.contains('/') && format!("{name}/a").parse::<ListName>().is_ok();
    if is_first_part {
        return Ok(());
    }
    let rule = "small letters, digits, `.`, `-` and `_`, as before the `/` in a list's name";
    Err(AgencyError::Value { what: "agency", value: name.into(), rule })
}

/// Makes an agency's home in `dir`; the public key that headquarters adds the agency with. `root` is a file with headquarters' newest root.
pub fn init(dir: &Path, agency: &str, root: &Path, clock: Arc<Clock>) -> Result<[u8; 32], AgencyError> {
    check_name(agency)?;
    let anchor = files::read(root, METADATA_BYTES_MAX as u64)?;
    let read = Root::pinned(&anchor, &RingVerify);
    let read = read.map_err(crate::authority::AuthorityError::trust(root.display().to_string()))?;
    let folder = NewFolder::at(dir, 0o700)?;
    let home = Home::at(folder.path(), clock);
    for part in ["root", "keys", "pki", "segments"] {
        files::make_folder(&home.dir().join(part))?;
    }
    root::keep(&home, &read, &anchor)?;
    Key::Agency.make(&home)?;
    files::write(&home.agency_file(), format!("{agency}\n").as_bytes())?;
    let key = Key::Agency.signing(&home)?.public();
    let mut db = home.new_database()?;
    let change = db.change()?;
    audit::record(&home, &change, Act::Init.of("home").with("agency", agency))?;
    change.commit()?;
    drop(db);
    folder.finish()?;
    Ok(key)
}

/// The agency whose home this is.
pub(super) fn of(home: &Home) -> Result<String, AgencyError> {
    home.agency()?.ok_or_else(|| AgencyError::IsHeadquarters(home.dir().into()))
}

/// Refuses in an agency's home what needs a root, a CA or devices: those are headquarters'.
pub fn check_act(home: &Home, act: Act) -> Result<(), AgencyError> {
    match act {
        Act::Renew
        | Act::ReplaceKey
        | Act::ReplaceCa
        | Act::ReplaceRootKeys
        | Act::Enrol
        | Act::RenewDevice
        | Act::Revoke
        | Act::SendAgain
        | Act::OfficerAdd
        | Act::OfficerRemove
        | Act::ScannerEnrol
        | Act::ScannerRevoke
        | Act::OperatorAdd
        | Act::OperatorRemove
        | Act::AgencyAdd => check_is_headquarters(home),
        _ => Ok(()),
    }
}

/// Refuses an agency's home.
pub fn check_is_headquarters(home: &Home) -> Result<(), AgencyError> {
    match home.agency()? {
        None => Ok(()),
        Some(_) => Err(AgencyError::IsAgencys(home.dir().into())),
    }
}
