//! (matches, freshness) -> verdict.
//!
//! Invariants: Clear means *every* list asked answered, from an edition within its lease. Anything less is
//! NotChecked; a match outranks everything, also one from a stale list, because a missed hit lets somebody through.

use core::fmt;
use serde::{Deserialize, Serialize};

/// The answer to a scan. Ordered by what the officer must see first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every list answered, none has it.
    Clear,
    /// At least one list could not answer, or there was none to ask.
    NotChecked,
    /// Somebody on a list may be this person.
    Possible,
    /// A list has it.
    Hit,
}

/// As an officer's display has it.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Clear => "CLEAR",
            Verdict::NotChecked => "NOT CHECKED",
            Verdict::Possible => "POSSIBLE",
            Verdict::Hit => "HIT",
        })
    }
}

/// The answer of one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListResult {
    /// Asked, and nothing there.
    Clear,
    /// Something may match.
    Possible,
    /// Something matches.
    Hit,
    /// Not asked: past its lease, no key, damaged, or the document lacks what the list asks for.
    NotChecked,
}

/// Joins the answers of all lists that should have been asked.
pub fn decide(results: impl IntoIterator<Item = ListResult>) -> Verdict {
    results
        .into_iter()
        .map(|result| match result {
            ListResult::Clear => Verdict::Clear,
            ListResult::Possible => Verdict::Possible,
            ListResult::Hit => Verdict::Hit,
            ListResult::NotChecked => Verdict::NotChecked,
        })
        .max()
        .unwrap_or(Verdict::NotChecked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ListResult as R;

    #[test]
    fn clear_needs_every_list_and_a_match_outranks_all() {
        assert_eq!(decide([]), Verdict::NotChecked);
        assert_eq!(decide([R::Clear, R::Clear]), Verdict::Clear);
        assert_eq!(decide([R::Clear, R::NotChecked]), Verdict::NotChecked);
        assert_eq!(decide([R::NotChecked, R::Possible, R::Clear]), Verdict::Possible);
        assert_eq!(decide([R::Possible, R::Hit, R::NotChecked]), Verdict::Hit);
    }
}
