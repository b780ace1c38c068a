//! A scan that met an alert -> an encounter, sealed to the list's owner; and so what came of it.
//!
//! The seal is HPKE in auth mode: only the list's owner can read it, and the owner can tell that this device made it;
//! neither the broker nor another device can. The additional data binds id, list and device, so a sealed encounter
//! cannot be passed off as another.

use crate::crypto::{BadSeal, BoxKey};
use vedette_shim::ids::{DeviceId, EncounterId, ListName};
use vedette_shim::wire::{self, ENCOUNTER_BYTES_MAX, Report, SealedEncounter};
use zeroize::Zeroizing;

/// HPKE's info for encounters.
pub const INFO: &[u8] = b"vedette/v1/encounter";

/// The additional data of an encounter's seal: postcard of (id, list, device).
pub fn additional_data(id: &EncounterId, list: &ListName, device: &DeviceId) -> Vec<u8> {
    postcard::to_allocvec(&(id, list, device)).expect("the names have no unsupported types")
}

/// Seals a report; the bytes are a whole [`SealedEncounter`] message.
pub fn seal(report: &Report, device_key: &BoxKey, owner: &[u8; 32]) -> Result<Vec<u8>, BadSeal> {
    let mut plain = Zeroizing::new([0; ENCOUNTER_BYTES_MAX]);
    let plain = report.encode(plain.as_mut()).expect("a report's fields are bounded below the buffer");
    let (id, list, device) = report.names();
    let sealed = device_key.seal_to(owner, INFO, &additional_data(id, list, device), plain)?;
    let message = SealedEncounter { id: *id, list: list.clone(), device: device.clone(), sealed: &sealed };
    let mut buffer = vec![0; ENCOUNTER_BYTES_MAX + 512];
    let used = wire::encode(&message, &mut buffer).expect("a sealed encounter fits its buffer").len();
    buffer.truncate(used);
    Ok(buffer)
}

/// Opens a sealed report with its owner's key, if `device` made it, and checks that it is what the message says.
pub fn open(message: &SealedEncounter<'_>, owner_key: &BoxKey, device: &[u8; 32]) -> Result<Report, BadSeal> {
    let additional = additional_data(&message.id, &message.list, &message.device);
    let plain = owner_key.open_from(device, INFO, &additional, message.sealed)?;
    let report = Report::decode(&plain).map_err(|_| BadSeal)?;
    let same = report.names() == (&message.id, &message.list, &message.device);
    same.then_some(report).ok_or(BadSeal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random_secret;
    use vedette_shim::verdict::Verdict;
    use vedette_shim::wire::{Encounter, EncounterOutcome, FormEntry, FormField, Outcome, ScannedDocument};

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
        let mut message: SealedEncounter = wire::decode(&bytes).unwrap();
        assert_eq!(open(&message, &owner, &device.public()), Ok(encounter));
        assert!(open(&message, &owner, &owner.public()).is_err(), "made by another device");
        assert!(open(&message, &device, &device.public()).is_err(), "read by another than its owner");
        message.id = [9; 16];
        assert!(open(&message, &owner, &device.public()).is_err(), "passed off as another encounter");
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
        let message: SealedEncounter = wire::decode(&bytes).unwrap();
        assert_eq!(open(&message, &owner, &device.public()), Ok(outcome));
    }
}
