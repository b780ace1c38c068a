//! The one place where headquarters signs.
//!
//! Invariant: what devices would refuse is not signed: their own verifier reads every statement before anybody stores it.
//! Failure: [`AuthorityError::NotAccepted`]; the caller's transaction is dropped with it, so nothing has changed.

use crate::authority::error::AuthorityError;
use crate::db::DbError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use vedette_common::crypto::{SigningKey, sign_statement};
use vedette_shim::trust::{Envelope, SignedKind, TrustError, decode_body};

/// Signs `body` with `keys`; `accept` reads it as a device will.
pub(crate) fn signed(
    kind: SignedKind,
    body: &impl Serialize,
    keys: &[&SigningKey],
    accept: impl FnOnce(&[u8]) -> Result<(), TrustError>,
) -> Result<Vec<u8>, AuthorityError> {
    let bytes = sign_statement(kind, body, keys);
    accept(&bytes).map_err(|source| AuthorityError::NotAccepted { kind, source })?;
    Ok(bytes)
}

/// A statement of our own, signed by `key` instead of the one before; `accept` as for [`signed`].
pub(crate) fn signed_again<T: Serialize + DeserializeOwned>(
    kind: SignedKind,
    old: &[u8],
    key: &SigningKey,
    accept: impl FnOnce(&T, &[u8]) -> Result<(), TrustError>,
) -> Result<Vec<u8>, AuthorityError> {
    let read = Envelope::read(old, kind).and_then(|envelope| decode_body::<T>(kind, envelope.body));
    let body = read.map_err(DbError::from)?;
    signed(kind, &body, &[key], |bytes| accept(&body, bytes))
}
