//! National layouts: where the number that people read on a document is not the one in the number's field.
//!
//! A list is made from what is printed or typed off a document, so these documents are looked up by both numbers.
//!
//! | document | what is printed | where it stands in the zone | source |
//! |---|---|---|---|
//! | passport of Russia for use within it, `PN` | series of 4 and number of 6 digits | number field: digits 1 to 3 of the series and the number; optional data: digit 4 of the series first | order 773 of the ministry of the interior (2020), appendix 24 |
//! | card of Senegal | 17 digits | through field, check digit's place and optional data, without a digit of its own; newer ones as 9303-5 has it | idpass/smartscanner-mrz-parser issue 5, fastmrz issue 20 |
//! | permits of the Netherlands | `NLD` and the number | the number alone | 365Werk/identitydocuments pull 31 |
//! | cards of [`PERSONAL`] | the bearer's personal number, by which the card is known | optional data | there |
//! | French card before 2021 | month of issue, department, serial number | see [`super::number`] | |
//!
//! Layouts that no public source describes are left out: cards of El Salvador, Iraq, Pakistan and others whose number
//! continues by rules of their own.

use heapless::String;

use super::alike::look_alike;
use super::layout::MAX_NUMBER;
use super::layout::{Field, Format};
use super::lines::Lines;

/// State, and the shape of the first optional data of its TD1 cards: `9` a digit, `A` a letter, others themselves; it may
/// begin or end with fillers.
///
/// ESP: number of the DNI (Dirección General de la Policía) or NIE. EST, LTU, LVA, SRB, SWE: personal code, as the
/// specimens in the repository Arg0s1080/mrz. VNM: citizen number, of which the number field has the last nine digits
/// (hieumt211299/Read_Info_CIC). ARE: identity number 784... (docs.uqudo.com, UAE_ID). TUR: identity number
/// (jllarraz/AndroidPassportReader issue 11).
const PERSONAL: [(&str, &str); 10] = [
    ("ESP", "99999999A"),
    ("ESP", "A9999999A"),
    ("EST", "99999999999"),
    ("LTU", "99999999999"),
    ("LVA", "999999<99999"),
    ("SRB", "9999999999999"),
    ("SWE", "999999999999"),
    ("VNM", "999999999999"),
    ("ARE", "784999999999999"),
    ("TUR", "99999999999"),
];

/// A national layout whose printed number can be put together from the zone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum National {
    /// Russia's passport for use within it.
    Russian,
    /// Senegal's 17 digits.
    Senegalese,
}

/// Digits of a Senegalese card's number.
const SENEGALESE_DIGITS: usize = 17;

/// The layout of a zone, if it is one of these.
pub(crate) fn national(lines: &Lines) -> Option<National> {
    let (code, state) = (lines.raw(Field::Code), lines.raw(Field::State));
    match (lines.format(), state) {
        (Format::Td3, "RUS") if code == "PN" => {
            let whole = digits(lines.raw(Field::Number)) && digits(&lines.raw(Field::Optional1)[..1]);
            whole.then_some(National::Russian)
        }
        (Format::Td1, "SEN") => {
            let (run, after) = run(lines).split_at(SENEGALESE_DIGITS);
            (digits(run) && after.bytes().all(|c| c == b'<')).then_some(National::Senegalese)
        }
        _ => None,
    }
}

/// Digits, or letters that readers give for them.
fn digits(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_digit() || (c.is_ascii_uppercase() && look_alike(c).is_some()))
}

/// The number as it is printed.
pub(crate) fn number(lines: &Lines, layout: National) -> String<MAX_NUMBER> {
    let mut number = String::new();
    let own = lines.raw(Field::Number);
    // At most 17 characters: they fit.
    let _ = match layout {
        National::Russian => {
            let (series, serial) = own.split_at(3);
            let parts = [series, &lines.raw(Field::Optional1)[..1], serial];
            parts.iter().try_for_each(|part| number.push_str(part))
        }
        National::Senegalese => number.push_str(&run(lines)[..SENEGALESE_DIGITS]),
    };
    number
}

/// Number field, check digit and optional data of a TD1 card in one run.
fn run(lines: &Lines) -> &str {
    lines.str(5..30)
}

/// Calls `visit` with every other number by which the document may be listed, at most two. `is_national`: `number` is put
/// together by a [`National`] layout.
pub(crate) fn others(lines: &Lines, number: &str, is_national: bool, mut visit: impl FnMut(&str)) {
    if is_national {
        // Lists may have been made from zones: the number's own field alone.
        visit(lines.raw(Field::Number).trim_matches('<'));
    }
    if lines.format() != Format::Td1 {
        return;
    }
    let state = lines.raw(Field::State);
    let optional = lines.raw(Field::Optional1).trim_matches('<');
    if PERSONAL.iter().any(|(of, shape)| *of == state && is(optional, shape)) {
        visit(optional);
    }
    if state == "NLD" {
        let mut long = String::<{ MAX_NUMBER + 3 }>::new();
        let _ = long.push_str(state).and_then(|()| long.push_str(number));
        visit(&long);
    }
}

/// Whether a text has a shape of [`PERSONAL`].
fn is(text: &str, shape: &str) -> bool {
    let fits = |(c, of): (u8, u8)| match of {
        b'9' => c.is_ascii_digit(),
        b'A' => c.is_ascii_uppercase(),
        other => c == other,
    };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}
