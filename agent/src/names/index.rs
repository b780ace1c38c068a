//! A persons list in memory, and the search of it.
//!
//! Built once when an edition becomes active, then only read: searching takes `&self`, locks nothing and gives
//! the same answer to the same question always (ties go by alert id).
//!
//! Persons are laid out by birth year: a *slot* is a person under one birth year, those without a birth date
//! first. A token's postings are slots in order, so the persons whose birth date can agree with the traveller's
//! are a few ranges of each list of postings, and common names cost little. Beyond those ranges only rare tokens
//! lead to a person, since there the name must carry the match alone.
//!
//! Memory: flat arrays, numbers instead of pointers; the texts of alerts stay in the list's segments.

use super::align::{self, Alignment, GIVEN, NameToken, Prepared, SIDE_MAX, SURNAME};
use super::explain;
use super::normalise::{is_particle, is_title, tokens};
use super::person::{BirthDate, NameKind, PersonAlert, PersonName, Sex};
use super::query::prepare;
use super::score::{self, FACTS, Fact, Facts, WEIGHTS};
use super::transliterate::Language;
use super::vocabulary::Vocabulary;
use super::{PersonMatch, PersonQuery};
use std::collections::HashMap;

/// Persons that a search weighs to the last fact, of those that share the most with the query.
const WEIGHED_MAX: usize = 96;
/// Bearers of a token that leads to persons of any birth year.
const RARE_BEARERS_MAX: usize = 400;
/// Postings that one search follows where it has no birth date to narrow it.
const POSTINGS_MAX: usize = 400_000;
/// Birth years that a list's "about" spans either way.
const ABOUT_YEARS: u16 = 2;
/// What one wrong letter costs while persons are gathered, in nats.
const GATHER_COST: f32 = 2.5;

/// See the module's head.
#[derive(Debug, Default)]
pub struct PersonIndex {
    vocabulary: Vocabulary,
    /// Ends of each token's postings.
    posting_ends: Vec<u32>,
    postings: Vec<u32>,
    /// Person of each slot.
    slots: Vec<u32>,
    /// (year, first slot), years ascending, year 0 for none.
    years: Vec<(u16, u32)>,
    id_text: Vec<u8>,
    id_ends: Vec<u32>,
    name_ends: Vec<u32>,
    name_kinds: Vec<NameKind>,
    token_ends: Vec<u32>,
    tokens: Vec<NameToken>,
    birth_ends: Vec<u32>,
    births: Vec<BirthDate>,
    nation_ends: Vec<u32>,
    nations: Vec<u16>,
    sexes: Vec<Sex>,
}

impl PersonIndex {
    /// Builds the index. The same alerts in the same order give the same index.
    pub fn build(alerts: impl Iterator<Item = PersonAlert>) -> PersonIndex {
        let mut index = PersonIndex::default();
        let mut numbers: HashMap<String, u32> = HashMap::new();
        for alert in alerts {
            index.add(&alert, &mut numbers);
        }
        index.finish(numbers);
        index
    }

    /// Persons in the index.
    pub fn len(&self) -> usize {
        self.sexes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sexes.is_empty()
    }

    /// Bytes held.
    pub fn memory_bytes(&self) -> usize {
        let words = self.posting_ends.len() + self.postings.len() + self.slots.len() + self.id_ends.len();
        let words =
            words + self.name_ends.len() + self.token_ends.len() + self.tokens.len() + self.birth_ends.len();
        (words + self.nation_ends.len()) * 4
            + self.years.len() * 8
            + self.id_text.len()
            + self.name_kinds.len()
            + self.births.len() * size_of::<BirthDate>()
            + self.nations.len() * 2
            + self.sexes.len()
            + self.vocabulary.memory_bytes()
    }

    fn add(&mut self, alert: &PersonAlert, numbers: &mut HashMap<String, u32>) {
        let language = alert.nationalities.first().map_or(Language::Unknown, |code| Language::of_state(code));
        for name in &alert.names {
            let first = self.tokens.len();
            let mut push = |texts: Vec<String>, field: u32| {
                let majors = texts.iter().filter(|text| !is_particle(text) && !is_title(text)).count();
                for text in texts {
                    let minor = majors > 0;
                    let (particle, title) = (minor && is_particle(&text), minor && is_title(&text));
                    let next = numbers.len() as u32;
                    let number = *numbers.entry(text).or_insert(next);
                    if self.tokens.len() - first < SIDE_MAX {
                        self.tokens.push(NameToken::new(number, field, particle, title));
                    }
                }
            };
            let parts = fields(name);
            for (text, field) in parts {
                push(tokens(text, language), field);
            }
            if self.tokens.len() > first {
                self.token_ends.push(self.tokens.len() as u32);
                self.name_kinds.push(name.kind);
            }
        }
        self.name_ends.push(self.token_ends.len() as u32);
        self.id_text.extend_from_slice(alert.id.as_bytes());
        self.id_ends.push(self.id_text.len() as u32);
        self.births.extend_from_slice(&alert.birth_dates);
        self.birth_ends.push(self.births.len() as u32);
        self.nations.extend(alert.nationalities.iter().filter_map(|code| nation(code)));
        self.nation_ends.push(self.nations.len() as u32);
        self.sexes.push(alert.sex);
    }

