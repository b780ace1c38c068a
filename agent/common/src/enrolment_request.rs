//! What a new device brings to headquarters: its public keys, and a request for a certificate. Its private keys stay where they were
//! made, so that nobody but the device opens what is sealed to it.
//!
//! Bytes: a version byte, 1, and postcard, as all messages; in a file as hexadecimal digits and a line feed. The Ed25519 key signs
//! [`signed`], so that all keys are of one device; the request is signed by its own key. Nothing says that it is the device that it
//! names: whoever carries the file compares the [`fingerprint`] at both ends.

use crate::crypto::{RingVerify, SigningKey};
use crate::device_key::EnrolledKeys;
use crate::text::bytes_of_hex;
use serde::{Deserialize, Serialize};
use vedette_shim::ids::{DeviceId, Hex};
use vedette_shim::trust::{Verify, digest};
use vedette_shim::wire;

/// A file has at most so many bytes.
pub const REQUEST_FILE_BYTES_MAX: u64 = 8192;
const REQUEST_BYTES_MAX: usize = REQUEST_FILE_BYTES_MAX as usize / 2;

/// A device asks to be enrolled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolmentRequest<'a> {
    /// Its name.
    pub device: DeviceId,
    /// PKCS #10, DER, for the key of the link.
    pub certificate: &'a [u8],
    /// X25519: grants are sealed to it.
    pub box_public: [u8; 32],
    /// Ed25519: encounters and statuses are signed with it.
    pub signing_public: [u8; 32],
    /// See [`EnrolledKeys::route_key`].
    pub route_key: [u8; 32],
    /// By the Ed25519 key, over [`signed`].
    pub signature: &'a [u8],
}

impl<'a> EnrolmentRequest<'a> {
    /// The request of a device with these keys; empty signature until it is [encoded](EnrolmentRequest::sign).
    pub fn of(device: &DeviceId, keys: &EnrolledKeys, certificate: &'a [u8]) -> EnrolmentRequest<'a> {
        EnrolmentRequest {
            device: device.clone(),
            certificate,
            box_public: keys.box_public,
            signing_public: keys.signing_public,
            route_key: keys.route_key,
            signature: &[],
        }
    }

    /// The file's text, signed.
    pub fn sign(&self, key: &SigningKey) -> String {
        let signature = key.sign_message(&self.signed());
        let mut buffer = [0; REQUEST_BYTES_MAX];
        let signed = EnrolmentRequest { signature: &signature, ..self.clone() };
        let bytes = wire::encode(&signed, &mut buffer).expect("keys and a request fit their bound");
        format!("{}\n", Hex(bytes))
    }

    /// Reads what a file says, as bytes; `None` unless it is whole and signed by its own key.
    pub fn read(bytes: &'a [u8]) -> Option<EnrolmentRequest<'a>> {
        let request: EnrolmentRequest = wire::decode(bytes).ok()?;
        let signature = request.signature.try_into().ok()?;
        RingVerify.verify(&request.signing_public, &request.signed(), signature).then_some(request)
    }

    /// Its device's public keys.
    pub fn keys(&self) -> EnrolledKeys {
        EnrolledKeys {
            box_public: self.box_public,
            signing_public: self.signing_public,
            route_key: self.route_key,
        }
    }

    /// For people to compare: 16 groups of 4 hexadecimal digits, of the SHA-256 of all that is signed.
    pub fn fingerprint(&self) -> String {
        let mut groups = Hex(&digest(&self.signed())).to_string();
        (1..16).rev().for_each(|n| groups.insert(4 * n, ' '));
        groups
    }

    /// What the device signs: no other message begins so.
    fn signed(&self) -> Vec<u8> {
        let (name, length) = (self.device.as_str(), self.certificate.len() as u32);
        let keys = [self.box_public, self.signing_public, self.route_key].concat();
        let label = b"vedette/v1/enrolment-request".as_slice();
        [label, &[name.len() as u8], name.as_bytes(), &length.to_be_bytes(), self.certificate, &keys].concat()
    }
}

/// A file's text as bytes; `None` if it is not hexadecimal.
pub fn bytes_of(text: &[u8]) -> Option<Vec<u8>> {
    bytes_of_hex(std::str::from_utf8(text).ok()?.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{BoxKey, random_secret};
    use crate::device_key;

    #[test]
    fn a_request_reads_back_and_nothing_in_it_can_be_changed() {
        let key = BoxKey::from_private(random_secret());
        let device = "post-7".parse().unwrap();
        let request = EnrolmentRequest::of(&device, &EnrolledKeys::of(&key), b"request");
        let text = request.sign(&device_key::signing(&key));
        let bytes = bytes_of(text.as_bytes()).unwrap();
        let read = EnrolmentRequest::read(&bytes).unwrap();
        assert_eq!((read.keys(), read.device.as_str()), (EnrolledKeys::of(&key), "post-7"));
        assert_eq!((read.certificate, read.fingerprint()), (&b"request"[..], request.fingerprint()));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(EnrolmentRequest::read(&changed), None, "byte {at}");
        }
        assert_eq!(bytes_of(b"0"), None);
        assert_eq!(bytes_of(b"0g"), None);
    }
}
