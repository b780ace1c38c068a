//! How a listed birth date speaks about the one that was read.

use super::person::BirthDate;
use super::weights::Fact;

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

#[cfg(test)]
mod tests {
    use super::*;

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
            ("1975-08-12", Birth::YearOff),
            ("1947-08-12", Birth::YearSlip),
            ("1994-08-12", Birth::YearSlip),
            ("1974-08", Birth::MonthOnly),
            ("1974-09", Birth::Month),
            ("1974", Birth::YearOnly),
            ("1975", Birth::Other),
            ("1981-03-04", Birth::Other),
        ] {
            assert_eq!(of("1974-08-12", &[listed]), grade, "{listed}");
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
            (BirthDate::of_year(1977), Birth::Other),
        ] {
            assert_eq!(birth(read, std::iter::once(listed(date))), grade, "{date}");
        }
    }
}
