//! Repairs of confused characters, guided by the check digits.
//!
//! Optical readers take O for 0, I for 1, B for 8, S for 5, Z for 2, G for 6, and the other way round. Two
//! things tell which it was:
//!
//! 1. **The format.** Where it demands a digit (dates, check digits) or a letter (document code, state, nationality),
//!    the other kind is a misreading, and there is one way to mend it.
//! 2. **The check digits.** Numbers and optional data hold both kinds. Where a check digit there fails, every
//!    set of up to [`MAX_GUESSES`] swaps is tried, the smallest sets first, and those that satisfy *every*
//!    check digit of the zone are counted. One: it is offered. More: the reading is ambiguous.
//!
//! A swap in a part whose check digit passes is never tried; G for 6 alone changes no check digit at all (their values
//! differ by ten), so nobody can find it this way: the lists are asked for it, see [`super::twins`]. Names have no check digit and are never changed. A repair is
//! a proposal that lists every changed place: the officer compares it with the document.

use heapless::Vec;

use super::alike::look_alike;
use super::check;
use super::layout::{CheckName, Field, Span};
use super::lines::Lines;
use super::number;

/// Most swaps tried together where only check digits can tell; three would satisfy a digit by chance.
pub const MAX_GUESSES: usize = 2;

/// What can be done about a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Every check digit passes, and the format finds no misread character.
    NotNeeded,
    /// Exactly one smallest repair satisfies every check digit.
    Unique(Fix),
    /// So many repairs of the same size do: read the document again.
    Ambiguous(u16),
    /// No repair does: read the document again.
    None,
}

/// A repaired zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fix {
    read: Lines,
    proposed: Lines,
}

/// One changed character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Line, from 1, of the normalised zone.
    pub line: u8,
    /// Column, from 1.
    pub column: u8,
    /// What was read.
    pub from: char,
    /// What is proposed.
    pub to: char,
}

impl Fix {
    /// The lines as proposed.
    pub fn lines(&self) -> &Lines {
        &self.proposed
    }

    /// Every character that differs from what was read.
    pub fn changes(&self) -> impl Iterator<Item = Change> {
        let pairs = self.read.bytes().iter().zip(self.proposed.bytes()).enumerate();
        pairs.filter(|(_, (from, to))| from != to).map(|(at, (from, to))| {
            let (line, column) = self.read.format().layout().place(at);
            Change { line, column, from: char::from(*from), to: char::from(*to) }
        })
    }
}

/// Proposes a repair of a zone that was read.
pub fn repair(lines: &Lines) -> Repair {
    let typed = mended_by_type(lines);
    let (count, best) = if passes(&typed) { (1, typed) } else { guess(&typed) };
    match count {
        0 => Repair::None,
        1 if best == *lines => Repair::NotNeeded,
        1 => Repair::Unique(Fix { read: *lines, proposed: best }),
        n => Repair::Ambiguous(n),
    }
}

/// Digits in the document code's first place and in the state, where only letters can be, as the letters that they look
/// like; `None` if there are none.
pub fn mend_issuer(lines: &Lines) -> Option<Fix> {
    let (typed, mut proposed) = (mended_by_type(lines), *lines);
    let layout = lines.format().layout();
    for at in
        [Field::Code, Field::State].into_iter().filter_map(|field| layout.span(field)).flat_map(Span::range)
    {
        proposed.set(at, typed.bytes()[at]);
    }
    (proposed != *lines).then_some(Fix { read: *lines, proposed })
}

fn passes(lines: &Lines) -> bool {
    check::all(lines).iter().all(|c| c.check.passes())
}

/// What a format demands of a place.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Digit,
    Letter,
    Either,
    /// Not to be touched.
    Fixed,
}

fn kind(field: Field, first: bool) -> Kind {
    match field {
        // The second character of a document code may be of either kind.
        Field::Code => {
            if first {
                Kind::Letter
            } else {
                Kind::Fixed
            }
        }
        Field::Birth | Field::Expiry | Field::IssueMonth | Field::Pin | Field::Version => Kind::Digit,
        Field::State | Field::Nationality => Kind::Letter,
        Field::Number | Field::Optional1 | Field::Optional2 | Field::Office | Field::Department => {
            Kind::Either
        }
        Field::Name
        | Field::Surname
        | Field::GivenNames
        | Field::Sex
        | Field::Language
        | Field::Separator => Kind::Fixed,
    }
}

/// The zone with letters where digits must be, and the other way round, mended.
fn mended_by_type(lines: &Lines) -> Lines {
    let layout = lines.format().layout();
    let mut mended = *lines;
    for (field, span) in layout.fields {
        for at in span.range() {
            let c = lines.bytes()[at];
            let wrong = match kind(*field, at == usize::from(span.start)) {
                Kind::Digit => c.is_ascii_uppercase(),
                Kind::Letter => c.is_ascii_digit(),
                Kind::Either | Kind::Fixed => false,
            };
            if wrong && let Some(other) = look_alike(c) {
                mended.set(at, other);
            }
        }
    }
    for spec in layout.checks {
        let at = usize::from(spec.at);
        let c = lines.bytes()[at];
        if c.is_ascii_uppercase()
            && let Some(digit) = look_alike(c)
        {
            mended.set(at, digit);
        }
    }
    mended
}

/// Tries the swaps of the smallest sets that satisfy every check digit: how many there are, and one of them.
fn guess(lines: &Lines) -> (u16, Lines) {
    let places = doubtful(lines);
    for size in 1..=MAX_GUESSES {
        let (mut count, mut best) = (0, *lines);
        try_sets(*lines, &places, size, &mut |candidate| {
            if passes(candidate) {
                count += 1;
                best = *candidate;
            }
        });
        if count > 0 {
            return (count, best);
        }
    }
    (0, *lines)
}

/// Calls `seen` with the lines under every set of `size` swaps among `places`.
fn try_sets(lines: Lines, places: &[u8], size: usize, seen: &mut dyn FnMut(&Lines)) {
    if size == 0 {
        return seen(&lines);
    }
    for (n, at) in places.iter().enumerate() {
        let at = usize::from(*at);
        if let Some(other) = look_alike(lines.bytes()[at]) {
            let mut swapped = lines;
            swapped.set(at, other);
            try_sets(swapped, &places[n + 1..], size - 1, seen);
        }
    }
}

/// Places that may hold either of two look-alikes, guarded by a check digit that fails and by none that vouches for
/// them.
fn doubtful(lines: &Lines) -> Vec<u8, 40> {
    let layout = lines.format().layout();
    let checks = check::all(lines);
    let tail = number::read(lines).tail.range();
    let guards = |name: CheckName, at: usize| {
        let spec = layout.check(name);
        let over = spec.is_some_and(|spec| spec.over.iter().any(|span| span.range().contains(&at)));
        over || (name == CheckName::Number && tail.contains(&at))
    };
    // A digit that passes vouches for what it guards. Not so the composite, which guards what others guard, nor
    // the digit of a long number, which has two ways to pass.
    let vouches = |name| name != CheckName::Composite && (name != CheckName::Number || tail.is_empty());
    let mut places = Vec::new();
    for (_, span) in layout.fields.iter().filter(|(field, _)| kind(*field, true) == Kind::Either) {
        for at in span.range().filter(|at| look_alike(lines.bytes()[*at]).is_some()) {
            let mut guarding = checks.iter().filter(|c| guards(c.name, at));
            let fails = guarding.clone().any(|c| !c.check.passes());
            if fails && !guarding.any(|c| vouches(c.name) && c.check.passes()) {
                let _ = places.push(at as u8);
            }
        }
    }
    places
}
