//! Fields, check digits, what is forgiven, and what is said of the rest.

use std::format;
use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::mrz::{Check, DateParts, Field, Format, NumberForm, Sex, parse, parse_lines};

#[test]
fn the_specimens_of_every_icao_format() {
    for (text, format) in [
        (TD1, Format::Td1),
        (TD2, Format::Td2),
        (TD3, Format::Td3),
        (MRV_A, Format::MrvA),
        (MRV_B, Format::MrvB),
    ] {
        let mrz = read(text);
        assert_eq!(mrz.format(), format);
        assert!(mrz.valid(), "{format}: {:?}", mrz.checks());
        assert_eq!(mrz.unreadable_fields().count(), 0, "{format}");
        assert_eq!(
            (mrz.issuing_state(), mrz.surname(), mrz.given_names()),
            ("UTO", "ERIKSSON", "ANNA MARIA")
        );
        assert_eq!(mrz.sex(), Sex::Female);
        assert!(!mrz.name_truncated());
    }
}

#[test]
fn a_passport_field_by_field() {
    let mrz = read(TD3);
    assert_eq!(mrz.document_code(), "P");
    assert_eq!(mrz.document_number(), "L898902C3");
    assert_eq!(mrz.number_form(), NumberForm::Short);
    assert_eq!(mrz.nationality(), "UTO");
    assert_eq!(mrz.birth_date().map(|d| d.parts()), Some(Some(parts(74, Some(8), Some(12)))));
    assert_eq!(mrz.expiry_date().map(|d| d.parts()), Some(Some(parts(12, Some(4), Some(15)))));
    assert_eq!((mrz.optional1(), mrz.optional2()), ("ZE184226B", ""));
    let names: Vec<CheckName> = mrz.checks().iter().map(|c| c.name).collect();
    use CheckName::*;
    assert_eq!(names, [Number, Birth, Expiry, Personal, Composite]);
}

#[test]
fn optional_data_of_every_format() {
    let optional = |text: &str, blank: &str, filled: &str| {
        let mrz = read(&text.replace(blank, filled));
        (String::from(mrz.optional1()), String::from(mrz.optional2()))
    };
    let both = |first: &str, second: &str| (String::from(first), String::from(second));
    // The longest that fits, inner fillers kept.
    assert_eq!(optional(TD1, "8907<<<<<<<<<<<<<<<", "8907123456<89012345"), both("123456<89012345", ""));
    assert_eq!(optional(TD1, "UTO<<<<<<<<<<<", "UTO1234<678901"), both("", "1234<678901"));
    assert_eq!(optional(TD2, "59<<<<<<<", "5912<4567"), both("12<4567", ""));
    assert_eq!(optional(MRV_A, "6ZE184226B<<<<<<", "6ZE184226B<<<<<X"), both("6ZE184226B<<<<<X", ""));
    assert_eq!(optional(MRV_B, "09<<<<<<<<", "0912<45678"), both("12<45678", ""));
}

fn parts(year: u8, month: Option<u8>, day: Option<u8>) -> DateParts {
    DateParts { year: Some(year), month, day }
}

#[test]
fn each_wrong_digit_is_told_with_its_place_and_what_it_should_be() {
    let mrz = read(&TD3.replace("L898902C36", "L898902C35"));
    assert!(!mrz.valid());
    assert_eq!(failing(&mrz), [CheckName::Number, CheckName::Composite]);
    let number = mrz.checks()[0];
    assert_eq!(number.check, Check::Invalid { found: '5', expected: '6' });
    assert_eq!((number.line, number.column), (2, 10));
}

#[test]
fn an_unused_personal_number_may_have_a_filler_or_zero_for_its_digit() {
    // 9303-4, 4.2.2.2: "the check digit may be zero or the filler character (<)" when the field is not used.
    let unused = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159<<<<<<<<<<<<<<<";
    for (digit, check) in [("0", Check::Valid), ("<", Check::Absent)] {
        let mrz = read(&format!("{}{digit}8", &unused[..unused.len() - 1]));
        assert_eq!(mrz.checks()[3].check, check);
        assert!(mrz.valid(), "{:?}", mrz.checks());
    }
    let used = read(&TD3.replace("<<<<<10", "<<<<<<0"));
    assert_eq!(used.checks()[3].check, Check::Invalid { found: '<', expected: '1' });
}

#[test]
fn line_breaks_case_and_blanks_do_not_matter() {
    let expected = read(TD3);
    let joined = TD3.replace('\n', "");
    let split: String =
        joined.as_bytes().chunks(17).map(|c| format!("{}\r\n", core::str::from_utf8(c).unwrap())).collect();
    for variant in [
        joined.clone(),
        split,
        TD3.to_lowercase(),
        TD3.replace('\n', "\r\n\r\n"),
        TD3.replace("UTO", "U T\tO "),
        TD3.replace("<<", "«"),
        format!("\u{2}{TD3}\r\u{3}"),
        // A blank typed for every filler, those at the end included.
        TD3.replace('<', " "),
    ] {
        assert_eq!(parse(&variant).as_ref(), Ok(&expected), "{variant:?}");
    }
    let lines: Vec<&str> = TD3.lines().collect();
    assert_eq!(parse_lines(&lines), Ok(expected));
}

