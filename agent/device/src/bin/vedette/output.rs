//! What commands print, and in which language.

use super::failure::{FAILED, Failure};
use std::io::Write;
use vedette_common::words::Language;

/// Prints a value as JSON, or as text for people; exit code 0.
pub(super) fn print<T: serde::Serialize>(
    json: bool,
    value: &T,
    text: impl Fn(&T) -> String,
) -> Result<u8, Failure> {
    let out = match json {
        true => serde_json::to_string(value).map_err(|e| Failure::new(FAILED, e, ""))? + "\n",
        false => text(value),
    };
    std::io::stdout().write_all(out.as_bytes())?;
    Ok(0)
}

/// As POSIX says: the first of these that is set and not empty decides.
pub(super) fn environment_language() -> Language {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| std::env::var(name).unwrap_or_default());
    set.iter().find(|tag| !tag.is_empty()).and_then(|tag| Language::of(tag)).unwrap_or_default()
}
