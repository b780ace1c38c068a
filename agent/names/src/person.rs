//! A person on a watchlist, and its bytes in a list.
//!
//! The fields are those that INTERPOL's notices, Regulation (EU) 2018/1862 Art. 20(3) and the open sanctions lists
//! share; the action codes are this project's own, since the numeric tables of SIS are not public.
//!
//! Bytes: one version byte, then postcard. Version 1 lacks the last two fields. [`decode`] takes any bytes: it never panics, and what it returns is
//! within the bounds named here.

pub use super::handling::TEXT_BYTES_MAX;
use super::handling::{Handling, Restriction};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Version byte of [`encode`].
pub const VERSION: u8 = 2;
/// Version byte of an alert without handling and restrictions; such an alert is still written so, and keeps its bytes.
const VERSION_WITHOUT_HANDLING: u8 = 1;
/// What version 1 lacks at its end: no handling (an option), no restrictions (an empty list).
const WITHOUT_HANDLING: [u8; 2] = [0, 0];
/// Bytes of an alert's id.
pub const ID_BYTES_MAX: usize = 64;
/// Names of one alert.
pub const NAMES_MAX: usize = 255;
/// Entries of each other list of an alert (birth dates, places, nationalities, documents, warnings).
pub const ENTRIES_MAX: usize = 64;
/// Bytes of an encoded alert.
pub const ALERT_BYTES_MAX: usize = 32 * 1024;

/// One person who is sought, warned of or to be helped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PersonAlert {
    /// The issuer's own key of this alert, 1 to [`ID_BYTES_MAX`] bytes.
    pub id: String,
    /// What kind of alert it is.
    pub kind: AlertKind,
    /// What the officer is to do.
    pub action: Action,
    /// Every name the person is known by, at least one.
    pub names: Vec<PersonName>,
    /// Birth dates, each as far as it is known; none when nothing is.
    pub birth_dates: Vec<BirthDate>,
    /// Birth places, free text.
    pub birth_places: Vec<String>,
    /// Nationalities, ICAO three-letter codes.
    pub nationalities: Vec<String>,
    /// Sex as the issuer states it.
    pub sex: Sex,
    /// Documents the person holds or uses.
    pub documents: Vec<PersonDocument>,
    /// Markers for the officer's safety and others'.
    pub warnings: Vec<Warning>,
    /// Why the alert was entered.
    pub reason: String,
    /// Who entered it.
    pub authority: String,
    /// The decision or warrant it rests on.
    pub reference: String,
    /// Anything else.
    pub remark: String,
    /// How far all this may go; `None` for no more than the law says anyway.
    pub handling: Option<Handling>,
    /// Fields that the owner keeps to a role.
    pub restricted: Vec<Restriction>,
}

/// The kind of an alert: INTERPOL's notices, SIS's categories (article of Reg. 2018/1862 in brackets), sanctions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// None of the others, or not said.
    #[default]
    Other,
    /// INTERPOL: wanted for arrest.
    Red,
    /// INTERPOL: locate or identify.
    Blue,
    /// INTERPOL: warning.
    Green,
    /// INTERPOL: missing person.
    Yellow,
    /// INTERPOL: unidentified body.
    Black,
    /// INTERPOL: imminent threat.
    Orange,
    /// INTERPOL: modus operandi.
    Purple,
    /// INTERPOL and UN Security Council special notice.
    Un,
    /// INTERPOL: diffusion, sent by a bureau itself.
    Diffusion,
    /// SIS: arrest for surrender or extradition (26).
    SisArrest,
    /// SIS: missing or vulnerable person (32).
    SisMissing,
    /// SIS: sought for a judicial procedure (34).
    SisJudicial,
    /// SIS: discreet, inquiry or specific check (36).
    SisCheck,
    /// SIS: unknown wanted person (40).
    SisUnknown,
    /// SIS: refusal of entry and stay (Reg. 2018/1861 Art. 24).
    SisRefusal,
    /// SIS: return (Reg. 2018/1860 Art. 3).
    SisReturn,
    /// A sanctions list's entry.
    Sanction,
}

/// What to do about a person: this project's codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Tell the issuer.
    #[default]
    Inform,
    /// Arrest.
    Arrest,
    /// Refuse entry.
    RefuseEntry,
    /// Note the encounter; the traveller must not notice.
    DiscreetCheck,
    /// Interview, and note the encounter.
    InquiryCheck,
    /// Search the person, conveyance and objects.
    SpecificCheck,
    /// Establish where the person lives or is.
    Locate,
    /// Take the document.
    SeizeDocument,
    /// Carry out, or confirm, the return.
    Return,
    /// Protect the person.
    Protect,
}

