//! Invented documents of ICAO's specimen state UTO: as rows of the import CSV and as machine readable zones.

use vedette_shim::mrz::{Fields, compose};

/// The header of the import CSV, every column.
pub const CSV_HEADER: &str = "issuing_state,document_type,document_number,document_number_to,status,issue_date,\
                              expiry_date,theft_date,theft_state,review_date,national_ref,remark";

/// The number of ICAO's specimen passport (Doc 9303-4).
pub const SPECIMEN: &str = "L898902C3";

/// The nth of endlessly many invented passport numbers.
pub fn number(n: usize) -> String {
    format!("X{n:08}")
}

/// A CSV of stolen passports of UTO.
pub fn csv<N: AsRef<str>>(numbers: impl IntoIterator<Item = N>) -> String {
    let row = |number: N| format!("UTO,P,{},,stolen,,,2025-03-01,UTO,,,\n", number.as_ref());
    let rows: String = numbers.into_iter().map(row).collect();
    format!("{CSV_HEADER}\n{rows}")
}

/// Both lines of a passport of UTO with this number.
pub fn passport(number: &str) -> String {
    compose(&Fields::specimen_passport("UTO", number)).expect("a specimen fits").to_string()
}
