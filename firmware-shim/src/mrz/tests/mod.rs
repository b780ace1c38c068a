//! Zones of ICAO's own specimens (Utopia) and invented ones.

mod composing;
mod doubting;
mod national;
mod printing;
mod reading;
mod repairing;
mod spelling;
mod twinning;

use std::format;
use std::string::{String, ToString};

use proptest::prelude::*;

use super::{CheckName, Mrz, parse};

/// ICAO's specimens: 9303-5, 9303-6, 9303-4, 9303-7.
pub(super) const TD1: &str =
    "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";
pub(super) const TD2: &str = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6";
pub(super) const TD3: &str =
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
pub(super) const MRV_A: &str =
    "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<";
pub(super) const MRV_B: &str = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<";

/// Reads a zone that is one.
pub(super) fn read(text: &str) -> Mrz {
    parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The check digits that do not pass.
pub(super) fn failing(mrz: &Mrz) -> std::vec::Vec<CheckName> {
    mrz.checks().iter().filter(|c| !c.check.passes()).map(|c| c.name).collect()
}

/// What an unreadable text is answered with.
pub(super) fn error(text: &str) -> String {
    parse(text).expect_err(text).to_string()
}

/// Texts of such characters as long as a zone can be.
pub(super) fn zone_of(characters: &'static str) -> impl Strategy<Value = String> {
    prop::sample::select(&[30usize, 69, 72, 88, 90][..]).prop_flat_map(move |length| {
        proptest::string::string_regex(&format!("{characters}{{{length}}}")).expect("a regular expression")
    })
}
