//! Why a person was found: what is equal, what differs, what is not known, and how far the name carries.
//!
//! A reason is a fact; [`Reason::standing`] says of which sort, and [`Reason::phrase`] names its words, which
//! [`vedette_common::words`] has in every language.

use super::PersonQuery;
use super::align::{Alignment, GIVEN, NameToken, Prepared, SURNAME, bits};
use super::birth::{Birth, birth};
use super::handling::Field;
use super::nation;
use super::person::{BirthDate, NameKind, Sex};
use super::score;
use super::vocabulary::Vocabulary;
use super::weights::Fact;
use super::world;
use vedette_common::words::Phrase;

/// One fact that decided a match. Displays as a short phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Every name token met its equal.
    NameEqual,
    /// The family names are equal, the given names are not.
    FamilyEqual,
    /// The given names are equal, the family names are not.
    GivenEqual,
    /// Many people have the names that met.
    NameCommon,
    /// Hardly anybody else has the names that met.
    NameRare,
    /// A token met one that is spelt otherwise.
    Spelling {
        /// Whether it is a family name.
        family: bool,
        /// As read.
        read: String,
        /// As listed.
        listed: String,
        /// Wrong letters, rounded; 0 for another transcription of the same sound.
        letters: u8,
    },
    /// Tokens joined or split.
    Joined {
        /// As read.
        read: String,
        /// As listed.
        listed: String,
    },
    /// The read name was cut, and what is left begins the listed one.
    Cut {
        /// As read.
        read: String,
        /// As listed.
        listed: String,
    },
    /// Family and given name stand in each other's place.
    OrderSwapped,
    /// Read names that the list does not have.
    NotListed(String),
    /// Listed names that were not read.
    NotRead(String),
    /// The match is on another than the primary name.
    Alias {
        /// As listed.
        listed: String,
        /// A weak alias.
        weak: bool,
    },
    /// What the birth date says.
    BirthDate {
        /// How the two compare; [`Birth::Absent`] where one side has none.
        evidence: Birth,
        /// As listed, when it is not equal.
        listed: Option<BirthDate>,
    },
    /// Whether the list has the nationality; None when one side does not say.
    Nationality {
        /// Whether the list has it.
        equal: Option<bool>,
    },
    /// Whether the list says this sex; None when one side does not say.
    Sex {
        /// Whether it is equal.
        equal: Option<bool>,
    },
}

/// What a reason says about a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Read and listed are equal.
    Equal,
    /// They differ, in whatever way.
    Differs,
    /// One side does not say.
    Unknown,
    /// How far the names carry: neither for nor against.
    Strength,
}

impl Reason {
    /// The field of the alert that it reveals.
    pub fn reveals(&self) -> Field {
        match self {
            Reason::NameEqual
            | Reason::FamilyEqual
            | Reason::GivenEqual
            | Reason::NameCommon
            | Reason::NameRare
            | Reason::Spelling { .. }
            | Reason::Joined { .. }
            | Reason::Cut { .. }
            | Reason::OrderSwapped
            | Reason::NotListed(_)
            | Reason::NotRead(_)
            | Reason::Alias { .. } => Field::Names,
            Reason::BirthDate { .. } => Field::BirthDates,
            Reason::Nationality { .. } => Field::Nationalities,
            Reason::Sex { .. } => Field::Sex,
        }
    }

    /// What it says about the match.
    pub fn standing(&self) -> Standing {
        match self {
            Reason::NameEqual | Reason::FamilyEqual | Reason::GivenEqual => Standing::Equal,
            Reason::NameCommon | Reason::NameRare => Standing::Strength,
            Reason::BirthDate { evidence: Birth::Exact | Birth::FirstExact, .. } => Standing::Equal,
            Reason::BirthDate { evidence: Birth::Absent, .. } => Standing::Unknown,
            Reason::Nationality { equal } | Reason::Sex { equal } => match equal {
                Some(true) => Standing::Equal,
                Some(false) => Standing::Differs,
                None => Standing::Unknown,
            },
            _ => Standing::Differs,
        }
    }

