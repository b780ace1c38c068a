//! A query's tokens against one name's: who stands for whom, and what is left over on either side.
//!
//! A query is a sequence of tokens and a set of *units*, ways to read it: each token by itself, two or three
//! neighbours joined (ABD AL RAHMAN for ABDALRAHMAN), one token in two halves. Each unit knows which tokens of the
//! vocabulary it is near. The alignment takes the most telling meetings first, each token once, and sums up what
//! it saw in [`Facts`], which `score` weighs. Nothing here knows weights of facts.

use super::vocabulary::Near;

/// Tokens of one side: bits of a mask.
pub(super) const SIDE_MAX: usize = 32;

/// The field of a token. A bit each, so that a name of unknown parts is both.
pub(super) const SURNAME: u32 = 1;
/// See [`SURNAME`].
pub(super) const GIVEN: u32 = 2;

/// A token of a name in the index: number in the vocabulary, field bits, and whether it is a particle or a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NameToken(pub(super) u32);

const NUMBER_BITS: u32 = 28;
const PARTICLE: u32 = 1 << 30;
const TITLE: u32 = 1 << 31;

impl NameToken {
    pub(super) fn new(number: u32, field: u32, particle: bool, title: bool) -> NameToken {
        debug_assert!(number < 1 << NUMBER_BITS);
        let marks = if particle { PARTICLE } else { 0 } | if title { TITLE } else { 0 };
        NameToken(number | field << NUMBER_BITS | marks)
    }
    pub(super) fn number(self) -> u32 {
        self.0 & ((1 << NUMBER_BITS) - 1)
    }
    /// The same token under another number.
    pub(super) fn renumbered(self, number: u32) -> NameToken {
        NameToken(self.0 & !((1 << NUMBER_BITS) - 1) | number)
    }
    pub(super) fn field(self) -> u32 {
        self.0 >> NUMBER_BITS & 3
    }
    /// Particles and titles: their absence says nothing.
    pub(super) fn is_minor(self) -> bool {
        self.0 & (PARTICLE | TITLE) != 0
    }
    pub(super) fn is_particle(self) -> bool {
        self.0 & PARTICLE != 0
    }
}

/// A token of the query.
#[derive(Clone, Debug)]
pub(super) struct QueryToken {
    pub(super) text: String,
    pub(super) field: u32,
    /// Particle or title.
    pub(super) minor: bool,
    /// What it says that a person bears this token, in nats.
    pub(super) weight: f32,
    /// The stump of a cut name.
    pub(super) cut: bool,
}

/// One way to read part of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// First query token it covers.
    pub(super) first: u8,
    /// How many it covers.
    pub(super) count: u8,
    /// For a half of a token: the number of the split, and whether it is the right half.
    pub(super) half: Option<(u8, bool)>,
    /// The stump of a cut name.
    pub(super) prefix: bool,
}

/// A meeting that may be taken: a unit with a token of the vocabulary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meeting {
    pub(super) unit: u8,
    pub(super) near: Near,
}

/// A query, read and looked up.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    pub(super) tokens: Vec<QueryToken>,
    pub(super) units: Vec<Unit>,
    /// Sorted by vocabulary number.
    pub(super) meetings: Vec<Meeting>,
    /// The name fills its field, so more may have followed.
    pub(super) truncated: bool,
}

impl Prepared {
    fn meetings_of(&self, number: u32) -> &[Meeting] {
        let from = self.meetings.partition_point(|meeting| meeting.near.token < number);
        let count = self.meetings[from..].iter().take_while(|meeting| meeting.near.token == number).count();
        &self.meetings[from..from + count]
    }
}

/// A pair that the alignment took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    /// The query's tokens, as a mask.
    pub(super) query: u32,
    /// The name's tokens, as a mask.
    pub(super) name: u32,
    pub(super) cost: f32,
    pub(super) weight: f32,
    pub(super) prefix: bool,
    pub(super) crossed: bool,
}

/// Who stands for whom. Masks are over positions.
#[derive(Clone, Debug, Default)]
pub(super) struct Alignment {
    pub(super) pairs: Vec<Pair>,
    pub(super) query_left: u32,
    pub(super) name_left: u32,
    /// Pairs of an initial with a name that begins with it.
    pub(super) initials: u32,
}

