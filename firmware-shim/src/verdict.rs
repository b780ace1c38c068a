//! (how a list was asked, what it matched) -> its answer; (all answers) -> the verdict.
//!
//! The one place where this is decided: for a workstation, for a scanner and for the test vectors.
//!
//! Invariants: Clear means that *every* list answered, in full, from an edition within its lease, and that what was
//! looked up is what is printed. Anything less is NotChecked. A match outranks everything, also one from a stale list
//! or from a list that could only be read in part: a missed hit lets somebody through. A match by a field that may be
//! misread, or by another reading than the zone's own, is Possible. Past its lease a list answers nothing, not even a match.

use crate::trust::Freshness;
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
    /// ListAsked, and nothing there.
    Clear,
    /// Something may match.
    Possible,
    /// Something matches.
    Hit,
    /// Not asked: past its lease, no key, damaged, or the document lacks what the list asks for.
    NotChecked,
}

impl From<ListResult> for Verdict {
    fn from(result: ListResult) -> Self {
        match result {
            ListResult::Clear => Verdict::Clear,
            ListResult::Possible => Verdict::Possible,
            ListResult::Hit => Verdict::Hit,
            ListResult::NotChecked => Verdict::NotChecked,
        }
    }
}

/// How a list was asked: what its answer rests on, beside what it matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Basis {
    /// Of the edition asked; `None` if its age cannot be determined.
    pub freshness: Option<Freshness>,
    /// What the list was asked for may be misread, so it may not be what is printed.
    pub doubtful: bool,
    /// Every lookup was possible, and could read all that it needed.
    pub complete: bool,
}

impl Basis {
    /// Whether the list is asked at all. Without a known age it is: a match counts, a miss does not.
    pub fn may_ask(&self) -> bool {
        self.freshness != Some(Freshness::Expired)
    }

    /// What a match counts for that would be a hit had everything been read well. `as_read`: by what was read, not by
    /// another reading of it.
    pub fn match_result(&self, as_read: bool) -> ListResult {
        if as_read && !self.doubtful { ListResult::Hit } else { ListResult::Possible }
    }

    /// The list's answer, given what its matches count for.
    pub fn result(&self, matches: impl IntoIterator<Item = ListResult>) -> ListResult {
        let missed = if self.doubtful || !self.complete || self.freshness.is_none() {
            ListResult::NotChecked
        } else {
            ListResult::Clear
        };
        if !self.may_ask() {
            return ListResult::NotChecked;
        }
        matches.into_iter().max_by_key(|result| Verdict::from(*result)).unwrap_or(missed)
    }
}

/// Joins the answers of all lists that should have been asked.
pub fn decide(results: impl IntoIterator<Item = ListResult>) -> Verdict {
    results.into_iter().map(Verdict::from).max().unwrap_or(Verdict::NotChecked)
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
    /// Every basis there is.
    fn bases() -> impl Iterator<Item = Basis> {
        let freshness = [None, Some(Freshness::Fresh), Some(Freshness::Stale), Some(Freshness::Expired)];
        freshness.into_iter().flat_map(|freshness| {
            (0..4).map(move |n| Basis { freshness, doubtful: n & 1 == 1, complete: n & 2 == 2 })
        })
    }

    #[test]
    fn only_a_whole_answer_to_a_sure_question_from_an_edition_of_known_age_is_clear() {
        for basis in bases() {
            let in_use = matches!(basis.freshness, Some(Freshness::Fresh | Freshness::Stale));
            let clear = in_use && !basis.doubtful && basis.complete;
            let wanted = if clear { R::Clear } else { R::NotChecked };
            assert_eq!(basis.result([]), wanted, "{basis:?}");
        }
    }

    #[test]
    fn a_match_is_shown_whatever_else_failed_unless_the_lease_is_over() {
        for basis in bases() {
            let expired = basis.freshness == Some(Freshness::Expired);
            assert_eq!(basis.may_ask(), !expired);
            for (matches, best) in
                [(&[R::Possible][..], R::Possible), (&[R::Possible, R::Hit, R::Possible], R::Hit)]
            {
                let wanted = if expired { R::NotChecked } else { best };
                assert_eq!(basis.result(matches.iter().copied()), wanted, "{basis:?}");
            }
            assert_eq!(basis.match_result(true), if basis.doubtful { R::Possible } else { R::Hit });
            assert_eq!(basis.match_result(false), R::Possible);
        }
    }
}
