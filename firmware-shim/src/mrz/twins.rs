//! The document numbers that a zone may have been misread from: what the check digits cannot see, a list can.
//!
//! A twin is another number that differs from what was read by one or two slips of a reader and agrees with every check
//! digit that was read. Of a zone whose digits agree these are the slips that no digit sees: 6 for G and 1 for L, whose
//! values differ by ten; a filler read as K or 0, and a 0 read as a filler; and any two slips that cancel, such as two O for
//! 0. Of a zone whose digits do not agree they are its possible repairs, all of them: to choose is the list's part, and the
//! officer's.
//!
//! Whoever asks a list for twins shows what only a twin meets as possible, with the places ([`Twin::changes`]).
//!
//! Every slip changes the number's format: it makes a letter of a digit or the other way round, or changes the length. A list
//! that knows the formats of its documents ([`Shapes`]) wants few of them, so slips that lead to none are not looked at, and a
//! twin's format is worked out first, in two words of bits: only one that is wanted is made.
//!
//! Bounds: at most [`TWINS_MAX`] twins, those of one slip first; a number of nine characters has about five. Nothing is
//! allocated. Numbers that continue in the optional data have slips of letters and digits, and of the filler that says that
//! they continue.
//!
//! Not tried: three slips; two letters or two digits taken for each other ([`super::alike`] says why); a 0 within a number
//! read for a filler; a K within a number read for a filler. That last one was tried: on a list of 138 million documents it
//! alone met about one unlisted traveller in 10,000, for it leads numbers of two letters to listed ones of one.

use heapless::{String, Vec};

use super::Mrz;
use super::alike::{FOR_FILLERS, look_alike, look_alikes};
use super::digit::{digit, expected, value, weight};
use super::layout::MAX_NUMBER;
use super::layout::{CheckName, Field, Span};
use super::lines::Lines;
use super::number::{self, NumberForm};
use super::repair::Change;
use super::shape::{Places, Shapes};

/// Most twins of one zone.
pub const TWINS_MAX: usize = 64;
/// Most single slips looked at: a number of nine zeros has 37.
const SLIPS_MAX: usize = 48;

/// Most of them that are of fillers.
const FILLER_SLIPS_MAX: usize = 16;

/// Another number that the zone's may have been misread from.
pub struct Twin<'a> {
    lines: &'a Lines,
    number: String<MAX_NUMBER>,
    slips: [Option<Slip>; 2],
}

impl Twin<'_> {
    /// The number, with fillers within where the zone has them.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The slips that make this the number: the first character of each.
    pub fn places(&self) -> [Option<Change>; 2] {
        self.slips.map(|slip| slip.map(|slip| self.change(usize::from(slip.span.start), slip.to)))
    }

    /// Every character that was misread, if this is the number.
    pub fn changes(&self) -> impl Iterator<Item = Change> {
        let places = self.slips.iter().flatten().flat_map(|slip| slip.span.range().map(|at| (at, slip.to)));
        places.map(|(at, to)| self.change(at, to))
    }

    fn change(&self, at: usize, to: u8) -> Change {
        let (line, column) = self.lines.format().layout().place(at);
        Change { line, column, from: char::from(self.lines.bytes()[at]), to: char::from(to) }
    }
}

/// A misreading: all characters of a span stood on the document as `to`.
#[derive(Clone, Copy)]
struct Slip {
    span: Span,
    to: u8,
    /// What taking it back adds to the sums.
    adds: Sums,
}

/// What a number adds to the sums that check digits are made of, or how far they are off; modulo 10.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Sums {
    /// To the digit of the number alone.
    number: u8,
    /// To one that counts the filler before a continuation, and to the composite digit.
    counted: u8,
}

impl Off {
    /// Whether all digits that were read agree after slips that add this.
    fn agrees(&self, adds: Sums) -> bool {
        let Some(off) = self.number else { return true };
        let sums = off + adds;
        (sums.number == 0 || sums.counted == 0)
            && self.composite.is_none_or(|off| (off + adds.counted).is_multiple_of(10))
    }
}

impl core::ops::Add for Sums {
    type Output = Sums;

    fn add(self, other: Sums) -> Sums {
        Sums { number: (self.number + other.number) % 10, counted: (self.counted + other.counted) % 10 }
    }
}

/// The number of a zone: where it stands.
struct Read<'a> {
    lines: &'a Lines,
    bytes: &'a [u8],
    own: Span,
    /// Its continuation, without its digit; empty for a short number.
    tail: Span,
    /// What stands there.
    places: Places,
    /// Place of the own field in what the number's digit is computed over.
    first: usize,
    /// Where its digit stands, if it has one.
    digit_at: Option<usize>,
}

