//! Who shares enough with a query to reach a score: the first half of a search. Nobody who can is left out.
//!
//! A *place* is a token of the query (or the right half of one); its *leads* are the tokens of the list that it may be, each
//! worth some nats at most. What a person's score can come to follows from the nats of the places that lead to it, from the
//! tokens read that no lead covers, and from its birth date. Places are followed from the one that leads to the fewest
//! persons to the one that leads to the most. Whoever is not found yet lacks the tokens that no later place covers; as soon
//! as nobody of some kind of birth date can make up for that, only those who are found already are looked up. So a rare name
//! is found whatever its date, and a common one costs little, as it can count only beside the rest of the name.
//!
//! One bound keeps the slowest query near the others: [`POSTINGS_MAX`]. Only a query of dozens of common names at a score
//! that nobody would call possible meets it, and then the rarest names have been followed.

use super::PersonQuery;
use super::align::{Prepared, bits};
use super::birth::{Birth, compare, slipped};
use super::index::{PersonIndex, pack, span, unpack};
use super::person::{BirthDate, Sex};
use super::score::{differs, least_nats, left_fact, others};
use super::vocabulary::Vocabulary;
use super::weights::{Fact, LETTER_NATS, MOST_OF_A_NAT, WEIGHTS};
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
/// Every slot may be new.
const EVERY_SLOT: &[Range<u32>] = std::slice::from_ref(&(0..u32::MAX));
/// Places of the smallest table of sums, a power of two.
const SUMS_MIN: usize = 1024;
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
        let list_size = self.list_size() * WEIGHTS[Fact::ListSize as usize];
        let bound = Bound::new(query, prepared, needed, list_size);
        let (leads, places) = leads(prepared, &self.vocabulary);
        let mut found = Vec::new();
        for entry in self.follow(&leads, &places, &bound, query.birth_date).entries {
            let birth = match (query.birth_date, self.slot_dates[entry.slot as usize]) {
                (Some(read), date) if date != 0 => compare(read, unpack(date)),
                _ => Birth::Absent,
            };
            if let Some(most) = bound.reach(entry.sum + SLACK, birth, entry.covered) {
                found.push(Candidate { person: self.slots[entry.slot as usize], most });
            }
        }
        found.sort_unstable_by(|a, b| a.person.cmp(&b.person).then(b.most.total_cmp(&a.most)));
        found.dedup_by_key(|candidate| candidate.person);
        found.sort_unstable_by(|a, b| b.most.total_cmp(&a.most).then(a.person.cmp(&b.person)));
        found
    }

    /// The slots that may come to what is needed, with what leads to them.
    fn follow(&self, leads: &[Lead], places: &[Place], bound: &Bound, read: Option<BirthDate>) -> Sums {
        let postings = |lead: &Lead| &self.postings[span(&self.posting_ends, lead.token as usize)];
        let cost = |place: &Place| leads[place.leads.clone()].iter().map(|lead| postings(lead).len()).sum();
        let mut order: Vec<(usize, &Place)> = places.iter().map(|place| (cost(place), place)).collect();
        order.sort_by_key(|(cost, _)| *cost);
        let mut rest: f32 = places.iter().map(|place| place.most).sum();
        let mut sums = Sums::default();
        let mut left = POSTINGS_MAX;
        for (at, (_, place)) in order.iter().enumerate() {
            // Whoever is not found yet can only come to what is left, and lacks what only places before cover.
            let covered = order[at..].iter().fold(0, |covered, (_, place)| covered | place.covers);
            let mut kinds = Kinds::new(bound, read, rest + SLACK, covered);
            let mut ranges = kinds.ranges(&self.slot_dates);
            for lead in &leads[place.leads.clone()] {
                let postings = postings(lead);
                // Whom a better lead of the place did not lead to can only come to what this one is worth, and those after it less.
                let nats = rest - place.most + lead.gain + SLACK;
                if kinds.any && !bound.may_with_any_date(read, nats, covered) {
                    kinds = Kinds::new(bound, read, nats, covered);
                    ranges = kinds.ranges(&self.slot_dates);
                }
                if kinds.any {
                    sums.add_all(postings, lead, EVERY_SLOT, &mut left);
                } else if postings.len() <= RANGED_FROM {
                    sums.add_all(postings, lead, &ranges, &mut left);
                } else {
                    if postings.len() > sums.entries.len() * SEARCHED_FROM {
                        sums.add_known(postings, lead);
                    } else {
                        sums.add_all(postings, lead, &[], &mut left);
                    }
                    for range in &ranges {
                        let from = postings.partition_point(|&slot| slot < range.start);
                        let count = postings[from..].partition_point(|&slot| slot < range.end);
                        sums.add_all(&postings[from..from + count], lead, EVERY_SLOT, &mut left);
                    }
                }
            }
            rest -= place.most;
        }
        sums
    }
}

