//! Why a person was found, in words that an officer reads.

use super::PersonQuery;
use super::align::{Alignment, NameToken, Prepared, SURNAME, bits};
use super::birth::{Birth, birth};
use super::handling::Field;
use super::person::{BirthDate, NameKind, Sex};
use super::score;
use super::vocabulary::Vocabulary;
use super::weights::Fact;
use vedette_common::words::Phrase;

/// One fact that decided a match. Displays as a short phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Every name token met its equal.
    NameEqual,
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
        /// The code of its phrase: `reason.birth_equal`, `reason.birth_swapped`.
        code: &'static str,
        /// As listed, when it differs.
        listed: Option<BirthDate>,
    },
    /// What the nationality says: equal, or another.
    Nationality {
        /// Whether the list has it.
        equal: bool,
    },
    /// The list says the other sex.
    SexDiffers,
}

impl Reason {
    /// The field of the alert that it reveals.
    pub fn reveals(&self) -> Field {
        match self {
            Reason::NameEqual
            | Reason::Spelling { .. }
            | Reason::Joined { .. }
            | Reason::Cut { .. }
            | Reason::OrderSwapped
            | Reason::NotListed(_)
            | Reason::NotRead(_)
            | Reason::Alias { .. } => Field::Names,
            Reason::BirthDate { .. } => Field::BirthDates,
            Reason::Nationality { .. } => Field::Nationalities,
            Reason::SexDiffers => Field::Sex,
        }
    }

    /// As the officer reads it, in any language.
    pub fn phrase(&self) -> Phrase {
        let pair = |code: &str, read: &String, listed: &String| {
            Phrase::with(code, [("read", read.clone()), ("listed", listed.clone())])
        };
        match self {
            Reason::NameEqual => Phrase::new("reason.name_equal"),
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
            Reason::BirthDate { code, listed: None } => Phrase::new(code),
            Reason::BirthDate { code, listed: Some(date) } => {
                Phrase::with(code, [("listed", date.to_string())])
            }
            Reason::Nationality { equal: true } => Phrase::new("reason.nationality_equal"),
            Reason::Nationality { equal: false } => Phrase::new("reason.nationality_other"),
            Reason::SexDiffers => Phrase::new("reason.sex_differs"),
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
    pub(super) nation: Option<Fact>,
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
    let read = |mask: u32| join(bits(mask).map(|at| prepared.tokens[at].text.as_str()));
    let theirs = |mask: u32| join(bits(mask).map(|at| vocabulary.text(listed.tokens[at].number())));
    let mut reasons = Vec::new();
    let mut crossed = false;
    for pair in &alignment.pairs {
        let (read, theirs) = (read(pair.query), theirs(pair.name));
        let minor = bits(pair.query).all(|at| prepared.tokens[at].minor);
        crossed |= pair.crossed && !minor;
        if pair.query.count_ones() > 1 || pair.name.count_ones() > 1 {
            reasons.push(Reason::Joined { read, listed: theirs });
        } else if pair.prefix && read != theirs {
            reasons.push(Reason::Cut { read, listed: theirs });
        } else if read != theirs && !minor {
            let family = listed.tokens[pair.name.trailing_zeros() as usize].field() & SURNAME != 0;
            let letters = if pair.cost < 0.6 { 0 } else { pair.cost.round().max(1.0) as u8 };
            reasons.push(Reason::Spelling { family, read, listed: theirs, letters });
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
        reasons.push(Reason::NotListed(read(left)));
    }
    let missing = major(alignment.name_left, &|at| listed.tokens[at].is_minor());
    if missing != 0 {
        reasons.push(Reason::NotRead(theirs(missing)));
    }
    if reasons.is_empty() {
        reasons.push(Reason::NameEqual);
    }
    if listed.kind != NameKind::Primary {
        let name = join(listed.tokens.iter().map(|token| vocabulary.text(token.number())));
        reasons.push(Reason::Alias { listed: name, weak: listed.kind == NameKind::Weak });
    }
    reasons.extend(birth_reason(query.birth_date, listed.births));
    match listed.nation {
        Some(Fact::NationEqual) => reasons.push(Reason::Nationality { equal: true }),
        Some(_) => reasons.push(Reason::Nationality { equal: false }),
        None => {}
    }
    if score::sex(query.sex, listed.sex) == Some(Fact::SexOther) {
        reasons.push(Reason::SexDiffers);
    }
    reasons
}

fn birth_reason(read: Option<BirthDate>, births: &[BirthDate]) -> Option<Reason> {
    read?;
    let evidence = birth(read, births.iter().copied());
    let which = births.iter().copied().find(|&date| birth(read, std::iter::once(date)) == evidence);
    let code = match evidence {
        Birth::Exact => "reason.birth_equal",
        Birth::Swapped => "reason.birth_swapped",
        Birth::MonthOnly => "reason.birth_month_only",
        Birth::YearOnly => "reason.birth_year_only",
        Birth::Day => "reason.birth_day",
        Birth::Month => "reason.birth_month",
        Birth::YearOff => "reason.birth_year_off",
        Birth::YearSlip => "reason.birth_year_slip",
        Birth::About => "reason.birth_about",
        Birth::Absent => "reason.birth_absent",
        Birth::Other => "reason.birth_other",
    };
    let listed = if evidence == Birth::Exact { None } else { which };
    Some(Reason::BirthDate { code, listed })
}

fn join<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}