    /// As the officer reads it, in any language.
    pub fn phrase(&self) -> Phrase {
        let pair = |code: &str, read: &String, listed: &String| {
            Phrase::with(code, [("read", read.clone()), ("listed", listed.clone())])
        };
        match self {
            Reason::NameEqual => Phrase::new("reason.name_equal"),
            Reason::FamilyEqual => Phrase::new("reason.family_equal"),
            Reason::GivenEqual => Phrase::new("reason.given_equal"),
            Reason::NameCommon => Phrase::new("reason.name_common"),
            Reason::NameRare => Phrase::new("reason.name_rare"),
            Reason::Spelling { family, read, listed, letters } => {
                let name = if *family { "family" } else { "given" };
                match letters {
                    0 => pair(&format!("reason.{name}_sound"), read, listed),
                    1 => pair(&format!("reason.{name}_letter"), read, listed),
                    _ => Phrase::with(
                        &format!("reason.{name}_letters"),
                        [
                            ("letters", letters.to_string()),
                            ("read", read.clone()),
                            ("listed", listed.clone()),
                        ],
                    ),
                }
            }
            Reason::Joined { read, listed } => pair("reason.joined", read, listed),
            Reason::Cut { read, listed } => pair("reason.cut", read, listed),
            Reason::OrderSwapped => Phrase::new("reason.order_swapped"),
            Reason::NotListed(names) => Phrase::with("reason.not_listed", [("names", names.clone())]),
            Reason::NotRead(names) => Phrase::with("reason.not_read", [("names", names.clone())]),
            Reason::Alias { listed, weak } => {
                let code = if *weak { "reason.weak_alias" } else { "reason.alias" };
                Phrase::with(code, [("listed", listed.clone())])
            }
            Reason::BirthDate { evidence, listed: None } => Phrase::new(birth_code(*evidence)),
            Reason::BirthDate { evidence: Birth::Absent, listed: Some(date) } => {
                Phrase::with("reason.birth_unread_unknown", [("listed", date.to_string())])
            }
            Reason::BirthDate { evidence, listed: Some(date) } => {
                Phrase::with(birth_code(*evidence), [("listed", date.to_string())])
            }
            Reason::Nationality { equal } => Phrase::new(match equal {
                Some(true) => "reason.nationality_equal",
                Some(false) => "reason.nationality_other",
                None => "reason.nationality_unknown",
            }),
            Reason::Sex { equal } => Phrase::new(match equal {
                Some(true) => "reason.sex_equal",
                Some(false) => "reason.sex_differs",
                None => "reason.sex_unknown",
            }),
        }
    }
}

/// In English.
impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.phrase().text)
    }
}

/// What the list says about the person.
pub(super) struct Listed<'a> {
    pub(super) tokens: &'a [NameToken],
    pub(super) births: &'a [BirthDate],
    pub(super) nations: &'a [u16],
    pub(super) sex: Sex,
    pub(super) kind: NameKind,
}

/// The reasons, names first, then birth date, nationality and sex.
pub(super) fn reasons(
    query: &PersonQuery,
    prepared: &Prepared,
    listed: &Listed<'_>,
    alignment: &Alignment,
    vocabulary: &Vocabulary,
) -> Vec<Reason> {
    let mut reasons = name_reasons(prepared, listed, alignment, vocabulary);
    if listed.kind != NameKind::Primary {
        let name = join(listed.tokens.iter().map(|token| vocabulary.text(token.number())));
        reasons.push(Reason::Alias { listed: name, weak: listed.kind == NameKind::Weak });
    }
    let nats = score::met_nats(alignment);
    if nats >= world::RARE {
        reasons.push(Reason::NameRare);
    } else if nats < world::COMMON {
        reasons.push(Reason::NameCommon);
    }
    reasons.push(birth_reason(query.birth_date, listed.births));
    let equal = nation::compare(prepared.nation, listed.nations).map(|fact| fact == Fact::NationEqual);
    reasons.push(Reason::Nationality { equal });
    let equal = score::sex(query.sex, listed.sex).map(|fact| fact == Fact::SexEqual);
    reasons.push(Reason::Sex { equal });
    reasons
}

