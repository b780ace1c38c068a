//! What is composed reads back, and names are cut by 9303's rules.

use std::format;
use std::string::{String, ToString};

use proptest::prelude::*;

use super::*;
use crate::mrz::{ComposeError, Field, Fields, Format, NumberForm, compose};

/// ICAO's specimen as fields.
pub(super) fn specimen(format: Format) -> Fields<'static> {
    Fields {
        format,
        document_code: "I",
        issuing_state: "UTO",
        document_number: "D23145890",
        counts_filler: false,
        nationality: "UTO",
        birth_date: "740812",
        sex: 'F',
        expiry_date: "120415",
        surname: "Eriksson",
        given_names: "Anna Maria",
        optional1: "",
        optional2: "",
    }
}

#[test]
fn the_specimens_come_out_as_icao_prints_them() {
    assert_eq!(compose(&specimen(Format::Td1)).unwrap().to_string(), TD1);
    assert_eq!(compose(&specimen(Format::Td2)).unwrap().to_string(), TD2);
    let passport = Fields {
        document_code: "P",
        document_number: "L898902C3",
        optional1: "ZE184226B",
        ..specimen(Format::Td3)
    };
    assert_eq!(compose(&passport).unwrap().to_string(), TD3);
}

#[test]
fn names_lose_apostrophes_and_are_parted_at_hyphens() {
    // 9303-3, 4.6: D'ARTAGNAN is DARTAGNAN, MARIE-ELISE is MARIE<ELISE.
    let fields = Fields { surname: "D'Artagnan", given_names: "Marie-Elise", ..specimen(Format::Td1) };
    let lines = compose(&fields).unwrap();
    assert!(lines.text().ends_with("DARTAGNAN<<MARIE<ELISE<<<<<<<<"), "{lines}");
}

#[test]
fn names_are_cut_to_end_with_a_letter_and_keep_a_given_name() {
    for (surname, given_names, name) in [
        ("Nilavadhanananda", "Chayapa Dejthamrong Krasuang", "NILAVADHANANANDA<<CHAYAPA<DEJT"),
        // The cut would fall behind the filler: a letter before it gives way.
        ("Nilavadhanananda", "Chayapadejt Hamrong", "NILAVADHANANANDA<<CHAYAPADEJ<H"),
        // All given names before it are initials: the surname gives way.
        ("Nilavadhanananda Chayapade", "J A", "NILAVADHANANANDA<CHAYAPAD<<J<A"),
        ("Nilavadhanananda Chayapa D", "J A", "NILAVADHANANANDA<CHAYAP<D<<J<A"),
        ("Bennelong Wooloomooloo Warrandyte", "Dingo", "BENNELONG<WOOLOOMOOLOO<WARR<<D"),
        ("Bennelong Wooloomooloo Warrandyte", "", "BENNELONG<WOOLOOMOOLOO<WARRAND"),
        ("Papandropoulous", "Jonathon Alec", "PAPANDROPOULOUS<<JONATHON<ALEC"),
    ] {
        let lines = compose(&Fields { surname, given_names, ..specimen(Format::Td1) }).unwrap();
        assert_eq!(lines.raw(Field::Name), name);
        assert!(Mrz::from(lines).name_truncated());
    }
}

#[test]
fn what_does_not_fit_or_cannot_be_written_is_refused() {
    let td1 = specimen(Format::Td1);
    let too_long = |field, room| Err(ComposeError::TooLong { field, room });
    assert_eq!(compose(&Fields { issuing_state: "UTOP", ..td1 }), too_long(Field::State, 3));
    assert_eq!(
        compose(&Fields { document_number: "12345678901234567890123", ..td1 }),
        too_long(Field::Number, 22)
    );
    assert_eq!(
        compose(&Fields { document_number: "1234567890", ..specimen(Format::Td3) }),
        too_long(Field::Number, 9)
    );
    assert_eq!(compose(&Fields { optional2: "X", ..specimen(Format::Td3) }), too_long(Field::Optional2, 0));
    assert_eq!(
        compose(&Fields { surname: "Müller", ..td1 }),
        Err(ComposeError::Character { field: Field::Name, found: 'ü' })
    );
    assert_eq!(compose(&specimen(Format::FrenchId)), Err(ComposeError::Format(Format::FrenchId)));
}

