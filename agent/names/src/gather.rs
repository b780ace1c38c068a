//! Who shares enough with a query to reach a score: the first half of a search. Nobody who can is left out.
//!
//! A *place* is a token of the query (or the right half of one); its *leads* are the tokens of the list that it may be, each
//! worth some nats at most. What a person's score can come to follows from the nats of the places that lead to it and from
//! its birth date. So for each range of birth dates a least number of nats is known, and places whose nats together stay
//! below it need not be followed: whoever reaches it shares a token with one of the others. The others are those that lead to
//! the fewest persons; the rest is only looked up for whom they found. So a rare name is found whatever its date, and a
//! common one costs little, as it can count only beside an agreeing date.
//!
//! One bound keeps the slowest query near the others: [`POSTINGS_MAX`]. Only a query of dozens of common names at a score
//! that nobody would call possible meets it, and then the rarest names have been followed.

use super::PersonQuery;
use super::align::Prepared;
use super::birth::{Birth, compare};
use super::index::{PersonIndex, pack, span, unpack};
use super::nation::nation;
use super::person::{BirthDate, Sex};
use super::score::others;
use super::weights::{Fact, LETTER_NATS, MOST_OF_A_NAT, WEIGHTS};
use super::world::TRAVELLERS_OF_A_CULTURE;
use std::ops::Range;

/// Postings that one search follows.
const POSTINGS_MAX: usize = 400_000;
/// Nats below nothing from which on a meeting cannot be taken: `align` gives a little for the same field.
const GAIN_MIN: f32 = -0.3;
/// The place of a right half is that of its token and this.
const RIGHT_HALF: u8 = 32;
/// Postings that are read one by one rather than searched for one slot.
const SEARCHED_FROM: usize = 16;
/// What rounding may take from a bound.
const SLACK: f32 = 1e-3;

/// A person to weigh.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) person: u32,
    /// The most that the person's sum can come to.
    pub(super) most: f32,
}

impl PersonIndex {
    /// Everybody who may reach `needed` nats, the most promising first, each once.
    pub(super) fn gather(&self, prepared: &Prepared, query: &PersonQuery, needed: f32) -> Vec<Candidate> {
        let bound = Bound::new(query, self.list_size() * WEIGHTS[Fact::ListSize as usize]);
        let (leads, places) = leads(prepared);
        let mut left = POSTINGS_MAX;
        let mut found = Vec::new();
        for Dates { slots, worth } in self.dates(query.birth_date) {
            let nats = bound.least_nats(needed, worth);
            if places.iter().map(|place| place.most).sum::<f32>() + SLACK < nats {
                continue;
            }
            let mut sums = Sums::default();
            self.follow(&leads, &places, &slots, nats, &mut left, &mut sums);
            for entry in sums.entries {
                let date = self.slot_dates[entry.slot as usize];
                let birth = match query.birth_date {
                    Some(read) if date != 0 => compare(read, unpack(date)),
                    _ => Birth::Absent,
                };
                let most = bound.most(entry.sum, WEIGHTS[birth.fact() as usize]);
                if most >= needed {
                    found.push(Candidate { person: self.slots[entry.slot as usize], most });
                }
            }
        }
        found.sort_unstable_by(|a, b| a.person.cmp(&b.person).then(b.most.total_cmp(&a.most)));
        found.dedup_by_key(|candidate| candidate.person);
        found.sort_unstable_by(|a, b| b.most.total_cmp(&a.most).then(a.person.cmp(&b.person)));
        found
    }

    /// Sums up in `sums` the slots of a range that may come to `nats`.
    fn follow(
        &self,
        leads: &[Lead],
        places: &[Place],
        slots: &Range<u32>,
        nats: f32,
        left: &mut usize,
        sums: &mut Sums,
    ) {
        let mut ranges: Vec<&[u32]> = Vec::with_capacity(leads.len());
        ranges.extend(leads.iter().map(|lead| self.postings_within(lead.token, slots)));
        let cost = |place: &Place| ranges[place.leads.clone()].iter().map(|range| range.len()).sum::<usize>();
        let mut order: Vec<(usize, &Place)> = places.iter().map(|place| (cost(place), place)).collect();
        order.sort_by_key(|(cost, _)| *cost);
        let mut rest: f32 = places.iter().map(|place| place.most).sum();
        for (_, place) in order {
            // Whoever is not found yet can only come to what is left.
            let new = rest + SLACK >= nats;
            for at in place.leads.clone() {
                let (lead, range) = (&leads[at], ranges[at]);
                if !new && range.len() > sums.entries.len() * SEARCHED_FROM {
                    for entry in &mut sums.entries {
                        if entry.place != lead.place && range.binary_search(&entry.slot).is_ok() {
                            entry.add(lead);
                        }
                    }
                    continue;
                }
                let followed = range.len().min(*left);
                *left -= followed;
                for &slot in &range[..followed] {
                    if let Some(entry) = sums.entry(slot, new)
                        && entry.place != lead.place
                    {
                        entry.add(lead);
                    }
                }
            }
            rest -= place.most;
        }
    }

    fn postings_within(&self, token: u32, slots: &Range<u32>) -> &[u32] {
        let postings = &self.postings[span(&self.posting_ends, token as usize)];
        let from = postings.partition_point(|&slot| slot < slots.start);
        let to = from + postings[from..].partition_point(|&slot| slot < slots.end);
        &postings[from..to]
    }

