//! Who acts, and whether they may: every command passes here with its act before it opens the home to change or read it.
//!
//! Invariant: a refusal is a line of the audit log. Failure: [`OperatorError`]; nothing of the act was done.

use crate::authority::audit::{self, Act, Actor, Entry};
use crate::authority::home::Home;
use crate::db::Session;
use crate::db::operators::{self as db_operators, OperatorRow};
use crate::operators::account::{CERTIFICATE, KEY, are_there_any, roles_of};
use crate::operators::error::OperatorError;
use crate::operators::roles::Role;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use std::path::Path;
use std::sync::Arc;
use vedette_common::files;
use vedette_shim::trust::digest;
use x509_parser::pem::parse_x509_pem;
use zeroize::Zeroizing;

/// The largest file of an operator's folder that is read, bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// The home, on which the operator of `folder` does `act`. Without operators, whoever runs the program acts.
pub fn enter(home: &Home, folder: Option<&Path>, act: Act) -> Result<Home, OperatorError> {
    let db = home.database()?;
    let Some(folder) = folder else {
        if !are_there_any(db.read())? {
            return Ok(home.clone());
        }
        let error = OperatorError::NobodyActs { act: act.name(), roles: Role::covering(act) };
        return Err(refused(home, act.of(""), error)?);
    };
    let found = operator(db.read(), folder);
    let (row, actor) = match found {
        Ok(found) => found,
        Err(error) => {
            let entry = act.of("").with("folder", folder.display().to_string());
            return Err(refused(home, entry, error)?);
        }
    };
    let home = home.acting_as(Arc::new(actor));
    if row.expires_at <= home.now() {
        let error = OperatorError::Expired { name: row.name.clone(), at: row.expires_at };
        return Err(refused(&home, act.of(""), error)?);
    }
    if !roles_of(&row).into_iter().any(|role| role.covers(act)) {
        let (name, roles) = (row.name.clone(), Role::covering(act));
        let error = OperatorError::NotCovered { name, act: act.name(), roles };
        return Err(refused(&home, act.of(""), error)?);
    }
    Ok(home)
}

/// Records a refusal, and gives its reason back.
fn refused(home: &Home, entry: Entry, error: OperatorError) -> Result<OperatorError, OperatorError> {
    audit::refuse(home, entry.with("why", error.to_string()))?;
    Ok(error)
}

/// The operator that a folder's certificate and key make.
fn operator(db: &Session, folder: &Path) -> Result<(OperatorRow, Actor), OperatorError> {
    let not =
        |why: &str| OperatorError::NotAnOperator { folder: folder.display().to_string(), why: why.into() };
    let read = |name: &str| files::read_foreign(&folder.join(name), FILE_BYTES_MAX);
    let pem = read(CERTIFICATE).map_err(|error| not(&error.to_string()))?;
    let (_, pem) = parse_x509_pem(&pem).map_err(|_| not("operator.pem is no certificate"))?;
    let row = db_operators::of_certificate(db, &digest(&pem.contents))?;
    let row = row.ok_or_else(|| not("its certificate is not one in force"))?;
    if row.removed_at.is_some() {
        return Err(not(&format!("{} was removed", row.name)));
    }
    let secret = Zeroizing::new(read(KEY).map_err(|error| not(&error.to_string()))?);
    let key =
        PrivatePkcs8KeyDer::from_pem_slice(&secret).map_err(|_| not("operator.key is no PKCS #8 key"))?;
    let actor = Actor::operator(&row.name, key.secret_pkcs8_der(), &row.public_key);
    let actor = actor.ok_or_else(|| not("operator.key is not its certificate's"))?;
    Ok((row, actor))
}
