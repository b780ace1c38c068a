//! Names that may be read in more than one way. All invented.

use std::string::ToString;
use std::vec::Vec;

use super::*;

/// Surname and given names of every other reading, and whether it is sure.
fn readings(name: &str) -> Vec<(String, String, bool)> {
    of_zone(&format!("P<UTO{name:<<39}\n{}", TD3.split_once('\n').unwrap().1))
}

fn of_zone(text: &str) -> Vec<(String, String, bool)> {
    let readings = read(text).name_readings();
    readings.iter().map(|r| (r.surname.to_string(), r.given_names.to_string(), r.sure)).collect()
}

fn owned(list: &[(&str, &str, bool)]) -> Vec<(String, String, bool)> {
    list.iter().map(|(surname, given, sure)| (surname.to_string(), given.to_string(), *sure)).collect()
}

#[test]
fn most_names_are_read_in_one_way() {
    for name in ["ERIKSSON<<ANNA<MARIA", "VAN<DER<MUELLEN<<MARTIN<JAN", "ARKFREITH", "LUND<<PER<<<LLLLLLL"] {
        assert_eq!(readings(name), [], "{name}");
    }
    assert_eq!(of_zone(TD1), []);
}

#[test]
fn the_only_name_may_stand_in_either_field() {
    assert_eq!(readings("<<ALMADI"), owned(&[("ALMADI", "", true)]));
    assert_eq!(readings("<<RAMESH<KUMAR"), owned(&[("KUMAR", "RAMESH", true), ("RAMESH KUMAR", "", true)]));
}

#[test]
fn fillers_read_as_letters_part_a_name() {
    assert_eq!(readings("LUNDKKPER"), owned(&[("LUND", "PER", false)]));
    assert_eq!(
        readings("EISENBACHCCANDREASCDANIEL"),
        owned(&[("EISENBACH", "ANDREASCDANIEL", false), ("EISENBACH", "ANDREAS DANIEL", false)])
    );
    // Those at the end too.
    assert_eq!(readings("LUNDCCPERCCCCCC"), owned(&[("LUND", "PER", false)]));
    assert_eq!(readings("LUNDLLPER<ANNA"), owned(&[("LUND", "PER ANNA", false)]));
    // A name of one part that has two of such letters may be read so; never more than the bound.
    assert!(readings("ABDULLAH").contains(&("ABDU".to_string(), "AH".to_string(), false)));
    assert!(readings("AKKAKKAKKAKKAKKA").len() <= super::super::NAME_READINGS_MAX);
}

#[test]
fn the_names_of_russian_passports_are_coded_letter_by_letter() {
    let coded =
        |name: &str| of_zone(&format!("PNRUS{name:<<39}\n4501234568RUS8103033M<<<<<<09100101770001<10"));
    assert_eq!(coded("3ERNOV<<PAVEL<IL9I3"), owned(&[("ЧЕРНОВ", "ПАВЕЛ ИЛЬИЧ", true)]));
    assert_eq!(coded("WUKIN<<7RIQ"), owned(&[("ЩУКИН", "ЮРИЙ", true)]));
    assert_eq!(coded("KOVAL2V<<ANDREQ<SERGEEVI3"), owned(&[("КОВАЛЁВ", "АНДРЕЙ СЕРГЕЕВИЧ", true)]));
    assert_eq!(coded("HARJ8<<6L9VIRA"), owned(&[("ХАРЖЯ", "ЭЛЬВИРА", true)]));
    // Digits are letters there, and no misreading.
    let text = "PNRUS3ERNOV<<PAVEL<IL9I3<<<<<<<<<<<<<<<<<<<<\n4501234568RUS8103033M<<<<<<09100101770001<10";
    assert_eq!(read(text).unreadable_fields().count(), 0);
}

#[test]
fn nothing_of_a_name_is_shown() {
    let mrz = read(&format!("P<UTO{:<<39}\n{}", "<<ALMADI", TD3.split_once('\n').unwrap().1));
    assert_eq!(format!("{:?}", mrz.name_readings()), "[NameReading(..)]");
}
