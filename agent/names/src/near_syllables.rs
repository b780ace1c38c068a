//! Tokens of a vocabulary that are the same Chinese or Korean syllables in another spelling.
//!
//! Bound: [`TOKENS_MAX`] tokens a key of `syllables`.

use super::known::Near;
use super::syllables::Syllables;
use super::vocabulary::Vocabulary;

/// Tokens of one key that are looked at.
const TOKENS_MAX: usize = 500;
/// Cost of the same syllables in another spelling.
const SYLLABLES_COST: f32 = 0.1;

impl Vocabulary {
    /// Adds what a token may be by its syllables to what it is near to: `out` from `first` on.
    pub(super) fn near_syllables(
        &self,
        token: &str,
        syllables: Syllables,
        first: usize,
        out: &mut Vec<Near>,
    ) {
        if !syllables.is_none() {
            self.add_of_keys(&syllables.keys(token), out);
            self.keep_nearest(token, first, out);
        }
    }

    /// What half a token may be that is one syllable.
    pub(super) fn near_syllable(&self, half: &str, syllables: Syllables) -> Vec<Near> {
        let mut out: Vec<Near> =
            self.find(half).map(|token| Near { token, cost: 0.0, weight: 0.0 }).into_iter().collect();
        let keys: Vec<u32> = syllables.single(half).collect();
        self.add_of_keys(&keys, &mut out);
        self.keep_nearest(half, 0, &mut out);
        out
    }

    fn add_of_keys(&self, wanted: &[u32], out: &mut Vec<Near>) {
        for &key in wanted {
            // A hash may be another key's too, once in millions: such a token still needs the rest of the name.
            let tokens = self.plain_tokens_of(key).iter().take(TOKENS_MAX);
            out.extend(tokens.map(|&token| Near { token, cost: SYLLABLES_COST, weight: 0.0 }));
        }
    }
}
