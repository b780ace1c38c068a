//! The distinct tokens of a list's names, and which of them a query's token may be.
//!
//! A query's token meets the vocabulary once: its keys (see `fold`) find the tokens that can be the same name,
//! the distance says how far each is, and a token's *weight* says how much the meeting is worth. The weight is
//! the information in "a name has a token at least as near as this one", in nats, so that a near miss of a rare
//! name counts more than the exact SERGEY, and every spelling of MOHAMMED counts as little as all of them. A name that is
//! common in the `world` says no more than that leaves, however rare it is on the list.
//!
//! Invariants: tokens are sorted and distinct, so a token's number is its rank and a prefix is a range. Same tokens in, same
//! numbers out.

use super::distance::{self, FAR, Prices};
use super::equivalents::class_of;
use super::fold::{fold, fold_into, hash, keys};
use super::forms;
use super::keys::Keys;
use super::known::{Known, Near};
use super::national::{self, WAYS};
use super::normalise::TOKEN_LETTERS_MAX;
use super::syllables;
use super::world;

/// Persons that the background stands for: a list smaller than this says little about how rare a name is.
const BACKGROUND_PERSONS: f32 = 3000.0;
/// Share of persons that bear a token which the list does not have.
const BACKGROUND_SHARE: f32 = 0.00012;
/// Tokens of one key that a query looks at: the bound on a query's cost.
const KEY_TOKENS_MAX: usize = 3000;
/// Tokens that complete a cut name which are followed: beyond it the stump says nothing.
const PREFIX_TOKENS_MAX: usize = 4096;
/// Cost of an article that one side writes and the other does not.
const ARTICLE_COST: f32 = 0.12;
/// Cost of two spellings of one sound.
const SAME_SOUND_COST: f32 = 0.04;
/// Cost of another language's form of the name.
pub(super) const CLASS_COST: f32 = 0.18;
/// The most that tokens joined into one may cost: beyond it they meet by chance.
const JOINED_COST_MAX: f32 = 0.7;
/// Cost of a cut token against one that completes it.
const PREFIX_COST: f32 = 0.1;

/// Steps of one nat in which a token's weight in the world is kept.
const WORLD_STEPS: f32 = 16.0;
/// Where the way of a reading (see `national`) stands in a key's token.
pub(super) const WAY_SHIFT: u32 = 28;

/// Meetings that are known, of all tokens.
const KNOWN_NEARS_MAX: usize = 500_000;
/// Tokens of which they are known.
const KNOWN_TOKENS_MAX: usize = 20_000;

/// See the module's head.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    text: String,
    text_ends: Vec<u32>,
    folds: Vec<u8>,
    fold_ends: Vec<u32>,
    classes: Vec<u32>,
    bearers: Vec<u32>,
    /// What each token says in the world, in 1/[`WORLD_STEPS`] nats.
    worlds: Vec<u8>,
    persons: u32,
    /// Open addressing over the tokens themselves: number + 1, 0 for free. A power of two, at most half full.
    exact: Vec<u32>,
    keys: Keys,
    known: Known,
}

/// Buffers that one search reuses from token to token.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    candidates: Vec<u32>,
    pub(super) sound: Vec<u8>,
    rest_sound: Vec<u8>,
    /// A reading by national rules, and its fold.
    pub(super) reading: String,
    pub(super) reading_sound: Vec<u8>,
}

