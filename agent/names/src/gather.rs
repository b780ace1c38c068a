//! Who shares enough with a query to reach a score: the first half of a search. Nobody who can is left out.
//!
//! A *place* is a token of the query (or the right half of one); its *leads* are the tokens of the list that it may be, each
//! worth some nats at most. What a person's score can come to follows from the nats of the places that lead to it and from
//! its birth date. So for each kind of birth date a least number of nats is known: nearly none where the date agrees, many
//! where it differs. Places are followed from the one that leads to the fewest persons to the one that leads to the most;
//! as soon as what is left stays below a kind's least, nobody new of that kind can reach it, and only those who are found
//! already are looked up. So a rare name is found whatever its date, and a common one costs little, as it can count only
//! beside an agreeing date.
//!
//! One bound keeps the slowest query near the others: [`POSTINGS_MAX`]. Only a query of dozens of common names at a score
//! that nobody would call possible meets it, and then the rarest names have been followed.

use super::PersonQuery;
use super::align::Prepared;
use super::birth::{Birth, compare, slipped};
use super::index::{PersonIndex, pack, span, unpack};
use super::nation::nation;
use super::person::{BirthDate, Sex};
use super::score::{least_nats, others};
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
/// Postings that are read one by one whatever their dates.
const RANGED_FROM: usize = 64;
/// Years that one slip in a digit may be away.
const SLIPPED_YEARS: u16 = 99;
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
        let bound = Bound::new(query, needed, self.list_size() * WEIGHTS[Fact::ListSize as usize]);
        let (leads, places) = leads(prepared);
        let kinds = Kinds::new(&bound, query.birth_date);
        let mut found = Vec::new();
        for entry in self.follow(&leads, &places, &kinds).entries {
            let birth = match (query.birth_date, self.slot_dates[entry.slot as usize]) {
                (Some(read), date) if date != 0 => compare(read, unpack(date)),
                _ => Birth::Absent,
            };
            if entry.sum + SLACK >= bound.least_nats(birth) {
                let most = bound.most(entry.sum, WEIGHTS[birth.fact() as usize]);
                found.push(Candidate { person: self.slots[entry.slot as usize], most });
            }
        }
        found.sort_unstable_by(|a, b| a.person.cmp(&b.person).then(b.most.total_cmp(&a.most)));
        found.dedup_by_key(|candidate| candidate.person);
        found.sort_unstable_by(|a, b| b.most.total_cmp(&a.most).then(a.person.cmp(&b.person)));
        found
    }

    /// The slots that may come to what their kind of birth date needs, with the nats that lead to them.
    fn follow(&self, leads: &[Lead], places: &[Place], kinds: &Kinds) -> Sums {
        let postings = |lead: &Lead| &self.postings[span(&self.posting_ends, lead.token as usize)];
        let cost = |place: &Place| leads[place.leads.clone()].iter().map(|lead| postings(lead).len()).sum();
        let mut order: Vec<(usize, &Place)> = places.iter().map(|place| (cost(place), place)).collect();
        order.sort_by_key(|(cost, _)| *cost);
        let mut rest: f32 = places.iter().map(|place| place.most).sum();
        let mut sums = Sums::default();
        let mut left = POSTINGS_MAX;
        for (_, place) in order {
            // Whoever is not found yet can only come to what is left.
            let whole = rest + SLACK >= kinds.any;
            let ranges = if whole { Vec::new() } else { kinds.ranges(rest + SLACK, &self.slot_dates) };
            for lead in &leads[place.leads.clone()] {
                let postings = postings(lead);
                if whole || (!ranges.is_empty() && postings.len() <= RANGED_FROM) {
                    sums.add_all(postings, lead, true, &mut left);
                    continue;
                }
                if postings.len() > sums.entries.len() * SEARCHED_FROM {
                    sums.add_known(postings, lead);
                } else {
                    sums.add_all(postings, lead, false, &mut left);
                }
                for range in &ranges {
                    let from = postings.partition_point(|&slot| slot < range.start);
                    let count = postings[from..].partition_point(|&slot| slot < range.end);
                    sums.add_all(&postings[from..from + count], lead, true, &mut left);
                }
            }
            rest -= place.most;
        }
        sums
    }
}

/// The kinds of birth date by what they need, in nats of names.
struct Kinds {
    read: Option<BirthDate>,
    /// No date is listed.
    absent: f32,
    /// The date agrees, but for one slip of one day, or the year does.
    agreeing: f32,
    /// The year is one off, or one digit of it.
    near: f32,
    /// Any date.
    any: f32,
}

