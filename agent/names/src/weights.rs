//! What is seen of a traveller and a listed person, and what each such fact is worth.
//!
//! Worth is in nats: a fact of weight w makes the match e^w times as likely, as in a naive Bayesian sum, and the score is
//! that sum's probability. Weights were fitted by logistic regression (best name of each person, weights bounded to the sign
//! that makes sense, a small pull to the start) on half of some three thousand real listed persons, how their names are
//! written by sanctions lists and passports' zones, and ten thousand travellers who are not listed; the other half was only
//! measured. Where that data says little, or says what holds only for it (nearly no listed person travelled on a passport
//! of another state), the weight is a judgement, marked J.
//!
//! Gathering relies on signs: beside what names meet, birth date, nationality and sex, no fact is worth more than nothing.

/// A fact. Its weight is in [`WEIGHTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[rustfmt::skip]
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
    WeakName,
    OtherName,
    Single,
    BirthExact,
    BirthSwapped,
    BirthMonthOnly,
    BirthYearOff,
    BirthFirstExact,
    BirthYearOnly,
    BirthDay,
    BirthNeighbour,
    BirthMonth,
    BirthFirst,
    BirthAbout,
    BirthFirstYear,
    BirthYearNear,
    BirthYearSlip,
    BirthAbsent,
    BirthEthiopian,
    BirthOther,
    FarDiffers,
    BareDiffers,
    Others,
    NationEqual,
    NationOther,
    SexEqual,
    SexOther,
    ListSize,
}

/// How many facts there are.
pub(super) const FACTS: usize = Fact::ListSize as usize + 1;

/// A value for each fact: how often it holds, or how much of it.
pub(super) type Facts = [f32; FACTS];

/// What each fact is worth, in nats.
pub(super) const WEIGHTS: Facts = {
    let mut weights = [0.0; FACTS];
    let mut at = 0;
    while at < FACTS {
        weights[TABLE[at].0 as usize] = TABLE[at].1;
        at += 1;
    }
    weights
};

use Fact::*;

#[rustfmt::skip]
const TABLE: [(Fact, f32); FACTS] = [
    (Bias, -2.85),                      // that anybody is this person, before anything is known
    (SurnameWeight, 0.26),              // a nat of family names that met family names: less than one, as kin and neighbours share them
    (GivenWeight, 0.42),                // a nat of given names that met given names
    (CrossedWeight, 0.36),              // a nat of names that met across the fields
    (SurnameCost, -5.04),               // a wrong letter in a family name
    (GivenCost, -2.12),                 // a wrong letter in a given name, which languages bend more
    (Crossed, -0.47),                   // a token that met one of the other field
    (SurnameMissed, -1.01),             // no family name met anything
    (GivenMissed, -1.36),               // no given name met anything, though both have some
    (QuerySurnameLeft, -3.19),          // a family name read that is not listed
    (QuerySurnameLeftWeight, 0.00),     // a nat of it: a rare one speaks louder
    (QueryGivenLeft, -0.81),            // a given name read that is not listed
    (QueryGivenLeftWeight, -0.07),      // a nat of it
    (NameSurnameLeft, -1.46),           // a family name listed that was not read: one of two surnames is often left out
    (NameSurnameLeftWeight, -0.06),     // a nat of it
    (NameGivenLeft, -0.24),             // a given name listed that was not read: middle names are often left out
    (NameGivenLeftWeight, 0.00),        // a nat of it
    (GivenConflict, -1.25),             // a given name left on either side: brothers share the rest
    (Joined, -0.40),                    // J: tokens joined or split
    (Prefix, -0.50),                    // J: the stump of a cut name that a listed name completes
    (WeakName, -1.00),                  // J: the name is a weak alias
    (OtherName, -0.10),                 // J: the name is not the primary one
    (Single, -1.00),                    // J: one side has a single name, which says little
    (BirthExact, 9.00),                 // birth date equal: one in some twenty thousand shares it
    (BirthSwapped, 8.00),               // day and month swapped
    (BirthMonthOnly, 6.80),             // J: equal as far as listed, to the month
    (BirthYearOff, 6.76),               // the same day one year off
    (BirthFirstExact, 4.40),            // J: both 1 January of one year: where days are not known, all have it
    (BirthYearOnly, 4.76),              // equal as far as listed, the year
    (BirthDay, 4.40),                   // year and month equal, the day not
    (BirthNeighbour, 4.40),             // J: the day before or after, in another month
    (BirthMonth, 4.40),                 // J: the year equal, the month not
    (BirthFirst, 4.40),                 // J: the year equal, 1 January on one side
    (BirthAbout, 3.60),                 // J: within two years of a date listed as about
    (BirthFirstYear, 3.55),             // J: 1 January and that year: estimated years gather on round ones
    (BirthYearNear, 3.50),              // J: only years known, one apart
    (BirthYearSlip, 2.00),              // J: the same day, one digit of the year different
    (BirthAbsent, 2.00),                // no birth date read or listed
    (BirthEthiopian, 0.30),             // J: seven or eight years later, as an Ethiopian year
    (BirthOther, -0.70),                // J: another birth date: a rare name must carry the match alone
    (FarDiffers, -8.00),                // J: a difference of names where the birth date does not agree either
    (BareDiffers, -1.00),               // a difference of names where there is no birth date
    (Others, -0.45),                    // J: an e-fold of people in the world beyond one who have this name and birth date
    (NationEqual, 1.50),                // J: a nationality equal
    (NationOther, -2.00),               // J: another nationality: people have several, and change them
    (SexEqual, 0.30),                   // J: sex equal
    (SexOther, -2.50),                  // J: sex differs: lists and readers err, but seldom
    (ListSize, -0.80),                  // J: e-folds of the list beyond ten thousand persons: chance meetings grow with it
];

/// The most that one nat of names which met can add to a sum, but for fewer others of that name.
pub(super) const MOST_OF_A_NAT: f32 = {
    let [surname, given, crossed] =
        [WEIGHTS[SurnameWeight as usize], WEIGHTS[GivenWeight as usize], WEIGHTS[CrossedWeight as usize]];
    let most = if surname > given { surname } else { given };
    if most > crossed { most } else { crossed }
};
/// What one wrong letter takes from a nat of names that met. So much is never more than the letter costs.
pub(super) const LETTER_NATS: f32 = 2.5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_fact_is_worth_more_than_nothing() {
        for (fact, worth) in TABLE {
            let may = (BirthExact as usize..=BirthOther as usize).contains(&(fact as usize))
                || matches!(fact, SurnameWeight | GivenWeight | CrossedWeight | NationEqual | SexEqual);
            assert!(may || worth <= 0.0, "{fact:?}");
        }
        for cost in [SurnameCost, GivenCost] {
            assert!(WEIGHTS[cost as usize] <= -MOST_OF_A_NAT * LETTER_NATS);
        }
    }
}
