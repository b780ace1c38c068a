//! A query's tokens against one name's: who stands for whom, and what is left over on either side.
//!
//! A query is a sequence of tokens and a set of *units*, ways to read it: each token by itself, two or three
//! neighbours joined (ABD AL RAHMAN for ABDALRAHMAN), one token in two halves. Each unit knows which tokens of the
//! vocabulary it is near. The alignment takes the most telling meetings first, each token once, and sums up what
//! it saw in [`Facts`], which `score` weighs. Nothing here knows weights of facts.

use super::known::Near;

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

impl Unit {
    /// The tokens that it covers, as a mask.
    pub(super) fn covers(self) -> u32 {
        mask(usize::from(self.count)) << self.first
    }
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
    /// The nationality that was read, as a number.
    pub(super) nation: Option<u16>,
}

impl Prepared {
    /// Whether a given name was read.
    pub(super) fn has_given(&self) -> bool {
        self.tokens.iter().any(|token| token.field & GIVEN != 0 && !token.minor)
    }

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
#[derive(Debug, Default)]
pub(super) struct Alignment {
    pub(super) pairs: Vec<Pair>,
    pub(super) query_left: u32,
    pub(super) name_left: u32,
    /// Pairs of an initial with a name that begins with it.
    pub(super) initials: u32,
    /// Buffers kept from one alignment to the next.
    offers: Vec<Offer>,
    lefts: Vec<Left>,
}

/// A pair that may be taken, and what it is worth.
#[derive(Clone, Copy, Debug)]
struct Offer {
    gain: f32,
    pair: Pair,
}

/// The left half of a query's token, met at a place of the name.
#[derive(Clone, Copy, Debug)]
struct Left {
    unit: Unit,
    at: usize,
    near: Near,
}

/// What one wrong letter costs while meetings compete, in nats; `score` has its own prices.
const COMPETING_COST: f32 = 2.5;
/// What it is worth there that family meets family, and given name given name.
const SAME_FIELD_GAIN: f32 = 0.3;
/// What a particle or title says at most that met its like, in nats: DA and DE stand in the names of a whole people.
const MINOR_WEIGHT: f32 = 2.0;
/// What it costs that tokens are joined or split.
const JOINED_COST: f32 = 0.05;

/// Aligns a prepared query with one name. `text` gives a name token's letters, for initials.
pub(super) fn align<'a>(
    query: &Prepared,
    name: &[NameToken],
    text: impl Fn(u32) -> &'a str,
    out: &mut Alignment,
) {
    let name = &name[..name.len().min(SIDE_MAX)];
    out.collect_offers(query, name);
    out.offers.sort_by(|a, b| b.gain.total_cmp(&a.gain)); // stable, so equals keep the name's order
    out.pairs.clear();
    out.query_left = mask(query.tokens.len());
    out.name_left = mask(name.len());
    for Offer { pair, .. } in &out.offers {
        if pair.query & !out.query_left == 0 && pair.name & !out.name_left == 0 {
            out.query_left &= !pair.query;
            out.name_left &= !pair.name;
            out.pairs.push(*pair);
        }
    }
    out.initials = 0;
    for at in bits(out.query_left) {
        let read = &query.tokens[at];
        if read.minor && read.text.len() > 1 {
            continue;
        }
        let begins = |other: &usize| {
            let listed = text(name[*other].number());
            let initial = read.text.len() == 1 || listed.len() == 1;
            initial && !name[*other].is_minor() && listed.as_bytes().first() == read.text.as_bytes().first()
        };
        if let Some(other) = bits(out.name_left).find(begins) {
            out.initials += 1;
            out.query_left &= !(1 << at);
            out.name_left &= !(1 << other);
        }
    }
}

impl Alignment {
    fn collect_offers(&mut self, query: &Prepared, name: &[NameToken]) {
        self.offers.clear();
        self.lefts.clear();
        for (at, token) in name.iter().enumerate() {
            for &Meeting { unit, near } in query.meetings_of(token.number()) {
                let unit = query.units[unit as usize];
                match unit.half {
                    None => self.offer_whole(query, unit, near, at, *token),
                    Some((_, false)) => self.lefts.push(Left { unit, at, near }),
                    Some((split, true)) => {
                        let left = Unit { half: Some((split, false)), ..unit };
                        // Only particles may stand between the halves.
                        let follows =
                            |place: usize| name[place + 1..at].iter().all(|other| other.is_particle());
                        let partner =
                            self.lefts.iter().find(|l| l.unit == left && l.at < at && follows(l.at));
                        if let Some(&left) = partner {
                            self.offer_halves(left, near, at);
                        }
                    }
                }
            }
        }
    }

    fn offer_whole(&mut self, query: &Prepared, unit: Unit, near: Near, at: usize, token: NameToken) {
        let crossed = query.tokens[unit.first as usize].field & token.field() == 0;
        let cost = near.cost + if unit.count > 1 { JOINED_COST } else { 0.0 };
        let minor = token.is_minor() && query.tokens[unit.first as usize].minor && unit.count == 1;
        let weight = if minor { near.weight.min(MINOR_WEIGHT) } else { near.weight };
        let gain = weight - COMPETING_COST * cost + if crossed { 0.0 } else { SAME_FIELD_GAIN };
        self.offer(
            gain,
            Pair { query: unit.covers(), name: 1 << at, cost, weight, prefix: unit.prefix, crossed },
        );
    }

    fn offer_halves(&mut self, left: Left, right: Near, at: usize) {
        let weight = left.near.weight + right.weight;
        let cost = left.near.cost + right.cost + JOINED_COST;
        let (query, name) = (1 << left.unit.first, 1 << left.at | 1 << at);
        let pair = Pair { query, name, cost, weight, prefix: false, crossed: false };
        self.offer(weight - COMPETING_COST * cost, pair);
    }

    fn offer(&mut self, gain: f32, pair: Pair) {
        if gain > 0.0 {
            self.offers.push(Offer { gain, pair });
        }
    }
}

fn mask(count: usize) -> u32 {
    if count >= 32 { u32::MAX } else { (1 << count) - 1 }
}

/// The positions of a mask's bits, ascending.
pub(super) fn bits(mask: u32) -> impl Iterator<Item = usize> {
    let mut left = mask;
    std::iter::from_fn(move || {
        let at = (left != 0).then(|| left.trailing_zeros() as usize)?;
        left &= left - 1;
        Some(at)
    })
}