#[test]
fn blanks_are_fillers_where_the_lines_have_their_lengths_only_with_them() {
    // 16 fillers given as blanks: without them 72 characters are left, as many as a TD2 has.
    let zone = "P<USATRAVELERSON<<HHHHHHHHHHHHH<<<<<<<<<<<<<\n5061824333USA8501019F32041532018721022331770";
    let expected = read(zone);
    assert_eq!((expected.format(), expected.document_number()), (Format::Td3, "506182433"));
    assert_eq!(parse(&zone.replace('<', " ")), Ok(expected));
    // A TD2 that is given in columns of 44 stays one.
    let columns: String = TD2.lines().map(|line| format!("{line}        \n")).collect();
    assert_eq!(parse(&columns), Ok(read(TD2)));
}

#[test]
fn text_that_is_no_zone_is_told_what_is_wrong_and_where() {
    for (text, says) in [
        (String::new(), "the text is empty"),
        ("\r\n \t".into(), "the text is empty"),
        (TD3.replace("ANNA", "ÅNNA"), "line 1, column 16: 'Å' cannot stand"),
        (TD3.replace("L898902", "L898-02"), "line 2, column 5: '-' cannot stand"),
        (
            TD3.replace("ZE184", "Z184"),
            "line 2 has 43 characters, TD3 needs 44; look for a character left out",
        ),
        (
            TD2.replace("UTOERI", "UTOOERI"),
            "line 1 has 37 characters, TD2 needs 36; look for a character read twice",
        ),
        (TD1[..61].into(), "line 3 is missing: TD1 needs it, with 30 characters"),
        (TD1[..30].into(), "line 2 is missing"),
        (format!("{TD3}\n{TD3}"), "line 3 is too much: TD3"),
        ("HELLO\nWORLD".into(), "10 characters in 2 line(s) are no known format"),
    ] {
        assert!(error(&text).contains(says), "{}", error(&text));
    }
}

#[test]
fn long_numbers_by_either_convention() {
    // The rest of the number is ABD; its digit is 3 over the number alone, 9 with the filler counted.
    for (digit, composite, form) in
        [('3', '2', NumberForm::LongIcao), ('9', '0', NumberForm::LongFillerCounted)]
    {
        let text = format!(
            "I<UTO123456789<ABD{digit}<7X<<<<<<<<\n8502016F3001019UTO<<<<<<<<<<<{composite}\nERIKSSON<<ANNA<<<<<<<<<<<<<<<<"
        );
        let mrz = read(&text);
        assert!(mrz.valid(), "{:?}", mrz.checks());
        assert_eq!((mrz.document_number(), mrz.number_form()), ("123456789ABD", form));
        assert_eq!(mrz.optional1(), "7X");
    }
}

#[test]
fn a_long_number_that_agrees_with_neither_convention_is_assembled_but_not_valid() {
    let mrz = read(
        "I<UTO123456789<ABD5<<<<<<<<<<<\n8502016F3001019UTO<<<<<<<<<<<4\nERIKSSON<<ANNA<<<<<<<<<<<<<<<<",
    );
    assert_eq!((mrz.document_number(), mrz.number_form()), ("123456789ABD", NumberForm::LongUnconfirmed));
    assert!(failing(&mrz).contains(&CheckName::Number));
}

#[test]
fn a_filler_for_the_digit_of_a_short_number_is_a_wrong_digit() {
    // Nothing continues: the rest is missing, or too short to be a character and its digit; or the format
    // (9303-4, 9303-7) has no continued numbers.
    for text in [
        "I<UTO123456789<<<<<<<<<<<<<<<<\n8502016F3001019UTO<<<<<<<<<<<4\nERIKSSON<<ANNA<<<<<<<<<<<<<<<<",
        "I<UTOERIKSSON<<ANNA<<<<<<<<<<<<<<<<<\nD23145890<UTO3407127M95071227<<<<<<8",
        "P<UTOERIKSSON<<ANNA<<<<<<<<<<<<<<<<<<<<<<<<<\nL898902C3<UTO7408122F1204159ZE184226B<<<<<10",
    ] {
        let mrz = read(text);
        assert_eq!(mrz.number_form(), NumberForm::Short);
        assert!(matches!(mrz.checks()[0].check, Check::Invalid { found: '<', .. }), "{text}");
        assert_eq!(mrz.document_number().len(), 9);
    }
}

#[test]
fn parts_of_a_birth_date_may_be_unknown() {
    // 9303-3, 4.8: "If all or part of the date of birth is unknown, the relevant character positions shall be
    // completed with filler characters (<)."
    for (date, known) in [
        ("7408<<", parts(74, Some(8), None)),
        ("74<<<<", parts(74, None, None)),
        ("<<<<<<", DateParts { year: None, month: None, day: None }),
    ] {
        let mrz = read(&TD3.replace("740812", date));
        assert_eq!(mrz.birth_date().and_then(|d| d.parts()), Some(known));
        assert!(mrz.unreadable_fields().next().is_none());
    }
}

