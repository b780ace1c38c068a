//! The identifiers that the alerts of a list of persons name -> the alerts: documents' numbers, the alerts' own ids and
//! references.
//!
//! Each is reduced to its letters A-Z and digits; what has none, or more than a number can have, cannot be searched. Sorted
//! by identifier, so that a whole one is found by halving; one that cannot all be read is compared with every entry.
//!
//! Memory: about 15 bytes an identifier and its alert's id. A match is only a pointer: what it counts for is decided on the
//! alert itself.

use vedette_lists::Wildcard;
use vedette_names::{PersonAlert, PersonDocument};
use vedette_shim::document::NUMBER_CHARS_MAX;

/// See the module's head. Made by a [`Builder`], then only read.
#[derive(Debug, Default)]
pub struct Identifiers {
    /// Entries: length and characters of the identifier, length and bytes of the alert's id.
    texts: Vec<u8>,
    /// Where each entry starts, in the order of identifiers.
    starts: Vec<u32>,
    /// Any of them is a document's.
    documents: bool,
}

/// Takes a list's alerts one by one, so that nobody needs them all at once.
#[derive(Debug, Default)]
pub(crate) struct Builder(Identifiers);

impl Builder {
    /// Adds what an alert names. Beyond 4 GiB the rest is left out; no list is so long.
    pub(crate) fn add(&mut self, alert: &PersonAlert) {
        // As written, and the numbers that are meant: a list may write several, or words beside one.
        let written = alert.documents.iter().map(|document| document.number.as_str());
        let named: Vec<_> = alert.documents.iter().flat_map(PersonDocument::named).collect();
        self.0.documents |= !named.is_empty();
        let mut normal: Vec<_> =
            written.chain([alert.id.as_str(), alert.reference.as_str()]).filter_map(normal).collect();
        normal.extend(named.iter().map(|named| named.number.chars().to_vec()));
        normal.sort_unstable();
        normal.dedup();
        normal.iter().for_each(|identifier| self.0.add(identifier, alert.id.as_bytes()));
    }

    /// The identifiers of all alerts added.
    pub(crate) fn build(self) -> Identifiers {
        let Builder(mut all) = self;
        let texts = &all.texts;
        all.starts.sort_unstable_by_key(|start| entry(texts, *start));
        all.texts.shrink_to_fit();
        all.starts.shrink_to_fit();
        all
    }
}

impl Identifiers {
    /// Whether an alert names a document.
    pub fn has_documents(&self) -> bool {
        self.documents
    }

    /// The ids of the alerts that name an identifier, at most `limit`.
    pub fn find(&self, asked: &Wildcard, limit: usize) -> Vec<&str> {
        let fits = |(identifier, _): &(&[u8], &[u8])| {
            std::str::from_utf8(identifier).is_ok_and(|identifier| asked.fits(identifier))
        };
        let entries = match asked.whole() {
            Some(whole) => {
                let identifier = |start: &u32| entry(&self.texts, *start).0;
                let from = self.starts.partition_point(|start| identifier(start) < whole.chars());
                let to = self.starts.partition_point(|start| identifier(start) <= whole.chars());
                &self.starts[from..to]
            }
            None => &self.starts,
        };
        let entries = entries.iter().map(|start| entry(&self.texts, *start)).filter(fits);
        let mut ids: Vec<&str> = entries.filter_map(|(_, id)| std::str::from_utf8(id).ok()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(limit);
        ids
    }

    fn add(&mut self, identifier: &[u8], id: &[u8]) {
        let (Ok(start), Ok(length)) = (u32::try_from(self.texts.len()), u8::try_from(id.len())) else {
            return;
        };
        self.starts.push(start);
        self.texts.push(identifier.len() as u8); // at most NUMBER_CHARS_MAX
        self.texts.extend_from_slice(identifier);
        self.texts.push(length);
        self.texts.extend_from_slice(id);
    }
}

/// The identifier and the alert's id of an entry.
fn entry(texts: &[u8], start: u32) -> (&[u8], &[u8]) {
    let (identifier, rest) = counted(&texts[start as usize..]);
    (identifier, counted(rest).0)
}

fn counted(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (length, rest) =
        bytes.split_first().map_or((0, bytes), |(length, rest)| (usize::from(*length), rest));
    rest.split_at(length.min(rest.len()))
}

fn normal(text: &str) -> Option<Vec<u8>> {
    let chars: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).collect();
    (1..=NUMBER_CHARS_MAX).contains(&chars.len()).then(|| chars.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(id: &str, numbers: &[&str], reference: &str) -> PersonAlert {
        let document =
            |number: &&str| PersonDocument { number: number.to_string(), ..PersonDocument::default() };
        PersonAlert {
            id: id.into(),
            documents: numbers.iter().map(document).collect(),
            reference: reference.into(),
            ..PersonAlert::default()
        }
    }

    fn identifiers(alerts: &[PersonAlert]) -> Identifiers {
        let mut builder = Builder::default();
        alerts.iter().for_each(|alert| builder.add(alert));
        builder.build()
    }

    #[test]
    fn an_alert_is_found_by_whatever_names_it() {
        let alerts = [
            alert("A-1", &["P 123-456", "p123456"], "W/77"),
            alert("A-2", &["P123457", ""], "W/77"),
            alert("é", &[], ""),
        ];
        let identifiers = identifiers(&alerts);
        let found = |text: &str| identifiers.find(&Wildcard::new(text).unwrap(), 10);
        assert_eq!(found("P123456"), ["A-1"]);
        assert_eq!(found("p12345?"), ["A-1", "A-2"]);
        assert_eq!(found("W77"), ["A-1", "A-2"]);
        assert_eq!(found("a-2"), ["A-2"]);
        assert_eq!(found("*457"), ["A-2"]);
        assert!(identifiers.has_documents() && !Identifiers::default().has_documents());
        let several = self::identifiers(&[alert("A-3", &["No. C705775 ,AA7530281 (expired)"], "")]);
        for number in ["C705775", "AA7530281"] {
            assert_eq!(several.find(&Wildcard::new(number).unwrap(), 10), ["A-3"], "{number}");
        }
        assert!(found("P12345").is_empty() && found("P1234567").is_empty());
        assert_eq!(identifiers.find(&Wildcard::new("W77").unwrap(), 1), ["A-1"]);
    }
}
