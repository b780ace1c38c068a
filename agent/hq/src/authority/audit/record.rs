//! Adds lines to the audit log.

use crate::authority::audit::act::{AUDIT_KEY, Act, BEGAN, DONE, Entry, FAILED, REFUSED};
use crate::authority::audit::line::{for_operator, hash_of, to_sign};
use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::db::Change;
use crate::db::audit::{self, Line};
use std::fmt::Display;
use vedette_common::crypto::SigningKey;
use vedette_shim::ids::Hex;

/// Records an act as done, on the transaction that does it.
pub(crate) fn record(home: &Home, db: &Change<'_>, act: Entry) -> Result<(), AuthorityError> {
    append(home, db, act, DONE).map(drop)
}

/// Does what no transaction holds, between a line that it began and one of how it ended. If the last cannot be written, that
/// is the error: the act was done, and the log shows that it began.
pub(crate) fn around<T, E: From<AuthorityError> + Display>(
    home: &Home,
    act: Entry,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let began = alone(home, act.clone(), BEGAN)?;
    let act = act.with(BEGAN, began);
    let result = work();
    match &result {
        Ok(_) => alone(home, act, DONE)?,
        Err(error) => alone(home, act.with("why", error.to_string()), FAILED)?,
    };
    result
}

/// Records that whoever acts may not.
pub(crate) fn refuse(home: &Home, act: Entry) -> Result<(), AuthorityError> {
    alone(home, act, REFUSED).map(drop)
}

/// A line in a transaction of its own; its number.
fn alone(home: &Home, act: Entry, state: &str) -> Result<u64, AuthorityError> {
    let mut db = home.database()?;
    let change = db.change()?;
    let number = append(home, &change, act, state)?;
    change.commit()?;
    Ok(number)
}

/// Adds a line; its number. The first line of a log is one of its own that names the key.
fn append(home: &Home, db: &Change<'_>, act: Entry, state: &str) -> Result<u64, AuthorityError> {
    let before = match audit::head(db)? {
        Some(line) => line,
        None => {
            Key::Audit.make(home)?;
            let key = Key::Audit.signing(home)?;
            let entry = Act::LogBegins.of("audit").with("key", Hex(&key.public()).to_string());
            let first = line(home, None, entry, DONE);
            add(home, db, &key, first)?
        }
    };
    let next = line(home, Some(&before), act, state);
    Ok(add(home, db, &signing_key(home, db)?, next)?.number)
}

/// The key that signs the next line. A replacement that was cut off after its line is finished.
pub(super) fn signing_key(home: &Home, db: &Change<'_>) -> Result<SigningKey, AuthorityError> {
    if Key::NextAudit.is_here(home)
        && let next = Hex(&Key::NextAudit.signing(home)?.public()).to_string()
        && let Some(line) = audit::last_of(db, &Act::ReplaceKey.name(), AUDIT_KEY)?
        && line.details.get("key").is_some_and(|named| *named == next)
    {
        if !Key::Audit.is_here(home) || !Key::Audit.is_same(home, &Key::NextAudit)? {
            let number = u32::try_from(line.number).unwrap_or(u32::MAX);
            Key::NextAudit.succeed(home, &Key::Audit, number)?;
        }
        Key::NextAudit.remove(home)?;
    }
    if !Key::Audit.is_here(home) {
        return Err(AuthorityError::NoAuditKey);
    }
    Key::Audit.signing(home)
}

/// The line after `before`, without its proofs.
fn line(home: &Home, before: Option<&Line>, act: Entry, state: &str) -> Line {
    let at = home.now();
    let segment = match before {
        Some(before) if act.act == Act::Restore => at.max(before.segment + 1),
        Some(before) => before.segment,
        None => at,
    };
    Line {
        act: act.act.name(),
        at,
        details: act.details,
        number: before.map_or(1, |before| before.number + 1),
        object: act.object,
        operator: home.actor().name(),
        previous: before.map_or([0; 32], |before| before.hash),
        reason: act.reason,
        segment,
        state: state.into(),
        hash: [0; 32],
        signature: [0; 64],
        operator_signature: String::new(),
    }
}

/// Signs and stores a line.
fn add(home: &Home, db: &Change<'_>, key: &SigningKey, mut line: Line) -> Result<Line, AuthorityError> {
    line.hash = hash_of(&line);
    line.signature = key.sign_message(&to_sign(&line.hash));
    line.operator_signature = home.actor().sign(&for_operator(&line.hash));
    audit::insert(db, &line)?;
    Ok(line)
}
