//! The CA of the link: ECDSA P-256 certificates for the broker, headquarters and every device, and the CRL.
//!
//! Who may *say* what is decided by the root (see `root`); these certificates decide only who may *connect*. The CN of a
//! client's certificate is its user name at the broker.
//!
//! Invariants: serial numbers are random and never used twice; the CRL names every certificate revoked before its expiry;
//! no CA signs whose key is not its certificate's.
//! Validity starts an hour early, for devices whose clock is behind.

use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::db::devices::Revoked;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKey,
    PublicKeyData, RevokedCertParams, SerialNumber,
};
use ring::digest::{SHA256, digest};
use std::time::Duration;
use time::OffsetDateTime;
use vedette_common::crypto::random;
use vedette_common::files;
use vedette_common::mqtt::tls;
use vedette_shim::ids::{DeviceId, Digest, Hex};
use x509_parser::certificate::X509Certificate;
use zeroize::Zeroizing;

/// The CN of headquarters' own certificate.
pub const HEADQUARTERS: &str = "headquarters";
/// The CN of the certificate that one-off publishing connects with. Another than [`HEADQUARTERS`], because the broker
/// ties the MQTT client id to the CN: a second session of the same name would end `serve`'s.
pub const PUBLISHER: &str = "publisher";
/// The CN of the broker's certificate.
pub const BROKER: &str = "broker";
/// The files of the CA, without their endings.
pub(crate) const CA: &str = "ca";
/// The files of the CA that will take its place.
pub(crate) const NEXT_CA: &str = "next-ca";
/// Life of the CA's certificate, and of a CRL.
const CA_DAYS: u32 = 3650;
/// Life of the broker's, headquarters' and the publisher's certificates. `renew` makes new ones.
const SERVICE_DAYS: u32 = 730;
/// The use of operators' certificates, id-kp-documentSigning of RFC 9336.
const DOCUMENT_SIGNING: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 3, 36];
/// How long before it is made a certificate counts, seconds.
pub(crate) const EARLY_S: u64 = 3600;
/// A file of `pki/` is not larger, bytes.
pub(crate) const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A certificate and its private key.
pub(crate) struct Certified {
    pub(crate) serial: [u8; 16],
    pub(crate) expires: u64,
    pub(crate) certificate_pem: String,
    pub(crate) key_pem: Zeroizing<String>,
}

