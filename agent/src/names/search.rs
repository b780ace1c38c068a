//! The search of a persons list: gather who shares most with the query, weigh each, rank, explain.
//!
//! Gathering follows the postings of every token that the query's tokens may be, but only where the birth date can
//! agree: persons without one, those born in the same year, and those born on the same day of the year before or
//! after. Elsewhere only a rare token is followed, since there the name must carry the match alone. Every step has
//! a bound, so the slowest query is not much slower than the others.

use super::align::{self, Alignment, Prepared};
use super::explain;
use super::index::{PersonIndex, nation, pack, span, unpack};
use super::person::BirthDate;
use super::query::prepare;
use super::score::{self, FACTS, Fact, Facts, WEIGHTS};
use super::{PersonMatch, PersonQuery};
use std::ops::Range;

/// Persons that a search weighs to the last fact, of those that share the most with the query.
const WEIGHED_MAX: usize = 48;
/// Postings that one search follows.
const POSTINGS_MAX: usize = 200_000;
/// Bearers of a token that is followed to persons of any birth date.
const RARE_BEARERS_MAX: usize = 100;
/// What a token must be worth, in nats, to be followed at all, and to persons of any birth date.
const FOLLOWED_GAIN_MIN: f32 = 0.5;
const RARE_GAIN_MIN: f32 = 4.0;
/// Persons of a list up to which chance meetings are as rare as the weights assume.
const USUAL_PERSONS: f32 = 10_000.0;
/// What one wrong letter costs while persons are gathered, in nats.
const GATHER_COST: f32 = 2.5;