/// One name of a person. Either `surname` and `given` or `full` says it; a primary name often has both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PersonName {
    /// What sort of name.
    pub kind: NameKind,
    /// Family names.
    pub surname: String,
    /// Given names.
    pub given: String,
    /// The whole name as the issuer writes it, in any script; used for matching only when the others are empty.
    pub full: String,
}

/// What sort of name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameKind {
    /// The name under which the alert is kept.
    #[default]
    Primary,
    /// Also known as.
    Aka,
    /// A weak alias: a nickname or one shared by many.
    Weak,
    /// Name at birth.
    Birth,
    /// A former name.
    Former,
}

/// A birth date as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BirthDate {
    /// Year, 1850 to 2150.
    pub year: u16,
    /// Month, 1 to 12, if known.
    #[serde(default)]
    pub month: Option<u8>,
    /// Day, 1 to 31, if known; none without a month.
    #[serde(default)]
    pub day: Option<u8>,
    /// The issuer says "about".
    #[serde(default)]
    pub circa: bool,
}

/// Sex, as ICAO 9303 prints it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Not said.
    #[default]
    Unknown,
    /// F.
    Female,
    /// M.
    Male,
    /// X, or `<` where the issuer means unspecified.
    Unspecified,
}

/// A document named in an alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PersonDocument {
    /// Kind, as the issuer calls it: passport, identity card.
    pub kind: String,
    /// Number as printed.
    pub number: String,
    /// Issuing state, ICAO three-letter code where known.
    pub state: String,
    /// Anything else.
    pub remark: String,
}

/// A warning marker (Reg. 2018/1862 Art. 20(3)(q) and INTERPOL's caution field).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// May be armed.
    Armed,
    /// May be violent.
    Violent,
    /// Has absconded or escaped.
    Escaped,
    /// Danger of suicide.
    SuicideRisk,
    /// Threat to public health.
    PublicHealth,
    /// Related to terrorism.
    Terrorism,
}

/// Why an alert cannot be kept or read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PersonError {
    /// A field is missing, too long or out of range.
    #[error("alert {id:?}: {field}: {what}")]
    Field {
        /// The alert's id, as far as it is known.
        id: String,
        /// The field.
        field: &'static str,
        /// What is wrong, and the bound.
        what: String,
    },
    /// The bytes are not an alert.
    #[error("not a person record: {what}")]
    Bytes {
        /// What is wrong with them.
        what: String,
    },
}

impl BirthDate {
    /// A whole date.
    pub fn new(year: u16, month: u8, day: u8) -> BirthDate {
        BirthDate { year, month: Some(month), day: Some(day), circa: false }
    }

    /// Only the year.
    pub fn of_year(year: u16) -> BirthDate {
        BirthDate { year, month: None, day: None, circa: false }
    }

    /// `1948`, `1948-12` or `1948-12-10`; None for anything else.
    pub fn parse(text: &str) -> Option<BirthDate> {
        let mut parts = text.trim().split('-');
        let number =
            |part: &str, width: usize| (part.len() == width).then(|| part.parse::<u16>().ok()).flatten();
        let year = number(parts.next()?, 4)?;
        let month = parts.next().map(|part| number(part, 2)).map_or(Some(None), |m| m.map(Some))?;
        let day = parts.next().map(|part| number(part, 2)).map_or(Some(None), |d| d.map(Some))?;
        let date = BirthDate { year, month: month.map(|m| m as u8), day: day.map(|d| d as u8), circa: false };
        (parts.next().is_none() && date.is_possible()).then_some(date)
    }

    /// Whether every part is in range.
    pub fn is_possible(&self) -> bool {
        (1850..=2150).contains(&self.year)
            && self.month.is_none_or(|month| (1..=12).contains(&month))
            && self.day.is_none_or(|day| (1..=31).contains(&day) && self.month.is_some())
    }
}

impl std::fmt::Display for BirthDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{:04}", if self.circa { "about " } else { "" }, self.year)?;
        if let Some(month) = self.month {
            write!(f, "-{month:02}")?;
        }
        if let Some(day) = self.day {
            write!(f, "-{day:02}")?;
        }
        Ok(())
    }
}