/// How far digits are off what was read.
#[derive(Clone, Copy)]
struct Off {
    /// The number's, by either way to compute it; `None` if it has none.
    number: Option<Sums>,
    /// The composite digit's, where it tells something that the number's own does not.
    composite: Option<u8>,
}

/// Calls `visit` with every twin of a zone's number that is wanted, the likeliest first.
#[inline(never)]
pub fn twins(zone: &Mrz, wanted: Shapes<'_>, mut visit: impl FnMut(&Twin<'_>)) {
    let mut left = TWINS_MAX;
    search(zone, wanted, &mut |twin| {
        // A digit taken for the filler that it replaces may say the same number.
        // Two slips may lead back to what was read: that is no other number.
        if left > 0 && twin.number() != zone.document_number() {
            left -= 1;
            visit(twin);
        }
    });
}

fn search(zone: &Mrz, wanted: Shapes<'_>, visit: &mut dyn FnMut(&Twin<'_>)) {
    if zone.number_form() == NumberForm::National {
        return only_digits(zone.lines(), wanted, visit);
    }
    let Some(read) = Read::of(zone) else { return };
    let slips = read.slips(wanted);
    let off = if slips.is_empty() { None } else { read.off(zone) };
    for slip in slips.iter().filter(|slip| off.is_some_and(|off| off.agrees(slip.adds))) {
        read.propose([Some(*slip), None], wanted, visit);
    }
    continuations(&read, wanted, visit);
    if let Some(off) = off {
        pairs(&read, &off, &slips, &mut |slips| read.propose(slips, wanted, visit));
    }
}

/// Proposes every two slips that agree together. Slips are found by what they add, because most pairs do not agree.
fn pairs(read: &Read<'_>, off: &Off, slips: &[Slip], propose: &mut dyn FnMut([Option<Slip>; 2])) {
    // Without a digit any two slips would do.
    let Some(number_off) = off.number else { return };
    // By either sum: a bit for each slip that adds so much.
    let (mut number, mut counted) = ([0u64; 10], [0u64; 10]);
    for (n, slip) in slips.iter().enumerate() {
        number[usize::from(slip.adds.number)] |= 1 << n;
        counted[usize::from(slip.adds.counted)] |= 1 << n;
    }
    let missing = |sum: u8| usize::from((10 - sum % 10) % 10);
    for (n, one) in slips.iter().enumerate() {
        let sums = number_off + one.adds;
        let mut others = number[missing(sums.number)] | counted[missing(sums.counted)];
        if let Some(composite) = off.composite {
            others &= counted[missing(composite + one.adds.counted)];
        }
        others &= (u64::MAX << n) << 1;
        while others != 0 {
            let other = &slips[others.trailing_zeros() as usize];
            others &= others - 1;
            let apart = one.span.end <= other.span.start || other.span.end <= one.span.start;
            // Two readings of fillers at once are one run of them, which is a slip of its own.
            let fillers = one.is_of_fillers(read.bytes) && other.is_of_fillers(read.bytes);
            if apart && !fillers {
                propose([Some(*one), Some(*other)]);
            }
        }
    }
}

impl Slip {
    fn is_of_fillers(&self, bytes: &[u8]) -> bool {
        self.to == b'<' || bytes[self.span.range()].contains(&b'<')
    }
}

