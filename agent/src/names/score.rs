//! Facts about a query and a person, and what each is worth: a sum in nats, then a score from 0 to 1.
//!
//! The score is 1 / (1 + exp(-sum)), the probability that a naive Bayesian would give; thresholds belong to the
//! list's issuer. Facts are linear on purpose: an officer, or an auditor, can be told each one's share.

use super::align::{Alignment, GIVEN, NameToken, Prepared, SURNAME, bits};
use super::person::{BirthDate, NameKind, Sex};

/// What an alignment and the other evidence amount to. Each has a weight in [`WEIGHTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[allow(missing_docs)] // each is described beside its weight
pub(super) enum Fact {
    Bias,
    SurnameWeight,
    GivenWeight,
    CrossedWeight,
    SurnameCost,
    GivenCost,
    Crossed,
    SurnameMissed,
    GivenMissed,
    QuerySurnameLeft,
    QuerySurnameLeftWeight,
    QueryGivenLeft,
    QueryGivenLeftWeight,
    NameSurnameLeft,
    NameSurnameLeftWeight,
    NameGivenLeft,
    NameGivenLeftWeight,
    GivenConflict,
    Joined,
    Prefix,
    Initial,
    WeakName,
    OtherName,
    Single,
    Complete,
    BirthExact,
    BirthSwapped,
    BirthDay,
    BirthMonth,
    BirthYearOff,
    BirthYearSlip,
    BirthMonthOnly,
    BirthYearOnly,
    BirthAbout,
    BirthAbsent,
    BirthOther,
    NationEqual,
    NationOther,
    SexEqual,
    SexOther,
    ListSize,
}

/// How many facts there are.
pub(super) const FACTS: usize = Fact::ListSize as usize + 1;

/// A value for each fact.
pub(super) type Facts = [f32; FACTS];

/// Adds the facts of one alignment.
pub(super) fn name_facts(
    query: &Prepared,
    name: &[NameToken],
    weight: impl Fn(u32) -> f32,
    kind: NameKind,
    alignment: &Alignment,
) -> Facts {
    let mut facts = [0.0; FACTS];
    let mut add = |fact: Fact, value: f32| facts[fact as usize] += value;
    add(Fact::Bias, 1.0);
    let (mut surname_met, mut given_met) = (false, false);
    for pair in &alignment.pairs {
        let field = query.tokens[pair.query.trailing_zeros() as usize].field;
        let theirs = name[pair.name.trailing_zeros() as usize];
        let surname = if pair.crossed { false } else { field & theirs.field() & SURNAME != 0 };
        if pair.crossed {
            add(Fact::CrossedWeight, pair.weight);
        } else {
            add(if surname { Fact::SurnameWeight } else { Fact::GivenWeight }, pair.weight);
        }
        add(if surname || pair.crossed { Fact::SurnameCost } else { Fact::GivenCost }, pair.cost);
        let major = bits(pair.query).any(|at| !query.tokens[at].minor);
        if major {
            // A swap of family and given name meets both.
            surname_met |= (field | theirs.field()) & SURNAME != 0;
            given_met |= (field | theirs.field()) & GIVEN != 0;
        }
        if pair.crossed && major {
            add(Fact::Crossed, 1.0);
        }
        if pair.query.count_ones() > 1 || pair.name.count_ones() > 1 {
            add(Fact::Joined, 1.0);
        }
        if pair.prefix && pair.cost > 0.0 {
            add(Fact::Prefix, 1.0);
        }
    }
    let query_given = query.tokens.iter().any(|token| token.field & GIVEN != 0 && !token.minor);
    let mut query_given_left = 0;
    for at in bits(alignment.query_left) {
        let token = &query.tokens[at];
        if token.minor || (token.cut && token.text.len() <= 3) {
            continue;
        }
        if token.field & SURNAME != 0 && query_given {
            add(Fact::QuerySurnameLeft, 1.0);
            add(Fact::QuerySurnameLeftWeight, token.weight);
        } else {
            add(Fact::QueryGivenLeft, 1.0);
            add(Fact::QueryGivenLeftWeight, token.weight);
            query_given_left += 1;
        }
    }
    let last_met = alignment.pairs.iter().map(|pair| 32 - pair.name.leading_zeros()).max().unwrap_or(0);
    let mut name_given_left = 0;
    for at in bits(alignment.name_left) {
        let token = name[at];
        if token.is_minor() || (query.truncated && at as u32 >= last_met) {
            continue;
        }
        if token.field() & SURNAME != 0 && token.field() != SURNAME | GIVEN {
            add(Fact::NameSurnameLeft, 1.0);
            add(Fact::NameSurnameLeftWeight, weight(token.number()));
        } else {
            add(Fact::NameGivenLeft, 1.0);
            add(Fact::NameGivenLeftWeight, weight(token.number()));
            name_given_left += 1;
        }
    }
    let name_given = name.iter().any(|token| token.field() & GIVEN != 0 && !token.is_minor());
    add(Fact::GivenConflict, query_given_left.min(name_given_left) as f32);
    add(Fact::Initial, alignment.initials as f32);
    if !surname_met {
        add(Fact::SurnameMissed, 1.0);
    }
    if !given_met && query_given && name_given {
        add(Fact::GivenMissed, 1.0);
    }
    match kind {
        NameKind::Weak => add(Fact::WeakName, 1.0),
        NameKind::Primary => {}
        _ => add(Fact::OtherName, 1.0),
    }
    let majors = name.iter().filter(|token| !token.is_minor()).count();
    if majors < 2 || query.tokens.iter().filter(|token| !token.minor).count() < 2 {
        add(Fact::Single, 1.0);
    }
    let left = |mask: u32, minor: &dyn Fn(usize) -> bool| bits(mask).any(|at| !minor(at));
    if !left(alignment.query_left, &|at| query.tokens[at].minor)
        && !left(alignment.name_left, &|at| name[at].is_minor())
    {
        add(Fact::Complete, 1.0);
    }
    facts
}

