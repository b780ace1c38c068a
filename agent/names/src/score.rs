//! What an alignment of two names amounts to, and the score of all that is seen: 1 / (1 + exp(-sum)), from 0 to 1.
//!
//! Facts add up on purpose: an officer, or an auditor, can be told each one's share. Thresholds are the list's issuer's.

use super::align::{Alignment, GIVEN, NameToken, Prepared, QueryToken, SURNAME, bits};
use super::birth::{Agreement, Birth};
use super::person::{NameKind, Sex};
use super::weights::{FACTS, Fact, Facts, LETTER_NATS, WEIGHTS};
use super::world::{COMMON, PEOPLE_OF_A_CULTURE, RARE, TRAVELLERS_OF_A_CULTURE};

/// The most that sums come to, at the usual thresholds: clear, just possible, and just no hit.
const CLEAR_MOST: f32 = 0.5;
const POSSIBLE_MOST: f32 = 1.25;
const NO_HIT_MOST: f32 = 2.5;
/// People of a large culture with one name and birth date from which on none of them is a hit, as ln.
const DOZENS: f32 = 3.5;
/// Nats that a name must have to be possible where only the year of birth agrees, or nearly.
const NEAR_NATS_MIN: f32 = 7.5;
/// Nats of what one in twenty has.
const ONE_IN_TWENTY: f32 = 3.0;
/// Differences of names from which on a name is another, where the birth date is.
const DIFFERENCE: f32 = 0.5;
/// Wrong letters of a name that are no difference: another spelling of one sound.
const SAME_LETTERS: f32 = 0.25;
/// Facts that are a difference of names, and how many count where no birth date agrees.
const DIFFERENCES: [Fact; 7] = [
    Fact::QuerySurnameLeft,
    Fact::QueryGivenLeft,
    Fact::NameSurnameLeft,
    Fact::NameGivenLeft,
    Fact::SurnameMissed,
    Fact::GivenMissed,
    Fact::Single,
];
const DIFFERENCES_MAX: f32 = 2.0;

/// Adds the facts of what met; whether a surname did, and a given name.
fn met_facts(
    query: &Prepared,
    name: &[NameToken],
    alignment: &Alignment,
    add: &mut impl FnMut(Fact, f32),
) -> (bool, bool) {
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
    (surname_met, given_met)
}

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
    let (surname_met, given_met) = met_facts(query, name, alignment, &mut add);
    let query_given = query.has_given();
    let mut query_given_left = 0;
    for token in bits(alignment.query_left).map(|at| &query.tokens[at]) {
        let Some((fact, nat)) = left_fact(token, query_given) else {
            continue;
        };
        add(fact, 1.0);
        add(nat, token.weight);
        query_given_left += usize::from(fact == Fact::QueryGivenLeft);
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
    facts
}

/// The fact that a token of the query is not listed, and the fact of its nats; None where that says nothing.
pub(super) fn left_fact(token: &QueryToken, query_has_given: bool) -> Option<(Fact, Fact)> {
    if token.minor || (token.cut && token.text.len() <= 3) {
        None
    } else if token.field & SURNAME != 0 && query_has_given {
        Some((Fact::QuerySurnameLeft, Fact::QuerySurnameLeftWeight))
    } else {
        Some((Fact::QueryGivenLeft, Fact::QueryGivenLeftWeight))
    }
}

/// Nats that a name's meetings come to, less for wrong letters.
pub(super) fn met_nats(alignment: &Alignment) -> f32 {
    alignment.pairs.iter().map(|pair| (pair.weight - LETTER_NATS * pair.cost).max(0.0)).sum()
}

/// Adds what the birth date says, and how many others the world has of such name and date.
pub(super) fn add_birth(facts: &mut Facts, birth: Birth, alignment: &Alignment) {
    let worth = WEIGHTS[birth.fact() as usize];
    facts[birth.fact() as usize] = 1.0;
    facts[Fact::Others as usize] = others(met_nats(alignment), worth);
    let letters: f32 = alignment.pairs.iter().map(|pair| pair.cost).filter(|&cost| cost > SAME_LETTERS).sum();
    let left: f32 = DIFFERENCES.map(|fact| facts[fact as usize]).iter().sum();
    if let Some((fact, differences)) = differs(birth, letters + left) {
        facts[fact as usize] = differences;
    }
}

