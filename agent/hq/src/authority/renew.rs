//! `renew`: a new term for the root, the roster and the broker's and headquarters' certificates, before the old one ends.
//!
//! An expired root makes every device refuse whatever is new, an expired certificate ends every session: `serve` warns
//! [`WARN_DAYS`] ahead, of devices' certificates too. Those `enrol --renew` renews, one by one: somebody must carry them.

use crate::authority::home::Home;
use crate::authority::pki::{self, Ca, HEADQUARTERS};
use crate::authority::{heartbeat, root};
use crate::db::setting;
use crate::error::HqError;
use crate::fleet::{devices, officer};
use vedette_common::clock::rfc3339;

/// How long before the end of a term `serve` warns, days.
pub const WARN_DAYS: u64 = 30;

/// So many devices are warned of by name.
const NAMED_MAX: usize = 10;

/// What was renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// The new root's version.
    pub root_version: u32,
    /// When that ends, seconds since 1970.
    pub root_expires_at: u64,
}

/// Issues the next root, with the same roles, and the next roster, and makes new certificates for the broker and
/// headquarters. The root goes out with `serve`, a `publish --broker` or a bundle; broker and `serve` take the certificates when they start anew.
pub fn renew(home: &Home) -> Result<Renewed, HqError> {
    let _lock = home.lock()?;
    let now = home.now();
    let mut db = home.database()?;
    let hosts = setting(db.read(), "broker_hosts")?
        .ok_or_else(|| HqError::Damaged("the broker's names are missing".into()))?;
    let hosts: Vec<String> = hosts.split(' ').map(String::from).collect();
    let root = root::issue_next(home, now, |_| Ok(()))?;
    Ca::open(home)?.certify_services(home, &hosts, now)?;
    let change = db.change()?;
    // It names the newest root.
    heartbeat::renew(home, &change, now)?;
    if officer::newest(&change)?.is_some() {
        officer::sign(home, &change, now)?;
    }
    change.commit()?;
    Ok(Renewed { root_version: root.version, root_expires_at: root.expires })
}

/// What ends within [`WARN_DAYS`], in words.
pub(crate) fn due(home: &Home, now: u64) -> Result<Vec<String>, HqError> {
    let mut ends = vec![("the root", root::newest(home)?.0.expires)];
    for (what, name) in
        [("the broker's certificate", pki::BROKER), ("headquarters' certificate", HEADQUARTERS)]
    {
        ends.push((what, pki::expires_at(home, name)?));
    }
    let db = home.database()?;
    if let Some(at) = officer::expires_at(db.read())? {
        ends.push(("the roster", at));
    }
    let soon = now + WARN_DAYS * 86_400;
    let say = |(what, at): (&str, u64)| format!("{what} ends at {}: run `vedette-hq renew`", rfc3339(at));
    let mut said: Vec<_> = ends.into_iter().filter(|end| end.1 < soon).map(say).collect();
    let devices = devices::ending_before(db.read(), soon)?;
    said.extend(devices.iter().take(NAMED_MAX).map(|(device, at)| {
        let at = rfc3339(*at);
        format!("the certificate of {device} ends at {at}: run `vedette-hq enrol {device} --renew --out DIR`")
    }));
    if devices.len() > NAMED_MAX {
        let more = devices.len() - NAMED_MAX;
        said.push(format!(
            "the certificates of {more} more devices end soon: `vedette-hq devices` shows which"
        ));
    }
    Ok(said)
}