/// The kinds of birth date with which a person may still come to what is needed.
struct Kinds {
    read: Option<BirthDate>,
    /// No date is listed.
    absent: bool,
    /// The date agrees, but for one slip of one day, or the year does.
    agreeing: bool,
    /// The year is one off, or one digit of it.
    near: bool,
    /// Any date.
    any: bool,
}

impl Kinds {
    /// Those of persons with names of `nats`, where at most the tokens `covered` met something.
    fn new(bound: &Bound, read: Option<BirthDate>, nats: f32, covered: u32) -> Kinds {
        let may = |births: &[Birth]| bound.may(births, nats, covered);
        let absent = may(&[Birth::Absent]);
        if read.is_none() {
            return Kinds { read, absent, agreeing: absent, near: absent, any: absent };
        }
        let any = bound.may_with_any_date(read, nats, covered);
        let near = any || may(&[Birth::YearNear, Birth::YearSlip]);
        let agreeing = near || may(&[Birth::Exact, Birth::Day, Birth::Month, Birth::YearOff]);
        Kinds { read, absent, agreeing, near, any }
    }

    /// The slots of these kinds, in order, no slot twice, and none where it is any; `dates` are the slots'.
    fn ranges(&self, dates: &[u32]) -> Vec<Range<u32>> {
        if self.any {
            return Vec::new();
        }
        let at = |date: u32| dates.partition_point(|&known| known < date) as u32;
        let mut ranges = Vec::new();
        if self.absent {
            ranges.push(0..at(1));
        }
        let Some(read) = self.read.filter(|_| self.agreeing) else {
            return ranges;
        };
        let first = |year: u16| pack(BirthDate::of_year(year));
        let day = |year: u16| {
            let date = pack(BirthDate { year, circa: false, ..read });
            at(date)..at(date + 1)
        };
        if self.near {
            let century = read.year / 100 * 100;
            let slips = century..century.saturating_add(100);
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
    /// What each birth date is worth, and asks of the name beside it; by its number.
    births: [BirthBound; Birth::ALL.len()],
    /// What each token of the query costs that is not listed; 0 for those that may go unmet for nothing.
    lacking: Vec<f32>,
}

#[derive(Clone, Copy)]
struct BirthBound {
    /// In nats.
    worth: f32,
    /// All facts but those of names, the birth date's among them.
    rest: f32,
    /// The least nats of a name beside it that may come to what is needed.
    least: f32,
}

impl Bound {
    fn new(query: &PersonQuery, prepared: &Prepared, needed: f32, list_size: f32) -> Bound {
        let mut rest = WEIGHTS[Fact::Bias as usize] + list_size;
        if prepared.nation.is_some() {
            rest += WEIGHTS[Fact::NationEqual as usize];
        }
        if matches!(query.sex, Sex::Female | Sex::Male) {
            rest += WEIGHTS[Fact::SexEqual as usize];
        }
        let given = prepared.has_given();
        let lacking = prepared.tokens.iter().map(|token| {
            // An initial may stand for any name that begins with it.
            let fact = left_fact(token, given).filter(|_| token.text.len() > 1);
            fact.map_or(0.0, |(fact, nat)| WEIGHTS[fact as usize] + WEIGHTS[nat as usize] * token.weight)
        });
        let births = Birth::ALL.map(|birth| {
            let worth = WEIGHTS[birth.fact() as usize];
            BirthBound { worth, rest: rest + SLACK + worth, least: least_nats(needed, birth) }
        });
        Bound { needed, births, lacking: lacking.collect() }
    }

    /// Whether names of `nats` that meet the tokens `covered` at most may come to what is needed with one of these.
    fn may(&self, births: &[Birth], nats: f32, covered: u32) -> bool {
        births.iter().any(|&birth| self.reach(nats, birth, covered).is_some())
    }

    /// The same whatever date is listed, beside the one that was `read`.
    fn may_with_any_date(&self, read: Option<BirthDate>, nats: f32, covered: u32) -> bool {
        let worst: &[Birth] =
            if read.is_some() { &[Birth::Ethiopian, Birth::Other] } else { &[Birth::Absent] };
        self.may(worst, nats, covered)
    }

    /// The most that a sum comes to with names of `nats` that meet the tokens `covered` at most, and such a birth date; None
    /// if that is less than what is asked for.
    fn reach(&self, nats: f32, birth: Birth, covered: u32) -> Option<f32> {
        let BirthBound { worth, rest, least } = self.births[birth as usize];
        if nats < least {
            return None;
        }
        let mut most = rest + MOST_OF_A_NAT * nats;
        most += WEIGHTS[Fact::Others as usize] * others(nats, worth);
        let mut lacking = 0.0;
        for at in bits(!covered).take_while(|&at| at < self.lacking.len()) {
            most += self.lacking[at];
            lacking += if self.lacking[at] < 0.0 { 1.0 } else { 0.0 };
        }
        most +=
            differs(birth, lacking).map_or(0.0, |(fact, differences)| WEIGHTS[fact as usize] * differences);
        (most >= self.needed).then_some(most)
    }
}

/// A token to follow.
struct Lead {
    place: u8,
    gain: f32,
    token: u32,
    /// The query's tokens that it may stand for, as a mask.
    covers: u32,
}

/// The leads of one place, what the best of them is worth, and what any of them covers.
struct Place {
    leads: Range<usize>,
    most: f32,
    covers: u32,
}

/// The leads by place, in each the best first: that is the one which counts for a person.
fn leads(prepared: &Prepared, vocabulary: &Vocabulary) -> (Vec<Lead>, Vec<Place>) {
    let mut leads: Vec<Lead> = Vec::with_capacity(prepared.meetings.len());
    for meeting in &prepared.meetings {
        let unit = prepared.units[meeting.unit as usize];
        let gain = meeting.near.weight - LETTER_NATS * meeting.near.cost;
        if gain > GAIN_MIN {
            let right = unit.half.is_some_and(|(_, right)| right);
            let place = if right { unit.first + RIGHT_HALF } else { unit.first };
            leads.push(Lead { place, gain: gain.max(0.0), token: meeting.near.token, covers: unit.covers() });
        }
    }
    // A listed initial is worth nothing, but then the token is not lacking.
    for (token, place) in prepared.tokens.iter().zip(0u8..) {
        let initial = token.text.get(..1).filter(|_| !token.minor);
        if let Some(initial) = initial.and_then(|letter| vocabulary.find(letter)) {
            leads.push(Lead { place, gain: 0.0, token: initial, covers: 1 << place });
        }
    }
    // Gains are not negative, so their bits are in their order.
    leads.sort_unstable_by_key(|lead| {
        u128::from(lead.place) << 64 | u128::from(!lead.gain.to_bits()) << 32 | u128::from(lead.token)
    });
    let mut places: Vec<Place> = Vec::new();
    for (at, lead) in leads.iter().enumerate() {
        match places.last_mut() {
            Some(place) if leads[place.leads.start].place == lead.place => {
                place.leads.end = at + 1;
                place.covers |= lead.covers;
            }
            _ => places.push(Place { leads: at..at + 1, most: lead.gain, covers: lead.covers }),
        }
    }
    (leads, places)
}

/// What a slot has gathered.
#[derive(Clone, Copy)]
struct Entry {
    slot: u32,
    sum: f32,
    /// The query's tokens that something may stand for, as a mask.
    covered: u32,
    /// The last place of the query that counted.
    place: u8,
}

impl Entry {
    /// Whether a lead would change nothing.
    fn has(&self, lead: &Lead) -> bool {
        self.place == lead.place && lead.covers & !self.covered == 0
    }

    fn add(&mut self, lead: &Lead) {
        if self.place != lead.place {
            self.sum += lead.gain;
            self.place = lead.place;
        }
        self.covered |= lead.covers;
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
    /// Adds a lead to the slots of its postings, to new ones only within the ranges `new`, while some are `left`.
    fn add_all(&mut self, postings: &[u32], lead: &Lead, new: &[Range<u32>], left: &mut usize) {
        let followed = postings.len().min(*left);
        *left -= followed;
        for &slot in &postings[..followed] {
            if let Some(entry) = self.entry(slot, new.iter().any(|range| range.contains(&slot))) {
                entry.add(lead);
            }
        }
    }

    /// The same for the slots that are known, each searched in the postings.
    fn add_known(&mut self, postings: &[u32], lead: &Lead) {
        for entry in &mut self.entries {
            if !entry.has(lead) && postings.binary_search(&entry.slot).is_ok() {
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
                self.entries.push(Entry { slot, sum: 0.0, covered: 0, place: u8::MAX });
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
        self.table = vec![0; (self.table.len() * 2).max(SUMS_MIN)];
        self.entries.reserve(self.table.len() / 2 - self.entries.len());
        for number in 0..self.entries.len() {
            let place = self.place(self.entries[number].slot);
            self.table[place] = number as u32 + 1;
        }
    }
}
