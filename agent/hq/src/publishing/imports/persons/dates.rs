//! Birth dates as lists write them -> what is known of them.
//!
//! Takes 1948-12-10, 1948/12/10, 10 Dec 1948, 10.12.1948, Dec 1948, 1948, several joined by "or" or commas, and spans
//! ("1961 to 1963", "1987-1988", "between 1.1.1961 and 31.12.1963"), each perhaps with "circa". What holds no year from
//! 1850 on, an Iranian or Islamic year among it, is no evidence and gives nothing.

use vedette_names::BirthDate;

/// Years of a span that are listed one by one; a longer one is too wide to be evidence.
const SPAN_YEARS_MAX: u16 = 12;

/// The birth dates in `text`; empty when it holds none.
pub(super) fn dates(text: &str) -> Vec<BirthDate> {
    if let Some(date) = BirthDate::parse(text) {
        return vec![date];
    }
    let lower = text.to_lowercase();
    // Who gives alternatives is as unsure as who says circa.
    const UNSURE: [&str; 7] = ["circa", "ca", "around", "about", "approximately", "possibly", "or"];
    let circa = lower.split(|c: char| !c.is_alphanumeric()).any(|word| UNSURE.contains(&word));
    if let Some(span) = span(&lower) {
        return span;
    }
    let mut found: Vec<BirthDate> = lower
        .replace(" or ", ",")
        .split([',', ';', '('])
        .filter_map(date)
        .map(|date| BirthDate { circa, ..date })
        .collect();
    found.dedup();
    found
}

/// Both ends of a span, as the years from one to the other.
fn span(text: &str) -> Option<Vec<BirthDate>> {
    let text = text.replace("between", "").replace(" and ", " to ").replace('\u{2013}', "-");
    let (from, to) = text.split_once(" to ").or_else(|| {
        let (from, to) = text.trim().split_once('-')?;
        (year_of(from)? < year_of(to)?).then_some((from, to))
    })?;
    let (first, last) = (date(from)?, date(to)?);
    if first.year == last.year && first.month == last.month && first.month.is_some() {
        return Some(vec![BirthDate { day: None, circa: false, ..first }]);
    }
    let narrow = last.year.checked_sub(first.year)? <= SPAN_YEARS_MAX;
    Some(if narrow { (first.year..=last.year).map(BirthDate::of_year).collect() } else { Vec::new() })
}

fn year_of(text: &str) -> Option<u16> {
    let year = text.trim().parse().ok()?;
    BirthDate::of_year(year).is_possible().then_some(year)
}

/// One date: a year, and before or after it a month by name or number and a day.
fn date(text: &str) -> Option<BirthDate> {
    let mut numbers = Vec::new();
    let mut named_month = None;
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        match word.parse::<u16>() {
            Ok(number) => numbers.push(number),
            Err(_) => named_month = named_month.or_else(|| month(word)),
        }
    }
    let at = numbers.iter().position(|&number| BirthDate::of_year(number).is_possible())?;
    let year = numbers.remove(at);
    let small = |number: &u16| u8::try_from(*number).ok();
    let (month, day) = match (named_month, &numbers[..]) {
        (Some(month), [day, ..]) => (Some(month), small(day)),
        (Some(month), []) => (Some(month), None),
        (None, [month, day]) if at == 0 => (small(month), small(day)), // 1948-12-10
        (None, [day, month]) => (small(month), small(day)),            // 10.12.1948
        _ => (None, None),
    };
    let date = BirthDate { year, month, day, circa: false };
    Some(if date.is_possible() { date } else { BirthDate::of_year(year) })
}

fn month(word: &str) -> Option<u8> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let at = MONTHS.iter().position(|month| word.len() >= 3 && word.starts_with(month))?;
    u8::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(text: &str) -> String {
        dates(text).iter().map(BirthDate::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn lists_ways_to_write_a_date() {
        for (text, expected) in [
            ("1974-08-12", "1974-08-12"),
            ("1974/08/12", "1974-08-12"),
            ("12 Aug 1974", "1974-08-12"),
            ("12.8.1974.", "1974-08-12"),
            ("August 1974", "1974-08"),
            ("1974", "1974"),
            ("circa 12 Aug 1974", "about 1974-08-12"),
            ("around 1970", "about 1970"),
            ("1974 or 1975", "about 1974 about 1975"),
            ("12.8.1974 or 8.12.1974", "about 1974-08-12 about 1974-12-08"),
            ("1979, 1980 or 1981", "about 1979 about 1980 about 1981"),
            ("01 Jan 1961 to 31 Dec 1962", "1961 1962"),
            ("01 Aug 1974 to 31 Aug 1974", "1974-08"),
            ("between 1.1.1961 and 31.12.1963", "1961 1962 1963"),
            ("1987-1988", "1987 1988"),
            ("1920-1990", ""),
            ("1343 (Iranian calendar), 1964 (Gregorian calendar)", "1964"),
            ("10 October (year unknown)", ""),
            ("31.31.1974", "1974"),
            ("Passport 12345678", ""),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_possible_dates(text in any::<String>()) {
            prop_assert!(dates(&text).iter().all(BirthDate::is_possible));
        }

        #[test]
        fn digits_and_marks_too(text in "[0-9./ -]{0,30}") {
            prop_assert!(dates(&text).iter().all(BirthDate::is_possible));
        }
    }
}
