//! Where a zone that somebody typed is wrong, and what it likely should be.
//!
//! | what is wrong | where | likely |
//! |---|---|---|
//! | a character that no zone has | its place | a filler, if it looks like one or is drawn for it |
//! | a line one character too long or too short | the only place at which taking one out, or adding a filler beside another, lets every check digit agree; else the fillers at the line's end | the lines so |
//! | a check digit that does not agree | the character, if exactly one repair lets all agree; else the digit | the character |
//!
//! Only a proposal: nothing is changed, and the officer compares it with the document. What was typed is the caller's to keep.

use super::answer::Notice;
use vedette_shim::mrz::{self, Check, Mrz, MrzError, Repair};

/// Characters that people and readers give for a filler.
const LIKE_FILLERS: &str = "‹«›»>([{)]}_-–—=~^.,:;'\"`´|/\\*+≤⟨〈＜";
/// Places that are tried in a line; a zone's longest has 44.
const LINE_CHARS_MAX: usize = 60;

/// Where a zone cannot be read, and how it likely reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// From 1; lines without a character are not counted.
    pub line: u8,
    /// From 1; none where the whole line is missing or too much.
    pub column: Option<u16>,
    /// The lines as they were likely meant; none where nothing can be said.
    pub likely: Option<Vec<String>>,
}

impl Slip {
    /// Of a zone that cannot be read; none where there is no place.
    pub fn of(text: &str, error: &MrzError) -> Option<Slip> {
        let lines: Vec<Vec<char>> = text
            .split(['\n', '\r'])
            .filter(|line| !line.trim().is_empty())
            .map(|line| line.chars().collect())
            .collect();
        match *error {
            MrzError::Character { line, column, found } => {
                let likely = LIKE_FILLERS.contains(found).then(|| {
                    let replaced = |c: char| if LIKE_FILLERS.contains(c) { '<' } else { c };
                    lines.iter().map(|line| line.iter().map(|c| replaced(*c)).collect::<String>()).collect()
                });
                let likely = likely.filter(|lines: &Vec<String>| mrz::parse(&lines.join("\n")).is_ok());
                Some(Slip { line, column: Some(column), likely })
            }
            MrzError::LineLength { line, found, expected, .. } => {
                let at = usize::from(line.checked_sub(1)?);
                let one_off = found.abs_diff(u16::from(expected)) == 1 && lines.len() > at;
                let placed = if one_off { placed(&lines, at, found > u16::from(expected)) } else { None };
                let (column, likely) = placed.unzip();
                Some(Slip { line, column, likely })
            }
            MrzError::Empty | MrzError::Length { .. } => None,
        }
    }
}

/// The place in line `at` at which a character is too much, or a filler missing, and the lines without that fault.
fn placed(lines: &[Vec<char>], at: usize, too_long: bool) -> Option<(u16, Vec<String>)> {
    let line = lines[at].as_slice();
    if line.len() > LINE_CHARS_MAX {
        return None;
    }
    let changed = |column: usize| {
        let mut changed = line.to_vec();
        match too_long {
            true => drop(changed.remove(column)),
            false => changed.insert(column, '<'),
        }
        let mut all: Vec<String> = lines.iter().map(|line| line.iter().collect()).collect();
        all[at] = changed.into_iter().collect();
        all
    };
    let agrees = |all: &Vec<String>| mrz::parse(&all.join("\n")).is_ok_and(|zone| zone.valid());
    // Who leaves out a filler leaves out one of several.
    let beside_filler = |column: usize| {
        [column.checked_sub(1), Some(column)].into_iter().flatten().any(|at| line.get(at) == Some(&'<'))
    };
    let columns =
        (0..line.len() + usize::from(!too_long)).filter(|column| too_long || beside_filler(*column));
    let mut fits: Vec<(usize, Vec<String>)> = columns.map(|column| (column, changed(column))).collect();
    fits.retain(|(_, all)| agrees(all));
    // In a run of one character it is the same wherever it is taken out or put in.
    fits.dedup_by(|one, other| one.1 == other.1);
    let end = line.len() - usize::from(too_long);
    let (column, all) = match fits.len() {
        1 => fits.remove(0),
        // A line of names has no check digit; most often its fillers are miscounted.
        _ if line.ends_with(&['<', '<']) => (end, changed(end)),
        _ => return None,
    };
    Some((column as u16 + 1, all)).filter(|(_, all)| mrz::parse(&all.join("\n")).is_ok())
}