    /// Renumbers tokens by rank, lays out the slots and fills the postings.
    fn finish(&mut self, numbers: HashMap<String, u32>) {
        let mut sorted: Vec<(String, u32)> = numbers.into_iter().collect();
        sorted.sort_unstable();
        let mut ranks = vec![0u32; sorted.len()];
        for ((_, number), rank) in sorted.iter().zip(0..) {
            ranks[*number as usize] = rank;
        }
        for token in &mut self.tokens {
            *token = token.renumbered(ranks[token.number() as usize]);
        }
        self.lay_out_slots();
        let (mut bearers, mut ends) = (vec![0u32; sorted.len()], vec![0u32; sorted.len()]);
        let mut own = Vec::new();
        for person in 0..self.len() as u32 {
            self.distinct_tokens(person, &mut own);
            own.iter().for_each(|&token| bearers[token as usize] += 1);
        }
        for &person in &self.slots {
            self.distinct_tokens(person, &mut own);
            own.iter().for_each(|&token| ends[token as usize] += 1);
        }
        let mut total = 0;
        for end in &mut ends {
            (*end, total) = (total, total + *end); // for now the start; filling makes it the end
        }
        self.postings = vec![0; total as usize];
        for (slot, &person) in self.slots.iter().enumerate() {
            self.distinct_tokens(person, &mut own);
            for &token in &own {
                self.postings[ends[token as usize] as usize] = slot as u32;
                ends[token as usize] += 1;
            }
        }
        self.posting_ends = ends;
        let persons = self.len() as u32;
        self.vocabulary = Vocabulary::build(sorted.iter().map(|(text, _)| text.as_str()), bearers, persons);
        self.shrink();
    }

    fn shrink(&mut self) {
        self.tokens.shrink_to_fit();
        self.token_ends.shrink_to_fit();
        self.name_ends.shrink_to_fit();
        self.name_kinds.shrink_to_fit();
        self.id_text.shrink_to_fit();
        self.id_ends.shrink_to_fit();
        self.births.shrink_to_fit();
        self.birth_ends.shrink_to_fit();
        self.nations.shrink_to_fit();
        self.nation_ends.shrink_to_fit();
        self.sexes.shrink_to_fit();
    }

    fn lay_out_slots(&mut self) {
        let mut slots: Vec<(u16, u32)> = Vec::with_capacity(self.len() + self.len() / 16);
        let mut years = Vec::new();
        for person in 0..self.len() as u32 {
            years.clear();
            for date in self.births_of(person) {
                let about = if date.circa { ABOUT_YEARS } else { 0 };
                years.extend(date.year.saturating_sub(about)..=date.year.saturating_add(about));
            }
            if years.is_empty() {
                years.push(0);
            }
            years.sort_unstable();
            years.dedup();
            slots.extend(years.iter().map(|&year| (year, person)));
        }
        slots.sort_unstable();
        for (slot, (year, _)) in slots.iter().enumerate() {
            if self.years.last().is_none_or(|(last, _)| last != year) {
                self.years.push((*year, slot as u32));
            }
        }
        self.slots = slots.into_iter().map(|(_, person)| person).collect();
    }

    fn distinct_tokens(&self, person: u32, into: &mut Vec<u32>) {
        into.clear();
        for name in self.names_of(person) {
            into.extend(self.name(name).iter().map(|token| token.number()));
        }
        into.sort_unstable();
        into.dedup();
    }

    fn names_of(&self, person: u32) -> std::ops::Range<usize> {
        span(&self.name_ends, person as usize)
    }

    fn name(&self, name: usize) -> &[NameToken] {
        &self.tokens[span(&self.token_ends, name)]
    }

    fn births_of(&self, person: u32) -> &[BirthDate] {
        &self.births[span(&self.birth_ends, person as usize)]
    }