prop_compose! {
    fn names()(surname in "[A-Z]{1,9}( [A-Z]{1,5}){0,1}", given in "([A-Z]{1,6}( [A-Z]{1,5}){0,1})?") -> (String, String) {
        (surname, given)
    }
}

proptest! {
    #[test]
    fn what_is_composed_reads_back_and_is_valid(
        format in prop::sample::select(&[Format::Td1, Format::Td2, Format::Td3, Format::MrvA, Format::MrvB][..]),
        second in "[A-Z]?",
        state in "[A-Z]{3}|D",
        number in "[A-Z0-9]{1,15}",
        counts_filler: bool,
        year in 0..100u8, month in 1..=12u8, day in 1..=31u8,
        birth_known in 0..=3usize,
        sex in prop::sample::select(&['M', 'F', 'X', '<'][..]),
        (surname, given_names) in names(),
        optional1 in "[A-Z0-9]{0,7}",
        optional2 in "[A-Z0-9]{0,11}",
    ) {
        let long_allowed = matches!(format, Format::Td1 | Format::Td2);
        let number = &number[..number.len().min(if long_allowed { 14 } else { 9 })];
        let long = number.len() > 9;
        let optional1 = if long { "" } else { &*optional1 };
        let optional2 = if format == Format::Td1 { &*optional2 } else { "" };
        let first = if matches!(format, Format::MrvA | Format::MrvB) { "V" } else { "I" };
        let code = format!("{first}{}", if second == "D" { "" } else { &second });
        let expiry = format!("{year:02}{month:02}{day:02}");
        let birth = format!("{:<<6}", &expiry[..birth_known * 2]);
        let fields = Fields {
            format, document_code: &code, issuing_state: &state, document_number: number, counts_filler,
            nationality: &state, birth_date: &birth, sex, expiry_date: &expiry,
            surname: &surname, given_names: &given_names, optional1, optional2,
        };
        let lines = compose(&fields).unwrap();
        let mrz = read(&lines.to_string());
        prop_assert!(mrz.valid(), "{lines}: {:?}", mrz.checks());
        prop_assert_eq!(mrz.format(), format);
        prop_assert_eq!(mrz.document_code(), code);
        prop_assert_eq!((mrz.issuing_state(), mrz.nationality()), (&*state, &*state));
        prop_assert_eq!(mrz.document_number(), number);
        match mrz.number_form() {
            NumberForm::Short => prop_assert!(!long),
            NumberForm::LongIcao => prop_assert!(long && !counts_filler),
            NumberForm::LongFillerCounted => prop_assert!(long && counts_filler),
            NumberForm::LongBoth => prop_assert!(long),
            NumberForm::LongUnconfirmed | NumberForm::National => prop_assert!(false),
        }
        prop_assert_eq!(mrz.birth_date().unwrap().as_str().to_string(), birth);
        prop_assert_eq!(mrz.expiry_date().unwrap().as_str().to_string(), expiry);
        prop_assert_eq!((mrz.surname(), mrz.given_names()), (&*surname, &*given_names));
        prop_assert_eq!((mrz.optional1(), mrz.optional2()), (optional1, optional2));
    }

    #[test]
    fn a_name_of_any_length_is_written_and_a_cut_one_says_so(
        surname in "[A-Z]{1,20}( [A-Z]{1,20}){0,3}",
        given_names in "([A-Z]{1,20}( [A-Z]{1,20}){0,3})?",
    ) {
        for format in [Format::Td1, Format::Td2, Format::Td3] {
            let fields = Fields { surname: &surname, given_names: &given_names, ..specimen(format) };
            let mrz = Mrz::from(compose(&fields).unwrap());
            prop_assert!(mrz.valid());
            let whole = mrz.surname() == surname && mrz.given_names() == given_names;
            prop_assert!(whole || mrz.name_truncated(), "{}", mrz.lines());
            prop_assert_eq!(mrz.given_names().is_empty(), given_names.is_empty());
        }
    }
}
