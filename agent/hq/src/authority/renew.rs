//! `renew`: a new term for the root, the roster and the broker's and headquarters' certificates, before the old one ends.
//!
//! An expired root makes every device refuse whatever is new, an expired certificate ends every session: `serve` warns
//! [`WARN_DAYS`] ahead, of devices' certificates too. Those `enrol --renew` renews, one by one: somebody must carry them.

use crate::authority::audit::{self, Act};
use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::authority::pki::{self, Ca, HEADQUARTERS};
use crate::authority::signing_time::signing_time;
use crate::authority::{heartbeat, root, roster, services};
use crate::db::{devices, officers, settings};
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
    /// How many certificates of services were revoked.
    pub revoked: usize,
}

/// Issues the next root, with the same roles, and the next roster, and makes new certificates for the broker and
/// headquarters. The root goes out with `serve`, a `publish --broker` or a bundle; broker and `serve` take the certificates when they start again.
///
/// The services' old certificates count until they end, unless `revoke_old`: then they and all before them are revoked.
pub fn renew(home: &Home, revoke_old: bool) -> Result<Renewed, AuthorityError> {
    let act = Act::Renew.of("root").with("revoke_old", revoke_old);
    audit::around(home, act, || renew_all(home, revoke_old))
}

fn renew_all(home: &Home, revoke_old: bool) -> Result<Renewed, AuthorityError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let now = signing_time(home, db.read())?;
    let hosts = settings::broker_hosts(db.read())?;
    let ca = Ca::open(home)?;
    let root = root::issue_next(home, now, |_| Ok(()))?;
    services::replace(home, &ca, &hosts, now)?;
    let revoked = if revoke_old { services::revoke_retired(home, now)? } else { 0 };
    services::write_crls(home, &Ca::all(home)?, &devices::revoked(db.read(), now)?, now)?;
    let change = db.change()?;
    // It names the newest root.
    heartbeat::renew(home, &change, now)?;
    roster::sign_if_any(home, &change, now)?;
    change.commit()?;
    Ok(Renewed { root_version: root.version, root_expires_at: root.expires, revoked })
}

/// What ends within [`WARN_DAYS`], in words.
pub(crate) fn due(home: &Home, now: u64) -> Result<Vec<String>, AuthorityError> {
    let mut ends = vec![("the root", root::newest(home)?.0.expires)];
    for (what, name) in
        [("the broker's certificate", pki::BROKER), ("headquarters' certificate", HEADQUARTERS)]
    {
        ends.push((what, pki::expires_at(home, name)?));
    }
    let db = home.database()?;
    if let Some(roster) = officers::roster(db.read())? {
        ends.push(("the roster", roster.expires_at));
    }
    let soon = now + WARN_DAYS * 86_400;
    let line = |(what, at): (&str, u64)| format!("{what} ends at {}: run `vedette-hq renew`", rfc3339(at));
    let mut lines: Vec<_> = ends.into_iter().filter(|end| end.1 < soon).map(line).collect();
    let (named, count) = devices::ending_before(db.read(), soon, NAMED_MAX)?;
    lines.extend(named.iter().map(|(device, at)| {
        let at = rfc3339(*at);
        format!("the certificate of {device} ends at {at}: run `vedette-hq enrol {device} --renew --out DIR`")
    }));
    if count > named.len() {
        let more = count - named.len();
        lines.push(format!(
            "the certificates of {more} more devices end soon: `vedette-hq devices` shows which"
        ));
    }
    Ok(lines)
}
