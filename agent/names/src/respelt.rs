//! Which tokens of a vocabulary a query's token may be when either is spelt by another state's rules (see `national`).
//!
//! Both sides have readings. The list's have their keys in the vocabulary, each with its way; the query's are looked up,
//! and only readings that share a key are compared. The plain spellings have met in `vocabulary` already.
//! Bounds: [`WAYS`] and one lookups a token, [`TOKENS_MAX`] comparisons each.

use super::distance::{self, FAR, Prices};
use super::equivalents::class_of;
use super::fold::fold_into;
use super::forms::FORMS;
use super::known::Near;
use super::national::{self, WAYS};
use super::vocabulary::{CLASS_COST, Scratch, Vocabulary, WAY_SHIFT, class_key, limit};
use super::world;

/// Tokens of one key that are compared.
const TOKENS_MAX: usize = 500;
/// Sounds of a reading from which on it is compared: shorter ones meet by chance.
const SOUNDS_MIN: usize = 4;
/// Cost of the same name by other rules.
const RESPELT_COST: f32 = 0.06;

impl Vocabulary {
    /// As [`Vocabulary::near`], in the spellings of all states.
    pub(super) fn near_respelt(&self, token: &str, bare: bool, scratch: &mut Scratch, out: &mut Vec<Near>) {
        match self.find(token).filter(|_| !bare).and_then(|number| self.known().near(number)) {
            Some(known) => out.extend_from_slice(known),
            None => self.find_respelt(token, bare, scratch, out),
        }
    }

    /// The same, whether it is known or not.
    pub(super) fn find_respelt(&self, token: &str, bare: bool, scratch: &mut Scratch, out: &mut Vec<Near>) {
        let first = out.len();
        self.near(token, bare, scratch, out);
        let met = out.len();
        let Scratch { sound: plain, reading, reading_sound: sound, .. } = scratch;
        let class = class_of(plain);
        self.compare(token, 0, plain, out);
        for way in 1..=WAYS {
            if national::respell(token, way, reading) {
                fold_into(reading, sound);
                self.compare(reading, way, sound, out);
                let named = class_of(sound);
                if class == 0 && named != 0 {
                    let tokens = self.plain_tokens_of(class_key(named)).iter().take(TOKENS_MAX);
                    out.extend(tokens.map(|&token| Near { token, cost: CLASS_COST, weight: 0.0 }));
                }
            }
        }
        self.add_of_forms(token, out);
        if out.len() > met {
            self.keep_nearest(token, first, out);
        }
    }

    /// Keeps of each token in `out` from `first` on the nearest, and gives them their weights.
    pub(super) fn keep_nearest(&self, token: &str, first: usize, out: &mut Vec<Near>) {
        let found = &mut out[first..];
        found.sort_unstable_by(|a, b| a.token.cmp(&b.token).then(a.cost.total_cmp(&b.cost)));
        let mut kept = first;
        for at in first..out.len() {
            if kept == first || out[kept - 1].token != out[at].token {
                out[kept] = out[at];
                kept += 1;
            }
        }
        out.truncate(kept);
        self.weigh(&mut out[first..], world::weight(token));
    }

    /// Adds the tokens that are the same in a form: without the marks of letters, or as they look.
    fn add_of_forms(&self, token: &str, out: &mut Vec<Near>) {
        for form in FORMS {
            let own = form.of(token);
            let bare = own.as_deref().unwrap_or(token);
            let tokens = self.plain_tokens_of(form.key(bare)).iter().take(TOKENS_MAX).copied();
            let same = tokens.filter(|&other| form.of(self.text(other)).is_some_and(|other| other == bare));
            let plain = if own.is_some() { self.find(bare) } else { None };
            out.extend(same.chain(plain).map(|token| Near { token, cost: form.cost, weight: 0.0 }));
        }
    }

    /// Adds the tokens with a reading near to the query's `reading` of a way, whose fold is `sound`.
    fn compare(&self, reading: &str, way: usize, sound: &[u8], out: &mut Vec<Near>) {
        let Some(key) = national::key(reading).filter(|_| sound.len() >= SOUNDS_MIN) else {
            return;
        };
        let tokens = self.tokens_of(key);
        // Two plain spellings have been compared.
        let from = if way == 0 { tokens.partition_point(|&token| token >> WAY_SHIFT == 0) } else { 0 };
        let (mut respelt, mut fold) = (String::new(), Vec::new());
        for &entry in tokens[from..].iter().take(TOKENS_MAX) {
            let (token, theirs) = (entry & ((1 << WAY_SHIFT) - 1), entry >> WAY_SHIFT);
            let theirs = if theirs == 0 {
                self.sound(token)
            } else {
                national::respell(self.text(token), theirs as usize, &mut respelt);
                fold_into(&respelt, &mut fold);
                &fold
            };
            if theirs.len() < SOUNDS_MIN {
                continue;
            }
            let limit = limit(sound.len().max(theirs.len())) - RESPELT_COST;
            let cost = RESPELT_COST + distance::sound(sound, theirs, Prices::Respelt, limit);
            if cost < FAR {
                out.push(Near { token, cost, weight: 0.0 });
            }
        }
    }
}
