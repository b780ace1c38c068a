//! What the tokens that most persons of a list bear are near to, found once when the list becomes active.
//!
//! Most travellers' names are common ones, and finding what a token is near to is most of a search's work. Bounds:
//! `KNOWN_NEARS_MAX` meetings of `KNOWN_TOKENS_MAX` tokens (see `vocabulary`), 12 bytes each.

/// A token of the vocabulary that a query's token may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    /// Number of the token.
    pub(super) token: u32,
    /// How far apart they are, in wrong letters.
    pub(super) cost: f32,
    /// What the meeting is worth, in nats, before its cost.
    pub(super) weight: f32,
}

/// See the module's head.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The tokens, ascending, and the ends of their meetings.
    tokens: Vec<u32>,
    ends: Vec<u32>,
    nears: Vec<Near>,
}

impl Known {
    /// What tokens are near to, with the tokens ascending.
    pub(super) fn of(lists: Vec<(u32, Vec<Near>)>) -> Known {
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
