//! A request for a certificate (PKCS #10, RFC 2986) for an ECDSA P-256 key, in DER.
//!
//! Written here, because it is six kinds of fields, and the libraries that write it bring a whole encoder onto the device.
//! Headquarters reads it with its own library and takes nothing from it but the key.

use vedette_common::mqtt::tls::{LinkKey, TlsError};
use vedette_shim::ids::DeviceId;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_ID: u8 = 0x06;
const UTF8: u8 = 0x0c;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// The attributes of a request, of which there are none.
const ATTRIBUTES: u8 = 0xa0;

/// 2.5.4.3, commonName.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
/// 1.2.840.10045.2.1, ecPublicKey.
const EC_PUBLIC_KEY: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// 1.2.840.10045.3.1.7, prime256v1.
const P256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// 1.2.840.10045.4.3.2, ecdsa-with-SHA256.
const ECDSA_SHA256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

/// The request of `device` for `key`, signed by it.
pub(crate) fn request(device: &DeviceId, key: &LinkKey) -> Result<Vec<u8>, TlsError> {
    let name =
        field(SEQUENCE, &[&field(OBJECT_ID, &[&COMMON_NAME]), &field(UTF8, &[device.as_str().as_bytes()])]);
    let subject = field(SEQUENCE, &[&field(SET, &[&name])]);
    let algorithm = field(SEQUENCE, &[&field(OBJECT_ID, &[&EC_PUBLIC_KEY]), &field(OBJECT_ID, &[&P256])]);
    let public = field(SEQUENCE, &[&algorithm, &bits(key.public())]);
    let info = field(SEQUENCE, &[&field(INTEGER, &[&[0]]), &subject, &public, &field(ATTRIBUTES, &[])]);
    let signature = key.sign(&info)?;
    let signed_with = field(SEQUENCE, &[&field(OBJECT_ID, &[&ECDSA_SHA256])]);
    Ok(field(SEQUENCE, &[&info, &signed_with, &bits(&signature)]))
}

/// Tag, length and what is in it.
fn field(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short @ ..0x80) => out.push(short),
        Ok(byte) => out.extend([0x81, byte]),
        Err(_) => {
            let [high, low] = u16::try_from(length).expect("a request is far below 64 KiB").to_be_bytes();
            out.extend([0x82, high, low]);
        }
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// A bit string of whole bytes.
fn bits(bytes: &[u8]) -> Vec<u8> {
    field(BIT_STRING, &[&[0], bytes])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, UnparsedPublicKey,
    };
    use x509_parser::certification_request::X509CertificationRequest;
    use x509_parser::prelude::FromDer;

    #[test]
    fn a_request_reads_back_and_is_signed_by_its_key() {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let key = LinkKey::read(pkcs8.as_ref()).unwrap();
        for device in ["p", "post-7", &"x".repeat(32)] {
            let der = request(&device.parse().unwrap(), &key).unwrap();
            let (rest, read) = X509CertificationRequest::from_der(&der).unwrap();
            assert!(rest.is_empty());
            let info = &read.certification_request_info;
            let name = info.subject.iter_common_name().next().unwrap().as_str().unwrap();
            assert_eq!(name, device);
            let public = &info.subject_pki.subject_public_key.data;
            assert_eq!(public.as_ref(), key.public());
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public.as_ref())
                .verify(info.raw, &read.signature_value.data)
                .unwrap();
        }
    }
}
