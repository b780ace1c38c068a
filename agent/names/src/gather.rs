//! Who shares most with a query: the first half of a search.
//!
//! Follows the postings of every token that the query's tokens may be, but only where the birth date can agree: persons
//! without one, those born in the same year, and those born on the same day of the year before or after. Elsewhere only a
//! rare token is followed, since there the name must carry the match alone. Every step has a bound, so the slowest query is
//! not much slower than the others.

use super::align::Prepared;
use super::birth::birth;
use super::index::{PersonIndex, pack, span, unpack};
use super::person::BirthDate;
use super::weights::{Fact, MOST_OF_A_NAT, MOST_OF_THE_REST, WEIGHTS};
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
/// What one wrong letter costs while persons are gathered, in nats.
const GATHER_COST: f32 = 2.5;

impl PersonIndex {
    /// The persons that share the most with the query and may reach `needed` nats, at most [`WEIGHED_MAX`], each once.
    pub(super) fn gather(&self, prepared: &Prepared, birth: Option<BirthDate>, needed: f32) -> Vec<u32> {
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

    fn follow(&self, slot: u32, lead: &Lead, read: Option<BirthDate>, sums: &mut Sums) {
        let entry = sums.entry(self.slots[slot as usize]);
        if entry.place != lead.place {
            entry.place = lead.place;
            entry.sum += lead.gain;
        }
        if entry.slot != slot {
            entry.slot = slot;
            let date = self.slot_dates[slot as usize];
            let listed = (date != 0).then(|| unpack(date));
            let evidence = WEIGHTS[birth(read, listed.into_iter()).fact() as usize];
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
        MOST_OF_THE_REST + MOST_OF_A_NAT * self.sum + self.birth
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