    /// All slots as ranges of birth dates, with the most that a date of each is worth.
    fn dates(&self, read: Option<BirthDate>) -> Vec<Dates> {
        let worth = |birth: Birth| WEIGHTS[birth.fact() as usize];
        let all = self.slots.len() as u32;
        let Some(read) = read else {
            return vec![Dates { slots: 0..all, worth: worth(Birth::Absent) }];
        };
        let year = |year: u16| {
            let first = pack(BirthDate::of_year(year));
            self.slot_dates.partition_point(|&known| known < first) as u32
        };
        let none = self.slot_dates.partition_point(|&known| known == 0) as u32;
        let [before, this, next, after] =
            [-1, 0, 1, 2].map(|years| year(read.year.saturating_add_signed(years)));
        [
            (0..none, Birth::Absent),
            (none..before, Birth::YearSlip),
            (before..this, Birth::YearOff),
            (this..next, Birth::Exact),
            (next..after, Birth::YearOff),
            (after..all, Birth::YearSlip),
        ]
        .map(|(slots, best)| Dates { slots, worth: worth(best) })
        .into_iter()
        .filter(|dates| !dates.slots.is_empty())
        .collect()
    }
}

/// Slots of a range of birth dates.
struct Dates {
    slots: Range<u32>,
    worth: f32,
}

/// What a query's facts can come to.
struct Bound {
    /// All but names and birth date.
    rest: f32,
}

impl Bound {
    fn new(query: &PersonQuery, list_size: f32) -> Bound {
        let mut rest = WEIGHTS[Fact::Bias as usize] + list_size;
        if nation(&query.nationality).is_some() {
            rest += WEIGHTS[Fact::NationEqual as usize];
        }
        if matches!(query.sex, Sex::Female | Sex::Male) {
            rest += WEIGHTS[Fact::SexEqual as usize];
        }
        Bound { rest: rest + SLACK }
    }

    /// The most that a sum comes to with names of `nats` and a birth date of this worth.
    fn most(&self, nats: f32, birth: f32) -> f32 {
        self.rest + birth + MOST_OF_A_NAT * nats + WEIGHTS[Fact::Others as usize] * others(nats, birth)
    }

    /// The least nats with which [`Bound::most`] is `needed`.
    fn least_nats(&self, needed: f32, birth: f32) -> f32 {
        let (missing, other) = (needed - self.rest - birth, -WEIGHTS[Fact::Others as usize]);
        let knee = TRAVELLERS_OF_A_CULTURE - birth.max(0.0);
        let above = missing / MOST_OF_A_NAT;
        if above >= knee { above } else { (missing + other * knee) / (MOST_OF_A_NAT + other) }
    }
}

/// A token to follow.
struct Lead {
    place: u8,
    gain: f32,
    token: u32,
}

/// The leads of one place, and what the best of them is worth.
struct Place {
    leads: Range<usize>,
    most: f32,
}

/// The leads by place, in each the best first: that is the one which counts for a person.
fn leads(prepared: &Prepared) -> (Vec<Lead>, Vec<Place>) {
    let mut leads: Vec<Lead> = Vec::with_capacity(prepared.meetings.len());
    for meeting in &prepared.meetings {
        let unit = prepared.units[meeting.unit as usize];
        let gain = meeting.near.weight - LETTER_NATS * meeting.near.cost;
        if gain > GAIN_MIN {
            let right = unit.half.is_some_and(|(_, right)| right);
            let place = if right { unit.first + RIGHT_HALF } else { unit.first };
            leads.push(Lead { place, gain: gain.max(0.0), token: meeting.near.token });
        }
    }
    leads.sort_unstable_by(|a, b| {
        a.place.cmp(&b.place).then(b.gain.total_cmp(&a.gain)).then(a.token.cmp(&b.token))
    });
    let mut places: Vec<Place> = Vec::new();
    for (at, lead) in leads.iter().enumerate() {
        match places.last_mut() {
            Some(place) if leads[place.leads.start].place == lead.place => place.leads.end = at + 1,
            _ => places.push(Place { leads: at..at + 1, most: lead.gain }),
        }
    }
    (leads, places)
}

/// What a slot has gathered.
#[derive(Clone, Copy)]
struct Entry {
    slot: u32,
    sum: f32,
    /// The last place of the query that counted.
    place: u8,
}

impl Entry {
    fn add(&mut self, lead: &Lead) {
        self.sum += lead.gain;
        self.place = lead.place;
    }
}

/// Slots seen, with a hash table over them: open addressing, at most half full, grown by doubling.
#[derive(Default)]
struct Sums {
    entries: Vec<Entry>,
    /// Number of an entry + 1; 0 for free.
    table: Vec<u32>,
}

impl Sums {
    /// The slot's entry, a new one only if `new`.
    fn entry(&mut self, slot: u32, new: bool) -> Option<&mut Entry> {
        if new && self.entries.len() * 2 >= self.table.len() {
            self.grow();
        }
        if self.table.is_empty() {
            return None;
        }
        let place = self.place(slot);
        let number = match self.table[place] {
            0 if !new => return None,
            0 => {
                self.entries.push(Entry { slot, sum: 0.0, place: u8::MAX });
                self.table[place] = self.entries.len() as u32;
                self.entries.len() - 1
            }
            number => number as usize - 1,
        };
        Some(&mut self.entries[number])
    }

    /// Where the slot is, or would be.
    fn place(&self, slot: u32) -> usize {
        let mask = self.table.len() - 1;
        let mut at = slot.wrapping_mul(0x9e37_79b1) as usize >> 7 & mask;
        while self.table[at] != 0 && self.entries[self.table[at] as usize - 1].slot != slot {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        self.table = vec![0; (self.table.len() * 2).max(256)];
        for number in 0..self.entries.len() {
            let place = self.place(self.entries[number].slot);
            self.table[place] = number as u32 + 1;
        }
    }
}