/// The fact that so many differences of names are where no date carries the match, and how far they count.
pub(super) fn differs(birth: Birth, differences: f32) -> Option<(Fact, f32)> {
    // Then the name must carry it, and every difference counts.
    let fact = match birth.agreement() {
        Agreement::Full => return None,
        Agreement::Unknown => Fact::BareDiffers,
        Agreement::Near | Agreement::None => Fact::FarDiffers,
    };
    Some((fact, differences.min(DIFFERENCES_MAX)))
}

/// How many travellers of a large culture share a name of so many nats and a birth date of such worth, as ln, at least 0.
pub(super) fn others(nats: f32, birth_worth: f32) -> f32 {
    (TRAVELLERS_OF_A_CULTURE - nats - birth_worth.max(0.0)).max(0.0)
}

/// The fact that two sexes are, if any.
pub(super) fn sex(read: Sex, listed: Sex) -> Option<Fact> {
    match (read, listed) {
        (Sex::Female, Sex::Female) | (Sex::Male, Sex::Male) => Some(Fact::SexEqual),
        (Sex::Female, Sex::Male) | (Sex::Male, Sex::Female) => Some(Fact::SexOther),
        _ => None,
    }
}

/// The facts' sum, in nats. Most of a search's sums are made here, so eight are made side by side.
pub(super) fn sum(facts: &Facts, weights: &Facts) -> f32 {
    let mut sums = [0.0; 8];
    for (facts, weights) in facts.chunks(sums.len()).zip(weights.chunks(sums.len())) {
        for ((sum, fact), weight) in sums.iter_mut().zip(facts).zip(weights) {
            *sum += fact * weight;
        }
    }
    sums.iter().sum()
}

/// The score of facts.
pub(super) fn score(facts: &Facts, birth: Birth, alignment: &Alignment) -> f32 {
    let most = most(met_nats(alignment), facts[Fact::FarDiffers as usize], birth);
    score_of(sum(facts, &WEIGHTS).min(most))
}

/// The most that a sum may come to, whatever else was seen: what a birth date that does not agree leaves to a name of so
/// many nats with so many differences. [`least_nats`] is its inverse.
fn most(nats: f32, differences: f32, birth: Birth) -> f32 {
    match birth.agreement() {
        Agreement::Full if nats < lone_nats(birth) => NO_HIT_MOST,
        Agreement::Full => f32::MAX,
        Agreement::Near if nats >= NEAR_NATS_MIN => NO_HIT_MOST,
        Agreement::Unknown if nats >= RARE => f32::MAX,
        Agreement::Unknown if nats >= COMMON => NO_HIT_MOST,
        Agreement::None if nats >= rare_nats(birth) && differences < DIFFERENCE => POSSIBLE_MOST,
        _ => CLEAR_MOST,
    }
}

/// The least nats of a name for which a sum may come to `needed`: infinite where none does.
pub(super) fn least_nats(needed: f32, birth: Birth) -> f32 {
    let steps = match birth.agreement() {
        Agreement::Full => [(NO_HIT_MOST, 0.0), (f32::MAX, lone_nats(birth))],
        Agreement::Near => [(CLEAR_MOST, 0.0), (NO_HIT_MOST, NEAR_NATS_MIN)],
        Agreement::Unknown if needed > NO_HIT_MOST => [(f32::MAX, RARE); 2],
        Agreement::Unknown => [(CLEAR_MOST, 0.0), (NO_HIT_MOST, COMMON)],
        Agreement::None => [(CLEAR_MOST, 0.0), (POSSIBLE_MOST, rare_nats(birth))],
    };
    steps.iter().find(|(most, _)| needed <= *most).map_or(f32::INFINITY, |(_, nats)| *nats)
}

/// Nats from which on hardly anybody else has a name and such a birth date: one in twenty is as far off as calendars are.
fn rare_nats(birth: Birth) -> f32 {
    if birth == Birth::Ethiopian { RARE - ONE_IN_TWENTY } else { RARE }
}

/// Nats from which on fewer than dozens of a large culture share a name and such a birth date.
fn lone_nats(birth: Birth) -> f32 {
    PEOPLE_OF_A_CULTURE - WEIGHTS[birth.fact() as usize].max(0.0) - DOZENS
}

/// The score of a sum.
pub(super) fn score_of(sum: f32) -> f32 {
    1.0 / (1.0 + (-sum).exp())
}

/// The sum of a score.
pub(super) fn sum_of(score: f32) -> f32 {
    (score / (1.0 - score)).ln()
}
