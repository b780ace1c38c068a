//! A private key in a PKCS #11 token, such as a TPM, a smart card or an HSM: the token signs, and the key never leaves it.
//!
//! ECDSA P-256 with SHA-256, as every key of the link. The key is named as in RFC 7512, with these four parts and no others:
//! `pkcs11:token=LABEL;object=LABEL?module-path=FILE&pin-source=FILE`; its public half must be in the token under the same label.
//! The token is opened for each session and each request anew, so one that was unplugged and is back is used again.
//!
//! Tokens lock after a few wrong PINs. A PIN that was refused is not given again by this program until its file has another, and
//! none is given to a token that says it has one try left: whoever logs in by hand sets that back.
//!
//! A handshake waits for the token's signature, and with it the link's task; answers to officers do not.
//!
//! Failure: [`TlsError`] with what the token says, and nothing of the PIN.

use super::pem::{TlsError, unusable};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use ring::digest;
use rustls::sign::{Signer, SigningKey};
use rustls::{SignatureAlgorithm, SignatureScheme};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

const WHAT: &str = "private key in the token";
/// A PIN's file has at most so many bytes.
const PIN_BYTES_MAX: u64 = 256;
/// SHA-256 of the URI and the PIN that its token refused last.
static REFUSED: Mutex<Option<[u8; 32]>> = Mutex::new(None);
/// What stands in front of a point to make it the public key of a certificate: ECDSA P-256.
const SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// Bytes of a point, uncompressed.
const POINT_BYTES: usize = 65;

/// A key in a token that is open.
#[derive(Clone)]
pub struct TokenKey(Arc<Open>);

struct Open {
    session: Mutex<Session>,
    key: ObjectHandle,
    /// [`SPKI`] and the point.
    public: Vec<u8>,
}

impl TokenKey {
    /// Opens the token that a URI names.
    pub fn open(uri: &str) -> Result<TokenKey, TlsError> {
        let [token, object, module, pin] = parts(uri)?;
        let said = |error: Error| unusable(WHAT, error);
        let module = Pkcs11::new(Path::new(&module)).map_err(said)?;
        match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(said(error)),
        }
        let is_meant = |slot: &_| module.get_token_info(*slot).is_ok_and(|info| info.label() == token);
        let slot = module.get_slots_with_token().map_err(said)?.into_iter().find(is_meant);
        let slot = slot.ok_or_else(|| unusable(WHAT, format_args!("there is no token {token:?}")))?;
        let session = module.open_ro_session(slot).map_err(said)?;
        let has_one_try_left = module.get_token_info(slot).map_err(said)?.user_pin_final_try();
        log_in(&session, uri, &read_pin(&pin)?, has_one_try_left)?;
        let find = |class| {
            let label = Attribute::Label(object.clone().into_bytes());
            session.find_objects(&[Attribute::Class(class), Attribute::KeyType(KeyType::EC), label])
        };
        let one = |class, what| match find(class).map_err(said)?[..] {
            [found] => Ok(found),
            ref found => Err(unusable(WHAT, format_args!("it has {} {what} {object:?}", found.len()))),
        };
        let key = one(ObjectClass::PRIVATE_KEY, "private EC keys")?;
        let public = one(ObjectClass::PUBLIC_KEY, "public EC keys")?;
        let point = session.get_attributes(public, &[AttributeType::EcPoint]).map_err(said)?;
        let point = match &point[..] {
            // A DER octet string, as the standard has it, or the point as it is.
            [Attribute::EcPoint(bytes)] => {
                bytes.strip_prefix(&[4, POINT_BYTES as u8]).unwrap_or(bytes).to_vec()
            }
            _ => Vec::new(),
        };
        if point.len() != POINT_BYTES || point[0] != 4 {
            return Err(unusable(WHAT, "it is not one for ECDSA P-256"));
        }
        let public = [&SPKI[..], &point].concat();
        Ok(TokenKey(Arc::new(Open { session: Mutex::new(session), key, public })))
    }

    /// The public key: 4, x and y.
    pub fn point(&self) -> &[u8] {
        &self.0.public[SPKI.len()..]
    }

    /// Signs with ECDSA P-256 and SHA-256; ASN.1.
    pub fn signature(&self, message: &[u8]) -> Result<Vec<u8>, TlsError> {
        let hash = digest::digest(&digest::SHA256, message);
        // Whoever panicked with it changed nothing of it.
        let session = self.0.session.lock().unwrap_or_else(PoisonError::into_inner);
        let raw = session.sign(&Mechanism::Ecdsa, self.0.key, hash.as_ref());
        let raw = raw.map_err(|error| unusable(WHAT, error))?;
        let Some((r, s)) = raw.split_at_checked(32).filter(|(_, s)| s.len() == 32) else {
            return Err(unusable(WHAT, "its signature is not one of ECDSA P-256"));
        };
        let numbers = [integer(r), integer(s)].concat();
        Ok([&[0x30, numbers.len() as u8], &numbers[..]].concat())
    }
}

