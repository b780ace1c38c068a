//! The formats, and where each field and check digit of a format stands.
//!
//! A zone is handled as one run of characters, its lines one after the other: scanners join and split
//! lines, characters they keep. A [`Span`] is a half-open range in that run, counted from 0. Everything
//! that reads, repairs or composes a zone goes by these tables, so a format is described once.
//!
//! Sources: ICAO Doc 9303 part 4 (TD3), part 5 (TD1), part 6 (TD2), part 7 (MRV-A, MRV-B), eighth edition;
//! the French national identity card of 1988 to 2021; the French and Swiss driving licences.

use core::fmt;

/// The longest document number: nine characters, and TD1's optional data less the check digit.
pub const MAX_NUMBER: usize = 9 + 14;

use serde::Serialize;

/// A kind of machine readable zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Format {
    /// Card, 3 lines of 30 (9303-5).
    #[serde(rename = "TD1")]
    Td1,
    /// Card of the larger size, 2 lines of 36 (9303-6).
    #[serde(rename = "TD2")]
    Td2,
    /// Passport booklet, 2 lines of 44 (9303-4).
    #[serde(rename = "TD3")]
    Td3,
    /// Full-page visa, 2 lines of 44 (9303-7).
    #[serde(rename = "MRV-A")]
    MrvA,
    /// Small visa, 2 lines of 36 (9303-7).
    #[serde(rename = "MRV-B")]
    MrvB,
    /// French national identity card before 2021, 2 lines of 36.
    #[serde(rename = "FRENCH_NATIONAL_ID")]
    FrenchId,
    /// French driving licence, 1 line of 30; other states print the same shape.
    #[serde(rename = "FRENCH_DRIVING_LICENSE")]
    FrenchDriving,
    /// Driving licence of Switzerland and Liechtenstein, lines of 9, 30 and 30.
    #[serde(rename = "SWISS_DRIVING_LICENSE")]
    SwissDriving,
}

/// The most characters a format has (TD1).
pub const MAX_CHARS: usize = 90;

/// What a run of characters means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// One or two characters: the kind of document.
    Code,
    /// Issuing state or organisation, up to three letters.
    State,
    /// Document number as it stands in its own field, without what continues in optional data.
    Number,
    /// Nationality, up to three letters.
    Nationality,
    /// Birth date, YYMMDD.
    Birth,
    /// Sex, one character.
    Sex,
    /// Expiry date, YYMMDD.
    Expiry,
    /// Surname, `<<`, given names.
    Name,
    /// Surname alone (French documents).
    Surname,
    /// Given names alone (French national ID).
    GivenNames,
    /// Optional data, the first or only field (TD3: personal number).
    Optional1,
    /// Optional data, the second field (TD1).
    Optional2,
    /// Department and office that issued it (French national ID).
    Office,
    /// Year and month of issue, YYMM (French national ID).
    IssueMonth,
    /// Department of issue, part of the printed number (French national ID).
    Department,
    /// Language of the document (Swiss driving licence).
    Language,
    /// The holder's number (Swiss driving licence).
    Pin,
    /// Version of the document (Swiss driving licence).
    Version,
    /// Fillers that belong to no field (Swiss driving licence).
    Separator,
}

/// What a check digit guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckName {
    /// Document number.
    Number,
    /// Birth date.
    Birth,
    /// Expiry date.
    Expiry,
    /// Personal number or other optional data (TD3).
    Personal,
    /// Several fields together.
    Composite,
}

/// Characters `start..end` of the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u8,
    pub(crate) end: u8,
}

impl Span {
    pub(crate) fn range(self) -> core::ops::Range<usize> {
        usize::from(self.start)..usize::from(self.end)
    }
}

const fn span(start: u8, end: u8) -> Span {
    Span { start, end }
}

/// A check digit: what it guards, where it stands, and the runs it is computed over, in order.
pub(crate) struct CheckAt {
    pub(crate) name: CheckName,
    pub(crate) at: u8,
    pub(crate) over: &'static [Span],
}

const fn check(name: CheckName, at: u8, over: &'static [Span]) -> CheckAt {
    CheckAt { name, at, over }
}

/// One format's description.
pub(crate) struct Layout {
    /// Characters of each line.
    pub(crate) widths: &'static [u8],
    pub(crate) fields: &'static [(Field, Span)],
    pub(crate) checks: &'static [CheckAt],
}

impl Layout {
    /// Where `field` stands, if the format has it.
    pub(crate) fn span(&self, field: Field) -> Option<Span> {
        self.fields.iter().find(|(f, _)| *f == field).map(|(_, span)| *span)
    }

    pub(crate) fn check(&self, name: CheckName) -> Option<&CheckAt> {
        self.checks.iter().find(|c| c.name == name)
    }

    /// Characters of the whole zone.
    pub(crate) fn len(&self) -> usize {
        self.widths.iter().map(|w| usize::from(*w)).sum()
    }