impl<'a> Read<'a> {
    fn of(zone: &'a Mrz) -> Option<Read<'a>> {
        let lines = zone.lines();
        let layout = lines.format().layout();
        let own = number::own_span(lines.format())?;
        let nothing = Span { start: own.end, end: own.end };
        let spec = layout.check(CheckName::Number);
        let (mut tail, mut digit_at) = (nothing, spec.map(|spec| usize::from(spec.at)));
        // With its digit and the filler behind that.
        if let Some(length) = zone.number_tail.checked_sub(2) {
            let start = layout.span(Field::Optional1)?.start;
            tail = Span { start, end: start + length };
            digit_at = Some(usize::from(tail.end));
        }
        let before = spec.map_or(&[][..], |spec| spec.over).iter().take_while(|span| span.start < own.start);
        let first = before.map(|span| usize::from(span.end.min(own.start) - span.start)).sum();
        let bytes = lines.bytes();
        let chars = own.range().chain(tail.range()).map(|at| bytes[at]);
        Some(Read { lines, bytes, own, tail, places: Places::of(chars), first, digit_at })
    }

    /// How far the digits are off; `None` if nothing can be said.
    fn off(&self, zone: &Mrz) -> Option<Off> {
        let lines = self.lines;
        let layout = lines.format().layout();
        let Some(at) = self.digit_at else { return Some(Off { number: None, composite: None }) };
        let found = lines.bytes()[at];
        let found = if found.is_ascii_uppercase() { look_alike(found).unwrap_or(found) } else { found };
        let mut sums = self.sums(self.all(), value);
        if self.first > 0 {
            sums.number = value(expected(lines, layout.check(CheckName::Number)?.over));
            sums.counted = sums.number;
        }
        let missing = 10 - value(found) % 10;
        let number = Some(sums + Sums { number: missing, counted: missing });
        // Of a short number it says the same as the number's own digit: their weights are equal. Where another part
        // fails too, it says nothing of the number.
        let fails = |name| zone.checks().iter().any(|c| c.name == name && !c.check.passes());
        let mut composite = None;
        if self.is_long() && !fails(CheckName::Birth) && !fails(CheckName::Expiry) {
            let spec = layout.check(CheckName::Composite)?;
            let due = value(expected(lines, spec.over));
            composite = Some((due + 10 - value(lines.bytes()[usize::from(spec.at)]) % 10) % 10);
        }
        Some(Off { number, composite })
    }

    fn is_long(&self) -> bool {
        self.tail.start < self.tail.end
    }

    /// Where the number's characters stand.
    fn all(&self) -> impl Iterator<Item = usize> + use<> {
        self.own.range().chain(self.tail.range())
    }

    /// How many of them come before `at`.
    fn place(&self, at: usize) -> usize {
        let (own, tail) = (self.own.range(), self.tail.range());
        if at < own.end { at - own.start } else { own.len() + at - tail.start }
    }

    /// A bit for each place from `start` to `end`, as [`Places`] have them.
    fn mask(&self, start: usize, end: usize) -> u32 {
        u32::MAX << (32 - (end - start)) >> self.place(start)
    }

    /// What characters at these places add to the sums.
    fn sums(&self, at: impl Iterator<Item = usize>, value_of: impl Fn(u8) -> u8) -> Sums {
        at.fold(Sums { number: 0, counted: 0 }, |sums, at| {
            let value = value_of(self.bytes[at]) % 10;
            let place = self.place(at);
            // Before the own field the digit covers `first` others; a number that has such does not continue.
            let of = |place: usize| value * weight(self.first + place) % 10;
            let number = of(place);
            // Behind the filler of a continuation the weights move on by one.
            let counted = if at < usize::from(self.own.end) { number } else { of(place + 1) };
            sums + Sums { number, counted }
        })
    }

    /// Every slip there may be that leads to a wanted number, alone or with another: letters and digits first, then fillers.
    fn slips(&self, wanted: Shapes<'_>) -> Vec<Slip, SLIPS_MAX> {
        let bytes = self.bytes;
        let slip = |start: usize, end: usize, to: u8| Slip {
            span: Span { start: start as u8, end: end as u8 },
            to,
            adds: self.sums(start..end, |c| value(to) + 40 - value(c)),
        };
        // Where letters and digits may be swapped: for a number that is wanted at most one slip is one of fillers.
        let swaps = |places: Places, most: u32| {
            let swaps = wanted.swaps(places.shape(), most)?;
            Some(if places.are_plain() { swaps } else { u32::MAX })
        };
        let mut here = swaps(self.places, 2).unwrap_or(0);
        let mut fillers = Vec::<Slip, FILLER_SLIPS_MAX>::new();
        if !self.is_long() {
            self.filler_slips(&mut |start, end, to| {
                if let Some(swaps) = swaps(self.places.with(self.mask(start, end), to), 1) {
                    here |= swaps;
                    let _ = fillers.push(slip(start, end, to));
                }
            });
        }
        let mut slips = Vec::new();
        for at in self.all().filter(|at| here << self.place(*at) >> 31 == 1) {
            for to in look_alikes(bytes[at]) {
                // No number has more: the likeliest come first anyway.
                let _ = slips.push(slip(at, at + 1, *to));
            }
        }
        let _ = slips.extend_from_slice(&fillers);
        slips
    }

    /// Fillers of a number's own field read as characters, and characters read as fillers: from, to, what stood there.
    fn filler_slips(&self, add: &mut dyn FnMut(usize, usize, u8)) {
        let field = &self.bytes[self.own.range()];
        let (begin, end) = (usize::from(self.own.start), usize::from(self.own.end));
        let Some(first) = field.iter().position(|c| *c != b'<') else { return };
        let last = begin + field.iter().rposition(|c| *c != b'<').unwrap_or(first);
        let first = begin + first;
        let bytes = self.bytes;
        // Behind the number: a run of them, so long as each is what readers give.
        for start in (first + 1..=last).rev() {
            if bytes[start] != b'0' && !FOR_FILLERS.contains(&bytes[start]) {
                break;
            }
            add(start, last + 1, b'<');
        }
        if last + 1 < end {
            add(last + 1, last + 2, b'0');
            add(last + 1, last + 2, b'K');
        }
        if last + 2 < end {
            add(last + 1, last + 3, b'0');
        }
        if begin < first {
            add(begin, first, b'0');
        }
        for at in (first..last).filter(|at| bytes[*at] == b'<') {
            add(at, at + 1, b'0');
        }
    }

    /// Shows `visit` the twin of these slips, if it is wanted.
    fn propose(&self, slips: [Option<Slip>; 2], wanted: Shapes<'_>, visit: &mut dyn FnMut(&Twin<'_>)) {
        let places = slips.iter().flatten().fold(self.places, |places, slip| {
            let (start, end) = (usize::from(slip.span.start), usize::from(slip.span.end));
            places.with(self.mask(start, end), slip.to)
        });
        if wanted.has(places.shape()) {
            visit(&self.twin(slips));
        }
    }

