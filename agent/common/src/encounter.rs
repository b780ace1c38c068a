//! A scan that met an alert -> an encounter, sealed to the list's owner; and so what came of it.
//!
//! The seal is HPKE in auth mode: only the list's owner can read it, and the owner can tell that this device made it;
//! neither the broker nor another device can. The additional data binds id, list and device, so a sealed encounter
//! cannot be passed off as another. Around it is the device's signature, so that who cannot open it knows who made it, and a
//! name of the list that only headquarters can read. Its length is one of a few.
//!
//! Several stand one behind the other in one message ([`batches`]), so that they share what is around it on the wire.

use crate::crypto::{BadSeal, BoxKey, RingVerify};
use crate::device_key::{self, EnrolledKeys};
use vedette_shim::ids::{DeviceId, EncounterId, ListName};
use vedette_shim::trust::{SignedKind, Verify, digest, message_to_sign};
use vedette_shim::wire::{ENCOUNTER_BYTES_MAX, Report, SealedEncounter};
use zeroize::Zeroizing;

/// HPKE's info for encounters.
pub const INFO: &[u8] = b"vedette/v2/encounter";

/// Bytes of a message that are not the report: version, id, route, HPKE's overhead, lengths, signature.
const AROUND_BYTES: usize = 256;
/// Longest sealed encounter as a message, bytes.
pub const MESSAGE_BYTES_MAX: usize = ENCOUNTER_BYTES_MAX + AROUND_BYTES;

/// The additional data of an encounter's seal: postcard of (id, list, device).
pub fn additional_data(id: &EncounterId, list: &ListName, device: &DeviceId) -> Vec<u8> {
    postcard::to_allocvec(&(id, list, device)).expect("the names have no unsupported types")
}

/// What the device signs, as a statement's body: postcard of (device, id, route, SHA-256 of the sealed bytes).
fn signed_body(device: &DeviceId, id: &EncounterId, route: &[u8; 8], sealed: &[u8]) -> Vec<u8> {
    postcard::to_allocvec(&(device, id, route, digest(sealed))).expect("it has no unsupported types")
}

/// Seals and signs a report; the bytes are a whole [`SealedEncounter`] message.
pub fn seal(report: &Report, device_key: &BoxKey, owner: &[u8; 32]) -> Result<Vec<u8>, BadSeal> {
    let mut plain = Zeroizing::new([0; ENCOUNTER_BYTES_MAX]);
    let plain = report.encode(plain.as_mut()).expect("a report's fields are bounded below the buffer");
    let (id, list, device) = report.names();
    let sealed = device_key.seal_to(owner, INFO, &additional_data(id, list, device), plain)?;
    let route = device_key::route(&device_key::route_key(device_key), id, list);
    let body = signed_body(device, id, &route, &sealed);
    let signature = device_key::signing(device_key).sign_body(SignedKind::Encounter, &body);
    let message = SealedEncounter { id: *id, route, sealed: &sealed, signature: &signature };
    let mut buffer = vec![0; MESSAGE_BYTES_MAX];
    let used = message.encode(&mut buffer).expect("a sealed encounter fits its buffer").len();
    buffer.truncate(used);
    Ok(buffer)
}

/// Whether the device with these keys made the message: all that one can know who cannot open it.
pub fn is_signed(message: &SealedEncounter<'_>, device: &DeviceId, keys: &EnrolledKeys) -> bool {
    let body = signed_body(device, &message.id, &message.route, message.sealed);
    message.signature.try_into().is_ok_and(|signature| {
        RingVerify.verify(&keys.signing_public, &message_to_sign(SignedKind::Encounter, &body), signature)
    })
}

/// Whether the device with these keys means this list.
pub fn is_of(message: &SealedEncounter<'_>, list: &ListName, keys: &EnrolledKeys) -> bool {
    message.route == device_key::route(&keys.route_key, &message.id, list)
}

/// Opens a sealed report with its owner's key, if `device` made it of `list`.
pub fn open(
    message: &SealedEncounter<'_>,
    (list, owner_key): (&ListName, &BoxKey),
    (device, box_public): (&DeviceId, &[u8; 32]),
) -> Result<Report, BadSeal> {
    let additional = additional_data(&message.id, list, device);
    let plain = owner_key.open_from(box_public, INFO, &additional, message.sealed)?;
    Report::decode(&plain, (&message.id, list, device)).map_err(|_| BadSeal)
}

