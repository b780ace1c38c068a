//! A query's name read into tokens and units, and looked up in a list's vocabulary.

use super::PersonQuery;
use super::align::{GIVEN, Meeting, Prepared, QueryToken, SIDE_MAX, SURNAME, Unit};
use super::known::Near;
use super::nation::nation;
use super::normalise::{is_particle, is_title, tokens};
use super::placeholders;
use super::script::Language;
use super::syllables::Syllables;
use super::vocabulary::{Scratch, Vocabulary, article, is_bare};
use super::world;

/// Tokens joined into one reading: ABD AL RAHMAN.
const JOINED_MAX: usize = 3;
/// Letters of the shortest left and right half of a token.
const HALF_LETTERS_MIN: (usize, usize) = (2, 3);
/// Letters of the shortest stump that is completed at the end of a cut name, and within it.
const STUMP_LETTERS_MIN: (usize, usize) = (2, 3);
/// The numbers of the splits that take ABD, and ABU or BIN off; the others are the place of their cut.
const SERVANT_SPLIT: u8 = u8::MAX;
const KIN_SPLIT: u8 = u8::MAX - 1;
/// ABU written onto the name of the child, in Arabic, Persian and the Maghreb's spelling.
const FATHERS: &[&str] = &["ABOUL", "ABOU", "ABUL", "ABU", "ABOL", "BOU"];
/// BIN written onto the father's; BEL is BEN EL, or ABOU EL.
const SONS: &[&str] = &["BEN", "BIN", "BEL"];
/// Letters of the shortest name that ABD serves.
const SERVED_LETTERS_MIN: usize = 4;
/// Units of a query, a bound on its cost.
const UNITS_MAX: usize = 200;

/// Reads and looks up a query.
pub(super) fn prepare(query: &PersonQuery, vocabulary: &Vocabulary) -> Prepared {
    let nation = nation(&query.nationality);
    let mut prepared = Prepared { truncated: query.name_truncated, nation, ..Prepared::default() };
    for (text, field) in [(&query.surname, SURNAME), (&query.given, GIVEN)] {
        let mut parts = tokens(text, Language::Unknown);
        placeholders::remove(&mut parts);
        let minors: Vec<bool> = parts.iter().map(|part| is_particle(part) || is_title(part)).collect();
        let has_major = minors.contains(&false);
        for (text, minor) in parts.into_iter().zip(minors) {
            let minor = minor && has_major;
            if prepared.tokens.len() < SIDE_MAX {
                prepared.tokens.push(QueryToken { text, field, minor, weight: 0.0, cut: false });
            }
        }
    }
    if query.name_truncated
        && let Some(last) = prepared.tokens.last_mut()
    {
        last.cut = true;
        last.minor = false;
    }
    let bare = is_written_bare(&prepared.tokens);
    let majors = prepared.tokens.iter().filter(|token| !token.minor).map(|token| token.text.as_str());
    let syllables = Syllables::of_name(majors);
    let mut look = Look { vocabulary, scratch: Scratch::default(), near: Vec::new(), bare, syllables };
    for first in 0..prepared.tokens.len() {
        look.single(&mut prepared, first);
        look.joined(&mut prepared, first);
        look.halves(&mut prepared, first);
        look.servant(&mut prepared, first);
        look.kin(&mut prepared, first);
    }
    prepared
        .meetings
        .sort_unstable_by_key(|meeting| u64::from(meeting.near.token) << 8 | u64::from(meeting.unit));
    prepared
}

/// Whether the whole name is written without vowels, as from Arabic script.
fn is_written_bare(tokens: &[QueryToken]) -> bool {
    let vowels =
        tokens.iter().any(|token| token.text.bytes().any(|b| matches!(b, b'E' | b'I' | b'O' | b'U')));
    !vowels && tokens.iter().any(|token| is_bare(token.text.as_bytes()))
}

struct Look<'a> {
    vocabulary: &'a Vocabulary,
    scratch: Scratch,
    near: Vec<Near>,
    bare: bool,
    syllables: Syllables,
}

