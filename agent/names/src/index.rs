//! A persons list in memory, and the search of it.
//!
//! Built once when an edition becomes active, then only read: searching takes `&self`, locks nothing and gives
//! the same answer to the same question always (ties go by alert id).
//!
//! Persons are laid out by birth date: a *slot* is a person under one birth date, those without one first. A
//! token's postings are slots in order, so the persons whose birth date can agree with a traveller's are a few
//! ranges of each token's postings (see `search`), and common names cost little.
//!
//! Memory: flat arrays, numbers instead of pointers; the texts of alerts stay in the list's segments.

use super::align::{GIVEN, NameToken, SIDE_MAX, SURNAME};
use super::nation::nation;
use super::normalise::{is_particle, is_title, tokens};
use super::person::{BirthDate, NameKind, PersonAlert, PersonName, Sex};
use super::placeholders;
use super::script::Language;
use super::vocabulary::Vocabulary;
use std::collections::HashMap;
use std::convert::Infallible;

/// Birth years that a list's "about" spans either way.
const ABOUT_YEARS: u16 = 2;

/// See the module's head.
#[derive(Debug, Default)]
pub struct PersonIndex {
    pub(super) vocabulary: Vocabulary,
    /// Ends of each token's postings.
    pub(super) posting_ends: Vec<u32>,
    pub(super) postings: Vec<u32>,
    /// Person of each slot, and the birth date under which it stands, packed, ascending; 0 for none.
    pub(super) slots: Vec<u32>,
    pub(super) slot_dates: Vec<u32>,
    pub(super) id_text: Vec<u8>,
    pub(super) id_ends: Vec<u32>,
    pub(super) name_ends: Vec<u32>,
    pub(super) name_kinds: Vec<NameKind>,
    pub(super) token_ends: Vec<u32>,
    pub(super) tokens: Vec<NameToken>,
    pub(super) birth_ends: Vec<u32>,
    pub(super) births: Vec<BirthDate>,
    pub(super) nation_ends: Vec<u32>,
    pub(super) nations: Vec<u16>,
    pub(super) sexes: Vec<Sex>,
}

impl PersonIndex {
    /// Builds the index. The same alerts in the same order give the same index.
    pub fn build(alerts: impl Iterator<Item = PersonAlert>) -> PersonIndex {
        let Ok(index) = PersonIndex::try_build(alerts.map(Ok::<_, Infallible>));
        index
    }

    /// Builds the index of alerts that are read one by one and not kept; ends at the first that cannot be read.
    pub fn try_build<E>(alerts: impl Iterator<Item = Result<PersonAlert, E>>) -> Result<PersonIndex, E> {
        let mut index = PersonIndex::default();
        let mut numbers: HashMap<String, u32> = HashMap::new();
        for alert in alerts {
            index.add(&alert?, &mut numbers);
        }
        index.finish(numbers);
        Ok(index)
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
        let words = self.posting_ends.len() + self.postings.len() + 2 * self.slots.len() + self.id_ends.len();
        let words =
            words + self.name_ends.len() + self.token_ends.len() + self.tokens.len() + self.birth_ends.len();
        (words + self.nation_ends.len()) * 4
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
                let mut texts = tokens(text, language);
                placeholders::remove(&mut texts);
                push(texts, field);
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
        let mut slots: Vec<(u32, u32)> = Vec::with_capacity(self.len() + self.len() / 16);
        let mut dates = Vec::new();
        for person in 0..self.len() as u32 {
            dates.clear();
            for date in self.births_of(person) {
                dates.push(pack(*date));
                if date.circa {
                    let years = date.year.saturating_sub(ABOUT_YEARS)..=date.year.saturating_add(ABOUT_YEARS);
                    dates.extend(years.map(|year| pack(BirthDate::of_year(year))));
                }
            }
            if dates.is_empty() {
                dates.push(0);
            }
            dates.sort_unstable();
            dates.dedup();
            slots.extend(dates.iter().map(|&date| (date, person)));
        }
        slots.sort_unstable();
        (self.slot_dates, self.slots) = slots.into_iter().unzip();
    }

    fn distinct_tokens(&self, person: u32, into: &mut Vec<u32>) {
        into.clear();
        for name in self.names_of(person) {
            into.extend(self.name(name).iter().map(|token| token.number()));
        }
        into.sort_unstable();
        into.dedup();
    }

    pub(super) fn names_of(&self, person: u32) -> std::ops::Range<usize> {
        span(&self.name_ends, person as usize)
    }

    pub(super) fn name(&self, name: usize) -> &[NameToken] {
        &self.tokens[span(&self.token_ends, name)]
    }

    pub(super) fn births_of(&self, person: u32) -> &[BirthDate] {
        &self.births[span(&self.birth_ends, person as usize)]
    }

    pub(super) fn nations_of(&self, person: u32) -> &[u16] {
        &self.nations[span(&self.nation_ends, person as usize)]
    }

    pub(super) fn id(&self, person: u32) -> &str {
        std::str::from_utf8(&self.id_text[span(&self.id_ends, person as usize)]).unwrap_or_default()
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

/// A date as a number that sorts as dates do, unknown parts first.
pub(super) fn pack(date: BirthDate) -> u32 {
    u32::from(date.year) << 9 | u32::from(date.month.unwrap_or(0)) << 5 | u32::from(date.day.unwrap_or(0))
}

/// The date of a packed number other than 0.
pub(super) fn unpack(packed: u32) -> BirthDate {
    let part = |value: u32| (value != 0).then_some(value as u8);
    BirthDate {
        year: (packed >> 9) as u16,
        month: part(packed >> 5 & 15),
        day: part(packed & 31),
        circa: false,
    }
}

pub(super) fn span(ends: &[u32], at: usize) -> std::ops::Range<usize> {
    let from = if at == 0 { 0 } else { ends[at - 1] as usize };
    from..ends[at] as usize
}