impl Kinds {
    fn new(bound: &Bound, read: Option<BirthDate>) -> Kinds {
        let least = |births: &[Birth]| {
            births.iter().map(|&birth| bound.least_nats(birth)).fold(f32::INFINITY, f32::min)
        };
        let absent = least(&[Birth::Absent]);
        let Some(_) = read else {
            return Kinds { read, absent, agreeing: absent, near: absent, any: absent };
        };
        let any = least(&[Birth::Ethiopian, Birth::Other]);
        let near = least(&[Birth::YearNear, Birth::YearSlip]).min(any);
        let agreeing = least(&[Birth::Exact, Birth::Day, Birth::Month, Birth::YearOff]).min(near);
        Kinds { read, absent, agreeing, near, any }
    }

    /// The slots of birth dates for which `nats` are enough, in order, no slot twice; `dates` are the slots'.
    fn ranges(&self, nats: f32, dates: &[u32]) -> Vec<Range<u32>> {
        let at = |date: u32| dates.partition_point(|&known| known < date) as u32;
        let mut ranges = Vec::new();
        if nats >= self.absent {
            ranges.push(0..at(1));
        }
        let Some(read) = self.read.filter(|_| nats >= self.agreeing) else {
            return ranges;
        };
        let first = |year: u16| pack(BirthDate::of_year(year));
        let day = |year: u16| {
            let date = pack(BirthDate { year, circa: false, ..read });
            at(date)..at(date + 1)
        };
        if nats >= self.near {
            let slips = read.year.saturating_sub(SLIPPED_YEARS)..=read.year.saturating_add(SLIPPED_YEARS);
            let slips = slips.filter(|&year| year.abs_diff(read.year) > 1 && slipped(read.year, year));
            ranges.extend(slips.map(day));
            ranges.push(at(first(read.year.saturating_sub(1)))..at(first(read.year.saturating_add(2))));
        } else {
            ranges.extend([day(read.year.saturating_sub(1)), day(read.year.saturating_add(1))]);
            // The last day of a year and the first of the next follow each other.
            let start = first(read.year).saturating_sub(512 - (12 << 5 | 31));
            ranges.push(at(start)..at(start + 1));
            let next = pack(BirthDate::new(read.year.saturating_add(1), 1, 1));
            ranges.push(at(next)..at(next + 1));
            ranges.push(at(first(read.year))..at(first(read.year.saturating_add(1))));
        }
        ranges.retain(|range| !range.is_empty());
        ranges.sort_by_key(|range| range.start);
        ranges.dedup();
        ranges
    }
}

/// What a query's facts can come to.
struct Bound {
    /// The sum that is asked for.
    needed: f32,
    /// All but names and birth date.
    rest: f32,
}

impl Bound {
    fn new(query: &PersonQuery, needed: f32, list_size: f32) -> Bound {
        let mut rest = WEIGHTS[Fact::Bias as usize] + list_size;
        if nation(&query.nationality).is_some() {
            rest += WEIGHTS[Fact::NationEqual as usize];
        }
        if matches!(query.sex, Sex::Female | Sex::Male) {
            rest += WEIGHTS[Fact::SexEqual as usize];
        }
        Bound { needed, rest: rest + SLACK }
    }

    /// The most that a sum comes to with names of `nats` and a birth date of this worth.
    fn most(&self, nats: f32, birth: f32) -> f32 {
        self.rest + birth + MOST_OF_A_NAT * nats + WEIGHTS[Fact::Others as usize] * others(nats, birth)
    }

    /// The least nats with which a person of such a birth date may come to what is asked for.
    fn least_nats(&self, birth: Birth) -> f32 {
        let worth = WEIGHTS[birth.fact() as usize];
        let (missing, other) = (self.needed - self.rest - worth, -WEIGHTS[Fact::Others as usize]);
        let knee = TRAVELLERS_OF_A_CULTURE - worth.max(0.0);
        let above = missing / MOST_OF_A_NAT;
        let least = if above >= knee { above } else { (missing + other * knee) / (MOST_OF_A_NAT + other) };
        least.max(least_nats(self.needed, birth))
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
    /// Adds a lead to the slots of its postings, to new ones too only if `new`, while some are `left`.
    fn add_all(&mut self, postings: &[u32], lead: &Lead, new: bool, left: &mut usize) {
        let followed = postings.len().min(*left);
        *left -= followed;
        for &slot in &postings[..followed] {
            if let Some(entry) = self.entry(slot, new)
                && entry.place != lead.place
            {
                entry.add(lead);
            }
        }
    }

    /// The same for the slots that are known, each searched in the postings.
    fn add_known(&mut self, postings: &[u32], lead: &Lead) {
        for entry in &mut self.entries {
            if entry.place != lead.place && postings.binary_search(&entry.slot).is_ok() {
                entry.add(lead);
            }
        }
    }

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