impl Vocabulary {
    /// Builds the vocabulary of `tokens`, sorted and distinct; `bearers[i]` of `persons` persons bear token `i`.
    pub(super) fn build<'a>(
        tokens: impl Iterator<Item = &'a str>,
        bearers: Vec<u32>,
        persons: u32,
    ) -> Vocabulary {
        let mut vocabulary = Vocabulary { bearers, persons, ..Vocabulary::default() };
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        let mut sound = Vec::new();
        for (token, number) in tokens.zip(0u32..) {
            vocabulary.text.push_str(token);
            vocabulary.text_ends.push(vocabulary.text.len() as u32);
            fold_into(token, &mut sound);
            let class = class_of(&sound);
            vocabulary.classes.push(class);
            vocabulary.worlds.push((world::weight(token) * WORLD_STEPS) as u8);
            vocabulary.folds.extend_from_slice(&sound);
            vocabulary.fold_ends.push(vocabulary.folds.len() as u32);
            keys(&sound, true, |key| pairs.push((key, number)));
            pairs.push((letters_key(token), number));
            if class != 0 {
                pairs.push((class_key(class), number));
            }
            if let Some(length) = article(token) {
                fold_into(&token[length..], &mut sound);
                keys(&sound, true, |key| pairs.push((key, number)));
            }
            vocabulary.respell(token, number, &mut pairs);
        }
        vocabulary.keys = Keys::build(pairs);
        vocabulary.fill_exact();
        vocabulary.text.shrink_to_fit();
        vocabulary.folds.shrink_to_fit();
        vocabulary.known = vocabulary.find_known();
        vocabulary
    }

    /// Adds the keys of the last token's readings by national rules, and the class of one if it has none of its own.
    fn respell(&mut self, token: &str, number: u32, pairs: &mut Vec<(u32, u32)>) {
        pairs.extend(national::key(token).map(|key| (key, number)));
        pairs.extend(forms::keys(token).map(|key| (key, number)));
        pairs.extend(syllables::keys(token).into_iter().map(|key| (key, number)));
        let mut reading = String::new();
        for way in 1..=WAYS {
            if national::respell(token, way, &mut reading) {
                pairs.extend(national::key(&reading).map(|key| (key, number | (way as u32) << WAY_SHIFT)));
                let class = self.classes.last_mut().filter(|class| **class == 0);
                if let Some(class) = class {
                    *class = class_of(&fold(&reading));
                    if *class != 0 {
                        pairs.push((class_key(*class), number));
                    }
                }
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.text_ends.len()
    }

    /// Bytes held.
    pub(super) fn memory_bytes(&self) -> usize {
        let words = self.text_ends.len() + self.fold_ends.len() + self.classes.len() + self.bearers.len();
        self.text.len()
            + self.folds.len()
            + self.worlds.len()
            + (words + self.exact.len()) * 4
            + self.keys.memory_bytes()
            + self.known.memory_bytes()
    }

    /// The letters of a token.
    pub(super) fn text(&self, token: u32) -> &str {
        let at = token as usize;
        let from = if at == 0 { 0 } else { self.text_ends[at - 1] as usize };
        &self.text[from..self.text_ends[at] as usize]
    }

    pub(super) fn sound(&self, token: u32) -> &[u8] {
        part(&self.folds, &self.fold_ends, token)
    }

    /// What the most common tokens are near to.
    fn find_known(&self) -> Known {
        let mut tokens: Vec<u32> = (0..self.len() as u32).collect();
        tokens.sort_by_key(|&token| std::cmp::Reverse(self.bearers(token)));
        tokens.truncate(KNOWN_TOKENS_MAX);
        let (mut scratch, mut near, mut lists) = (Scratch::default(), Vec::new(), Vec::new());
        let mut left = KNOWN_NEARS_MAX;
        for token in tokens {
            near.clear();
            self.find_respelt(self.text(token), false, &mut scratch, &mut near);
            match left.checked_sub(near.len()) {
                Some(rest) => left = rest,
                None => break,
            }
            lists.push((token, near.clone()));
        }
        lists.sort_unstable_by_key(|(token, _)| *token);
        Known::of(lists)
    }

    /// What the commonest tokens are near to.
    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// Persons who bear the token.
    pub(super) fn bearers(&self, token: u32) -> u32 {
        self.bearers[token as usize]
    }

    /// What it says, in nats, that a person bears this token: as much as both the list and the world allow.
    pub(super) fn rarity(&self, token: u32) -> f32 {
        self.weight(self.bearers(token) as f32).min(self.world(token))
    }

    fn world(&self, token: u32) -> f32 {
        f32::from(self.worlds[token as usize]) / WORLD_STEPS
    }

    /// What the list says, in nats, of a token which `bearers` of its persons bear.
    pub(super) fn weight(&self, bearers: f32) -> f32 {
        let expected = bearers + BACKGROUND_PERSONS * BACKGROUND_SHARE;
        ((self.persons as f32 + BACKGROUND_PERSONS) / expected).ln().max(0.0)
    }

    fn fill_exact(&mut self) {
        self.exact = vec![0; (self.len() * 2).next_power_of_two().max(2)];
        for token in 0..self.len() as u32 {
            let free = self.probe(self.text(token)).find(|&at| self.exact[at] == 0);
            self.exact[free.expect("the table is at most half full")] = token + 1;
        }
    }

    /// The places of the exact table where `token` may be, in order.
    fn probe(&self, token: &str) -> impl Iterator<Item = usize> + use<> {
        let mask = self.exact.len().wrapping_sub(1);
        let start = hash(b'x', token.as_bytes(), None) as usize;
        (0..=mask).map(move |step| start.wrapping_add(step) & mask)
    }

    /// The number of exactly this token.
    pub(super) fn find(&self, token: &str) -> Option<u32> {
        if self.exact.is_empty() {
            return None;
        }
        let numbers = self.probe(token).map(|at| self.exact[at]).take_while(|&number| number != 0);
        numbers.map(|number| number - 1).find(|&number| self.text(number) == token)
    }

    fn lower_bound(&self, text: &str) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = (low + high) / 2;
            if self.text(middle as u32) < text {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Appends to `out` every token that `token` may be, with its cost and weight; `bare` says that the query is
    /// written without vowels.
    pub(super) fn near(&self, token: &str, bare: bool, scratch: &mut Scratch, out: &mut Vec<Near>) {
        self.find_near(token, bare, FAR, scratch, out);
    }

    /// The same for tokens joined into one, as far as they sound alike: most are no name.
    pub(super) fn near_joined(&self, token: &str, bare: bool, scratch: &mut Scratch, out: &mut Vec<Near>) {
        self.find_near(token, bare, JOINED_COST_MAX, scratch, out);
    }

    /// Those that cost `most` at most; slips of letters are looked for where they may cost anything.
    fn find_near(&self, token: &str, bare: bool, most: f32, scratch: &mut Scratch, out: &mut Vec<Near>) {
        let slips = most == FAR;
        let first = out.len();
        let Scratch { candidates, sound, rest_sound, .. } = scratch;
        candidates.clear();
        rest_sound.clear();
        fold_into(token, sound);
        let class = class_of(sound);
        if class != 0 {
            self.gather(class_key(class), candidates);
        }
        if slips {
            self.gather(letters_key(token), candidates);
        }
        keys(sound, slips, |key| self.gather(key, candidates));
        if let Some(length) = article(token) {
            fold_into(&token[length..], rest_sound);
            keys(rest_sound, slips, |key| self.gather(key, candidates));
        }
        candidates.sort_unstable();
        candidates.dedup();
        for &candidate in candidates.iter() {
            let cost = self.cost(token, [sound, rest_sound], class, bare, most, candidate);
            if cost < FAR && cost <= most {
                out.push(Near { token: candidate, cost, weight: 0.0 });
            }
        }
        self.weigh(&mut out[first..], world::weight(token));
    }

    /// Appends the tokens that begin with `stump`, the end of a cut name.
    pub(super) fn completions(&self, stump: &str, out: &mut Vec<Near>) {
        let first = out.len();
        let from = self.lower_bound(stump);
        let tokens =
            (from as u32..self.len() as u32).take_while(|&token| self.text(token).starts_with(stump));
        for token in tokens.take(PREFIX_TOKENS_MAX + 1) {
            let cost = if self.text(token).len() == stump.len() { 0.0 } else { PREFIX_COST };
            out.push(Near { token, cost, weight: 0.0 });
        }
        if out.len() - first > PREFIX_TOKENS_MAX {
            out.truncate(first);
        }
        self.weigh(&mut out[first..], f32::MAX);
    }

    /// Sorts by nearness and gives each its weight: all bearers of tokens at least as near share it, and it is at most `most`.
    pub(super) fn weigh(&self, found: &mut [Near], most: f32) {
        found.sort_unstable_by(|a, b| a.cost.total_cmp(&b.cost).then(a.token.cmp(&b.token)));
        let mut bearers = 0.0;
        let mut from = 0;
        while from < found.len() {
            let mut to = from;
            while to < found.len() && found[to].cost == found[from].cost {
                bearers += self.bearers(found[to].token) as f32;
                to += 1;
            }
            let weight = self.weight(bearers).min(most);
            found[from..to].iter_mut().for_each(|near| near.weight = weight.min(self.world(near.token)));
            from = to;
        }
    }

    fn gather(&self, key: u32, into: &mut Vec<u32>) {
        into.extend(self.plain_tokens_of(key).iter().take(KEY_TOKENS_MAX));
    }

    /// The tokens of a key without readings by national rules: a hash may belong to keys of both.
    pub(super) fn plain_tokens_of(&self, key: u32) -> &[u32] {
        let tokens = self.tokens_of(key);
        &tokens[..tokens.partition_point(|&token| token >> WAY_SHIFT == 0)]
    }

    /// The tokens of a key, those of a higher way last.
    pub(super) fn tokens_of(&self, key: u32) -> &[u32] {
        self.keys.tokens_of(key)
    }

    /// The cost of a candidate for a token with this `sound` and that of what follows its article; [`FAR`] if it is more than
    /// `most`, or than two such tokens may be apart.
    fn cost(
        &self,
        token: &str,
        [sound, rest]: [&[u8]; 2],
        class: u32,
        bare: bool,
        most: f32,
        candidate: u32,
    ) -> f32 {
        let text = self.text(candidate);
        if text == token {
            return 0.0;
        }
        let theirs = self.sound(candidate);
        if theirs == sound {
            return SAME_SOUND_COST;
        }
        let mut best = if class != 0 && class == self.classes[candidate as usize] { CLASS_COST } else { FAR };
        let limit = limit(sound.len().max(theirs.len())).min(most);
        let bare = if bare || is_bare(text.as_bytes()) { Prices::Bare } else { Prices::Plain };
        best = best.min(distance::sound(sound, theirs, bare, limit.min(best)));
        if best > 0.5 {
            best = best.min(distance::slip(token.as_bytes(), text.as_bytes()));
        }
        if best > ARTICLE_COST && !rest.is_empty() {
            let limit = (limit - ARTICLE_COST).min(best);
            best = best.min(ARTICLE_COST + distance::sound(rest, theirs, bare, limit));
        }
        if best > ARTICLE_COST && article(text).is_some() {
            let mut rest = [0u8; 48];
            let length = rest_fold(text, &mut rest);
            let limit = (limit - ARTICLE_COST).min(best);
            best = best.min(ARTICLE_COST + distance::sound(sound, &rest[..length], bare, limit));
        }
        if best > limit && best < FAR && class == 0 { FAR } else { best.min(FAR) }
    }
}

/// The fold of what follows a token's article.
fn rest_fold(text: &str, into: &mut [u8; 48]) -> usize {
    let mut fold = Vec::new();
    fold_into(&text[article(text).unwrap_or(0)..], &mut fold);
    let length = fold.len().min(into.len());
    into[..length].copy_from_slice(&fold[..length]);
    length
}

fn part<'a>(bytes: &'a [u8], ends: &[u32], at: u32) -> &'a [u8] {
    let at = at as usize;
    let from = if at == 0 { 0 } else { ends[at - 1] as usize };
    &bytes[from..ends[at] as usize]
}

