//! How a listed birth date speaks about the one that was read.
//!
//! A date is evidence, never a veto: dates are misread, estimated, and converted from other calendars. What it proves grows
//! with how few people share it, so 1 January, which many states print where the day is not known, proves little more than
//! its year. No difference is worth more than equality is for the same listed date.

use super::person::BirthDate;
use super::weights::Fact;

/// How a birth date on a list speaks about the one that was read, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Birth {
    /// The same day.
    Exact,
    /// Day and month in each other's place.
    Swapped,
    /// The same month, and the day is not known on both sides.
    MonthOnly,
    /// The same day one year off.
    YearOff,
    /// The same year, and more is not known on both sides.
    YearOnly,
    /// The same month, another day.
    Day,
    /// 1 January of the same year on both sides.
    FirstExact,
    /// Days that follow each other, across the edge of a month or year.
    Neighbour,
    /// The same year, other day or month.
    Month,
    /// 1 January on one side, another day of the same year on the other.
    First,
    /// Within two years of a date that is listed as about.
    About,
    /// 1 January on one side, only its year on the other: a day that is not known, in a year that was estimated.
    FirstYear,
    /// Only years, or 1 January, one year apart: a Solar Hijri year begins in March.
    YearNear,
    /// The same day, one digit of the year different.
    YearSlip,
    /// Not listed, or not read.
    Absent,
    /// Seven or eight years later: an Ethiopian year taken for a Gregorian one.
    Ethiopian,
    /// Another date.
    Other,
}

impl Birth {
    /// All, each at its number.
    pub(super) const ALL: [Birth; 17] = [
        Birth::Exact,
        Birth::Swapped,
        Birth::MonthOnly,
        Birth::YearOff,
        Birth::YearOnly,
        Birth::Day,
        Birth::FirstExact,
        Birth::Neighbour,
        Birth::Month,
        Birth::First,
        Birth::About,
        Birth::FirstYear,
        Birth::YearNear,
        Birth::YearSlip,
        Birth::Absent,
        Birth::Ethiopian,
        Birth::Other,
    ];

    pub(super) fn fact(self) -> Fact {
        match self {
            Birth::Exact => Fact::BirthExact,
            Birth::Swapped => Fact::BirthSwapped,
            Birth::MonthOnly => Fact::BirthMonthOnly,
            Birth::YearOff => Fact::BirthYearOff,
            Birth::FirstExact => Fact::BirthFirstExact,
            Birth::YearOnly => Fact::BirthYearOnly,
            Birth::Day => Fact::BirthDay,
            Birth::Neighbour => Fact::BirthNeighbour,
            Birth::Month => Fact::BirthMonth,
            Birth::First => Fact::BirthFirst,
            Birth::About => Fact::BirthAbout,
            Birth::FirstYear => Fact::BirthFirstYear,
            Birth::YearNear => Fact::BirthYearNear,
            Birth::YearSlip => Fact::BirthYearSlip,
            Birth::Absent => Fact::BirthAbsent,
            Birth::Ethiopian => Fact::BirthEthiopian,
            Birth::Other => Fact::BirthOther,
        }
    }

    /// How far such a date agrees.
    pub(super) fn agreement(self) -> Agreement {
        use Birth::{Absent, Ethiopian, First, Month, Other, YearNear, YearSlip};
        match self {
            Month | First | YearNear | YearSlip => Agreement::Near,
            Absent => Agreement::Unknown,
            Ethiopian | Other => Agreement::None,
            _ => Agreement::Full,
        }
    }
}

/// How far a birth date agrees, and so what a match with it may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    /// As far as both are known, but for one slip.
    Full,
    /// In the year, or nearly, and no further: possible, never a hit.
    Near,
    /// Not known on one side.
    Unknown,
    /// In nothing: possible for a rare name, never a hit.
    None,
}

/// Years from an Ethiopian year to the Gregorian years that it overlaps.
const ETHIOPIAN_YEARS: [i32; 2] = [7, 8];
/// Years that two dates may be apart and still speak for each other, but for a slip of one digit of the year.
const YEARS_APART_MAX: i32 = ETHIOPIAN_YEARS[1];

/// The evidence of one listed birth date.
pub(super) fn compare(read: BirthDate, listed: BirthDate) -> Birth {
    let apart = i32::from(read.year) - i32::from(listed.year);
    // Most dates are of another time of life and another day: what follows would find no more.
    if apart.abs() > YEARS_APART_MAX && (read.month, read.day) != (listed.month, listed.day) {
        return Birth::Other;
    }
    let first = |date: BirthDate| date.month == Some(1) && date.day == Some(1);
    let evidence = match (read.month, read.day, listed.month, listed.day) {
        (Some(m), Some(d), Some(lm), Some(ld)) => {
            let (month, day) = (m == lm, d == ld);
            match apart {
                0 if first(read) && first(listed) => Birth::FirstExact,
                0 if month && day => Birth::Exact,
                _ if follow(read, listed) || follow(listed, read) => Birth::Neighbour,
                0 if first(read) || first(listed) => Birth::First,
                0 if m == ld && d == lm => Birth::Swapped,
                0 if month => Birth::Day,
                0 => Birth::Month,
                -1 | 1 if first(read) || first(listed) => Birth::YearNear,
                -1 | 1 if month && day => Birth::YearOff,
                _ if month && day && slipped(read.year, listed.year) => Birth::YearSlip,
                _ => Birth::Other,
            }
        }
        (Some(m), _, Some(lm), _) if apart == 0 && m == lm => Birth::MonthOnly,
        (Some(_), _, Some(_), _) if apart == 0 => Birth::Month,
        _ if apart == 0 && (first(read) || first(listed)) => Birth::FirstYear,
        _ if apart == 0 => Birth::YearOnly,
        _ if apart.abs() == 1 => Birth::YearNear,
        _ => Birth::Other,
    };
    let evidence = match evidence {
        Birth::Other if ETHIOPIAN_YEARS.contains(&apart) => Birth::Ethiopian,
        evidence => evidence,
    };
    // What is listed as about is about: within it, only the year is held against the traveller.
    match apart.abs() {
        0 if listed.circa => evidence.min(Birth::YearOnly),
        1..=2 if listed.circa => evidence.min(Birth::About),
        _ => evidence,
    }
}

