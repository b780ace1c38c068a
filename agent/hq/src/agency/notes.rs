//! Two short texts that say which messages a folder has, and which were taken: whoever carries the folder must not be able to make one
//! side believe that the other has what it has not.
//!
//! ```text
//! vedette-messages 1          vedette-taken 1
//! uto                         uto
//! 150                         164              the last that was taken before; the last taken now
//! 151 153 164                                  those in the folder, rising
//! <128 hexadecimal digits: the signature over all lines above>
//! ```
//!
//! The first is signed by the key of orders, as what is said of devices; the second by the agency's.

use super::{NotTaken, refused};
use vedette_common::crypto::{RingVerify, SigningKey};
use vedette_shim::ids::{Hex, from_hex};
use vedette_shim::trust::{Role, Verify};

pub(super) const MESSAGES: &str = "vedette-messages 1";
pub(super) const TAKEN: &str = "vedette-taken 1";
/// Largest text, bytes: of 10,000 messages.
pub(super) const NOTE_BYTES_MAX: u64 = 256 * 1024;

/// What a text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) agency: String,
    pub(super) last: i64,
    pub(super) sequences: Vec<i64>,
}

impl Note {
    /// The text, signed.
    pub(super) fn sign(&self, label: &str, key: &SigningKey) -> String {
        let text = self.text(label);
        let signature = key.sign_message(text.as_bytes());
        format!("{text}{}\n", Hex(&signature))
    }

    /// Reads a text that a key of `role` has signed; else what is wrong with it.
    pub(super) fn read(label: &str, bytes: &[u8], role: &Role) -> Result<Note, NotTaken> {
        let wrong = || refused("it cannot be read, or is not signed by the other side");
        let text = std::str::from_utf8(bytes).map_err(|_| wrong())?;
        let (said, signature) = text.trim_end().rsplit_once('\n').ok_or_else(wrong)?;
        let said = format!("{said}\n");
        let signature: [u8; 64] = from_hex(signature).ok_or_else(wrong)?;
        let is_signed = role.keys.iter().any(|key| RingVerify.verify(key, said.as_bytes(), &signature));
        let mut lines = said.lines();
        if !is_signed || role.threshold != 1 || lines.next() != Some(label) {
            return Err(wrong());
        }
        let agency = lines.next().ok_or_else(wrong)?.to_string();
        let last = lines.next().and_then(|line| line.parse().ok()).ok_or_else(wrong)?;
        let sequences = lines.next().unwrap_or_default().split_whitespace().map(str::parse);
        let sequences = sequences.collect::<Result<_, _>>().map_err(|_| wrong())?;
        Ok(Note { agency, last, sequences })
    }

    /// Itself, if it is for this agency.
    pub(super) fn check_agency(self, agency: &str) -> Result<Note, NotTaken> {
        if self.agency == agency { Ok(self) } else { Err(refused(format_args!("it is for {}", self.agency))) }
    }

    fn text(&self, label: &str) -> String {
        let Note { agency, last, sequences } = self;
        let sequences: Vec<String> = sequences.iter().map(i64::to_string).collect();
        format!("{label}\n{agency}\n{last}\n{}\n", sequences.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::root::role;
    use vedette_common::crypto::random_secret;

    #[test]
    fn a_note_reads_back_and_is_its_signer_s_and_of_its_kind() {
        let key = SigningKey::from_seed(&random_secret());
        let of_key = role(1, &[key.public()]);
        for sequences in [vec![], vec![7], vec![7, 9, i64::MAX]] {
            let note = Note { agency: "uto".into(), last: 5, sequences };
            let text = note.sign(MESSAGES, &key);
            assert!(Note::read(MESSAGES, text.as_bytes(), &of_key).is_ok_and(|read| read == note));
            assert!(Note::read(TAKEN, text.as_bytes(), &of_key).is_err());
            let other = role(1, &[SigningKey::from_seed(&random_secret()).public()]);
            assert!(Note::read(MESSAGES, text.as_bytes(), &other).is_err());
            for changed in [text.replace("uto", "rur"), text.replace('5', "6"), text[1..].to_string()] {
                assert!(Note::read(MESSAGES, changed.as_bytes(), &of_key).is_err());
            }
        }
    }
}