/// Most bytes of a message that carries several; one that is longer goes alone.
pub const BATCH_BYTES_MAX: usize = 16 * 1024;

/// Puts messages one behind the other, in their order, into as few as may be.
pub fn batches(messages: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut batches: Vec<Vec<u8>> = Vec::new();
    for message in messages {
        match batches.last_mut() {
            Some(batch) if batch.len() + message.len() <= BATCH_BYTES_MAX => batch.extend(message),
            _ => batches.push(message),
        }
    }
    batches
}

/// The messages of a batch. What cannot be read ends it, as one message that cannot be read.
pub fn of_batch(batch: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = batch;
    let mut is_first = true;
    std::iter::from_fn(move || {
        // Even an empty one is a message, which is refused.
        if rest.is_empty() && !std::mem::take(&mut is_first) {
            return None;
        }
        is_first = false;
        let behind = SealedEncounter::take(rest).map_or(&rest[rest.len()..], |(_, behind)| behind);
        let (message, behind) = rest.split_at(rest.len() - behind.len());
        rest = behind;
        Some(message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random_secret;
    use std::collections::BTreeSet;
    use vedette_shim::verdict::Verdict;
    use vedette_shim::wire::{
        self, Encounter, EncounterOutcome, FormEntry, FormField, Outcome, REPORT_BYTES, ScannedDocument,
    };

    #[test]
    fn an_encounter_opens_for_its_owner_and_only_as_itself() {
        let (device, owner) = (BoxKey::from_private(random_secret()), BoxKey::from_private(random_secret()));
        let encounter = Encounter {
            id: [1; 16],
            scan: [2; 16],
            device: "post-7".parse().unwrap(),
            post: "North gate".try_into().unwrap(),
            made_at: 1,
            list: "a/b".parse().unwrap(),
            edition: 3,
            alert: "UTO-P-L898902C3".try_into().unwrap(),
            verdict: Verdict::Hit,
            score: 1000,
            document: ScannedDocument::default(),
            late: false,
        };
        let encounter = Report::Encounter(encounter);
        let bytes = seal(&encounter, &device, &owner.public()).unwrap();
        let mut message = SealedEncounter::decode(&bytes).unwrap();
        let (post, list): (DeviceId, ListName) = ("post-7".parse().unwrap(), "a/b".parse().unwrap());
        let opened = |message: &SealedEncounter<'_>, owner: &BoxKey, public: &[u8; 32]| {
            open(message, (&list, owner), (&post, public))
        };
        assert_eq!(opened(&message, &owner, &device.public()), Ok(encounter));
        assert!(opened(&message, &owner, &owner.public()).is_err(), "made by another device");
        assert!(opened(&message, &device, &device.public()).is_err(), "read by another than its owner");
        message.id = [9; 16];
        assert!(opened(&message, &owner, &device.public()).is_err(), "passed off as another encounter");
    }

    /// An outcome of post-7 with a/b.
    fn outcome(id: u8) -> Report {
        Report::Outcome(EncounterOutcome {
            id: [id; 16],
            encounter: [2; 16],
            device: "post-7".parse().unwrap(),
            list: "a/b".parse().unwrap(),
            at: 1,
            who: "12".try_into().unwrap(),
            outcome: Outcome::Released,
            note: "".try_into().unwrap(),
            form: Default::default(),
        })
    }

    #[test]
    fn who_cannot_open_an_encounter_knows_its_device_and_only_headquarters_its_list() {
        let (device, owner) = (BoxKey::from_private(random_secret()), BoxKey::from_private(random_secret()));
        let (keys, others) = (EnrolledKeys::of(&device), EnrolledKeys::of(&owner));
        let (post, list): (DeviceId, ListName) = ("post-7".parse().unwrap(), "a/b".parse().unwrap());
        let bytes = seal(&outcome(1), &device, &owner.public()).unwrap();
        let message = SealedEncounter::decode(&bytes).unwrap();
        assert!(is_signed(&message, &post, &keys));
        assert!(!is_signed(&message, &post, &others), "of another key");
        assert!(!is_signed(&message, &"post-8".parse().unwrap(), &keys), "of another device");
        let route = |change: fn(&mut [u8; 8])| {
            let mut route = message.route;
            change(&mut route);
            route
        };
        let changed = [
            SealedEncounter { id: [9; 16], ..message.clone() },
            SealedEncounter { route: route(|route| route[7] ^= 1), ..message.clone() },
            SealedEncounter { sealed: &message.sealed[1..], ..message.clone() },
            SealedEncounter { signature: &message.signature[1..], ..message.clone() },
        ];
        assert!(changed.iter().all(|changed| !is_signed(changed, &post, &keys)));
        assert!(is_of(&message, &list, &keys) && !is_of(&message, &"a/c".parse().unwrap(), &keys));
        assert!(!is_of(&message, &list, &others));
        let next = seal(&outcome(2), &device, &owner.public()).unwrap();
        assert_ne!(
            SealedEncounter::decode(&next).unwrap().route,
            message.route,
            "no two can be told to be of one list"
        );
        let clear = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(!clear(&bytes, "a/b") && !clear(&bytes, "post-7"));
    }

    #[test]
    fn nobody_on_the_way_makes_another_encoding() {
        let (device, owner) = (BoxKey::from_private(random_secret()), BoxKey::from_private(random_secret()));
        let bytes = seal(&outcome(1), &device, &owner.public()).unwrap();
        // The signature's length, 64, in two bytes instead of one.
        let at = bytes.len() - 65;
        let longer = [&bytes[..at], &[0xc0, 0], &bytes[at + 1..]].concat();
        assert_eq!(bytes[at], 64);
        assert!(SealedEncounter::decode(&longer).is_err());
        assert!(SealedEncounter::decode(&[&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn a_report_has_one_of_few_lengths() {
        let (device, owner) = (BoxKey::from_private(random_secret()), BoxKey::from_private(random_secret()));
        let length = |note: usize| {
            let Report::Outcome(mut report) = outcome(1) else { panic!("an outcome") };
            report.note = "n".repeat(note).as_str().try_into().unwrap();
            seal(&Report::Outcome(report), &device, &owner.public()).unwrap().len()
        };
        let lengths: BTreeSet<usize> = (0..=1024).step_by(31).map(length).collect();
        assert_eq!(lengths, REPORT_BYTES[..3].iter().map(|bytes| bytes + 140).collect());
    }

    #[test]
    fn a_batch_has_its_messages_in_their_order_and_what_cannot_be_read_loses_none_before_it() {
        let (device, owner) = (BoxKey::from_private(random_secret()), BoxKey::from_private(random_secret()));
        let made: Vec<_> = (0..100).map(|id| seal(&outcome(id), &device, &owner.public()).unwrap()).collect();
        let packed = batches(made.iter().cloned());
        assert!(packed.iter().all(|batch| batch.len() <= BATCH_BYTES_MAX) && packed.len() == 2);
        let came: Vec<_> = packed.iter().flat_map(|batch| of_batch(batch)).collect();
        assert_eq!(came, made);
        let torn = [&made[0][..], &made[1][..], &made[2][..50]].concat();
        assert_eq!(of_batch(&torn).collect::<Vec<_>>(), [&made[0][..], &made[1][..], &made[2][..50]]);
        assert_eq!(of_batch(&[]).collect::<Vec<_>>(), [&[] as &[u8]]);
        assert!(batches(std::iter::empty()).is_empty());
    }

    #[test]
    fn the_longest_outcome_fits_and_comes_back() {
        let (device, owner) = (BoxKey::from_private(random_secret()), BoxKey::from_private(random_secret()));
        let entry =
            FormEntry { field: FormField::Circumstances, text: "x".repeat(512).as_str().try_into().unwrap() };
        let outcome = Report::Outcome(EncounterOutcome {
            id: [1; 16],
            encounter: [2; 16],
            device: "d".repeat(64).parse().unwrap(),
            list: format!("a/{}", "b".repeat(46)).parse().unwrap(),
            at: u64::MAX,
            who: "w".repeat(64).as_str().try_into().unwrap(),
            outcome: Outcome::PassedOn,
            note: "n".repeat(1024).as_str().try_into().unwrap(),
            form: std::iter::repeat_n(entry, wire::FORM_ENTRIES_MAX).collect(),
        });
        let bytes = seal(&outcome, &device, &owner.public()).unwrap();
        let message = SealedEncounter::decode(&bytes).unwrap();
        let (_, list, from) = outcome.names();
        assert_eq!(open(&message, (list, &owner), (from, &device.public())).as_ref(), Ok(&outcome));
    }
}
