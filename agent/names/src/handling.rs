//! Handling codes and owners' restrictions: how far what an alert says may go, and who may see which field of it.
//!
//! [`vedette::check::disclose`] carries them out. Europol's scale (SIENA): H0 only to prevent and combat crime, H1 not as
//! evidence without permission, H2 not to be passed on without permission, H3 other restrictions, in words. Other scales
//! exist, so the scale is named; what their codes allow is not known here, so they hide as H3 does.
//!
//! A person's record may have its own; a list's manifest has one for all its alerts without, documents included.
//!
//! Bytes: postcard, at the end of a person's record. Never reorder [`Field`].

use serde::{Deserialize, Serialize};
use vedette_common::roster::Role;

/// Bytes of each text of an alert.
pub const TEXT_BYTES_MAX: usize = 2048;

/// A handling code: how far what an alert says may go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handling {
    /// Whose code it is: `europol` for H0 to H3.
    pub scale: String,
    /// The code.
    pub code: String,
    /// What the owner adds; for H3 it says what is meant.
    #[serde(default)]
    pub text: String,
}

/// The scale of H0 to H3.
pub const EUROPOL: &str = "europol";

impl Handling {
    /// A code of Europol's scale.
    pub fn europol(code: &str) -> Handling {
        Handling { scale: EUROPOL.into(), code: code.into(), text: String::new() }
    }

    /// That of a list's manifest, `scale/code`; none where it says none.
    pub fn of_list(text: &str) -> Option<Handling> {
        let (scale, code) = text.split_once('/')?;
        Some(Handling { scale: scale.into(), code: code.into(), text: String::new() })
    }

    /// Whether only supervisors may see the details. Codes that are not known here do: what they allow is not known.
    pub fn hides_details(&self) -> bool {
        !(self.scale == EUROPOL && matches!(self.code.as_str(), "H0" | "H1"))
    }

    /// Whether scale, code and text are within bounds, and the code one of the scale's if that is known here.
    pub(super) fn is_sound(&self) -> bool {
        let word =
            |text: &str| (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        let known = self.scale != EUROPOL || ["H0", "H1", "H2", "H3"].contains(&self.code.as_str());
        word(&self.scale) && word(&self.code) && known && self.text.len() <= TEXT_BYTES_MAX
    }
}

/// A field that only a role may see, and those above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restriction {
    /// The field.
    pub field: Field,
    /// The least role that may see it.
    pub role: Role,
}

/// A field that an owner may restrict. Action and warnings are none: whoever meets the person must know them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The kind of alert.
    Kind,
    /// Every name, and the reasons that tell of them.
    Names,
    /// Birth dates.
    BirthDates,
    /// Birth places.
    BirthPlaces,
    /// Nationalities.
    Nationalities,
    /// Sex.
    Sex,
    /// Documents.
    Documents,
    /// Why the alert was entered.
    Reason,
    /// Who entered it.
    Authority,
    /// The decision it rests on.
    Reference,
    /// Anything else.
    Remark,
}

impl Field {
    /// Its name in an alert's JSON.
    pub fn word(self) -> &'static str {
        match self {
            Field::Kind => "kind",
            Field::Names => "names",
            Field::BirthDates => "birth_dates",
            Field::BirthPlaces => "birth_places",
            Field::Nationalities => "nationalities",
            Field::Sex => "sex",
            Field::Documents => "documents",
            Field::Reason => "reason",
            Field::Authority => "authority",
            Field::Reference => "reference",
            Field::Remark => "remark",
        }
    }
}
