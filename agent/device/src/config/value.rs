//! A value of the configuration that is not what it must be.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// A value out of its range, before the file is known that it stands in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WrongValue {
    /// `section.key`.
    pub(super) key: &'static str,
    pub(super) found: String,
    /// What it must be.
    pub(super) rule: String,
}

/// Refuses the value of `key`.
pub(super) fn wrong(key: &'static str, found: impl Display, rule: impl Into<String>) -> WrongValue {
    WrongValue { key, found: found.to_string(), rule: rule.into() }
}

/// Refuses a number out of `range`.
pub(super) fn within(key: &'static str, found: u64, range: RangeInclusive<u64>) -> Result<(), WrongValue> {
    match range.contains(&found) {
        true => Ok(()),
        false => Err(wrong(key, found, format!("must be {} to {}", range.start(), range.end()))),
    }
}

/// Refuses a text of fewer or more bytes than `range`.
pub(super) fn bytes_within(
    key: &'static str,
    text: &str,
    range: RangeInclusive<usize>,
) -> Result<(), WrongValue> {
    match range.contains(&text.len()) {
        true => Ok(()),
        false => {
            let rule = format!("must have {} to {} bytes", range.start(), range.end());
            Err(wrong(key, format_args!("{text:?}"), rule))
        }
    }
}
