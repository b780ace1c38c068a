//! Numbers as people read them on documents of states that put them into the zone in a way of their own. All invented.

use std::string::ToString;
use std::vec::Vec;

use super::super::NumberForm;
use super::*;

const RUSSIAN: &str =
    "PNRUSIVANOV<<IVAN<IVANOVI3<<<<<<<<<<<<<<<<<<\n4501234568RUS8501019F<<<<<<09100101770001<12";
const SENEGALESE: &str =
    "I<SEN10220040120001057<<<<<<<<\n8501019F3204153SEN<<<<<<<<<<<7\nDIOP<<FATOU<<<<<<<<<<<<<<<<<<<";

fn others(mrz: &Mrz) -> Vec<String> {
    let mut others = Vec::new();
    mrz.other_numbers(|number| others.push(number.to_string()));
    others
}

/// A card with right digits.
fn card(state: &str, number: &str, optional: &str) -> Mrz {
    let fields = super::super::Fields {
        document_number: number,
        issuing_state: state,
        optional1: optional,
        ..super::composing::specimen(super::super::Format::Td1)
    };
    Mrz::from(super::super::compose(&fields).unwrap())
}

#[test]
fn the_series_of_a_russian_passport_ends_in_the_optional_data() {
    let mrz = read(RUSSIAN);
    assert!(mrz.valid() && !mrz.number_doubtful(), "{:?}", mrz.checks());
    assert_eq!((mrz.document_number(), mrz.number_form()), ("4509123456", NumberForm::National));
    assert_eq!(others(&mrz), ["450123456"]);
    // Its passports for travel have a number of nine digits.
    let travel = read(&RUSSIAN.replacen("PNRUS", "P<RUS", 1));
    assert_eq!((travel.document_number(), travel.number_form()), ("450123456", NumberForm::Short));
}

#[test]
fn the_digit_of_the_optional_data_guards_the_series_of_a_russian_passport() {
    let misread = read(&RUSSIAN.replacen("<<<<09100101", "<<<<0B100101", 1));
    assert!(misread.number_doubtful());
    assert_eq!(misread.document_number(), "450B123456");
    let wrong = read(&RUSSIAN.replacen("<<<<09100101", "<<<<07100101", 1));
    assert!(wrong.number_doubtful());
}

#[test]
fn a_senegalese_number_has_no_digit_of_its_own() {
    let mrz = read(SENEGALESE);
    assert!(mrz.valid() && !mrz.number_doubtful(), "{:?}", mrz.checks());
    assert_eq!((mrz.document_number(), mrz.number_form()), ("10220040120001057", NumberForm::National));
    assert_eq!(others(&mrz), ["102200401"]);
    let misread = read(&SENEGALESE.replacen("20001057", "20001067", 1));
    assert!(misread.number_doubtful(), "the composite digit covers it");
    // Newer cards write it the way of 9303-5.
    let long = card("SEN", "10619940302000281", "");
    assert_eq!((long.document_number(), long.number_doubtful()), ("10619940302000281", false));
}

#[test]
fn cards_are_known_by_the_personal_number_in_their_optional_data() {
    for (state, number, optional) in [
        ("ESP", "BAA000589", "99999999R"),
        ("ESP", "E12345678", "X1234567L"),
        ("EST", "AS0002262", "38001085718"),
        ("LTU", "11810187", "46411231034"),
        ("LVA", "PA9992921", "121282<88882"),
        ("SRB", "955555546", "2902968000000"),
        ("SWE", "59000002", "198703142391"),
        ("VNM", "093047064", "001093047064"),
        ("ARE", "123456789", "784198012345678"),
        ("TUR", "A06B58294", "<31219500000"),
    ] {
        let mrz = card(state, number, optional);
        assert_eq!(mrz.document_number(), number);
        assert_eq!(others(&mrz), [optional.trim_matches('<')], "{state}");
        assert!(others(&card("UTO", number, optional)).is_empty(), "no other state's");
        assert!(others(&card(state, number, "")).is_empty());
    }
    // Another shape is no personal number.
    assert!(others(&card("ESP", "BAA000589", "99999999")).is_empty());
    assert!(others(&card("ARE", "123456789", "123456789012345")).is_empty());
}

#[test]
fn permits_of_the_netherlands_have_the_state_before_the_printed_number() {
    assert_eq!(others(&card("NLD", "I01234567", "")), ["NLDI01234567"]);
}

#[test]
fn other_documents_have_one_number() {
    for text in [TD1, TD2, TD3, MRV_A, MRV_B] {
        assert!(others(&read(text)).is_empty());
    }
}
