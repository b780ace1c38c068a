//! What may be misread is told from what is sure, and a part of a zone is never taken for a whole one.

use super::super::{Fields, Format, NumberForm, compose};
use super::*;

/// Whether the number is in doubt, and the bearer.
fn doubts(text: &str) -> (bool, bool) {
    let mrz = read(text);
    (mrz.number_doubtful(), mrz.bearer_doubtful())
}

#[test]
fn a_zone_that_is_well_read_raises_no_doubt() {
    for text in [TD1, TD2, TD3, MRV_A, MRV_B] {
        assert_eq!(doubts(text), (false, false), "{text}");
    }
    // Unknown parts of a birth date are no misreading (9303-3, 4.8).
    assert_eq!(doubts(&TD3.replace("7408122", "74<<<<1")), (false, false));
}

#[test]
fn a_digit_that_fails_puts_in_doubt_what_it_guards() {
    assert_eq!(doubts(&TD3.replace("L898902C36", "L898902C37")), (true, false));
    assert_eq!(doubts(&TD3.replace("7408122", "7408123")), (false, true));
    for elsewhere in [("1204159", "1204158"), ("<<<<<10", "<<<<<20"), ("<<<<<10", "<<<<<11")] {
        assert_eq!(doubts(&TD3.replace(elsewhere.0, elsewhere.1)), (false, false), "{elsewhere:?}");
    }
}

#[test]
fn what_no_check_digit_sees_is_in_doubt_by_its_kind_of_character() {
    let state = TD3.replace("P<UTOER", "P<UT0ER");
    let birth = TD3.replace("7408122", "74A8122");
    assert!(failing(&read(&state)).is_empty() && failing(&read(&birth)).is_empty());
    assert_eq!(doubts(&state), (true, false));
    // A letter in a date is also how a zone shows that it is a part of another.
    assert_eq!(doubts(&birth), (true, true));
    assert_eq!(doubts(&TD3.replace("ERIKSSON<<ANNA<MARIA", "<<<<<<<<<<<<<<<<<<<<")), (false, true));
}

#[test]
fn a_licence_without_a_check_digit_is_in_doubt_as_a_whole() {
    let text = "XYZ123F<<\nFACHE123456789012<<910203<<<<<\nUTOPIE<MARCHEUR<<ANNE<MARIE<<<";
    assert_eq!(doubts(text), (false, false));
    for (from, to) in [("CHE", "UTO"), ("789012<<", "78901Z<<"), ("XYZ123F", "XYZ12AF")] {
        assert!(doubts(&text.replace(from, to)).0, "{to}");
    }
    assert!(error(&text.replace("FACHE", "FBCHE")).contains("no known format"));
}

#[test]
fn of_a_code_that_its_format_has_not_the_digits_decide() {
    for (zone, code, other) in [(TD3, "P<", "F<"), (TD1, "I<", "LX"), (TD2, "I<", "D1"), (TD1, "I<", "ME")] {
        let text = zone.replacen(code, other, 1);
        let mrz = read(&text);
        assert!(failing(&mrz).is_empty(), "no digit covers it");
        assert!(!mrz.code_known() && doubts(&text) == (false, false), "{other}");
        // Any digit that fails, be it of a part that is looked up nowhere, says that the zone is misread.
        let expiry = if zone == TD3 { "1204159" } else { "F1204159" };
        let wrong = text.replacen(expiry, &expiry.replace('9', "8"), 1);
        assert_eq!(doubts(&wrong), (true, false), "{other}");
        assert_eq!(doubts(&zone.replacen(expiry, &expiry.replace('9', "8"), 1)), (false, false));
    }
    // No document's code begins with a numeral.
    assert_eq!(doubts(&TD2.replacen("I<", "1<", 1)), (true, false));
    for (zone, code, other) in
        [(TD3, "P<", "PD"), (TD3, "P<", "X<"), (TD1, "I<", "AC"), (TD2, "I<", "PU"), (TD1, "I<", "RP")]
    {
        let text = zone.replacen(code, other, 1);
        assert!(read(&text).code_known() && doubts(&text) == (false, false), "{other}");
    }
}

#[test]
fn a_state_that_is_none_is_in_doubt_and_a_nationality_is_not() {
    for state in ["DCC", "DKK", "DK<", "D<K", "UST", "UT0", "ENG"] {
        let text = TD3.replacen("P<UTO", &format!("P<{state}"), 1);
        assert_eq!(doubts(&text), (true, false), "{state}");
        assert!(failing(&read(&text)).is_empty());
    }
    for state in ["D<<", "DEU", "UTO", "RKS", "XXA", "UNO", "EUE", "GBD", "ROM"] {
        assert_eq!(doubts(&TD3.replacen("P<UTO", &format!("P<{state}"), 1)), (false, false), "{state}");
    }
    assert_eq!(doubts(&TD3.replacen("36UTO", "36ZZZ", 1)), (false, false));
}

#[test]
fn a_name_without_a_surname_is_no_doubt() {
    // India's passports of people with one name, and others'.
    let text = TD3.replace("ERIKSSON<<ANNA<MARIA<<<<", "<<ALMADI<<<<<<<<<<<<<<<<");
    assert_eq!(doubts(&text), (false, false));
}

#[test]
fn a_long_number_is_in_doubt_where_the_composite_digit_fails() {
    // A short number whose digit was misread as the filler; the optional data ends in what would be a long one's digit.
    let short = "I<UTOD231458907AB<<<<<<<<<<<<<";
    let rest = TD1.split_once('\n').unwrap().1;
    let misread = (0..=9u8).map(|digit| short.replacen("7AB<", &format!("<AB{digit}"), 1));
    let read_long = misread
        .map(|first| read(&format!("{first}\n{rest}")))
        .filter(|mrz| mrz.number_form() != NumberForm::Short && !failing(mrz).contains(&CheckName::Number));
    let read_long: std::vec::Vec<_> = read_long.collect();
    assert!(!read_long.is_empty());
    for mrz in read_long {
        assert_eq!(mrz.number_doubtful(), failing(&mrz).contains(&CheckName::Composite), "{}", mrz.lines());
    }
}

proptest! {
    /// A reader that stops early, or a busy machine: whatever came is no zone, or is in doubt.
    #[test]
    fn the_beginning_of_a_zone_is_never_taken_for_a_whole_one(
        surname in "[A-Z]{1,20}", given in "[A-Z]{1,20}", number in "[A-Z0-9]{9}", optional in "[A-Z0-9]{0,7}",
        code in "[AIPV][A-Z0-9]?",
    ) {
        for format in [Format::Td1, Format::Td2, Format::Td3, Format::MrvA, Format::MrvB] {
            let fields = Fields {
                format,
                document_code: &code,
                surname: &surname,
                given_names: &given,
                optional1: &optional,
                optional2: if format == Format::Td1 { &optional } else { "" },
                ..Fields::specimen_passport("UTO", &number)
            };
            let Ok(whole) = compose(&fields) else { continue };
            let text = whole.to_string().replace('\n', "");
            for kept in 1..text.len() {
                if let Ok(part) = parse(&text[..kept]) {
                    prop_assert!(part.number_doubtful(), "{}", &text[..kept]);
                }
            }
        }
    }
}