    fn id(&self, person: u32) -> &str {
        std::str::from_utf8(&self.id_text[span(&self.id_ends, person as usize)]).unwrap_or_default()
    }

    /// The slots of birth years `from` to `to`.
    fn slots_of_years(&self, from: u16, to: u16) -> std::ops::Range<u32> {
        let start_of = |year: u16| {
            let at = self.years.partition_point(|(known, _)| *known < year);
            self.years.get(at).map_or(self.slots.len() as u32, |(_, slot)| *slot)
        };
        start_of(from)..start_of(to.saturating_add(1))
    }

    /// The persons that `query` may be, best first, at most `limit`, none below `minimum` (0 to 1).
    pub fn search(&self, query: &PersonQuery, limit: usize, minimum: f32) -> Vec<PersonMatch> {
        let prepared = prepare(query, &self.vocabulary);
        let mut found: Vec<(f32, u32, usize)> = Vec::new();
        let mut alignment = Alignment::default();
        for person in self.gather(&prepared, query.birth_date) {
            let (facts, name) = self.facts(&prepared, query, person, &mut alignment, &WEIGHTS);
            let score = score::score(score::sum(&facts, &WEIGHTS));
            if score >= minimum {
                found.push((score, person, name));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| self.id(a.1).cmp(self.id(b.1))));
        found.truncate(limit);
        found
            .into_iter()
            .map(|(score, person, name)| {
                let tokens = self.name(name);
                align::align(&prepared, tokens, |token| self.vocabulary.text(token), &mut alignment);
                let listed = explain::Listed {
                    tokens,
                    births: self.births_of(person),
                    nation: self.nation_fact(query, person),
                    sex: self.sexes[person as usize],
                    kind: self.name_kinds[name],
                };
                let reasons = explain::reasons(query, &prepared, &listed, &alignment, &self.vocabulary);
                PersonMatch { alert_id: self.id(person).to_owned(), score, reasons }
            })
            .collect()
    }

    fn nation_fact(&self, query: &PersonQuery, person: u32) -> Option<Fact> {
        let listed = &self.nations[span(&self.nation_ends, person as usize)];
        let read = nation(&query.nationality)?;
        if listed.is_empty() {
            None
        } else if listed.contains(&read) {
            Some(Fact::NationEqual)
        } else {
            Some(Fact::NationOther)
        }
    }

    /// The facts of the name that speaks best for the person, and its number.
    fn facts(
        &self,
        prepared: &Prepared,
        query: &PersonQuery,
        person: u32,
        alignment: &mut Alignment,
        weights: &Facts,
    ) -> (Facts, usize) {
        let mut best: Option<(f32, Facts, usize)> = None;
        for name in self.names_of(person) {
            let tokens = self.name(name);
            align::align(prepared, tokens, |token| self.vocabulary.text(token), alignment);
            let weight = |token| self.vocabulary.weight(self.vocabulary.bearers(token) as f32);
            let facts = score::name_facts(prepared, tokens, weight, self.name_kinds[name], alignment);
            let sum = score::sum(&facts, weights);
            if best.as_ref().is_none_or(|(known, _, _)| sum > *known) {
                best = Some((sum, facts, name));
            }
        }
        let (_, mut facts, name) = best.unwrap_or((0.0, [0.0; FACTS], 0));
        let birth = score::birth(query.birth_date, self.births_of(person).iter().copied());
        facts[birth.fact() as usize] = 1.0;
        let sex = score::sex(query.sex, self.sexes[person as usize]);
        for fact in self.nation_fact(query, person).into_iter().chain(sex) {
            facts[fact as usize] = 1.0;
        }
        (facts, name)
    }