/// What one wrong letter costs while meetings compete, in nats; `score` has its own prices.
const COMPETING_COST: f32 = 2.5;

#[derive(Clone, Copy)]
struct Offer {
    gain: f32,
    pair: Pair,
}

/// Aligns a prepared query with one name. `text` gives a name token's letters, for initials.
pub(super) fn align<'a>(
    query: &Prepared,
    name: &[NameToken],
    text: impl Fn(u32) -> &'a str,
    out: &mut Alignment,
) {
    let name = &name[..name.len().min(SIDE_MAX)];
    out.pairs.clear();
    out.initials = 0;
    let mut offers: [Option<Offer>; 96] = [None; 96];
    let mut offered = 0;
    let mut offer = |gain: f32, pair: Pair| {
        if offered < offers.len() && gain > 0.0 {
            offers[offered] = Some(Offer { gain, pair });
            offered += 1;
        }
    };
    let mut lefts: [(u8, u8, Near); 24] = [(0, 0, Near { token: 0, cost: 0.0, weight: 0.0 }); 24];
    let mut left_count = 0;
    for (at, token) in name.iter().enumerate() {
        for meeting in query.meetings_of(token.number()) {
            let unit = query.units[meeting.unit as usize];
            if let Some((split, right)) = unit.half {
                if !right && left_count < lefts.len() {
                    lefts[left_count] = (split, at as u8, meeting.near);
                    left_count += 1;
                }
                let follows = |left: usize| left < at && name[left + 1..at].iter().all(|t| t.is_particle());
                let partner = lefts[..left_count]
                    .iter()
                    .find(|(s, left, _)| right && *s == split && follows(*left as usize));
                if let Some((_, left, near)) = partner {
                    let weight = near.weight + meeting.near.weight;
                    let cost = near.cost + meeting.near.cost + 0.05;
                    let names = (1 << left) | (1 << at);
                    let pair = Pair {
                        query: 1 << unit.first,
                        name: names,
                        cost,
                        weight,
                        prefix: false,
                        crossed: false,
                    };
                    offer(weight - COMPETING_COST * cost, pair);
                }
                continue;
            }
            let covered = ((1u32 << unit.count) - 1) << unit.first;
            let field = query.tokens[unit.first as usize].field;
            let crossed = field & token.field() == 0;
            let pair = Pair {
                query: covered,
                name: 1 << at,
                cost: meeting.near.cost + if unit.count > 1 { 0.05 } else { 0.0 },
                weight: meeting.near.weight,
                prefix: unit.prefix,
                crossed,
            };
            let bonus = if crossed { 0.0 } else { 0.3 };
            offer(meeting.near.weight - COMPETING_COST * pair.cost + bonus, pair);
        }
    }
    let offers = &mut offers[..offered];
    offers.sort_by(|a, b| {
        let (a, b) = (a.as_ref().map_or(0.0, |o| o.gain), b.as_ref().map_or(0.0, |o| o.gain));
        b.total_cmp(&a)
    });
    let mut query_left = mask(query.tokens.len());
    let mut name_left = mask(name.len());
    for offer in offers.iter().flatten() {
        let pair = offer.pair;
        if pair.query & !query_left == 0 && pair.name & !name_left == 0 {
            query_left &= !pair.query;
            name_left &= !pair.name;
            out.pairs.push(pair);
        }
    }
    for at in bits(query_left) {
        let token = &query.tokens[at];
        let matches = |other: usize| {
            let theirs = text(name[other].number());
            !name[other].is_minor()
                && (token.text.len() == 1 || theirs.len() == 1)
                && theirs[..1] == token.text[..1]
        };
        if token.minor && token.text.len() > 1 {
            continue;
        }
        if let Some(other) = bits(name_left).find(|&other| matches(other)) {
            out.initials += 1;
            query_left &= !(1 << at);
            name_left &= !(1 << other);
        }
    }
    out.query_left = query_left;
    out.name_left = name_left;
}

fn mask(count: usize) -> u32 {
    if count >= 32 { u32::MAX } else { (1 << count) - 1 }
}

/// The positions of a mask's bits.
pub(super) fn bits(mask: u32) -> impl Iterator<Item = usize> {
    (0..SIDE_MAX).filter(move |at| mask >> at & 1 == 1)
}
