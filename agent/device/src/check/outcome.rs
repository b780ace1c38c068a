//! What came of an encounter: recorded, sealed to the list's owner, and sent home through the spool as the encounter
//! was, exactly once.
//!
//! An encounter may have several outcomes; all go home, and the last one counts.
//!
//! Failure: nothing is recorded that does not go home, and nothing goes home unrecorded (one transaction).

use super::Checker;
use crate::journal::{self, AuditEvent, AuditLine};
use crate::store::DbError;
use crate::store::encounters::{self, Expected};
use crate::store::open_hits::{self, Given};
use crate::store::spool::{self, Spooling};
use std::collections::BTreeMap;
use vedette_common::crypto::{self, BadSeal};
use vedette_common::encounter;
use vedette_common::text::{cut, json_word};
use vedette_common::words::Phrase;
use vedette_shim::ids::{EncounterId, Hex};
use vedette_shim::wire::{EncounterOutcome, FORM_ENTRIES_MAX, FormEntry, FormField, Outcome, Report};

/// Longest note, bytes.
pub const NOTE_BYTES_MAX: usize = 1024;

/// What the officer says came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeGiven {
    /// `confirmed`, `not_the_person`, `seized`, `released` or `passed_on`.
    pub outcome: Outcome,
    /// In words; at most 1024 bytes.
    pub note: String,
    /// Who says so: badge or program.
    pub who: String,
    /// The form of a discreet check, as far as it was filled in; each text at most 512 bytes.
    pub form: BTreeMap<FormField, String>,
}

/// An outcome that is on its way home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeTaken {
    pub outcome_id: EncounterId,
    pub encounter: EncounterId,
    pub outcome: Outcome,
    /// Badge or program.
    pub who: String,
    /// Seconds since 1970.
    pub at: u64,
}