#[test]
fn a_letter_in_a_date_is_told_even_if_the_digits_agree() {
    // A has the value 10 (9303-3, 4.9), so 74A812 has the check digit of 740812. The digits are what `valid`
    // speaks of; that it is no date is said beside it.
    let mrz = read(&TD3.replace("740812", "74A812"));
    assert!(mrz.valid());
    assert_eq!(mrz.unreadable_fields().collect::<Vec<_>>(), [Field::Birth]);
    assert_eq!(mrz.birth_date().map(|d| d.parts()), Some(None));
}

#[test]
fn a_name_without_a_surname_is_not_valid_however_its_digits() {
    // 9303-3, 4.6: the primary identifier comes first and "shall be followed by two filler characters"; with one
    // name only, "it shall be placed first in the character positions for the primary identifier" (9303-5).
    let mrz = read(&TD1.replace("ERIKSSON<<ANNA<MARIA<<<<<<<<<<", "<<ANNA<MARIA<<<<<<<<<<<<<<<<<<"));
    assert_eq!((mrz.surname(), mrz.given_names()), ("", "ANNA MARIA"));
    assert!(failing(&mrz).is_empty() && !mrz.valid());
    let one_name = read(&TD1.replace("ERIKSSON<<ANNA<MARIA<<<<<<<<<<", "ARKFREITH<<<<<<<<<<<<<<<<<<<<<"));
    assert_eq!((one_name.surname(), one_name.given_names()), ("ARKFREITH", ""));
    assert!(one_name.valid());
}

#[test]
fn names_that_fill_the_field_may_be_cut() {
    // 9303-5, 4.2.3: cut, cut, and not cut though "it must be assumed that it has been truncated".
    for (name, surname, given, cut) in [
        ("NILAVADHANANANDA<<CHAYAPA<DE<K", "NILAVADHANANANDA", "CHAYAPA DE K", true),
        ("BENNELONG<WOOLOOMOOLOO<W<W<<DI", "BENNELONG WOOLOOMOOLOO W W", "DI", true),
        ("PAPANDROPOULOUS<<JONATHON<ALEC", "PAPANDROPOULOUS", "JONATHON ALEC", true),
        ("AL<BASRI<<HUDA<MUHAMMAD<JAWAD<", "AL BASRI", "HUDA MUHAMMAD JAWAD", false),
        ("VAN<DER<MUELLEN<<MARTIN<<JAN<<", "VAN DER MUELLEN", "MARTIN JAN", false),
    ] {
        let mrz = read(&TD1.replace("ERIKSSON<<ANNA<MARIA<<<<<<<<<<", name));
        assert_eq!((mrz.surname(), mrz.given_names(), mrz.name_truncated()), (surname, given, cut));
    }
}

#[test]
fn sexes_and_document_codes_old_and_new() {
    for (letter, sex) in
        [("M", Sex::Male), ("X", Sex::X), ("<", Sex::Unspecified), ("F", Sex::Female), ("D", Sex::Unknown)]
    {
        // The sex is in no check digit of any format.
        let mrz = read(&TD3.replace("2F1204159", &format!("2{letter}1204159")));
        assert_eq!(mrz.sex(), sex);
        assert!(mrz.valid());
    }
    for code in ["P<", "PP", "PD", "PO", "PU"] {
        let mrz = read(&TD3.replace("P<UTO", &format!("{code}UTO")));
        assert_eq!(mrz.document_code(), code.trim_end_matches('<'));
        assert!(mrz.valid());
    }
    let german = read(&TD3.replace("UTO", "D<<"));
    assert_eq!((german.issuing_state(), german.nationality()), ("D", "D"));
}

#[test]
fn debug_output_holds_no_personal_data() {
    let shown = format!("{:?} {:?}", read(TD3), read(TD3).birth_date());
    for secret in ["ERIKSSON", "ANNA", "740812", "L898902C3"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

proptest! {
    #[test]
    fn any_text_gives_a_zone_or_an_error(text in any::<String>()) {
        let _ = parse(&text).map_err(|error| format!("{error}"));
    }

    #[test]
    fn any_characters_of_a_zone_can_be_asked_everything(
        text in zone_of("[A-Z0-9<]")
    ) {
        if let Ok(mrz) = parse(&text) {
            prop_assert_eq!(mrz.lines().text(), &text);
            prop_assert!(mrz.document_number().len() <= 23);
            prop_assert!(mrz.surname().len() + mrz.given_names().len() <= 39);
            prop_assert!(!mrz.valid() || mrz.checks().iter().all(|c| c.check.passes()));
            let _ = (mrz.optional1(), mrz.optional2(), mrz.unreadable_fields().count());
            let _ = (mrz.birth_date().map(|d| d.parts()), mrz.expiry_date().map(|d| d.parts()), mrz.sex());
        }
    }
}
