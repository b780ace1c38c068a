//! Repairs: unique, ambiguous, none; and what they never do.

use proptest::prelude::*;
use std::string::{String, ToString};
use std::vec::Vec;

use super::composing::specimen;
use super::*;
use crate::mrz::{Change, Field, Fields, Fix, Format, Lines, Repair, compose, repair};

fn proposed(text: &str) -> Repair {
    repair(read(text).lines())
}

fn unique(text: &str) -> Fix {
    match proposed(text) {
        Repair::Unique(fix) => fix,
        other => panic!("{other:?} for {text}"),
    }
}

#[test]
fn a_zone_without_fault_needs_none() {
    for text in [TD1, TD2, TD3, MRV_A, MRV_B] {
        assert_eq!(proposed(text), Repair::NotNeeded);
    }
}

#[test]
fn a_letter_in_a_date_a_check_digit_or_a_digit_in_a_state_is_mended_by_the_format() {
    let misread = TD3.replace("UTO7408122", "UT0740BI22").replace("<10", "<IO");
    let fix = unique(&misread);
    assert_eq!(fix.lines().to_string(), TD3);
    let changes: Vec<(u8, u8, char, char)> =
        fix.changes().map(|Change { line, column, from, to }| (line, column, from, to)).collect();
    assert_eq!(
        changes,
        [(2, 13, '0', 'O'), (2, 17, 'B', '8'), (2, 18, 'I', '1'), (2, 43, 'I', '1'), (2, 44, 'O', '0')]
    );
}

#[test]
fn one_swap_in_the_number_that_satisfies_every_digit_is_offered() {
    // ICAO's number L898902C3 has 8, 8, 0 and 2 to confuse; the digits tell which.
    let fix = unique(&TD3.replace("L898902C3", "L8989O2C3"));
    assert_eq!(fix.lines().to_string(), TD3);
}

#[test]
fn the_personal_number_of_a_passport_has_its_own_digit() {
    let lines = compose(&Fields { optional1: "1984A73", ..specimen(Format::Td3) }).unwrap().to_string();
    assert_eq!(unique(&lines.replace("1984A73", "I984A73")).lines().to_string(), lines);
}

#[test]
fn optional_data_of_a_card_is_guarded_by_the_composite_digit() {
    let lines = compose(&Fields { optional1: "AB10", ..specimen(Format::Td1) }).unwrap().to_string();
    assert_eq!(unique(&lines.replace("AB10", "ABI0")).lines().to_string(), lines);
}

#[test]
fn a_misread_long_number_that_passes_by_the_other_convention_is_still_found() {
    // Counting the filler, O for 0 adds 8 and shifting the rest takes it away: only the composite digit sees it.
    let printed = Fields { document_number: "000024757ZZ7", ..specimen(Format::Td1) };
    let printed = compose(&printed).unwrap().to_string();
    let misread = printed.replacen("UTO0", "UTOO", 1);
    assert!(!failing(&read(&misread)).contains(&CheckName::Number));
    assert!(matches!(proposed(&misread), Repair::Unique(_) | Repair::Ambiguous(_)));
}

#[test]
fn two_ways_to_satisfy_the_digits_are_ambiguous() {
    // 1 for I and 8 for B both add one to the sum: nobody can tell which was read wrongly.
    assert_eq!(proposed(&TD1.replace("D23145890", "D23I45890")), Repair::Ambiguous(2));
}

#[test]
fn what_no_swap_explains_has_no_repair() {
    assert_eq!(proposed(&TD1.replace("D231458907", "D231458909")), Repair::None);
    // A date is digits only: a wrong digit there cannot be told.
    assert_eq!(proposed(&TD1.replace("7408122", "7408132")), Repair::None);
}

#[test]
fn g_for_6_changes_no_check_digit() {
    let lines = compose(&Fields { document_number: "A6", ..specimen(Format::Td1) }).unwrap().to_string();
    let misread = lines.replace("UTOA6", "UTOAG");
    assert!(read(&misread).valid());
    assert_eq!(proposed(&misread), Repair::NotNeeded);
}

#[test]
fn digits_in_a_name_are_told_but_never_changed() {
    let misread = TD3.replace("ERIKSSON", "ER1K5S0N");
    assert_eq!(proposed(&misread), Repair::NotNeeded);
    assert_eq!(read(&misread).unreadable_fields().collect::<Vec<_>>(), [Field::Name]);
}

const ALIKE: [(char, char); 6] = [('O', '0'), ('I', '1'), ('Z', '2'), ('S', '5'), ('G', '6'), ('B', '8')];

fn alike(a: char, b: char) -> bool {
    ALIKE.iter().any(|pair| *pair == (a, b) || *pair == (b, a))
}

proptest! {
    /// A single misread number is repaired to what was printed, or said to be ambiguous; never to something else.
    #[test]
    fn one_misreading_of_a_number_is_never_repaired_to_another_number(
        number in "[A-Z0-9]{9}",
        at in 0..9usize,
        format in prop::sample::select(&[Format::Td1, Format::Td2, Format::Td3][..]),
    ) {
        let printed = compose(&Fields { document_number: &number, ..specimen(format) }).unwrap();
        let c = number.as_bytes()[at] as char;
        let Some(swapped) = ALIKE.iter().find_map(|(a, b)| if *a == c { Some(*b) } else if *b == c { Some(*a) } else { None })
        else { return Ok(()) };
        let mut misread = number.clone();
        misread.replace_range(at..=at, &swapped.to_string());
        let text = printed.to_string().replace(&number, &misread);
        match proposed(&text) {
            Repair::Unique(fix) => prop_assert_eq!(fix.lines().text(), printed.text()),
            Repair::Ambiguous(n) => prop_assert!(n > 1),
            Repair::NotNeeded => prop_assert!("6G".contains(c)),
            Repair::None => prop_assert!(false, "{text}"),
        }
    }

    /// Of any zone whatever: a unique repair satisfies every check digit, swaps look-alikes only and leaves the name.
    #[test]
    fn a_unique_repair_keeps_its_promises(
        text in zone_of("[OI01B8S52Z6G<A]")
    ) {
        let Ok(lines) = Lines::read(&[&text]) else { return Ok(()) };
        check_promises(&lines)?;
    }

    /// The same of a passport with any misreadings.
    #[test]
    fn a_misread_passport_is_repaired_honestly(swaps in prop::collection::vec(0..88usize, 0..6)) {
        let mut text: Vec<u8> = TD3.replace('\n', "").into_bytes();
        for at in swaps {
            let c = text[at] as char;
            if let Some((a, b)) = ALIKE.iter().find(|(a, b)| *a == c || *b == c) {
                text[at] = if *a == c { *b } else { *a } as u8;
            }
        }
        check_promises(&Lines::read(&[&String::from_utf8(text).unwrap()]).unwrap())?;
    }
}

fn check_promises(lines: &Lines) -> Result<(), TestCaseError> {
    let Repair::Unique(fix) = repair(lines) else { return Ok(()) };
    let mrz = Mrz::from(*fix.lines());
    prop_assert!(failing(&mrz).is_empty());
    prop_assert!(fix.changes().count() > 0);
    prop_assert!(fix.changes().all(|c| alike(c.from, c.to)));
    for field in [Field::Name, Field::Surname, Field::GivenNames, Field::Sex] {
        prop_assert_eq!(lines.raw(field), fix.lines().raw(field));
    }
    Ok(())
}