/// Where a zone that was read is wrong, as far as its check digits tell.
pub(super) fn notices(zone: &Mrz) -> Vec<Notice> {
    if let Repair::Unique(fix) = mrz::repair(zone.lines()) {
        return fix.changes().map(Notice::LikelyRead).collect();
    }
    let wrong = zone.checks().iter().filter_map(|digit| match digit.check {
        Check::Invalid { found, expected } => Some(Notice::CheckDigit {
            name: digit.name,
            line: digit.line,
            column: digit.column,
            found,
            expected,
        }),
        Check::Valid | Check::Absent => None,
    });
    wrong.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vedette_shim::mrz::CheckName;

    const ZONE: [&str; 2] =
        ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"];

    fn slip(text: &str) -> Slip {
        Slip::of(text, &mrz::parse(text).unwrap_err()).unwrap()
    }

    fn meant(slip: &Slip) -> bool {
        slip.likely.as_ref().is_some_and(|lines| *lines == ZONE)
    }

    #[test]
    fn a_wrong_character_is_named_with_its_place_and_fix() {
        let filler = slip(&ZONE.join("\n").replacen("<<ANNA", "<>ANNA", 1));
        assert_eq!((filler.line, filler.column), (1, Some(15)));
        assert!(meant(&filler));
        let letter = slip(&ZONE.join("\n").replacen("ANNA", "ANÑA", 1));
        assert_eq!((letter.line, letter.column, letter.likely), (1, Some(18), None));
    }

    #[test]
    fn a_character_too_much_or_too_few_is_found_by_the_check_digits() {
        for column in [5, 14, 31] {
            let mut lines = ZONE.map(str::to_string);
            lines[1].insert(column, '8');
            let found = slip(&lines.join("\n"));
            assert!(meant(&found), "{found:?}");
            assert_eq!((found.line, found.column), (2, Some(column as u16 + 1)));
        }
        // In the birth date it may be any of several digits.
        let unsure = slip(&ZONE.join("\n").replacen("7408122", "74088122", 1));
        assert_eq!((unsure.line, unsure.likely), (2, None));
        let short = slip(&ZONE.join("\n").replacen("B<<<<<10", "B<<<<10", 1));
        assert!(meant(&short), "{short:?}");
        let names = slip(&[&ZONE[0][..43], ZONE[1]].join("\n"));
        assert_eq!((names.line, names.column), (1, Some(44)));
        assert!(meant(&names));
        let gone = slip(&ZONE.join("\n").replacen("UTO740", "UT740", 1));
        assert_eq!((gone.line, gone.likely), (2, None), "a letter that was left out cannot be known");
    }

    #[test]
    fn a_check_digit_that_does_not_agree_is_named_or_what_it_was_misread_from() {
        let of = |from: &str, to: &str| notices(&mrz::parse(&ZONE.join("\n").replacen(from, to, 1)).unwrap());
        assert_eq!(of("P<UTO", "P<UTO"), []);
        let [Notice::LikelyRead(change)] = of("7408122", "74O8122")[..] else { panic!() };
        assert_eq!((change.line, change.column, change.from, change.to), (2, 16, 'O', '0'));
        let digit =
            |name, column, found, expected| Notice::CheckDigit { name, line: 2, column, found, expected };
        let typed = of("7408122", "7408132");
        assert_eq!(typed[0], digit(CheckName::Birth, 20, '2', '3'));
        assert_eq!(typed.len(), 2, "and the composite: {typed:?}");
    }
}
