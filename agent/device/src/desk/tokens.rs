//! Client tokens: what a program shows on loopback (`Authorization: Bearer ...`).
//!
//! A token is `vdt_` and 64 hexadecimal digits: 32 random bytes. It is printed once; the state keeps its SHA-256 and its
//! name, so that whoever reads the state cannot use it, and looking it up by digest tells nothing by its timing. At most
//! [`TOKENS_MAX`]. Revoking works at once, also on event streams that are open.

use crate::store::tokens::{self as rows, Adding, TokenRow};
use crate::store::{Db, DbError};
use serde::{Deserialize, Serialize};
use vedette_common::clock::rfc3339;
use vedette_common::crypto;
use vedette_shim::ids::{Digest, Hex};
use vedette_shim::trust::digest;
use zeroize::Zeroizing;

/// Tokens a device may have.
pub const TOKENS_MAX: u32 = 64;
/// Longest name, bytes.
pub const NAME_BYTES_MAX: usize = 64;
/// What every token begins with, so that one left lying about is known for what it is.
const PREFIX: &str = "vdt_";

/// Why there is no such token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The name cannot be one.
    #[error("{name:?} cannot name a token: 1 to {NAME_BYTES_MAX} bytes of a-z, A-Z, 0-9, '-', '_' or '.'")]
    Name { name: String },
    /// It is taken.
    #[error("there is a token {name} already; revoke it first")]
    Taken { name: String },
    /// No more may be made.
    #[error("there are {TOKENS_MAX} tokens already; revoke one first")]
    TooMany,
    /// Nothing of this name.
    #[error("there is no token {name}")]
    Unknown { name: String },
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A token as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenView {
    /// Its name, as the journal names the program.
    pub name: String,
    /// When it was made, RFC 3339.
    pub made: String,
}

/// Makes a token; this is the only time it can be read.
pub fn create(db: &Db, name: &str, now: u64) -> Result<Zeroizing<String>, TokenError> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(fits) {
        return Err(TokenError::Name { name: name.into() });
    }
    let secret = crypto::random_secret();
    let token = Zeroizing::new(format!("{PREFIX}{}", Hex(secret.as_slice())));
    match rows::add(db, name, &digest(token.as_bytes()), now, TOKENS_MAX)? {
        Adding::Added => Ok(token),
        Adding::NameInUse => Err(TokenError::Taken { name: name.into() }),
        Adding::TooMany => Err(TokenError::TooMany),
    }
}

/// Every token, by name.
pub fn list(db: &Db) -> Result<Vec<TokenView>, DbError> {
    let view = |TokenRow { name, made_at }| TokenView { name, made: rfc3339(made_at) };
    Ok(rows::all(db)?.into_iter().map(view).collect())
}

/// Deletes a token: whoever shows it is refused from now on.
pub fn revoke(db: &Db, name: &str) -> Result<(), TokenError> {
    if rows::remove(db, name)? { Ok(()) } else { Err(TokenError::Unknown { name: name.into() }) }
}

/// The name of the token with this digest, if there is one.
pub(super) fn holder(db: &Db, token: &Digest) -> Result<Option<String>, DbError> {
    rows::holder(db, token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_until_it_is_revoked_and_is_in_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("state.db")).unwrap();
        let holder = |token: &str| super::holder(&db, &digest(token.as_bytes())).unwrap();
        let token = create(&db, "border-app", 0).unwrap();
        assert_eq!(holder(&token).as_deref(), Some("border-app"));
        assert_eq!(holder(&token[..token.len() - 1]), None);
        assert!(matches!(create(&db, "border-app", 0), Err(TokenError::Taken { .. })));
        for name in ["", "a b", "a\nb", &"x".repeat(65)] {
            assert!(matches!(create(&db, name, 0), Err(TokenError::Name { .. })), "{name:?}");
        }
        let listed = TokenView { name: "border-app".into(), made: "1970-01-01T00:00:00Z".into() };
        assert_eq!(list(&db).unwrap(), [listed]);
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(token.len()).any(|w| w == token.as_bytes()));
        }
        revoke(&db, "border-app").unwrap();
        assert_eq!(holder(&token), None);
        assert!(matches!(revoke(&db, "border-app"), Err(TokenError::Unknown { .. })));
    }

    #[test]
    fn tokens_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("state.db")).unwrap();
        for n in 0..TOKENS_MAX {
            create(&db, &format!("program-{n}"), 0).unwrap();
        }
        assert!(matches!(create(&db, "one-more", 0), Err(TokenError::TooMany)));
    }
}
