//! The French national ID and the French and Swiss driving licences, on invented samples.

use std::vec::Vec;

use super::*;
use crate::mrz::{Field, Format, Sex};

const FRENCH_ID: &str = "IDFRAUTOPIE<MARCHEUR<<<<<<<<<<750012\n1904752012340ANNE<<MARIE<<<9102033F5";
const FRENCH_DRIVING: &str = "D1FRA13AA000026310415UTOPISTE5";
const SWISS_DRIVING: &str = "XYZ123F<<\nFACHE123456789012<<910203<<<<<\nUTOPIE<MARCHEUR<<ANNE<MARIE<<<";

#[test]
fn a_french_national_id() {
    let mrz = read(FRENCH_ID);
    assert_eq!(mrz.format(), Format::FrenchId);
    assert!(mrz.valid(), "{:?}", mrz.checks());
    assert_eq!((mrz.surname(), mrz.given_names()), ("UTOPIE MARCHEUR", "ANNE MARIE"));
    // The card shows month of issue, department and serial number as one number.
    assert_eq!((mrz.document_number(), mrz.field(Field::Number)), ("190475201234", "01234"));
    assert_eq!(mrz.field(Field::Office), "750012");
    assert_eq!(mrz.sex(), Sex::Female);
    assert_eq!((mrz.nationality(), mrz.expiry_date()), ("", None));
}

#[test]
fn a_french_driving_licence_has_an_expiry_date_and_a_surname() {
    let mrz = read(FRENCH_DRIVING);
    assert_eq!(mrz.format(), Format::FrenchDriving);
    assert!(mrz.valid(), "{:?}", mrz.checks());
    assert_eq!((mrz.document_code(), mrz.document_number()), ("D1", "13AA00002"));
    assert_eq!((mrz.surname(), mrz.given_names(), mrz.name_truncated()), ("UTOPISTE", "", true));
    assert_eq!((mrz.birth_date(), mrz.sex()), (None, Sex::Unknown));
}

#[test]
fn a_swiss_driving_licence_is_valid_by_its_shape_alone() {
    let mrz = read(SWISS_DRIVING);
    assert_eq!(mrz.format(), Format::SwissDriving);
    assert!(mrz.valid() && mrz.checks().is_empty());
    assert_eq!((mrz.document_number(), mrz.issuing_state()), ("XYZ123F", "CHE"));
    assert_eq!((mrz.field(Field::Pin), mrz.field(Field::Version)), ("123456789", "012"));
    assert_eq!((mrz.surname(), mrz.given_names()), ("UTOPIE MARCHEUR", "ANNE MARIE"));
}

#[test]
fn what_a_national_format_demands_is_checked() {
    let unreadable = |text: &str, from: &str, to: &str| {
        let mrz = read(&text.replace(from, to));
        assert!(!mrz.valid());
        mrz.unreadable_fields().collect::<Vec<_>>()
    };
    assert_eq!(unreadable(SWISS_DRIVING, "XYZ123F", "XYZ12AF"), [Field::Number]);
    assert_eq!(unreadable(SWISS_DRIVING, "123F<<", "123E<<"), [Field::Number, Field::Language]);
    assert_eq!(unreadable(SWISS_DRIVING, "910203", "911303"), [Field::Birth]);
    assert_eq!(unreadable(SWISS_DRIVING, "CHE", "UTO"), [Field::State]);
    assert_eq!(unreadable(SWISS_DRIVING, "012<<", "012<X"), [Field::Separator]);
    assert_eq!(unreadable(FRENCH_ID, "1904", "1913"), [Field::IssueMonth]);
    assert_eq!(unreadable(FRENCH_DRIVING, "310415", "31041S"), [Field::Expiry]);
    assert_eq!(unreadable(FRENCH_DRIVING, "UTOPISTE", "UTOP1STE"), [Field::Surname]);
}

#[test]
fn the_digits_of_the_french_formats_guard_all_before_them() {
    assert_eq!(failing(&read(&FRENCH_ID.replace("UTOPIE", "UTOPIA"))), [CheckName::Composite]);
    assert_eq!(
        failing(&read(&FRENCH_ID.replace("190475201234", "190475201235"))),
        [CheckName::Number, CheckName::Composite]
    );
    assert_eq!(failing(&read(&FRENCH_DRIVING.replace("UTOPISTE5", "UTOPISTE6"))), [CheckName::Composite]);
}