/// Whether `second` is the day after `first`, in another month: 31 May and 1 June, 31 December and 1 January.
fn follow(first: BirthDate, second: BirthDate) -> bool {
    let (Some(month), Some(day)) = (first.month, first.day) else {
        return false;
    };
    let next = if month == 12 { (first.year + 1, 1) } else { (first.year, month + 1) };
    let last = match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    day >= last && second.day == Some(1) && (second.year, second.month) == (next.0, Some(next.1))
}

/// One digit of the year wrong, or its last two swapped.
pub(super) fn slipped(one: u16, other: u16) -> bool {
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

#[cfg(test)]
mod tests {
    use super::super::weights::WEIGHTS;
    use super::*;
    use proptest::prelude::*;

    fn of(read: &str, listed: &[&str]) -> Birth {
        birth(BirthDate::parse(read), listed.iter().filter_map(|text| BirthDate::parse(text)))
    }

    #[test]
    fn every_grade() {
        for (listed, grade) in [
            ("1974-08-12", Birth::Exact),
            ("1974-12-08", Birth::Swapped),
            ("1974-08-13", Birth::Day),
            ("1974-09-12", Birth::Month),
            ("1974-09-13", Birth::Month),
            ("1974-01-01", Birth::First),
            ("1975-08-12", Birth::YearOff),
            ("1975-01-01", Birth::YearNear),
            ("1947-08-12", Birth::YearSlip),
            ("1994-08-12", Birth::YearSlip),
            ("1974-08", Birth::MonthOnly),
            ("1974-09", Birth::Month),
            ("1974", Birth::YearOnly),
            ("1975", Birth::YearNear),
            ("1966", Birth::Ethiopian),
            ("1981-03-04", Birth::Other),
        ] {
            assert_eq!(of("1974-08-12", &[listed]), grade, "{listed}");
        }
        for (read, listed, grade) in [
            ("1974-01-01", "1974-01-01", Birth::FirstExact),
            ("1974-01-01", "1974", Birth::FirstYear),
            ("1974-06-01", "1974-05-31", Birth::Neighbour),
            ("1974-12-31", "1975-01-01", Birth::Neighbour),
            ("1974-06-01", "1974-05-30", Birth::Month),
        ] {
            assert_eq!(of(read, &[listed]), grade, "{read} {listed}");
        }
        assert_eq!(of("1974-08-12", &["1960", "1974"]), Birth::YearOnly, "the best of several counts");
        assert_eq!((of("1974-08-12", &[]), of("", &["1974"])), (Birth::Absent, Birth::Absent));
    }

    #[test]
    fn about_is_about() {
        let listed = |date| BirthDate { circa: true, ..date };
        let read = Some(BirthDate::new(1974, 8, 12));
        for (date, grade) in [
            (BirthDate::of_year(1976), Birth::About),
            (BirthDate::new(1973, 1, 1), Birth::About),
            (BirthDate::new(1974, 1, 1), Birth::YearOnly),
            (BirthDate::new(1974, 8, 12), Birth::Exact),
            (BirthDate::of_year(1978), Birth::Other),
        ] {
            assert_eq!(birth(read, std::iter::once(listed(date))), grade, "{date}");
        }
    }

    #[test]
    fn grades_are_in_the_order_of_their_worth() {
        use Birth::*;
        let all = [
            Exact, Swapped, MonthOnly, YearOff, YearOnly, Day, FirstExact, Neighbour, Month, First, About,
            YearNear, YearSlip, Absent, Ethiopian, Other,
        ];
        let worth = all.map(|grade| WEIGHTS[grade.fact() as usize]);
        assert!(all.is_sorted() && worth.is_sorted_by(|a, b| a >= b), "{worth:?}");
    }

    fn date() -> impl Strategy<Value = BirthDate> {
        (1960u16..1980, 1u8..=12, 1u8..=28, any::<bool>()).prop_map(|(year, month, day, first)| {
            if first { BirthDate::new(year, 1, 1) } else { BirthDate::new(year, month, day) }
        })
    }

    proptest! {
        #[test]
        fn a_difference_is_never_worth_more_than_equality(read in date(), listed in date()) {
            let worth = |read, listed| WEIGHTS[compare(read, listed).fact() as usize];
            prop_assert!(worth(read, listed) <= worth(listed, listed));
            prop_assert!(worth(read, listed) <= worth(read, read));
        }
    }
}