/// What is equal and what differs in the names.
fn name_reasons(
    prepared: &Prepared,
    listed: &Listed<'_>,
    alignment: &Alignment,
    vocabulary: &Vocabulary,
) -> Vec<Reason> {
    let read = |mask: u32| join(bits(mask).map(|at| prepared.tokens[at].text.as_str()));
    let theirs = |mask: u32| join(bits(mask).map(|at| vocabulary.text(listed.tokens[at].number())));
    let mut reasons = Vec::new();
    let mut crossed = false;
    // Fields in which something is equal, and in which something differs.
    let (mut equal, mut different) = (0, 0);
    for pair in &alignment.pairs {
        let (read, theirs) = (read(pair.query), theirs(pair.name));
        let minor = bits(pair.query).all(|at| prepared.tokens[at].minor);
        let field = listed.tokens[pair.name.trailing_zeros() as usize].field();
        crossed |= pair.crossed && !minor;
        let before = reasons.len();
        if pair.query.count_ones() > 1 || pair.name.count_ones() > 1 {
            reasons.push(Reason::Joined { read, listed: theirs });
        } else if pair.prefix && read != theirs {
            reasons.push(Reason::Cut { read, listed: theirs });
        } else if read != theirs && !minor {
            let letters = if pair.cost < 0.6 { 0 } else { pair.cost.round().max(1.0) as u8 };
            reasons.push(Reason::Spelling { family: field & SURNAME != 0, read, listed: theirs, letters });
        }
        if reasons.len() > before {
            different |= field;
        } else if !minor {
            equal |= field;
        }
    }
    if crossed {
        reasons.push(Reason::OrderSwapped);
    }
    let major = |mask: u32, minor: &dyn Fn(usize) -> bool| {
        bits(mask).filter(|&at| !minor(at)).fold(0u32, |sum, at| sum | 1 << at)
    };
    let left = major(alignment.query_left, &|at| prepared.tokens[at].minor);
    if left != 0 {
        different |= bits(left).fold(0, |sum, at| sum | prepared.tokens[at].field);
        reasons.push(Reason::NotListed(read(left)));
    }
    let missing = major(alignment.name_left, &|at| listed.tokens[at].is_minor());
    if missing != 0 {
        different |= bits(missing).fold(0, |sum, at| sum | listed.tokens[at].field());
        reasons.push(Reason::NotRead(theirs(missing)));
    }
    if reasons.is_empty() {
        reasons.push(Reason::NameEqual);
    } else if !crossed && equal & !different & SURNAME != 0 {
        reasons.insert(0, Reason::FamilyEqual);
    } else if !crossed && equal & !different & GIVEN != 0 {
        reasons.insert(0, Reason::GivenEqual);
    }
    reasons
}

fn birth_reason(read: Option<BirthDate>, births: &[BirthDate]) -> Reason {
    let evidence = birth(read, births.iter().copied());
    let which = births.iter().copied().find(|&date| birth(read, std::iter::once(date)) == evidence);
    let listed = if matches!(evidence, Birth::Exact | Birth::FirstExact) { None } else { which };
    Reason::BirthDate { evidence, listed }
}

/// The code of the phrase that says it.
fn birth_code(evidence: Birth) -> &'static str {
    match evidence {
        Birth::Exact => "reason.birth_equal",
        Birth::FirstExact => "reason.birth_first_equal",
        Birth::Swapped => "reason.birth_swapped",
        Birth::MonthOnly => "reason.birth_month_only",
        Birth::YearOnly | Birth::FirstYear => "reason.birth_year_only",
        Birth::Day => "reason.birth_day",
        Birth::Month | Birth::First => "reason.birth_month",
        Birth::Neighbour => "reason.birth_neighbour",
        Birth::YearNear => "reason.birth_year_near",
        Birth::Ethiopian => "reason.birth_ethiopian",
        Birth::YearOff => "reason.birth_year_off",
        Birth::YearSlip => "reason.birth_year_slip",
        Birth::About => "reason.birth_about",
        Birth::Absent => "reason.birth_unknown",
        Birth::Other => "reason.birth_other",
    }
}

fn join<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}
