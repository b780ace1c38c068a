//! A device's new certificate, asked for over the link.
//!
//! Given to whoever has the key of a certificate of this CA in the device's name that has not ended, belongs to an enrolment
//! in force (also one that a renewal replaced) and is past the middle of its life, or by a CA that is being replaced. The new one lives as long as that one did.
//! Nothing is taken from the request but the key, which must be ECDSA P-256 and has signed the request.
//!
//! Invariant: the certificate's serial number is committed before the certificate leaves. It exists in memory only until then, so
//! nothing is left when this is cut off. Failure: [`NotGiven`]; nothing was changed.

use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::pki::{self, Ca};
use crate::authority::signing_time::signing_time;
use crate::db::devices::NewCertificate;
use crate::db::{Db, devices};
use crate::fleet::error::FleetError;
use rcgen::{CertificateSigningRequestParams, PKCS_ECDSA_P256_SHA256, PublicKey};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rustls_pki_types::CertificateSigningRequestDer;
use vedette_common::clock::rfc3339;
use vedette_common::mqtt::ca;
use vedette_common::renewal::{CERTIFICATE_BYTES_MAX, RenewalRequest, is_due, signed};
use vedette_shim::ids::{DeviceId, Hex};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Why a device gets no certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotGiven {
    /// What it sent is at fault.
    #[error("{0}")]
    Refused(String),
    /// Headquarters is.
    #[error(transparent)]
    Failed(#[from] FleetError),
}

fn refused(why: impl Into<String>) -> NotGiven {
    NotGiven::Refused(why.into())
}

/// What was asked for: the key, and how long its certificate is to live.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) key: PublicKey,
    life_s: u64,
}

/// Verifies a device's request.
pub(crate) fn verify(
    home: &Home,
    db: &Db,
    device: &DeviceId,
    request: &RenewalRequest<'_>,
) -> Result<Asked, NotGiven> {
    if request.request.len().max(request.certificate.len()) > CERTIFICATE_BYTES_MAX {
        return Err(refused("the request is too large"));
    }
    let Ok(([], certificate)) = X509Certificate::from_der(request.certificate) else {
        return Err(refused("its certificate cannot be read"));
    };
    is_of_ca(home, request.certificate)?;
    if certificate.subject().iter_common_name().next().map(|name| name.as_str()) != Some(Ok(device.as_str()))
    {
        return Err(refused("its certificate is another's"));
    }
    if !devices::counts(db.read(), device, certificate.raw_serial()).map_err(FleetError::from)? {
        return Err(refused("its certificate was revoked"));
    }
    let seconds = |at: x509_parser::time::ASN1Time| u64::try_from(at.timestamp()).unwrap_or(0);
    let (starts, ends) =
        (seconds(certificate.validity().not_before), seconds(certificate.validity().not_after));
    let now = home.now();
    if ends <= now {
        return Err(refused(format!("its certificate ended at {}", rfc3339(ends))));
    }
    if !is_due(starts, ends, now) && !is_of_old_ca(home, request.certificate)? {
        return Err(refused("its certificate is not half through its life"));
    }
    let key = &certificate.public_key().subject_public_key.data;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.as_ref())
        .verify(&signed(request.request), request.signature)
        .map_err(|_| refused("the request is not signed by its certificate's key"))?;
    let key = requested_key(request.request).map_err(refused)?;
    Ok(Asked { key, life_s: (ends - starts).saturating_sub(pki::EARLY_S) })
}

/// The key that a certificate is requested for (PKCS #10, DER), which has signed the request; else what is wrong with it.
pub(super) fn requested_key(request: &[u8]) -> Result<PublicKey, String> {
    let asked = CertificateSigningRequestParams::from_der(&CertificateSigningRequestDer::from(request))
        .map_err(|error| format!("the request: {error}"))?;
    match *asked.public_key.algorithm() == PKCS_ECDSA_P256_SHA256 {
        true => Ok(asked.public_key),
        false => Err("its new key is not one for ECDSA P-256".into()),
    }
}

/// The certificate for what was asked for, DER; the one before counts until it ends.
pub(crate) fn give(
    home: &Home,
    db: &mut Db,
    device: &DeviceId,
    asked: &Asked,
) -> Result<Vec<u8>, FleetError> {
    let now = signing_time(home, db.read())?;
    let serial = pki::serial();
    let ca = Ca::for_devices(home)?;
    let certificate = ca.certify_key(device, &asked.key, asked.life_s, now, &serial)?;
    let change = db.change()?;
    let new = NewCertificate { serial: &serial, ca: ca.id(), expires_at: now + asked.life_s };
    super::devices::renew(&change, device, &new)?;
    let act = Act::GiveCertificate.of(device).with("certificate", Hex(&serial).to_string());
    audit::record(home, &change, act.with("ends", now + asked.life_s))?;
    change.commit()?;
    Ok(certificate.der().to_vec())
}

/// That the home's CA signed a certificate, DER; of two either.
fn is_of_ca(home: &Home, certificate: &[u8]) -> Result<(), NotGiven> {
    match has_issued(home, "ca.pem", certificate)? {
        true => Ok(()),
        false => Err(refused("its certificate is of another CA")),
    }
}

/// Whether the CA is being replaced, and the new one did not sign a certificate, DER.
fn is_of_old_ca(home: &Home, certificate: &[u8]) -> Result<bool, NotGiven> {
    let is_replaced = Ca::next_in_effect(home).map_err(FleetError::from)?.is_some();
    Ok(is_replaced && !has_issued(home, "next-ca.pem", certificate)?)
}

fn has_issued(home: &Home, file: &str, certificate: &[u8]) -> Result<bool, NotGiven> {
    let authority = |error| NotGiven::Failed(FleetError::from(error));
    let pem = pki::read_text(home, file).map_err(authority)?;
    ca::has_issued(pem.as_bytes(), certificate).map_err(|error| authority(error.into()))
}
