//! Any file as a list of persons, in every form that is taken: JSON lines, CSV and XML: imported with at least one alert, or refused with its
//! place; never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_fuzz::Importing;
use vedette_shim::list::Kind;

thread_local! {
    static HOME: Importing = Importing::new(Kind::Persons);
}

fuzz_target!(|bytes: &[u8]| HOME.with(|home| home.import(bytes)));