impl PersonAlert {
    /// Checks every bound of this module.
    ///
    /// # Errors
    /// [`PersonError::Field`] naming the first field out of bounds.
    pub fn validate(&self) -> Result<(), PersonError> {
        let fail = |field, what: String| {
            Err(PersonError::Field { id: self.id.chars().take(ID_BYTES_MAX).collect(), field, what })
        };
        if self.id.is_empty() || self.id.len() > ID_BYTES_MAX {
            return fail("id", format!("{} bytes; 1 to {ID_BYTES_MAX} are allowed", self.id.len()));
        }
        if self.names.is_empty() || self.names.len() > NAMES_MAX {
            return fail("names", format!("{} names; 1 to {NAMES_MAX} are allowed", self.names.len()));
        }
        for (field, count) in [
            ("birth_dates", self.birth_dates.len()),
            ("birth_places", self.birth_places.len()),
            ("nationalities", self.nationalities.len()),
            ("documents", self.documents.len()),
            ("warnings", self.warnings.len()),
            ("restricted", self.restricted.len()),
        ] {
            if count > ENTRIES_MAX {
                return fail(field, format!("{count} entries; at most {ENTRIES_MAX} are allowed"));
            }
        }
        if self.handling.as_ref().is_some_and(|handling| !handling.is_sound()) {
            return fail(
                "handling",
                "a scale and a code of 1 to 16 letters and digits; europol's are H0 to H3".into(),
            );
        }
        if let Some(date) = self.birth_dates.iter().find(|date| !date.is_possible()) {
            return fail("birth_dates", format!("{date} is not a date between 1850 and 2150"));
        }
        let names = self.names.iter().flat_map(|name| [&name.surname, &name.given, &name.full]);
        let documents = self.documents.iter().flat_map(|d| [&d.kind, &d.number, &d.state, &d.remark]);
        let rest = [&self.reason, &self.authority, &self.reference, &self.remark];
        let texts = names.map(|text| ("names", text)).chain(documents.map(|text| ("documents", text)));
        let texts = texts.chain(self.birth_places.iter().map(|text| ("birth_places", text)));
        let texts = texts.chain(self.nationalities.iter().map(|text| ("nationalities", text)));
        for (field, text) in texts.chain(rest.into_iter().map(|text| ("text", text))) {
            if text.len() > TEXT_BYTES_MAX {
                return fail(
                    field,
                    format!("a text of {} bytes; at most {TEXT_BYTES_MAX} are allowed", text.len()),
                );
            }
        }
        if self.names.iter().all(|n| n.surname.is_empty() && n.given.is_empty() && n.full.is_empty()) {
            return fail("names", "every name is empty".to_owned());
        }
        Ok(())
    }
}

/// The bytes of an alert in a list: [`VERSION`], then postcard.
///
/// # Errors
/// [`PersonError`] when a bound is passed.
pub fn encode(alert: &PersonAlert) -> Result<Vec<u8>, PersonError> {
    alert.validate()?;
    let mut bytes = postcard::to_extend(alert, vec![VERSION])
        .map_err(|error| PersonError::Bytes { what: format!("cannot be encoded: {error}") })?;
    if alert.handling.is_none() && alert.restricted.is_empty() {
        bytes[0] = VERSION_WITHOUT_HANDLING;
        bytes.truncate(bytes.len() - WITHOUT_HANDLING.len());
    }
    if bytes.len() > ALERT_BYTES_MAX {
        let what = format!("{} bytes encoded; at most {ALERT_BYTES_MAX} are allowed", bytes.len());
        return Err(PersonError::Field { id: alert.id.clone(), field: "alert", what });
    }
    Ok(bytes)
}

/// The alert in `bytes`, which must hold it and nothing else.
///
/// # Errors
/// [`PersonError`] for another version, damaged or trailing bytes, and any bound passed.
pub fn decode(bytes: &[u8]) -> Result<PersonAlert, PersonError> {
    let fail = |what: String| Err(PersonError::Bytes { what });
    if bytes.len() > ALERT_BYTES_MAX {
        return fail(format!("{} bytes; at most {ALERT_BYTES_MAX} are allowed", bytes.len()));
    }
    let Some((&version, body)) = bytes.split_first() else {
        return fail("no bytes".to_owned());
    };
    let whole = match version {
        VERSION => Cow::from(body),
        VERSION_WITHOUT_HANDLING => Cow::from([body, &WITHOUT_HANDLING].concat()),
        _ => return fail(format!("version {version}; this program reads up to {VERSION}")),
    };
    match postcard::take_from_bytes::<PersonAlert>(&whole) {
        Ok((alert, [])) => alert.validate().map(|()| alert),
        Ok((_, rest)) => fail(format!("{} bytes after its end", rest.len())),
        Err(error) => fail(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
