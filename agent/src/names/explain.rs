//! Why a person was found, in words that an officer reads.

use super::PersonQuery;
use super::align::{Alignment, NameToken, Prepared, SURNAME, bits};
use super::birth::{Birth, birth};
use super::person::{BirthDate, NameKind, Sex};
use super::score;
use super::vocabulary::Vocabulary;
use super::weights::Fact;

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
        /// As a phrase: "equal", "day and month swapped".
        what: &'static str,
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

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::NameEqual => f.write_str("name equal"),
            Reason::Spelling { family, read, listed, letters } => {
                let which = if *family { "family name" } else { "given name" };
                match letters {
                    0 => write!(f, "{which} spelt otherwise: {read}, listed {listed}"),
                    1 => write!(f, "{which} one letter different: {read}, listed {listed}"),
                    _ => write!(f, "{which} {letters} letters different: {read}, listed {listed}"),
                }
            }
            Reason::Joined { read, listed } => write!(f, "name joined or split: {read}, listed {listed}"),
            Reason::Cut { read, listed } => write!(f, "name cut off: {read}, listed {listed}"),
            Reason::OrderSwapped => f.write_str("family and given name swapped"),
            Reason::NotListed(names) => write!(f, "not on the list: {names}"),
            Reason::NotRead(names) => write!(f, "listed, not in the document: {names}"),
            Reason::Alias { listed, weak: false } => write!(f, "under another name: {listed}"),
            Reason::Alias { listed, weak: true } => write!(f, "under a weak alias: {listed}"),
            Reason::BirthDate { what, listed: None } => write!(f, "birth date {what}"),
            Reason::BirthDate { what, listed: Some(date) } => write!(f, "birth date {what}: listed {date}"),
            Reason::Nationality { equal: true } => f.write_str("nationality equal"),
            Reason::Nationality { equal: false } => f.write_str("another nationality listed"),
            Reason::SexDiffers => f.write_str("sex differs"),
        }
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
    let what = match evidence {
        Birth::Exact => "equal",
        Birth::Swapped => "with day and month swapped",
        Birth::MonthOnly => "equal as far as listed",
        Birth::YearOnly => "equal in its year",
        Birth::Day => "differs in the day",
        Birth::Month => "differs in the month",
        Birth::YearOff => "off by one year",
        Birth::YearSlip => "differs in one digit of the year",
        Birth::About => "near the one listed",
        Birth::Absent => "not listed",
        Birth::Other => "differs",
    };
    let listed = if evidence == Birth::Exact { None } else { which };
    Some(Reason::BirthDate { what, listed })
}

fn join<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}
