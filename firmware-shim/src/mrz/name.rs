//! Names: surname, `<<`, given names; components parted by `<` (9303-3, 4.6).

use core::fmt;

use heapless::String;

use super::layout::Field;
use super::lines::Lines;

/// The longest name: 39 characters of TD3, or 25 + 14 of a French card, and the blank between.
pub const MAX_NAME: usize = 40;

/// Surname and given names, their components parted by one blank each.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    /// Surname, then a blank if both are there, then given names.
    text: String<MAX_NAME>,
    surname: u8,
    truncated: bool,
}

impl Name {
    pub(crate) fn read(lines: &Lines) -> Name {
        let whole = lines.raw(Field::Name);
        let (surname, given, last) = if whole.is_empty() {
            let (surname, given) = (lines.raw(Field::Surname), lines.raw(Field::GivenNames));
            (surname, given, if given.is_empty() { surname } else { given })
        } else {
            let all = whole.trim_end_matches('<');
            let gap = all.as_bytes().windows(2).position(|pair| pair == b"<<");
            let (surname, given) = gap.map_or((whole, ""), |at| (&all[..at], &all[at + 2..]));
            (surname, given, whole)
        };
        let mut name = Name { text: String::new(), surname: 0, truncated: !last.ends_with('<') };
        name.append(surname);
        name.surname = name.text.len() as u8;
        name.append(given);
        name
    }

    fn append(&mut self, field: &str) {
        let mut begins = true;
        for letter in field.chars() {
            if letter == '<' {
                begins = true;
                continue;
            }
            if begins && !self.text.is_empty() {
                let _ = self.text.push(' ');
            }
            let _ = self.text.push(letter);
            begins = false;
        }
    }

    /// The surname (primary identifier), `VAN DER STEEN`. Empty if the zone has none.
    pub fn surname(&self) -> &str {
        &self.text[..usize::from(self.surname)]
    }

    /// The given names (secondary identifier), `ANNA MARIA`. Empty if the zone has none.
    pub fn given_names(&self) -> &str {
        self.text[usize::from(self.surname)..].trim_start_matches(' ')
    }

    /// Whether the name may have been cut: the field's last position holds a letter, which is how
    /// 9303 says that truncation may have occurred.
    pub fn truncated(&self) -> bool {
        self.truncated
    }
}

/// Personal data: never shown.
impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(..)")
    }
}