impl Look<'_> {
    fn unit(&mut self, prepared: &mut Prepared, unit: Unit) {
        if prepared.units.len() < UNITS_MAX {
            let number = prepared.units.len() as u8;
            prepared.units.push(unit);
            prepared.meetings.extend(self.near.iter().map(|&near| Meeting { unit: number, near }));
        }
        self.near.clear();
    }

    fn single(&mut self, prepared: &mut Prepared, first: usize) {
        let token = &prepared.tokens[first];
        self.vocabulary.near_respelt(&token.text, self.bare, &mut self.scratch, &mut self.near);
        self.vocabulary.near_syllables(&token.text, self.syllables, 0, &mut self.near);
        let own = self.near.iter().filter(|near| near.cost <= 0.25).map(|near| near.weight);
        let rarest = self.vocabulary.weight(0.0).min(world::weight(&token.text));
        let weight = own.fold(rarest, f32::min);
        // A zone that is full may have cut every part of its name.
        let (last, within) = STUMP_LETTERS_MIN;
        let within = || {
            prepared.truncated && token.text.len() >= within && self.vocabulary.find(&token.text).is_none()
        };
        let cut = if token.cut { token.text.len() >= last } else { within() };
        prepared.tokens[first].weight = weight;
        let unit = Unit { first: first as u8, count: 1, half: None, prefix: false };
        self.unit(prepared, unit);
        if cut {
            self.vocabulary.completions(&prepared.tokens[first].text, &mut self.near);
            self.unit(prepared, Unit { prefix: true, ..unit });
        }
    }

    fn joined(&mut self, prepared: &mut Prepared, first: usize) {
        let mut text = prepared.tokens[first].text.clone();
        for count in 2..=JOINED_MAX.min(prepared.tokens.len() - first) {
            text.push_str(&prepared.tokens[first + count - 1].text);
            self.vocabulary.near_joined(&text, self.bare, &mut self.scratch, &mut self.near);
            self.vocabulary.near_syllables(&text, self.syllables, 0, &mut self.near);
            if let Some(child) = FATHERS.iter().find_map(|father| text.strip_prefix(father))
                && count == 2
                && FATHERS.contains(&prepared.tokens[first].text.as_str())
            {
                self.vocabulary.near_joined(
                    &format!("BOU{child}"),
                    self.bare,
                    &mut self.scratch,
                    &mut self.near,
                );
            }
            if !self.near.is_empty() {
                self.unit(
                    prepared,
                    Unit { first: first as u8, count: count as u8, half: None, prefix: false },
                );
            }
        }
    }

    fn halves(&mut self, prepared: &mut Prepared, first: usize) {
        let text = prepared.tokens[first].text.clone();
        let (left_min, right_min) = if self.syllables.is_none() { HALF_LETTERS_MIN } else { (1, 1) };
        let exact = |vocabulary: &Vocabulary, half: &str, cost: f32| {
            vocabulary.find(half).map(|token| Near { token, cost, weight: vocabulary.rarity(token) })
        };
        for at in left_min..(text.len() + 1).saturating_sub(right_min) {
            let (left, right) = text.split_at(at);
            if !self.syllables.is_none() {
                self.syllables(prepared, first, at, left, right);
                continue;
            }
            let Some(left) = exact(self.vocabulary, left, 0.0) else {
                continue;
            };
            let whole = exact(self.vocabulary, right, 0.0);
            let bare = article(right).and_then(|length| exact(self.vocabulary, &right[length..], 0.1));
            if whole.is_none() && bare.is_none() {
                continue;
            }
            let unit = Unit { first: first as u8, count: 1, half: Some((at as u8, false)), prefix: false };
            self.near.push(left);
            self.unit(prepared, unit);
            self.near.extend(whole.into_iter().chain(bare));
            self.unit(prepared, Unit { half: Some((at as u8, true)), ..unit });
        }
    }

    /// Both halves of a token as Chinese or Korean syllables.
    fn syllables(&mut self, prepared: &mut Prepared, first: usize, at: usize, left: &str, right: &str) {
        let [left, right] = [left, right].map(|half| self.vocabulary.near_syllable(half, self.syllables));
        if !left.is_empty() && !right.is_empty() {
            let unit = Unit { first: first as u8, count: 1, half: Some((at as u8, false)), prefix: false };
            self.near.extend(left);
            self.unit(prepared, unit);
            self.near.extend(right);
            self.unit(prepared, Unit { half: Some((at as u8, true)), ..unit });
        }
    }

    /// ABU or BIN written onto a name: BOUHAMRA is ABU and HAMRA, BENCHEKROUN is BIN and SHAQRUN.
    fn kin(&mut self, prepared: &mut Prepared, first: usize) {
        let text = prepared.tokens[first].text.clone();
        let kin = FATHERS.iter().chain(SONS).find_map(|word| text.strip_prefix(word));
        if let Some(kin) = kin.filter(|kin| kin.len() >= SERVED_LETTERS_MIN) {
            let unit = Unit { first: first as u8, count: 1, half: Some((KIN_SPLIT, false)), prefix: false };
            self.vocabulary.near("ABU", self.bare, &mut self.scratch, &mut self.near);
            self.vocabulary.near("BIN", self.bare, &mut self.scratch, &mut self.near);
            self.unit(prepared, unit);
            self.vocabulary.near_respelt(kin, self.bare, &mut self.scratch, &mut self.near);
            self.unit(prepared, Unit { half: Some((KIN_SPLIT, true)), ..unit });
        }
    }

    /// ABD written onto the name it serves, with whatever article: ABDORREZA is ABD and REZA.
    fn servant(&mut self, prepared: &mut Prepared, first: usize) {
        let text = prepared.tokens[first].text.clone();
        if let Some(served) = served(&text) {
            let unit =
                Unit { first: first as u8, count: 1, half: Some((SERVANT_SPLIT, false)), prefix: false };
            self.vocabulary.near("ABDUL", self.bare, &mut self.scratch, &mut self.near);
            self.unit(prepared, unit);
            self.vocabulary.near(served, self.bare, &mut self.scratch, &mut self.near);
            self.unit(prepared, Unit { half: Some((SERVANT_SPLIT, true)), ..unit });
        }
    }
}

/// The name after ABD and its article: vowels, then L or what it becomes before R, S, N, D, T and Z.
fn served(token: &str) -> Option<&str> {
    let rest = token.strip_prefix("ABD")?;
    let article = rest.trim_start_matches(['A', 'E', 'I', 'O', 'U']);
    let name = match article.as_bytes() {
        [b'L', ..] => &article[1..],
        [one, other, ..] if one == other => &article[1..],
        _ => article,
    };
    (article.len() < rest.len() && name.len() >= SERVED_LETTERS_MIN).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servant_of_is_taken_off() {
        for (token, name) in [("ABDORREZA", "REZA"), ("ABDELKADER", "KADER"), ("ABDURAHMAN", "RAHMAN")] {
            assert_eq!(served(token), Some(name));
        }
        for token in ["ABDI", "ABDALLAH", "ABDULOV", "ABDRAKHIM", "KARIM"] {
            assert_eq!(served(token), None, "{token}");
        }
    }
}