impl PersonIndex {
    /// The persons that `query` may be, best first, at most `limit`, none below `minimum` (0 to 1).
    pub fn search(&self, query: &PersonQuery, limit: usize, minimum: f32) -> Vec<PersonMatch> {
        let prepared = prepare(query, &self.vocabulary);
        let mut found: Vec<(f32, u32, usize)> = Vec::new();
        let mut alignment = Alignment::default();
        for person in self.gather(&prepared, query.birth_date, score::sum_of(minimum)) {
            let (facts, name) = self.facts(&prepared, query, person, &mut alignment);
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

    fn list_size(&self) -> f32 {
        (self.len() as f32 / USUAL_PERSONS).ln().max(0.0)
    }

    /// The facts of the name that speaks best for the person, and its number.
    fn facts(
        &self,
        prepared: &Prepared,
        query: &PersonQuery,
        person: u32,
        alignment: &mut Alignment,
    ) -> (Facts, usize) {
        let mut best: Option<(f32, Facts, usize)> = None;
        for name in self.names_of(person) {
            let tokens = self.name(name);
            align::align(prepared, tokens, |token| self.vocabulary.text(token), alignment);
            let weight = |token| self.vocabulary.weight(self.vocabulary.bearers(token) as f32);
            let facts = score::name_facts(prepared, tokens, weight, self.name_kinds[name], alignment);
            let sum = score::sum(&facts, &WEIGHTS);
            if best.as_ref().is_none_or(|(known, _, _)| sum > *known) {
                best = Some((sum, facts, name));
            }
        }
        let (_, mut facts, name) = best.unwrap_or((0.0, [0.0; FACTS], 0));
        let birth = score::birth(query.birth_date, self.births_of(person).iter().copied());
        facts[birth.fact() as usize] = 1.0;
        facts[Fact::ListSize as usize] = self.list_size();
        let sex = score::sex(query.sex, self.sexes[person as usize]);
        for fact in self.nation_fact(query, person).into_iter().chain(sex) {
            facts[fact as usize] = 1.0;
        }
        (facts, name)
    }

    /// The persons that share the most with the query and may reach `needed` nats, at most [`WEIGHED_MAX`], each once.
    fn gather(&self, prepared: &Prepared, birth: Option<BirthDate>, needed: f32) -> Vec<u32> {
        let near = self.agreeing_slots(birth);
        let mut leads: Vec<Lead> = Vec::with_capacity(prepared.meetings.len());
        for meeting in &prepared.meetings {
            let gain = meeting.near.weight - GATHER_COST * meeting.near.cost;
            if gain >= FOLLOWED_GAIN_MIN {
                let place = prepared.units[meeting.unit as usize].first;
                leads.push(Lead { place, gain, token: meeting.near.token });
            }
        }
        // The best lead of a place counts for a person; later ones of the same place find it taken.
        leads.sort_unstable_by(|a, b| {
            a.place.cmp(&b.place).then(b.gain.total_cmp(&a.gain)).then(a.token.cmp(&b.token))
        });
        let mut sums = Sums::default();
        let mut left = POSTINGS_MAX;
        for lead in &leads {
            let postings = &self.postings[span(&self.posting_ends, lead.token as usize)];
            if postings.len() <= RARE_BEARERS_MAX {
                let everywhere = lead.gain >= RARE_GAIN_MIN;
                for &slot in postings {
                    if everywhere || near.iter().any(|range| range.contains(&slot)) {
                        self.follow(slot, lead, birth, &mut sums);
                    }
                }
                left = left.saturating_sub(postings.len());
                continue;
            }
            for range in &near {
                let from = postings.partition_point(|&slot| slot < range.start);
                let inside = postings[from..].iter().take_while(|&&slot| slot < range.end).take(left);
                let mut followed = 0;
                for &slot in inside {
                    self.follow(slot, lead, birth, &mut sums);
                    followed += 1;
                }
                left -= followed;
            }
        }
        let mut persons = sums.entries;
        persons
            .retain(|entry| entry.promise() + self.list_size() * WEIGHTS[Fact::ListSize as usize] >= needed);
        let better = |a: &Entry, b: &Entry| b.total().total_cmp(&a.total()).then(a.person.cmp(&b.person));
        if persons.len() > WEIGHED_MAX {
            persons.select_nth_unstable_by(WEIGHED_MAX, better);
            persons.truncate(WEIGHED_MAX);
        }
        persons.into_iter().map(|entry| entry.person).collect()
    }

    fn follow(&self, slot: u32, lead: &Lead, birth: Option<BirthDate>, sums: &mut Sums) {
        let entry = sums.entry(self.slots[slot as usize]);
        if entry.place != lead.place {
            entry.place = lead.place;
            entry.sum += lead.gain;
        }
        if entry.slot != slot {
            entry.slot = slot;
            let date = self.slot_dates[slot as usize];
            let listed = (date != 0).then(|| unpack(date));
            let evidence = WEIGHTS[score::birth(birth, listed.into_iter()).fact() as usize];
            entry.birth = entry.birth.max(evidence);
        }
    }

    /// The slots whose birth date can agree with the one read, as ranges that do not overlap.
    fn agreeing_slots(&self, birth: Option<BirthDate>) -> [Range<u32>; 4] {
        let slot_of = |date: u32| self.slot_dates.partition_point(|&known| known < date) as u32;
        let Some(date) = birth else {
            return [0..self.slots.len() as u32, 0..0, 0..0, 0..0];
        };
        let year = |year: u16| pack(BirthDate::of_year(year));
        let same_day = |year: u16| match (date.month, date.day) {
            (Some(_), Some(_)) => {
                let day = pack(BirthDate { year, ..date });
                slot_of(day)..slot_of(day + 1)
            }
            _ => 0..0,
        };
        [
            0..slot_of(1),
            slot_of(year(date.year))..slot_of(year(date.year.saturating_add(1))),
            same_day(date.year.saturating_sub(1)),
            same_day(date.year.saturating_add(1)),
        ]
    }
}

/// A token to follow, for one place of the query.
struct Lead {
    place: u8,
    gain: f32,
    token: u32,
}

/// What a person has gathered.
#[derive(Clone, Copy)]
struct Entry {
    person: u32,
    sum: f32,
    /// The best evidence of the slots seen, and the last of them.
    birth: f32,
    slot: u32,
    /// The last place of the query that counted.
    place: u8,
}

impl Entry {
    fn total(&self) -> f32 {
        self.sum + self.birth
    }

    /// The most that the person's facts can come to, but for the list's size.
    fn promise(&self) -> f32 {
        score::MOST_WITHOUT_NAME_AND_BIRTH + score::MOST_OF_A_NAT * self.sum + self.birth
    }
}

/// Persons seen, with a hash table over them: open addressing, at most half full, grown by doubling.
#[derive(Default)]
struct Sums {
    entries: Vec<Entry>,
    /// Number of an entry + 1; 0 for free.
    table: Vec<u32>,
}

impl Sums {
    fn entry(&mut self, person: u32) -> &mut Entry {
        if self.entries.len() * 2 >= self.table.len() {
            self.grow();
        }
        let place = self.place(person);
        let number = match self.table[place] {
            0 => {
                self.entries.push(Entry {
                    person,
                    sum: 0.0,
                    birth: f32::MIN,
                    slot: u32::MAX,
                    place: u8::MAX,
                });
                self.table[place] = self.entries.len() as u32;
                self.entries.len() - 1
            }
            number => number as usize - 1,
        };
        &mut self.entries[number]
    }

    /// Where the person is, or would be.
    fn place(&self, person: u32) -> usize {
        let mask = self.table.len() - 1;
        let mut at = person.wrapping_mul(0x9e37_79b1) as usize >> 7 & mask;
        while self.table[at] != 0 && self.entries[self.table[at] as usize - 1].person != person {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        self.table = vec![0; (self.table.len() * 2).max(1024)];
        for number in 0..self.entries.len() {
            let place = self.place(self.entries[number].person);
            self.table[place] = number as u32 + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::{NameKind, PersonAlert, PersonName, Sex};
    use proptest::prelude::*;

    fn alert(id: &str, surname: &str, given: &str, birth: &str) -> PersonAlert {
        PersonAlert {
            id: id.into(),
            names: vec![PersonName { surname: surname.into(), given: given.into(), ..PersonName::default() }],
            birth_dates: BirthDate::parse(birth).into_iter().collect(),
            ..PersonAlert::default()
        }
    }

    fn query(surname: &str, given: &str, birth: &str) -> PersonQuery {
        PersonQuery {
            surname: surname.into(),
            given: given.into(),
            birth_date: BirthDate::parse(birth),
            ..PersonQuery::default()
        }
    }

    fn sample() -> PersonIndex {
        let mut alerts = vec![
            alert("eriksson", "ERIKSSON", "ANNA MARIA", "1974-08-12"),
            alert("orel", "Орёл", "Дмитрий Николаевич", "1960-03-04"),
            alert("qadri", "AL QADRI", "ABD AL RAHMAN SALIM", "1951-01-20"),
            alert("montes", "MONTES ARRIETA", "LUZ ELENA", "1980-02-09"),
            alert("lund", "LUND", "PER", ""),
            alert("zelenko", "ZELENKO", "MYKOLA", "1966"),
            alert("rostam", "ROSTAM", "ABDOL REZA", "1971-11-02"),
        ];
        alerts[0].names.push(PersonName {
            kind: NameKind::Weak,
            full: "SILVER FOX".into(),
            ..PersonName::default()
        });
        alerts[0].sex = Sex::Female;
        PersonIndex::build(alerts.into_iter())
    }

    #[test]
    fn every_way_to_write_a_name_finds_its_person_first() {
        let index = sample();
        for (read, id) in [
            (query("ERIKSSON", "ANNA<MARIA", "1974-08-12"), "eriksson"),
            (query("ANNA<MARIA", "ERIKSSON", "1974-08-12"), "eriksson"), // order
            (query("ERIKSSON<ANNA<MARIA", "", "1974-08-12"), "eriksson"), // no parts
            (query("ERIKSSON", "ANNA", "1974-12-08"), "eriksson"),       // day and month, a name left out
            (query("ER1KSSON", "ANNA", "1974-08-12"), "eriksson"),       // OCR
            (query("OREL", "DMITRII<NIKOLAEVICH", "1960-03-04"), "orel"), // ICAO
            (query("ORYOL", "DZMITRY<MIKALAEVICH", "1960-03-04"), "orel"), // another language's
            (query("ALQADRI", "ABDULRAHMAN", "1951-01-20"), "qadri"),    // joined
            (query("QADRI", "ABDERRAHMANE<SALEM", "1951-01-20"), "qadri"), // no article
            (query("MONTES", "LUZ<ELENA", "1980-02-09"), "montes"),      // one of two family names
            (query("ZELENKA", "NIKOLAI", "1966-05-05"), "zelenko"),      // the year alone is listed
            (query("ROSTAM", "ABDORREZA", "1971-11-02"), "rostam"),      // ABD written on
        ] {
            let found = index.search(&read, 10, 0.5);
            assert!(found.first().is_some_and(|first| first.alert_id == id), "{read:?}: {found:?}");
        }
    }

    #[test]
    fn a_cut_name_is_a_prefix() {
        let read = PersonQuery { name_truncated: true, ..query("AL<QADRI", "ABD<AL<RAH", "1951-01-20") };
        let found = sample().search(&read, 10, 0.5);
        assert_eq!(found[0].alert_id, "qadri");
        assert!(found[0].reasons.iter().any(|reason| reason.to_string().contains("cut off")), "{found:?}");
    }

    #[test]
    fn strangers_and_namesakes_are_not_alarmed() {
        let index = sample();
        for read in [
            query("NAKAMURA", "KENJI", "1974-08-12"),
            query("ERIKSSON", "ANNA<MARIA", "1991-05-30"),
            query("HOLMGREN", "ANNA<MARIA", "1979-01-02"),
            query("", "", ""),
            query("<<<", "<", "1974-08-12"),
        ] {
            assert_eq!(index.search(&read, 10, 0.8), [], "{read:?}");
        }
        assert_eq!(PersonIndex::build(std::iter::empty()).search(&query("A", "B", "1990"), 10, 0.0), []);
    }

    #[test]
    fn reasons_say_what_decided() {
        let read = PersonQuery { sex: Sex::Male, ..query("ERIKSON", "ANNA", "1974-12-08") };
        let found = sample().search(&read, 1, 0.0);
        let reasons: Vec<String> = found[0].reasons.iter().map(ToString::to_string).collect();
        for said in [
            "family name spelt otherwise: ERIKSON, listed ERIKSSON",
            "listed, not in the document: MARIA",
            "birth date with day and month swapped: listed 1974-08-12",
            "sex differs",
        ] {
            assert!(reasons.iter().any(|reason| reason == said), "{said}: {reasons:?}");
        }
        let weak = sample().search(&query("FOX", "SILVER", "1974-08-12"), 1, 0.0);
        assert!(
            weak[0].reasons.contains(&explain::Reason::Alias { listed: "SILVER FOX".into(), weak: true })
        );
    }

    fn word() -> impl Strategy<Value = String> {
        "(KA|LO|MI|SER|DU|AL|BIN|RA|NO|VE|KHA|SH|OV){1,4}"
    }

    fn birth() -> impl Strategy<Value = String> {
        prop_oneof!["19[5-6][0-9]-0[1-3]-0[1-9]", "19[5-6][0-9]", Just(String::new())]
    }

    proptest! {
        /// Nothing that reaches the minimum is lost by looking only where it can be reached; answers are ranked.
        #[test]
        fn a_minimum_only_cuts_the_tail(
            list in proptest::collection::vec((word(), word(), birth()), 1..40),
            (surname, given, date) in (word(), word(), birth()),
            minimum in 0.0f32..1.0,
        ) {
            let alerts = list.iter().zip(0..).map(|((s, g, b), n)| alert(&n.to_string(), s, g, b));
            let index = PersonIndex::build(alerts);
            let read = query(&surname, &given, &date);
            let all = index.search(&read, 100, 0.0);
            for two in all.windows(2) {
                let tie = two[0].score == two[1].score && two[0].alert_id < two[1].alert_id;
                prop_assert!(two[0].score > two[1].score || tie);
            }
            prop_assert!(all.iter().all(|found| (0.0..=1.0).contains(&found.score) && !found.reasons.is_empty()));
            let cut: Vec<PersonMatch> = all.into_iter().filter(|found| found.score >= minimum).collect();
            prop_assert_eq!(index.search(&read, 100, minimum), cut);
        }

        #[test]
        fn any_text_is_searched(surname in any::<String>(), given in any::<String>(), truncated in any::<bool>()) {
            let read = PersonQuery { name_truncated: truncated, ..query(&surname, &given, "1974-08-12") };
            let _ = sample().search(&read, 10, 0.0);
        }

        #[test]
        fn any_listed_text_is_indexed(surname in any::<String>(), given in any::<String>()) {
            let index = PersonIndex::build(std::iter::once(alert("x", &surname, &given, "1974-08-12")));
            let _ = index.search(&query(&surname, &given, "1974-08-12"), 10, 0.0);
        }
    }
}