/// The key of a token's letters in any order: two that changed places may change every sound.
fn letters_key(token: &str) -> u32 {
    let mut letters = [0u8; TOKEN_LETTERS_MAX];
    let length = token.len().min(letters.len());
    letters[..length].copy_from_slice(&token.as_bytes()[..length]);
    letters[..length].sort_unstable();
    hash(b'l', &letters[..length], None)
}

pub(super) fn class_key(class: u32) -> u32 {
    (class ^ 0x5bd1_e995).wrapping_mul(0x9e37_79b1)
}

/// The largest cost at which two tokens may still be one name, by the letters of the longer fold.
pub(super) fn limit(letters: usize) -> f32 {
    (0.22 * letters as f32 + 0.1).min(2.0)
}

/// The length of an Arabic article written onto its word: ALKHATIB, ELSAYED, ENNASR; None when there is none.
pub(super) fn article(token: &str) -> Option<usize> {
    let letters = token.as_bytes();
    if letters.len() < 6 {
        return None;
    }
    match (letters[0], letters[1], letters[2]) {
        (b'A' | b'E' | b'U', b'L', _) => Some(2),
        (b'A' | b'E', first @ (b'R' | b'N' | b'S' | b'T' | b'D' | b'Z'), second) if first == second => {
            Some(2)
        }
        _ => None,
    }
}

/// Whether a token is written without vowels, as Arabic script letter by letter gives: MHMD.
pub(super) fn is_bare(token: &[u8]) -> bool {
    token.len() >= 3 && !token.iter().any(|letter| matches!(letter, b'A' | b'E' | b'I' | b'O' | b'U'))
}

#[cfg(test)]
mod tests;