/// How a birth date on a list speaks about the one that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Birth {
    Exact,
    Swapped,
    MonthOnly,
    Day,
    Month,
    YearOff,
    YearOnly,
    YearSlip,
    About,
    Absent,
    Other,
}

impl Birth {
    pub(super) fn fact(self) -> Fact {
        match self {
            Birth::Exact => Fact::BirthExact,
            Birth::Swapped => Fact::BirthSwapped,
            Birth::MonthOnly => Fact::BirthMonthOnly,
            Birth::Day => Fact::BirthDay,
            Birth::Month => Fact::BirthMonth,
            Birth::YearOff => Fact::BirthYearOff,
            Birth::YearOnly => Fact::BirthYearOnly,
            Birth::YearSlip => Fact::BirthYearSlip,
            Birth::About => Fact::BirthAbout,
            Birth::Absent => Fact::BirthAbsent,
            Birth::Other => Fact::BirthOther,
        }
    }
}

/// The evidence of one listed birth date.
fn compare(read: BirthDate, listed: BirthDate) -> Birth {
    let apart = read.year.abs_diff(listed.year);
    let evidence = match (read.month, read.day, listed.month, listed.day) {
        (Some(m), Some(d), Some(lm), Some(ld)) => {
            let (month, day) = (m == lm, d == ld);
            match apart {
                0 if month && day => Birth::Exact,
                0 if m == ld && d == lm => Birth::Swapped,
                0 if month => Birth::Day,
                0 if day => Birth::Month,
                1 if month && day => Birth::YearOff,
                _ if month && day && slipped(read.year, listed.year) => Birth::YearSlip,
                _ => Birth::Other,
            }
        }
        (Some(m), _, Some(lm), _) if apart == 0 && m == lm => Birth::MonthOnly,
        (Some(_), _, Some(_), _) if apart == 0 => Birth::Month,
        _ if apart == 0 => Birth::YearOnly,
        _ => Birth::Other,
    };
    // What is listed as about is about: within it, only the year is held against the traveller.
    match apart {
        0 if listed.circa => evidence.min(Birth::YearOnly),
        1..=2 if listed.circa => evidence.min(Birth::About),
        _ => evidence,
    }
}