/// A positive number of 32 bytes at most, DER.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(bytes.len() - 1);
    let digits = &bytes[zeros..];
    let sign: &[u8] = if digits[0] & 0x80 == 0 { &[] } else { &[0] };
    [&[0x02, (sign.len() + digits.len()) as u8], sign, digits].concat()
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey")
    }
}

impl SigningKey for TokenKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&self.scheme()).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(self.0.public.as_slice().into())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}

impl Signer for TokenKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        self.signature(message).map_err(|error| rustls::Error::General(error.to_string()))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ECDSA_NISTP256_SHA256
    }
}

fn read_pin(file: &str) -> Result<Zeroizing<String>, TlsError> {
    let bytes = crate::files::read(Path::new(file), PIN_BYTES_MAX).map_err(|error| unusable(WHAT, error))?;
    let text = Zeroizing::new(bytes);
    let text = std::str::from_utf8(&text).map_err(|_| unusable(WHAT, "its PIN is not text"))?;
    Ok(Zeroizing::new(text.trim_end().to_string()))
}

fn log_in(session: &Session, uri: &str, pin: &str, has_one_try_left: bool) -> Result<(), TlsError> {
    let mut hash = digest::Context::new(&digest::SHA256);
    [uri.as_bytes(), &[0], pin.as_bytes()].iter().for_each(|part| hash.update(part));
    let this: [u8; 32] = hash.finish().as_ref().try_into().expect("SHA-256 has 32 bytes");
    // Locked until the token has answered, so that two sessions do not try at once.
    let mut refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
    if *refused == Some(this) {
        return Err(unusable(WHAT, "its PIN was refused, and is not tried again until the PIN file changes"));
    }
    if has_one_try_left {
        let hint =
            "one more wrong PIN locks it, so none is tried: log in once by hand, which sets the count back";
        return Err(unusable(WHAT, hint));
    }
    match session.login(UserType::User, Some(&AuthPin::from(pin.to_string()))) {
        // Another session of this program has.
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {
            *refused = None;
            Ok(())
        }
        Err(error) => {
            if let Error::Pkcs11(
                RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange | RvError::PinLocked,
                _,
            ) = error
            {
                *refused = Some(this);
            }
            Err(unusable(WHAT, error))
        }
    }
}

/// Token, object, module and PIN's file of a URI.
fn parts(uri: &str) -> Result<[String; 4], TlsError> {
    const NAMES: [&str; 4] = ["token", "object", "module-path", "pin-source"];
    let rule =
        || unusable(WHAT, "pkcs11:token=LABEL;object=LABEL?module-path=FILE&pin-source=FILE is expected");
    let rest = uri.strip_prefix("pkcs11:").ok_or_else(rule)?;
    let mut found = [const { None }; 4];
    for part in rest.split([';', '?', '&']) {
        let (name, value) = part.split_once('=').ok_or_else(rule)?;
        let place = NAMES.iter().position(|known| *known == name).ok_or_else(rule)?;
        let value = decoded(value.strip_prefix("file:").unwrap_or(value)).ok_or_else(rule)?;
        if found[place].replace(value).is_some() {
            return Err(rule());
        }
    }
    match found {
        [Some(token), Some(object), Some(module), Some(pin)] => Ok([token, object, module, pin]),
        _ => Err(rule()),
    }
}

/// Percent-decoded.
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_names_token_object_module_and_pin_and_nothing_else() {
        let uri = "pkcs11:token=post%207;object=link?module-path=/usr/lib/p11.so&pin-source=file:/etc/pin";
        assert_eq!(parts(uri).unwrap(), ["post 7", "link", "/usr/lib/p11.so", "/etc/pin"]);
        for bad in [
            "pkcs11:",
            "pkcs11:token=a;object=b?module-path=c",
            "pkcs11:token=a;token=a;object=b?module-path=c&pin-source=d",
            "pkcs11:token=a;object=b?module-path=c&pin-value=1234",
            "pkcs11:token=%2;object=b?module-path=c&pin-source=d",
            "token=a;object=b?module-path=c&pin-source=d",
        ] {
            let said = parts(bad).unwrap_err().to_string();
            assert!(said.contains("is expected") && !said.contains("1234"), "{said}");
        }
    }

    #[test]
    fn numbers_are_positive_and_as_short_as_can_be() {
        let number = |last: &[u8]| {
            let mut bytes = [0; 32];
            bytes[32 - last.len()..].copy_from_slice(last);
            integer(&bytes)
        };
        assert_eq!(number(&[]), [2, 1, 0]);
        assert_eq!(number(&[0x7f]), [2, 1, 0x7f]);
        assert_eq!(number(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(number(&[0xff; 32]).len(), 35);
    }
}