/// The CA, its key in memory.
pub(crate) struct Ca(Issuer<'static, KeyPair>);

impl Ca {
    /// Makes a CA: `pki/<name>.pem`, then `pki/<name>.key`; `name` is [`CA`] or [`NEXT_CA`].
    pub(crate) fn make(home: &Home, file: &str, now: u64) -> Result<Ca, AuthorityError> {
        // A name of its own, so that a verifier that meets two homes' CAs can tell them apart.
        let name = format!("Vedette CA {}", Hex(&random::<4>()));
        let mut params = params(&name, now, CA_DAYS);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.serial_number = Some(SerialNumber::from_slice(&serial()));
        let key = KeyPair::generate().map_err(failed("the CA's key"))?;
        let certificate = params.self_signed(&key).map_err(failed("the CA's certificate"))?;
        let key_pem = Zeroizing::new(key.serialize_pem());
        files::write(&home.pki(&format!("{file}.pem")), certificate.pem().as_bytes())?;
        files::write(&home.pki(&format!("{file}.key")), key_pem.as_bytes())?;
        Ok(Ca(Issuer::new(params, key)))
    }

    /// Reads the CA of a home's services; of two the one that is replaced, which is the first in `ca.pem`.
    pub(crate) fn open(home: &Home) -> Result<Ca, AuthorityError> {
        Ok(Self::all(home)?.swap_remove(0))
    }

    /// The CA that will take its place, while it is replaced.
    pub(crate) fn next(home: &Home) -> Result<Option<Ca>, AuthorityError> {
        home.pki(&format!("{NEXT_CA}.key")).is_file().then(|| Self::read(home, NEXT_CA)).transpose()
    }

    /// The same, once `ca.pem` has it. Before that, no statement may name it yet, and nobody believes what it signs.
    pub(crate) fn next_in_effect(home: &Home) -> Result<Option<Ca>, AuthorityError> {
        let Some(next) = Self::next(home)? else { return Ok(None) };
        let is_believed = read_text(home, "ca.pem")?.contains(&read_text(home, "next-ca.pem")?);
        Ok(is_believed.then_some(next))
    }

    /// The CA that makes devices' certificates.
    pub(crate) fn for_devices(home: &Home) -> Result<Ca, AuthorityError> {
        Self::next_in_effect(home)?.map_or_else(|| Self::open(home), Ok)
    }

    /// Whether the CA that is replaced has ended, and the replacement is not complete.
    pub(crate) fn has_ended(home: &Home) -> Result<bool, AuthorityError> {
        Ok(Self::next(home)?.is_some()
            && first(&read_text(home, "ca.pem")?) == read_text(home, "next-ca.pem")?)
    }

    /// The CAs that count, one or two, that of services first.
    pub(crate) fn all(home: &Home) -> Result<Vec<Ca>, AuthorityError> {
        match Self::next(home)? {
            None => Ok(vec![Self::read(home, CA)?]),
            // Of the old one there is the key alone.
            Some(next) if Self::has_ended(home)? => Ok(vec![next]),
            Some(next) => Ok(vec![Self::read(home, CA)?, next]),
        }
    }

    /// What it is known by in the database: the SHA-256 of its public key.
    pub(crate) fn id(&self) -> Digest {
        digest(&SHA256, self.0.key().der_bytes()).as_ref().try_into().expect("SHA-256 has 32 bytes")
    }

    fn read(home: &Home, file: &str) -> Result<Ca, AuthorityError> {
        let what = format!("a certificate with pki/{file}.pem and pki/{file}.key");
        let failed = || failed(&what);
        let key_pem = Zeroizing::new(read_text(home, &format!("{file}.key"))?);
        let key = KeyPair::from_pem(&key_pem).map_err(failed())?;
        let pem = read_text(home, &format!("{file}.pem"))?;
        let public = with_certificate(pem.as_bytes(), |ca| ca.public_key().subject_public_key.data.to_vec());
        if public.ok_or_else(|| damaged(&format!("{file}.pem")))? != key.der_bytes() {
            return Err(AuthorityError::Damaged(format!("pki/{file}.key is not the key of pki/{file}.pem")));
        }
        Ok(Ca(Issuer::from_ca_cert_pem(&pem, key).map_err(failed())?))
    }

    /// Makes `pki/broker.*`, `pki/headquarters.*` and `pki/publisher.*`.
    pub(crate) fn certify_services(
        &self,
        home: &Home,
        hosts: &[String],
        now: u64,
    ) -> Result<(), AuthorityError> {
        let what = "the broker's certificate";
        let mut broker = params(BROKER, now, SERVICE_DAYS);
        broker.subject_alt_names = CertificateParams::new(hosts).map_err(failed(what))?.subject_alt_names;
        broker.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.certify(broker, what)?.write(home, BROKER)?;
        for (name, what) in
            [(HEADQUARTERS, "headquarters' certificate"), (PUBLISHER, "the publisher's certificate")]
        {
            let mut own = params(name, now, SERVICE_DAYS);
            own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            self.certify(own, what)?.write(home, name)?;
        }
        Ok(())
    }

    /// Makes a device's certificate under a serial number that is noted already.
    pub(crate) fn certify_device(
        &self,
        device: &DeviceId,
        days: u32,
        now: u64,
        serial: [u8; 16],
    ) -> Result<Certified, AuthorityError> {
        let mut params = params(device.as_str(), now, days);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.certify_as(serial, params, "the device's certificate")
    }

    /// Makes a device's certificate for a key that it has.
    pub(crate) fn certify_key(
        &self,
        device: &DeviceId,
        key: &PublicKey,
        term_s: u64,
        now: u64,
        serial: &[u8; 16],
    ) -> Result<Certificate, AuthorityError> {
        let mut params = params(device.as_str(), now, 0);
        params.not_after = time(now + term_s);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        complete(&mut params, serial);
        params.signed_by(key, &self.0).map_err(failed("the device's certificate"))
    }

    /// Makes an operator's certificate for `key`: it is for signing documents (RFC 9336), and so is no client's at any TLS server.
    pub(crate) fn certify_operator(
        &self,
        name: &str,
        key: &impl PublicKeyData,
        days: u32,
        now: u64,
        serial: &[u8; 16],
    ) -> Result<Certificate, AuthorityError> {
        // No device can be called so.
        let mut params = params(&format!("operator {name}"), now, days);
        params.distinguished_name.push(DnType::OrganizationalUnitName, "operator");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(DOCUMENT_SIGNING.to_vec())];
        complete(&mut params, serial);
        params.signed_by(key, &self.0).map_err(failed("the operator's certificate"))
    }

    fn certify(&self, params: CertificateParams, what: &str) -> Result<Certified, AuthorityError> {
        self.certify_as(serial(), params, what)
    }

    fn certify_as(
        &self,
        serial: [u8; 16],
        mut params: CertificateParams,
        what: &str,
    ) -> Result<Certified, AuthorityError> {
        complete(&mut params, &serial);
        let key = KeyPair::generate().map_err(failed(what))?;
        let certificate = params.signed_by(&key, &self.0).map_err(failed(what))?;
        Ok(Certified {
            serial,
            expires: params.not_after.unix_timestamp() as u64,
            certificate_pem: certificate.pem(),
            key_pem: Zeroizing::new(key.serialize_pem()),
        })
    }

    /// A revocation list, PEM, of this number.
    ///
    /// It is good for as long as the CA: OpenSSL refuses *every* client once a CRL has expired, and this one is read
    /// from the broker's own disk, where freshness by expiry would only add an outage.
    pub(crate) fn crl(&self, revoked: &[&Revoked], number: u64, now: u64) -> Result<String, AuthorityError> {
        let what = "the CRL";
        let revoked_certs: Vec<_> = revoked
            .iter()
            .map(|one| RevokedCertParams {
                serial_number: SerialNumber::from_slice(&one.serial),
                revocation_time: time(one.at),
                reason_code: None,
                invalidity_date: None,
            })
            .collect();
        let crl = CertificateRevocationListParams {
            this_update: time(now - EARLY_S),
            next_update: time(now + u64::from(CA_DAYS) * 86_400),
            crl_number: SerialNumber::from_slice(&number.to_be_bytes()),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        crl.signed_by(&self.0).and_then(|crl| crl.pem()).map_err(failed(what))
    }
}

impl Certified {
    fn write(&self, home: &Home, name: &str) -> Result<(), AuthorityError> {
        files::write(&home.pki(&format!("{name}.key")), self.key_pem.as_bytes())?;
        Ok(files::write(&home.pki(&format!("{name}.pem")), self.certificate_pem.as_bytes())?)
    }
}

/// When `pki/<name>.pem` ends, seconds since 1970.
pub(crate) fn expires_at(home: &Home, name: &str) -> Result<u64, AuthorityError> {
    Ok(tls::ends_at(read_text(home, &format!("{name}.pem"))?.as_bytes())?)
}

/// The serial number of a certificate, PEM.
pub(crate) fn serial_of(pem: &[u8]) -> Option<Vec<u8>> {
    with_certificate(pem, |certificate| certificate.raw_serial().to_vec())
}

/// What is read from a certificate, PEM; of several the first. `None`: it cannot be read.
fn with_certificate<T>(pem: &[u8], what: impl FnOnce(&X509Certificate<'_>) -> T) -> Option<T> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem).ok()?;
    Some(what(&pem.parse_x509().ok()?))
}

/// The first certificate of a text, PEM.
pub(crate) fn first(pem: &str) -> &str {
    let next = pem.get(1..).and_then(|rest| rest.find("-----BEGIN"));
    next.map_or(pem, |at| &pem[..at + 1])
}

/// A file of `pki/` is not what this program put there.
pub(crate) fn damaged(name: &str) -> AuthorityError {
    AuthorityError::Damaged(format!("pki/{name} is not a certificate"))
}

/// Reads a file of `pki/`.
pub(crate) fn read_text(home: &Home, name: &str) -> Result<String, AuthorityError> {
    let bytes = files::read(&home.pki(name), FILE_BYTES_MAX)?;
    String::from_utf8(bytes).map_err(|_| AuthorityError::Damaged(format!("pki/{name} is not text")))
}

/// Reads a private key of `pki/`.
pub(crate) fn read_secret(home: &Home, name: &str) -> Result<Zeroizing<Vec<u8>>, AuthorityError> {
    Ok(Zeroizing::new(files::read(&home.pki(name), FILE_BYTES_MAX)?))
}

/// What every certificate has that is not the CA's.
fn complete(params: &mut CertificateParams, serial: &[u8; 16]) {
    params.serial_number = Some(SerialNumber::from_slice(serial));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
}

fn params(name: &str, now: u64, days: u32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = time(now - EARLY_S);
    params.not_after = time(ends_after(now, days));
    params
}

/// When a certificate made now ends, seconds since 1970.
pub(crate) fn ends_after(now: u64, days: u32) -> u64 {
    now + u64::from(days) * 86_400
}

/// 16 random bytes that are a positive number of full length.
pub(crate) fn serial() -> [u8; 16] {
    let mut serial = random::<16>();
    serial[0] = serial[0] & 0x7f | 0x40;
    serial
}

fn time(seconds: u64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn failed(what: &str) -> impl FnOnce(rcgen::Error) -> AuthorityError {
    let what = what.to_string();
    move |source| AuthorityError::Certificate { what, source }
}