    /// The persons that share the most with the query, at most [`WEIGHED_MAX`], each once.
    fn gather(&self, prepared: &Prepared, birth: Option<BirthDate>) -> Vec<u32> {
        let all = 0..self.slots.len() as u32;
        let ranges = match birth {
            Some(date) => [
                self.slots_of_years(0, 0),
                self.slots_of_years(date.year.saturating_sub(1).max(1), date.year.saturating_add(1)),
            ],
            None => [all, 0..0],
        };
        let mut meetings: Vec<(u8, f32, u32)> = prepared
            .meetings
            .iter()
            .map(|meeting| {
                let unit = prepared.units[meeting.unit as usize];
                let near = meeting.near;
                (unit.first, near.weight - GATHER_COST * near.cost, near.token)
            })
            .filter(|(_, gain, _)| *gain > 0.0)
            .collect();
        meetings.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
        let mut rough: Vec<(f32, u32)> = Vec::new();
        for range in &ranges {
            self.gather_range(range.clone(), &meetings, &mut rough);
        }
        if birth.is_some() {
            self.gather_rare(&ranges, &meetings, &mut rough);
        }
        for (sum, person) in &mut rough {
            let evidence = score::birth(birth, self.births_of(*person).iter().copied());
            *sum += WEIGHTS[evidence.fact() as usize];
        }
        let better = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if rough.len() > 2 * WEIGHED_MAX {
            rough.select_nth_unstable_by(2 * WEIGHED_MAX, better);
            rough.truncate(2 * WEIGHED_MAX);
        }
        rough.sort_unstable_by(better);
        let mut persons: Vec<u32> = Vec::with_capacity(WEIGHED_MAX);
        for (_, person) in rough {
            if persons.len() < WEIGHED_MAX && !persons.contains(&person) {
                persons.push(person);
            }
        }
        persons
    }

    fn postings_of(&self, token: u32) -> &[u32] {
        &self.postings[span(&self.posting_ends, token as usize)]
    }

    /// Adds up, for each slot of a range, the best meeting of each query token.
    fn gather_range(
        &self,
        range: std::ops::Range<u32>,
        meetings: &[(u8, f32, u32)],
        rough: &mut Vec<(f32, u32)>,
    ) {
        if range.is_empty() {
            return;
        }
        let mut sums = vec![0f32; range.len()];
        let mut seen = vec![u8::MAX; range.len()];
        let mut touched: Vec<u32> = Vec::new();
        let mut followed = 0;
        for &(first, gain, token) in meetings {
            let postings = self.postings_of(token);
            let from = postings.partition_point(|&slot| slot < range.start);
            for &slot in postings[from..].iter().take_while(|&&slot| slot < range.end) {
                let at = (slot - range.start) as usize;
                if seen[at] == u8::MAX {
                    touched.push(slot);
                }
                if seen[at] != first {
                    seen[at] = first;
                    sums[at] += gain;
                }
                followed += 1;
            }
            if followed > POSTINGS_MAX {
                break;
            }
        }
        rough.extend(
            touched.iter().map(|&slot| (sums[(slot - range.start) as usize], self.slots[slot as usize])),
        );
    }

    /// Adds the persons outside the ranges that rare tokens lead to.
    fn gather_rare(
        &self,
        ranges: &[std::ops::Range<u32>],
        meetings: &[(u8, f32, u32)],
        rough: &mut Vec<(f32, u32)>,
    ) {
        let mut hits: Vec<(u32, u8, f32)> = Vec::new();
        for &(first, gain, token) in meetings {
            let postings = self.postings_of(token);
            if postings.len() <= RARE_BEARERS_MAX {
                let outside = postings.iter().filter(|slot| !ranges.iter().any(|range| range.contains(slot)));
                hits.extend(outside.map(|&slot| (slot, first, gain)));
            }
        }
        hits.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.cmp(&b.1)).then(b.2.total_cmp(&a.2)));
        let mut last: Option<(u32, u8)> = None;
        for (slot, first, gain) in hits {
            match last {
                Some((known, unit)) if known == slot => {
                    if unit != first
                        && let Some(entry) = rough.last_mut()
                    {
                        entry.0 += gain;
                    }
                }
                _ => rough.push((gain, self.slots[slot as usize])),
            }
            last = Some((slot, first));
        }
    }
}

/// The fields of a name that are matched: its parts, or the whole where it has none.
fn fields(name: &PersonName) -> [(&str, u32); 2] {
    if name.surname.is_empty() && name.given.is_empty() {
        [(&name.full, SURNAME | GIVEN), ("", GIVEN)]
    } else {
        [(&name.surname, SURNAME), (&name.given, GIVEN)]
    }
}

/// A state's code of up to three letters as a number; None when empty or longer.
fn nation(code: &str) -> Option<u16> {
    let letters = code.trim_matches('<').as_bytes();
    if letters.is_empty() || letters.len() > 3 || !letters.iter().all(u8::is_ascii_alphabetic) {
        return None;
    }
    Some(letters.iter().fold(0, |sum, letter| sum * 32 + u16::from(letter.to_ascii_uppercase() - b'A' + 1)))
}

fn span(ends: &[u32], at: usize) -> std::ops::Range<usize> {
    let from = if at == 0 { 0 } else { ends[at - 1] as usize };
    from..ends[at] as usize
}
