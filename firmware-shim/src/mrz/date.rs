//! Dates of a zone: YYMMDD, parts of which may be unknown.

use core::fmt;

/// Six characters YYMMDD as they stand in the zone. Unknown parts are `<<` (9303-3, 4.8); `00` is seen for
/// them too and read the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MrzDate([u8; 6]);

/// What is known of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateParts {
    /// The last two digits of the year.
    pub year: Option<u8>,
    /// 1 to 12.
    pub month: Option<u8>,
    /// 1 to 31.
    pub day: Option<u8>,
}

impl MrzDate {
    /// From six characters; anything else reads as unknown.
    pub(crate) fn new(text: &str) -> MrzDate {
        MrzDate(text.as_bytes().try_into().unwrap_or(*b"<<<<<<"))
    }

    /// From a year and month, the day unknown.
    pub(crate) fn from_month([y1, y2, m1, m2]: [u8; 4]) -> MrzDate {
        MrzDate([y1, y2, m1, m2, b'<', b'<'])
    }

    /// The six characters.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The date's parts; `None` if it is no date: letters, a half-known part, a thirteenth month.
    pub fn parts(&self) -> Option<DateParts> {
        let [year, month, day] = [0, 2, 4].map(|at| part([self.0[at], self.0[at + 1]]));
        let not_zero = |part: Option<u8>| part.filter(|n| *n > 0);
        let parts = DateParts { year: year?, month: not_zero(month?), day: not_zero(day?) };
        (parts.month.is_none_or(|m| m <= 12) && parts.day.is_none_or(|d| d <= 31)).then_some(parts)
    }
}

/// `Some(None)`: unknown. `None`: unreadable.
fn part(digits: [u8; 2]) -> Option<Option<u8>> {
    match digits {
        [b'<', b'<'] => Some(None),
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(Some((tens - b'0') * 10 + ones - b'0')),
        _ => None,
    }
}

impl DateParts {
    /// The year of birth with its century: the last such year not after `today`, the current year. Somebody of a
    /// hundred years or more is taken for a child: a zone cannot tell.
    pub fn birth_year(&self, today: u16) -> Option<u16> {
        let year = u16::from(self.year?);
        let this_century = today - today % 100 + year;
        Some(if this_century > today { this_century.saturating_sub(100) } else { this_century })
    }
}

/// Personal data: shows only how much is known.
impl fmt::Debug for MrzDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.parts().is_some() { "MrzDate(..)" } else { "MrzDate(unreadable)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_parts_are_none_and_nonsense_is_no_date() {
        let parts = |text| MrzDate::new(text).parts();
        assert_eq!(parts("740812"), Some(DateParts { year: Some(74), month: Some(8), day: Some(12) }));
        assert_eq!(parts("74<<<<"), Some(DateParts { year: Some(74), month: None, day: None }));
        assert_eq!(parts("740000"), parts("74<<<<"));
        assert_eq!(parts("<<<<<<"), Some(DateParts { year: None, month: None, day: None }));
        for nonsense in ["74A812", "741312", "740832", "7<0812", "7408<1"] {
            assert_eq!(parts(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn the_century_of_a_birth_is_the_last_possible() {
        let year = |yy| DateParts { year: Some(yy), month: None, day: None }.birth_year(2026);
        assert_eq!((year(26), year(27), year(0)), (Some(2026), Some(1927), Some(2000)));
        assert_eq!(DateParts { year: None, month: None, day: None }.birth_year(2026), None);
    }
}
