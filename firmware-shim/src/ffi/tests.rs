//! What C relies on beside the calls themselves, which `tests/scanners/smoke.c` makes.

use super::about::{vedette_status_text, vedette_verdict_text};
use super::*;
use crate::verdict::Verdict;
use std::collections::BTreeSet;
use std::ffi::CStr;
use std::string::{String, ToString};

mod calls;

fn text(of: extern "C" fn(u32) -> *const core::ffi::c_char, number: u32) -> String {
    // SAFETY: both functions return static texts that end with a zero byte.
    unsafe { CStr::from_ptr(of(number)) }.to_str().unwrap().into()
}

#[test]
fn the_version_is_the_packages() {
    let parts = [VEDETTE_VERSION_MAJOR, VEDETTE_VERSION_MINOR, VEDETTE_VERSION_PATCH];
    assert_eq!(parts.map(|part| part.to_string()).join("."), env!("CARGO_PKG_VERSION"));
    assert_eq!(about::vedette_version_number(), parts[0] << 16 | parts[1] << 8 | parts[2]);
    assert!(parts[1] < 256 && parts[2] < 256);
}

#[test]
fn every_status_has_a_text_of_its_own_and_other_numbers_have_one_too() {
    let last = Status::Flash as u32;
    let texts: BTreeSet<_> = (0..=last + 1).map(|status| text(vedette_status_text, status)).collect();
    assert_eq!(texts.len() as u32, last + 2);
    assert_eq!(text(vedette_status_text, u32::MAX), text(vedette_status_text, last + 1));
}

#[test]
fn verdicts_have_the_displays_texts_and_no_other_number_is_clear() {
    for verdict in [Verdict::Clear, Verdict::NotChecked, Verdict::Possible, Verdict::Hit] {
        let number = VedetteVerdict::from(verdict) as u32;
        assert_eq!(text(vedette_verdict_text, number), verdict.to_string());
        assert_eq!(number, verdict as u32);
    }
    assert_eq!(text(vedette_verdict_text, 4), Verdict::NotChecked.to_string());
}