/// One digit of the year wrong, or its last two swapped.
fn slipped(one: u16, other: u16) -> bool {
    let (a, b) = (one % 100, other % 100);
    one / 100 == other / 100
        && (a / 10 == b / 10 || a % 10 == b % 10 || (a / 10 == b % 10 && a % 10 == b / 10))
}

/// The best evidence that the listed birth dates give.
pub(super) fn birth(read: Option<BirthDate>, listed: impl Iterator<Item = BirthDate>) -> Birth {
    let Some(read) = read else {
        return Birth::Absent;
    };
    listed.map(|date| compare(read, date)).min().unwrap_or(Birth::Absent)
}

/// The fact that two sexes are, if any.
pub(super) fn sex(read: Sex, listed: Sex) -> Option<Fact> {
    match (read, listed) {
        (Sex::Female, Sex::Female) | (Sex::Male, Sex::Male) => Some(Fact::SexEqual),
        (Sex::Female, Sex::Male) | (Sex::Male, Sex::Female) => Some(Fact::SexOther),
        _ => None,
    }
}

/// The facts' sum, in nats.
pub(super) fn sum(facts: &Facts, weights: &Facts) -> f32 {
    facts.iter().zip(weights).map(|(fact, weight)| fact * weight).sum()
}

/// The score of a sum.
pub(super) fn score(sum: f32) -> f32 {
    1.0 / (1.0 + (-sum).exp())
}

/// The sum of a score.
pub(super) fn sum_of(score: f32) -> f32 {
    (score / (1.0 - score)).ln()
}

/// The most that one nat of names which met can add to a sum: no weight of names is larger.
pub(super) const MOST_OF_A_NAT: f32 = WEIGHTS[Fact::CrossedWeight as usize];
/// The most that a sum comes to without names and birth date, with one nat for tokens too common to be followed.
pub(super) const MOST_WITHOUT_NAME_AND_BIRTH: f32 = WEIGHTS[Fact::Bias as usize]
    + WEIGHTS[Fact::NationEqual as usize]
    + WEIGHTS[Fact::SexEqual as usize]
    + WEIGHTS[Fact::Complete as usize]
    + 1.0;

/// What each fact is worth, in nats.
pub(super) const WEIGHTS: Facts = weights();

const fn weights() -> Facts {
    use Fact::*;
    let table: [(Fact, f32); FACTS] = [
        (Bias, -5.04),
        (SurnameWeight, 0.40),
        (GivenWeight, 0.34),
        (CrossedWeight, 0.71),
        (SurnameCost, -4.41),
        (GivenCost, -1.69),
        (Crossed, -3.11),
        (SurnameMissed, -1.08),
        (GivenMissed, -2.65),
        (QuerySurnameLeft, -2.19),
        (QuerySurnameLeftWeight, -0.05),
        (QueryGivenLeft, -1.01),
        (QueryGivenLeftWeight, -0.06),
        (NameSurnameLeft, -1.01),
        (NameSurnameLeftWeight, -0.11),
        (NameGivenLeft, -0.24),
        (NameGivenLeftWeight, -0.05),
        (GivenConflict, -0.64),
        (Joined, -1.00),
        (Prefix, -0.50),
        (Initial, 0.00),
        (WeakName, -0.60),
        (OtherName, -0.10),
        (Single, -1.00),
        (Complete, 0.00),
        (BirthExact, 10.50),
        (BirthSwapped, 9.53),
        (BirthDay, 5.87),
        (BirthMonth, 3.00),
        (BirthYearOff, 6.97),
        (BirthYearSlip, 1.00),
        (BirthMonthOnly, 7.00),
        (BirthYearOnly, 6.00),
        (BirthAbout, 3.00),
        (BirthAbsent, 0.95),
        (BirthOther, -12.00),
        (NationEqual, 1.50),
        (NationOther, -2.00),
        (SexEqual, 0.30),
        (SexOther, -2.50),
        (ListSize, -0.80),
    ];
    let mut weights = [0.0; FACTS];
    let mut at = 0;
    while at < FACTS {
        weights[table[at].0 as usize] = table[at].1;
        at += 1;
    }
    weights
}