/// Why an outcome was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutcomeError {
    /// Not an encounter of this device, or too long ago.
    #[error("no encounter {0:?} was made here")]
    Unknown(String),
    /// More than fits.
    #[error("{what} has {bytes} bytes, and at most {most} go home")]
    TooLong {
        /// Which text.
        what: &'static str,
        bytes: usize,
        most: usize,
    },
    /// The spool has no room.
    #[error("the spool is full: the outcome could not be kept for headquarters")]
    Full,
    /// The owner's key is no key.
    #[error("the outcome cannot be sealed to the list's owner")]
    Seal(#[from] BadSeal),
    /// It could not be recorded.
    #[error("the outcome could not be recorded: {0}")]
    Record(#[from] DbError),
}

impl OutcomeError {
    /// In the officer's words.
    pub fn phrase(&self) -> Phrase {
        Phrase::new(match self {
            OutcomeError::Unknown(_) => "outcome.why.unknown",
            OutcomeError::TooLong { .. } => "outcome.why.long",
            OutcomeError::Full => "outcome.why.full",
            OutcomeError::Seal(_) | OutcomeError::Record(_) => "outcome.why.not_recorded",
        })
    }
}

impl Checker {
    /// Records what the officer says came of an encounter, and sends it home. Also returns whether
    /// everybody at the post may hear of it: not of a discreet alert.
    ///
    /// # Errors
    /// Nothing is recorded, and nothing is sent.
    pub fn outcome(
        &self,
        encounter: &EncounterId,
        given: &OutcomeGiven,
    ) -> Result<(OutcomeTaken, bool), OutcomeError> {
        let unknown = || OutcomeError::Unknown(Hex(encounter).to_string());
        let (note, form) = (whole("the note", &given.note)?, form(&given.form)?);
        let id = crypto::random();
        // All in one: two outcomes at once do not get the same time, and one that is not kept is not remembered as given.
        let given = self.db().transaction("record the outcome", |t| {
            let expected = encounters::expected(t, encounter, self.now())?.ok_or_else(unknown)?;
            let Expected { list, owner_key, shown, outcome_at: at } = expected;
            // The encounter was sealed to the owner's key of its time.
            let root = &self.snapshot().root;
            let owner_key = root.issuer(&list).map_or(owner_key, |issuer| issuer.owner_key);
            let report = Report::Outcome(EncounterOutcome {
                id,
                encounter: *encounter,
                device: self.device().clone(),
                list,
                at,
                who: cut(&given.who),
                outcome: given.outcome,
                note,
                form,
            });
            let message = encounter::seal(&report, self.box_key(), &owner_key)?;
            if spool::push(t, &id, &message, self.limits().spool_bytes_max, shown)? == Spooling::Full {
                return Err(OutcomeError::Full);
            }
            encounters::outcome_given(t, encounter, at)?;
            let taken = OutcomeTaken {
                outcome_id: id,
                encounter: *encounter,
                outcome: given.outcome,
                who: given.who.clone(),
                at,
            };
            let settled = Given {
                id,
                encounter: *encounter,
                outcome: json_word(&taken.outcome),
                who: taken.who.clone(),
                at,
            };
            open_hits::settle(t, &settled)?;
            let event = AuditEvent::Outcome {
                who: taken.who.clone(),
                encounter: Hex(encounter).to_string(),
                outcome: json_word(&taken.outcome),
            };
            journal::append(t, &AuditLine { at, event })?;
            Ok((taken, shown))
        })?;
        self.notify_spooled();
        Ok(given)
    }
}

fn whole<const N: usize>(what: &'static str, text: &str) -> Result<heapless::String<N>, OutcomeError> {
    text.try_into().map_err(|_| OutcomeError::TooLong { what, bytes: text.len(), most: N })
}

fn form(
    given: &BTreeMap<FormField, String>,
) -> Result<heapless::Vec<FormEntry, FORM_ENTRIES_MAX>, OutcomeError> {
    let entry = |(field, text): (&FormField, &String)| {
        Ok(FormEntry { field: *field, text: whole("a field of the form", text)? })
    };
    // A map has each field once, so they fit.
    given.iter().filter(|(_, text)| !text.is_empty()).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::encounters::NewEncounter;
    use vedette_common::crypto::{BoxKey, random_secret};

    #[test]
    fn an_outcome_that_cannot_be_kept_was_not_given_and_two_at_once_have_two_times() {
        let folder = tempfile::tempdir().unwrap();
        let mut checker = super::super::tests::checker(folder.path(), u64::MAX);
        let owner_key = BoxKey::from_private(random_secret()).public();
        let new = NewEncounter { owner_key, ..encounters::tests::new(7, 1) };
        checker.db.transaction("spool", |t| encounters::spool(t, &new, 1, 1)).unwrap();
        let next_outcome_at = |checker: &Checker| {
            let expected: Result<_, DbError> =
                checker.db.transaction("ask", |t| encounters::expected(t, &new.id, 0));
            expected.unwrap().unwrap().outcome_at
        };
        let seized = OutcomeGiven {
            outcome: Outcome::Seized,
            note: "".into(),
            who: "b-1".into(),
            form: BTreeMap::new(),
        };
        let id = new.id;
        checker.settings.limits.spool_bytes_max = 1;
        assert!(matches!(checker.outcome(&id, &seized), Err(OutcomeError::Full)));
        assert_eq!((next_outcome_at(&checker), journal::lines(&checker.db).unwrap()), (1, 0));
        checker.settings.limits.spool_bytes_max = 1 << 20;
        let (first, shown) = checker.outcome(&id, &seized).unwrap();
        let (second, _) = checker.outcome(&id, &seized).unwrap();
        assert!(shown && first.at < second.at, "{first:?} {second:?}");
        assert!(matches!(checker.outcome(&[0xff; 16], &seized), Err(OutcomeError::Unknown(_))));
        assert_eq!(journal::lines(&checker.db).unwrap(), 2);
    }
}
