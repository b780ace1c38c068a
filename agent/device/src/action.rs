//! What the officer is to do: of persons what the list says ([`vedette_names::person::Action`]), of documents what their
//! status asks for.

use serde::{Deserialize, Serialize};
use std::fmt;
use vedette_names::person;
use vedette_shim::list::Status;

/// What to do about a document or a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Arrest,
    /// The document is valid: its bearer is held.
    BearerSought,
    Protect,
    /// Search the person, conveyance and objects.
    SpecificCheck,
    SeizeDocument,
    RefuseEntry,
    Return,
    /// Interview, and note the encounter.
    InquiryCheck,
    /// Establish where the person lives or is.
    Locate,
    /// Tell the owner.
    Inform,
    /// Note the encounter; the traveller must not notice, nor who stands beside.
    DiscreetCheck,
}

impl Action {
    /// The gravest first, as the officer must see them; a discreet check is never among others.
    pub const ALL: [Action; 11] = [
        Action::Arrest,
        Action::BearerSought,
        Action::Protect,
        Action::SpecificCheck,
        Action::SeizeDocument,
        Action::RefuseEntry,
        Action::Return,
        Action::InquiryCheck,
        Action::Locate,
        Action::Inform,
        Action::DiscreetCheck,
    ];

    /// The word in JSON, in the state and in messages.
    pub fn word(self) -> &'static str {
        match self {
            Action::Arrest => "arrest",
            Action::BearerSought => "bearer_sought",
            Action::Protect => "protect",
            Action::SpecificCheck => "specific_check",
            Action::SeizeDocument => "seize_document",
            Action::RefuseEntry => "refuse_entry",
            Action::Return => "return",
            Action::InquiryCheck => "inquiry_check",
            Action::Locate => "locate",
            Action::Inform => "inform",
            Action::DiscreetCheck => "discreet_check",
        }
    }

    /// The inverse of [`Action::word`].
    pub fn of_word(word: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.word() == word)
    }

    /// What to do with a listed document: one that is valid is not taken, its bearer is held.
    pub fn of_document(status: Status) -> Action {
        if status == Status::ValidBearerSought { Action::BearerSought } else { Action::SeizeDocument }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl From<person::Action> for Action {
    fn from(action: person::Action) -> Action {
        match action {
            person::Action::Inform => Action::Inform,
            person::Action::Arrest => Action::Arrest,
            person::Action::RefuseEntry => Action::RefuseEntry,
            person::Action::DiscreetCheck => Action::DiscreetCheck,
            person::Action::InquiryCheck => Action::InquiryCheck,
            person::Action::SpecificCheck => Action::SpecificCheck,
            person::Action::Locate => Action::Locate,
            person::Action::SeizeDocument => Action::SeizeDocument,
            person::Action::Return => Action::Return,
            person::Action::Protect => Action::Protect,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vedette_common::text::json_word;

    #[test]
    fn every_action_has_its_word_in_json_and_back() {
        for action in Action::ALL {
            assert_eq!(json_word(&action), action.word());
            assert_eq!(Action::of_word(action.word()), Some(action));
        }
        assert_eq!(Action::of_word("unheard_of"), None);
    }
}