    fn twin(&self, slips: [Option<Slip>; 2]) -> Twin<'a> {
        let mut number = String::new();
        for at in self.all() {
            let slip = slips.iter().flatten().find(|slip| slip.span.range().contains(&at));
            let _ = number.push(char::from(slip.map_or(self.bytes[at], |slip| slip.to)));
        }
        Twin { lines: self.lines, number, slips }
    }
}

/// Twins that continue in the optional data where the zone does not, the other way round, or elsewhere: by a filler read
/// as 0 or K, or a 0 read as a filler.
fn continuations(read: &Read<'_>, wanted: Shapes<'_>, visit: &mut dyn FnMut(&Twin<'_>)) {
    let lines = read.lines;
    let own = lines.raw(Field::Number);
    if !lines.format().has_long_numbers() || own.ends_with('<') {
        return;
    }
    let layout = lines.format().layout();
    let (Some(spec), Some(optional)) = (layout.check(CheckName::Number), layout.span(Field::Optional1))
    else {
        return;
    };
    if lines.bytes()[usize::from(optional.start)] == b'<' {
        return;
    }
    let mut propose = |at: usize, to: u8| {
        let mut other = *lines;
        other.set(at, to);
        let reading = number::read(&other);
        if reading.check.passes() && wanted.has(Places::of(reading.number.bytes()).shape()) {
            let span = Span { start: at as u8, end: at as u8 + 1 };
            let slip = Slip { span, to, adds: Sums { number: 0, counted: 0 } };
            visit(&Twin { lines, number: reading.number, slips: [Some(slip), None] });
        }
    };
    let at = usize::from(spec.at);
    match lines.bytes()[at] {
        b'<' if digit(own.as_bytes()) == b'0' => propose(at, b'0'),
        b'0' | b'K' => propose(at, b'<'),
        _ => {}
    }
    if read.is_long() {
        let end = usize::from(read.tail.end) + 1;
        (usize::from(read.tail.start) + 2..end)
            .filter(|at| matches!(lines.bytes()[*at], b'0' | b'K'))
            .for_each(|at| propose(at, b'<'));
        if end < optional.range().end {
            propose(end, b'0');
        }
    }
}

/// The twin of a number that has only digits by its national layout: its letters as the digits they look like, at most two.
fn only_digits(lines: &Lines, wanted: Shapes<'_>, visit: &mut dyn FnMut(&Twin<'_>)) {
    let layout = lines.format().layout();
    let (mut other, mut slips) = (*lines, [None; 2]);
    let mut free = slips.iter_mut();
    let own = layout.span(Field::Number).map_or(0..0, Span::range);
    // Senegal's goes on through the check digit's place, Russia's with the first character of the optional data.
    let further = layout.span(Field::Optional1).map_or(0..0, Span::range);
    for at in own.start..further.end {
        let c = lines.bytes()[at];
        let inside = own.contains(&at) || at == own.end || further.contains(&at);
        if inside
            && c.is_ascii_uppercase()
            && let (Some(to), Some(slip)) = (look_alike(c), free.next())
        {
            let span = Span { start: at as u8, end: at as u8 + 1 };
            *slip = Some(Slip { span, to, adds: Sums { number: 0, counted: 0 } });
            other.set(at, to);
        }
    }
    let proposed = Mrz::from(other);
    let shape = Places::of(proposed.number.bytes()).shape();
    if slips[0].is_some() && wanted.has(shape) && !proposed.number_doubtful() {
        let number = proposed.number.clone();
        visit(&Twin { lines, number, slips });
    }
}
