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

/// Most twins of one zone.
pub const TWINS_MAX: usize = 64;
/// Most single slips looked at: a number of nine zeros has 37.
const SLIPS_MAX: usize = 48;

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

impl Sums {
    fn plus(self, other: Sums) -> Sums {
        Sums { number: (self.number + other.number) % 10, counted: (self.counted + other.counted) % 10 }
    }
}

/// The number of a zone, and how far its digits are off.
struct Read<'a> {
    lines: &'a Lines,
    own: Span,
    /// Its continuation, without its digit; empty for a short number.
    tail: Span,
    /// Place of the own field in what the number's digit is computed over.
    first: usize,
    /// By either way to compute the number's digit; `None` if it has none.
    off: Option<Sums>,
    /// The composite digit's, where it tells something that the number's own does not.
    composite_off: Option<u8>,
}

/// Calls `visit` with every twin of a zone's number, the likeliest first.
#[inline(never)]
pub fn twins(zone: &Mrz, mut visit: impl FnMut(&Twin<'_>)) {
    let mut left = TWINS_MAX;
    search(zone, &mut |twin| {
        if left > 0 {
            left -= 1;
            visit(twin);
        }
    });
}

fn search(zone: &Mrz, visit: &mut dyn FnMut(&Twin<'_>)) {
    if zone.number_form() == NumberForm::National {
        return only_digits(zone.lines(), visit);
    }
    let Some(read) = Read::of(zone) else { return };
    let slips = read.slips();
    for slip in &slips {
        if read.agrees(slip.adds) {
            visit(&read.twin([Some(*slip), None]));
        }
    }
    continuations(&read, visit);
    if read.off.is_none() {
        // Without a digit any two slips would do.
        return;
    }
    for (n, one) in slips.iter().enumerate() {
        for other in &slips[n + 1..] {
            let apart = one.span.end <= other.span.start || other.span.end <= one.span.start;
            // Two readings of fillers at once are one run of them, which is a slip of its own.
            let fillers = one.is_of_fillers(read.lines) && other.is_of_fillers(read.lines);
            if apart && !fillers && read.agrees(one.adds.plus(other.adds)) {
                visit(&read.twin([Some(*one), Some(*other)]));
            }
        }
    }
}

impl Slip {
    fn is_of_fillers(&self, lines: &Lines) -> bool {
        self.to == b'<' || lines.bytes()[self.span.range()].contains(&b'<')
    }
}

impl<'a> Read<'a> {
    fn of(zone: &'a Mrz) -> Option<Read<'a>> {
        let lines = zone.lines();
        let layout = lines.format().layout();
        let own = number::own_span(lines.format())?;
        let nothing = Span { start: own.end, end: own.end };
        let mut read = Read { lines, own, tail: nothing, first: 0, off: None, composite_off: None };
        let Some(spec) = layout.check(CheckName::Number) else { return Some(read) };
        let before = spec.over.iter().take_while(|span| span.start < own.start);
        read.first = before.map(|span| usize::from(span.end.min(own.start) - span.start)).sum();
        let tail = number::read(lines).tail;
        let mut at = usize::from(spec.at);
        if tail.start < tail.end {
            (read.tail, at) = (Span { end: tail.end - 1, ..tail }, usize::from(tail.end) - 1);
        }
        let found = lines.bytes()[at];
        let found = if found.is_ascii_uppercase() { look_alike(found).unwrap_or(found) } else { found };
        let mut sums = read.sums(|at| value(lines.bytes()[at]));
        if read.first > 0 {
            sums.number = value(expected(lines, spec.over));
            sums.counted = sums.number;
        }
        let missing = 10 - value(found) % 10;
        read.off = Some(sums.plus(Sums { number: missing, counted: missing }));
        // Of a short number it says the same as the number's own digit: their weights are equal. Where another part
        // fails too, it says nothing of the number.
        let fails = |name| zone.checks().iter().any(|c| c.name == name && !c.check.passes());
        if read.tail.start < read.tail.end && !fails(CheckName::Birth) && !fails(CheckName::Expiry) {
            let spec = layout.check(CheckName::Composite)?;
            let due = value(expected(lines, spec.over));
            read.composite_off = Some((due + 10 - value(lines.bytes()[usize::from(spec.at)]) % 10) % 10);
        }
        Some(read)
    }

    /// The places of the number's characters, each with its weights.
    fn places(&self) -> impl Iterator<Item = (usize, u8, u8)> {
        let own = self.own.range().enumerate();
        let length = self.own.range().len();
        let own = own.map(|(n, at)| (at, weight(self.first + n), weight(self.first + n)));
        let tail = self.tail.range().enumerate();
        own.chain(tail.map(move |(n, at)| (at, weight(length + n), weight(length + 1 + n))))
    }

    fn sums(&self, value_at: impl Fn(usize) -> u8) -> Sums {
        let none = Sums { number: 0, counted: 0 };
        self.places().fold(none, |sums, (at, number, counted)| {
            let value = value_at(at) % 10;
            sums.plus(Sums { number: value * number % 10, counted: value * counted % 10 })
        })
    }

    /// Whether all digits that were read agree after slips that add this.
    fn agrees(&self, adds: Sums) -> bool {
        let Some(off) = self.off else { return true };
        let sums = off.plus(adds);
        (sums.number == 0 || sums.counted == 0)
            && self.composite_off.is_none_or(|off| (off + adds.counted).is_multiple_of(10))
    }

    /// Every slip there may be: letters and digits first, then fillers.
    fn slips(&self) -> Vec<Slip, SLIPS_MAX> {
        let mut slips = Vec::new();
        let bytes = self.lines.bytes();
        for (at, number, counted) in self.places() {
            for to in look_alikes(bytes[at]) {
                let more = (value(to) + 40 - value(bytes[at])) % 10;
                let adds = Sums { number: more * number % 10, counted: more * counted % 10 };
                let span = Span { start: at as u8, end: at as u8 + 1 };
                // No number has more: the likeliest come first anyway.
                let _ = slips.push(Slip { span, to, adds });
            }
        }
        if self.tail.start == self.tail.end {
            self.filler_slips(&mut |start, end, to| {
                let span = Span { start: start as u8, end: end as u8 };
                let of = |at: usize| if span.range().contains(&at) { to } else { bytes[at] };
                let more = |at| (value(of(at)) + 40 - value(bytes[at])) % 10;
                let _ = slips.push(Slip { span, to, adds: self.sums(more) });
            });
        }
        slips
    }

    /// Fillers of a number's own field read as characters, and characters read as fillers: from, to, what stood there.
    fn filler_slips(&self, add: &mut dyn FnMut(usize, usize, u8)) {
        let field = &self.lines.bytes()[self.own.range()];
        let (begin, end) = (usize::from(self.own.start), usize::from(self.own.end));
        let Some(first) = field.iter().position(|c| *c != b'<') else { return };
        let last = begin + field.iter().rposition(|c| *c != b'<').unwrap_or(first);
        let first = begin + first;
        let bytes = self.lines.bytes();
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

    fn twin(&self, slips: [Option<Slip>; 2]) -> Twin<'a> {
        let mut number = String::new();
        for (at, ..) in self.places() {
            let slip = slips.iter().flatten().find(|slip| slip.span.range().contains(&at));
            let _ = number.push(char::from(slip.map_or(self.lines.bytes()[at], |slip| slip.to)));
        }
        Twin { lines: self.lines, number, slips }
    }
}

/// Twins that continue in the optional data where the zone does not, the other way round, or elsewhere: by a filler read
/// as 0 or K, or a 0 read as a filler.
fn continuations(read: &Read<'_>, visit: &mut dyn FnMut(&Twin<'_>)) {
    let lines = read.lines;
    let layout = lines.format().layout();
    let (Some(spec), Some(optional)) = (layout.check(CheckName::Number), layout.span(Field::Optional1))
    else {
        return;
    };
    let filled = lines.bytes()[usize::from(optional.start)] != b'<';
    if !lines.format().has_long_numbers() || !filled || lines.raw(Field::Number).ends_with('<') {
        return;
    }
    let own = lines.raw(Field::Number);
    let mut propose = |at: usize, to: u8| {
        let mut other = *lines;
        other.set(at, to);
        let reading = number::read(&other);
        if reading.check.passes() {
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
    if read.tail.start < read.tail.end {
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
fn only_digits(lines: &Lines, visit: &mut dyn FnMut(&Twin<'_>)) {
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
    if slips[0].is_some() && !proposed.number_doubtful() {
        let number = proposed.number.clone();
        visit(&Twin { lines, number, slips });
    }
}