    /// Line and column, both from 1, of a character.
    pub(crate) fn place(&self, at: usize) -> (u8, u8) {
        let mut column = at;
        for (line, width) in self.widths.iter().enumerate() {
            let width = usize::from(*width);
            if column < width {
                return (line as u8 + 1, column as u8 + 1);
            }
            column -= width;
        }
        (self.widths.len() as u8, at as u8 + 1)
    }
}

impl Format {
    /// The name used in output: `TD1`, `MRV-A`, `FRENCH_NATIONAL_ID`, ...
    pub fn name(self) -> &'static str {
        match self {
            Format::Td1 => "TD1",
            Format::Td2 => "TD2",
            Format::Td3 => "TD3",
            Format::MrvA => "MRV-A",
            Format::MrvB => "MRV-B",
            Format::FrenchId => "FRENCH_NATIONAL_ID",
            Format::FrenchDriving => "FRENCH_DRIVING_LICENSE",
            Format::SwissDriving => "SWISS_DRIVING_LICENSE",
        }
    }

    /// Whether ICAO Doc 9303 describes it; the others are national.
    pub fn is_icao(self) -> bool {
        matches!(self, Format::Td1 | Format::Td2 | Format::Td3 | Format::MrvA | Format::MrvB)
    }

    /// Whether a document number may continue in the optional data (9303-5 and 9303-6, 4.2.2).
    pub(crate) fn has_long_numbers(self) -> bool {
        matches!(self, Format::Td1 | Format::Td2)
    }

    /// The format of a zone of these characters, by their count and their first letters.
    pub(crate) fn of(chars: &[u8]) -> Option<Format> {
        Some(match chars {
            [..] if chars.len() == TD1.len() => Format::Td1,
            [b'V', ..] if chars.len() == TD3.len() => Format::MrvA,
            [..] if chars.len() == TD3.len() => Format::Td3,
            [b'V', ..] if chars.len() == TD2.len() => Format::MrvB,
            [b'I', b'D', b'F', b'R', b'A', ..] if chars.len() == TD2.len() => Format::FrenchId,
            [..] if chars.len() == TD2.len() => Format::Td2,
            // It has no check digit: only its code tells it from a part of something longer.
            [_, _, _, _, _, _, _, _, _, b'F', b'A', ..] if chars.len() == SWISS_DRIVING.len() => {
                Format::SwissDriving
            }
            [b'A' | b'B' | b'D', b'0'..=b'9', ..] if chars.len() == FRENCH_DRIVING.len() => {
                Format::FrenchDriving
            }
            _ => return None,
        })
    }

    /// The format whose first line is this long: a guess, for saying what is wrong with a zone.
    pub(crate) fn by_width(width: usize) -> Option<Format> {
        [Format::Td3, Format::Td2, Format::Td1, Format::SwissDriving]
            .into_iter()
            .find(|f| usize::from(f.layout().widths[0]) == width)
    }

    pub(crate) fn layout(self) -> &'static Layout {
        match self {
            Format::Td1 => &TD1,
            Format::Td2 => &TD2,
            Format::Td3 => &TD3,
            Format::MrvA => &MRV_A,
            Format::MrvB => &MRV_B,
            Format::FrenchId => &FRENCH_ID,
            Format::FrenchDriving => &FRENCH_DRIVING,
            Format::SwissDriving => &SWISS_DRIVING,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

static TD1: Layout = Layout {
    widths: &[30, 30, 30],
    fields: &[
        (Field::Code, span(0, 2)),
        (Field::State, span(2, 5)),
        (Field::Number, span(5, 14)),
        (Field::Optional1, span(15, 30)),
        (Field::Birth, span(30, 36)),
        (Field::Sex, span(37, 38)),
        (Field::Expiry, span(38, 44)),
        (Field::Nationality, span(45, 48)),
        (Field::Optional2, span(48, 59)),
        (Field::Name, span(60, 90)),
    ],
    checks: &[
        check(CheckName::Number, 14, &[span(5, 14)]),
        check(CheckName::Birth, 36, &[span(30, 36)]),
        check(CheckName::Expiry, 44, &[span(38, 44)]),
        check(CheckName::Composite, 59, &[span(5, 37), span(38, 45), span(48, 59)]),
    ],
};

static TD2: Layout = Layout {
    widths: &[36, 36],
    fields: &[
        (Field::Code, span(0, 2)),
        (Field::State, span(2, 5)),
        (Field::Name, span(5, 36)),
        (Field::Number, span(36, 45)),
        (Field::Nationality, span(46, 49)),
        (Field::Birth, span(49, 55)),
        (Field::Sex, span(56, 57)),
        (Field::Expiry, span(57, 63)),
        (Field::Optional1, span(64, 71)),
    ],
    checks: &[
        check(CheckName::Number, 45, &[span(36, 45)]),
        check(CheckName::Birth, 55, &[span(49, 55)]),
        check(CheckName::Expiry, 63, &[span(57, 63)]),
        check(CheckName::Composite, 71, &[span(36, 46), span(49, 56), span(57, 71)]),
    ],
};

static TD3: Layout = Layout {
    widths: &[44, 44],
    fields: &[
        (Field::Code, span(0, 2)),
        (Field::State, span(2, 5)),
        (Field::Name, span(5, 44)),
        (Field::Number, span(44, 53)),
        (Field::Nationality, span(54, 57)),
        (Field::Birth, span(57, 63)),
        (Field::Sex, span(64, 65)),
        (Field::Expiry, span(65, 71)),
        (Field::Optional1, span(72, 86)),
    ],
    checks: &[
        check(CheckName::Number, 53, &[span(44, 53)]),
        check(CheckName::Birth, 63, &[span(57, 63)]),
        check(CheckName::Expiry, 71, &[span(65, 71)]),
        check(CheckName::Personal, 86, &[span(72, 86)]),
        check(CheckName::Composite, 87, &[span(44, 54), span(57, 64), span(65, 87)]),
    ],
};

static MRV_A: Layout = Layout {
    widths: &[44, 44],
    fields: &[
        (Field::Code, span(0, 2)),
        (Field::State, span(2, 5)),
        (Field::Name, span(5, 44)),
        (Field::Number, span(44, 53)),
        (Field::Nationality, span(54, 57)),
        (Field::Birth, span(57, 63)),
        (Field::Sex, span(64, 65)),
        (Field::Expiry, span(65, 71)),
        (Field::Optional1, span(72, 88)),
    ],
    checks: &[
        check(CheckName::Number, 53, &[span(44, 53)]),
        check(CheckName::Birth, 63, &[span(57, 63)]),
        check(CheckName::Expiry, 71, &[span(65, 71)]),
    ],
};

static MRV_B: Layout = Layout {
    widths: &[36, 36],
    fields: &[
        (Field::Code, span(0, 2)),
        (Field::State, span(2, 5)),
        (Field::Name, span(5, 36)),
        (Field::Number, span(36, 45)),
        (Field::Nationality, span(46, 49)),
        (Field::Birth, span(49, 55)),
        (Field::Sex, span(56, 57)),
        (Field::Expiry, span(57, 63)),
        (Field::Optional1, span(64, 72)),
    ],
    checks: &[
        check(CheckName::Number, 45, &[span(36, 45)]),
        check(CheckName::Birth, 55, &[span(49, 55)]),
        check(CheckName::Expiry, 63, &[span(57, 63)]),
    ],
};

static FRENCH_ID: Layout = Layout {
    widths: &[36, 36],
    fields: &[
        (Field::Code, span(0, 2)),
        (Field::State, span(2, 5)),
        (Field::Surname, span(5, 30)),
        (Field::Office, span(30, 36)),
        (Field::IssueMonth, span(36, 40)),
        (Field::Department, span(40, 43)),
        (Field::Number, span(43, 48)),
        (Field::GivenNames, span(49, 63)),
        (Field::Birth, span(63, 69)),
        (Field::Sex, span(70, 71)),
    ],
    checks: &[
        check(CheckName::Number, 48, &[span(36, 48)]),
        check(CheckName::Birth, 69, &[span(63, 69)]),
        check(CheckName::Composite, 71, &[span(0, 71)]),
    ],
};

static FRENCH_DRIVING: Layout = Layout {
    widths: &[30],
    fields: &[
        (Field::Code, span(0, 2)),
        (Field::State, span(2, 5)),
        (Field::Number, span(5, 14)),
        (Field::Expiry, span(15, 21)),
        (Field::Surname, span(21, 29)),
    ],
    checks: &[check(CheckName::Number, 14, &[span(0, 14)]), check(CheckName::Composite, 29, &[span(0, 29)])],
};

static SWISS_DRIVING: Layout = Layout {
    widths: &[9, 30, 30],
    fields: &[
        (Field::Number, span(0, 9)),
        (Field::Language, span(6, 7)),
        (Field::Code, span(9, 11)),
        (Field::State, span(11, 14)),
        (Field::Pin, span(14, 23)),
        (Field::Version, span(23, 26)),
        (Field::Separator, span(26, 28)),
        (Field::Birth, span(28, 34)),
        (Field::Separator, span(34, 39)),
        (Field::Name, span(39, 69)),
    ],
    checks: &[],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_of_an_icao_zone_belongs_to_exactly_one_field_or_check_digit() {
        for format in [Format::Td1, Format::Td2, Format::Td3, Format::MrvA, Format::MrvB, Format::FrenchId] {
            let layout = format.layout();
            let mut owners = [0; MAX_CHARS];
            for (_, span) in layout.fields {
                owners[span.range()].iter_mut().for_each(|n| *n += 1);
            }
            for check in layout.checks {
                owners[usize::from(check.at)] += 1;
            }
            assert!(owners[..layout.len()].iter().all(|n| *n == 1), "{format}: {owners:?}");
        }
    }

    #[test]
    fn places_count_lines_and_columns_from_one() {
        assert_eq!(SWISS_DRIVING.place(0), (1, 1));
        assert_eq!(SWISS_DRIVING.place(9), (2, 1));
        assert_eq!(SWISS_DRIVING.place(68), (3, 30));
    }
}
