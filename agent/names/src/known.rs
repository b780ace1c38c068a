//! What the tokens that most persons of a list bear are near to, found once when the list becomes active.
//!
//! Most travellers' names are common ones, and finding what a token is near to is most of a search's work. Bounds:
//! [`NEARS_MAX`] meetings of [`TOKENS_MAX`] tokens, 12 bytes each.

use super::vocabulary::{Near, Scratch, Vocabulary};

/// Meetings that are kept, of all tokens.
const NEARS_MAX: usize = 500_000;
/// Tokens of which they are kept.
const TOKENS_MAX: usize = 20_000;

/// See the module's head.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The tokens, ascending, and the ends of their meetings.
    tokens: Vec<u32>,
    ends: Vec<u32>,
    nears: Vec<Near>,
}

impl Known {
    /// What the most common tokens of a vocabulary are near to.
    pub(super) fn build(vocabulary: &Vocabulary) -> Known {
        let mut tokens: Vec<u32> = (0..vocabulary.len() as u32).collect();
        tokens.sort_by_key(|&token| std::cmp::Reverse(vocabulary.bearers(token)));
        tokens.truncate(TOKENS_MAX);
        let (mut scratch, mut near, mut lists) = (Scratch::default(), Vec::new(), Vec::new());
        let mut left = NEARS_MAX;
        for token in tokens {
            near.clear();
            vocabulary.find_respelt(vocabulary.text(token), false, &mut scratch, &mut near);
            match left.checked_sub(near.len()) {
                Some(rest) => left = rest,
                None => break,
            }
            lists.push((token, near.clone()));
        }
        lists.sort_unstable_by_key(|(token, _)| *token);
        let mut known = Known::default();
        for (token, near) in lists {
            known.nears.extend(near);
            known.tokens.push(token);
            known.ends.push(known.nears.len() as u32);
        }
        known.nears.shrink_to_fit();
        known
    }

    /// What a token is near to; None where that is not known.
    pub(super) fn near(&self, token: u32) -> Option<&[Near]> {
        let at = self.tokens.binary_search(&token).ok()?;
        let from = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        Some(&self.nears[from..self.ends[at] as usize])
    }

    /// Bytes held.
    pub(super) fn memory_bytes(&self) -> usize {
        (self.tokens.len() + self.ends.len()) * 4 + self.nears.len() * size_of::<Near>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_what_would_be_found() {
        let names = ["MAHMUD", "MAHMOUD", "MEHMOOD", "TARZIMAL", "ZHANNA", "ZANNA"];
        let mut sorted = names;
        sorted.sort_unstable();
        let vocabulary = Vocabulary::build(sorted.iter().copied(), vec![2; 6], 9);
        for token in 0..6 {
            let mut found = Vec::new();
            vocabulary.find_respelt(vocabulary.text(token), false, &mut Scratch::default(), &mut found);
            let known = vocabulary.known().near(token).unwrap();
            let plain = |near: &Near| (near.token, near.cost, near.weight);
            assert!(found.len() == known.len() && found.iter().map(plain).eq(known.iter().map(plain)));
        }
    }
}
