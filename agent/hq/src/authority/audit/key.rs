//! The audit key, and another in its place (`replace-key audit`), after somebody may have copied it. Steps:
//!
//! 1. the new secret is written as `keys/audit.next`,
//! 2. a line that the old key signs names it,
//! 3. the old file is kept as `keys/audit.until-<line>`, and `keys/audit` becomes the new secret.
//!
//! The oldest such file is what an export is verified with. Cut off after the second step, whoever adds the next line finishes. Both
//! happens under the database's write lock, so that no two do it at once.

use crate::authority::audit::act::{AUDIT_KEY, Act};
use crate::authority::audit::record::{record, signing_key};
use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::authority::keys::Key;
use vedette_shim::ids::Hex;

/// Replaces the audit key.
pub fn replace(home: &Home) -> Result<(), AuthorityError> {
    let _lock = home.lock()?;
    let mut db = home.database()?;
    let change = db.change()?;
    // What was cut off before is finished first, so that this is another key.
    signing_key(home, &change)?;
    Key::NextAudit.make(home)?;
    let next = Key::NextAudit.signing(home)?.public();
    record(home, &change, Act::ReplaceKey.of(AUDIT_KEY).with("key", Hex(&next).to_string()))?;
    change.commit()?;
    signing_key(home, &db.change()?)?;
    Ok(())
}
