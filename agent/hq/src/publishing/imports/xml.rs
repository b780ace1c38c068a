//! The records of an XML file, one after the other, in bounded memory.
//!
//! A record is an element of a wanted name with everything in it, as a small tree; what is around records is passed over.
//! Names are local names: the namespace and its prefix do not count.
//!
//! Invariants: a record has at most [`RECORD_BYTES_MAX`] bytes and [`DEPTH_MAX`] levels, and so has any tag or text between
//! records. Of entities only XML's own five and characters by number are known, and a document type declaration, where others
//! are declared, is refused: nothing can grow without end, and no other file is read. UTF-8 only.
//! Failure: the place and what is wrong in words; a file that ends before its root element does is an error.

use quick_xml::errors::Error;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesDecl, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::io::{self, BufRead, Read};
use vedette_common::text::printable;

/// Most bytes of one record.
const RECORD_BYTES_MAX: usize = 1 << 20;
/// Deepest nesting of elements.
const DEPTH_MAX: usize = 32;

/// Where something stands in a file: line and column (in characters), both from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
}

/// What is wrong, and where.
pub(super) type Wrong = (Place, String);

/// An element: its text without that of the elements in it, blanks joined to one.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) at: Place,
    pub(super) text: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
}

impl Element {
    /// The value of an attribute; empty if it has none of that name.
    pub(super) fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The elements of that name directly in this one.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> + 'a {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element of that name directly in this one.
    pub(super) fn first(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first element of that name; empty if there is none.
    pub(super) fn text_of(&self, name: &str) -> &str {
        self.first(name).map_or("", |child| &child.text)
    }

    /// The elements of that name at any depth in this one.
    pub(super) fn within<'a>(&'a self, name: &'a str) -> Box<dyn Iterator<Item = &'a Element> + 'a> {
        let of_child = move |child: &'a Element| {
            let itself = (child.name == name).then_some(child);
            itself.into_iter().chain(child.within(name))
        };
        Box::new(self.children.iter().flat_map(of_child))
    }
}

/// A file's records.
pub(super) struct Records<R> {
    reader: Reader<Placed<R>>,
    buffer: Vec<u8>,
    /// Elements that are open around the next record.
    depth: usize,
}

impl<R: BufRead> Records<R> {
    pub(super) fn of(source: R) -> Self {
        let placed = Placed { source, at: Place { line: 1, column: 1 }, left: RECORD_BYTES_MAX };
        Records { reader: Reader::from_reader(placed), buffer: Vec::new(), depth: 0 }
    }

    /// The name of the root element, which is then open.
    pub(super) fn root(&mut self) -> Result<String, Wrong> {
        loop {
            match self.event()? {
                (_, Some(Piece::Start(root))) => {
                    self.depth = 1;
                    return Ok(root.name);
                }
                (_, Some(Piece::Empty(root))) => return Ok(root.name),
                (at, None) => return Err((at, "the file ends before its root element".into())),
                _ => {}
            }
        }
    }

    /// The next record of one of these names; none at the end of the file.
    pub(super) fn next(&mut self, wanted: &[&str]) -> Result<Option<Element>, Wrong> {
        loop {
            self.reader.get_mut().left = RECORD_BYTES_MAX;
            match self.event()? {
                (_, Some(Piece::Start(element))) if wanted.contains(&element.name.as_str()) => {
                    return self.rest_of(element).map(Some);
                }
                (_, Some(Piece::Empty(element))) if wanted.contains(&element.name.as_str()) => {
                    return Ok(Some(element));
                }
                (at, Some(Piece::Start(_))) => {
                    self.depth += 1;
                    if self.depth > DEPTH_MAX {
                        return Err((at, format!("elements are nested more than {DEPTH_MAX} deep")));
                    }
                }
                (_, Some(Piece::End)) => self.depth = self.depth.saturating_sub(1),
                (at, None) if self.depth > 0 => {
                    return Err((at, "the file ends before its root element does: it is cut short".into()));
                }
                (_, None) => return Ok(None),
                _ => {}
            }
        }
    }

    /// Everything up to the end of an element that has begun.
    fn rest_of(&mut self, element: Element) -> Result<Element, Wrong> {
        let mut open = vec![element];
        loop {
            let (at, piece) = self.event()?;
            let Some(innermost) = open.last_mut() else { return Ok(Element::default()) };
            match piece {
                Some(Piece::Start(child)) => open.push(child),
                Some(Piece::Empty(child)) => innermost.children.push(child),
                Some(Piece::Text(text)) => innermost.text.push_str(&text),
                Some(Piece::Nothing) => {}
                Some(Piece::End) => {
                    let Some(mut done) = open.pop() else { continue };
                    done.text = one_blank(&done.text);
                    match open.last_mut() {
                        Some(parent) => parent.children.push(done),
                        None => return Ok(done),
                    }
                }
                None => {
                    let why = format!("the file ends within <{}>: it is cut short", printable(&open[0].name));
                    return Err((at, why));
                }
            }
            if self.depth + open.len() > DEPTH_MAX {
                return Err((at, format!("elements are nested more than {DEPTH_MAX} deep")));
            }
        }
    }

    /// The next piece of the file and where it begins; none at the end.
    fn event(&mut self) -> Result<(Place, Option<Piece>), Wrong> {
        self.buffer.clear();
        let at = self.reader.get_ref().at;
        let event = self.reader.read_event_into(&mut self.buffer);
        let piece = event.map_err(|error| words(&error)).and_then(|event| piece(event, at));
        let here = self.reader.get_ref().at;
        piece.map(|piece| (at, piece)).map_err(|why| (here, why))
    }
}

/// What an event of the parser is to us.
enum Piece {
    Start(Element),
    Empty(Element),
    End,
    Text(String),
    Nothing,
}

fn piece(event: Event<'_>, at: Place) -> Result<Option<Piece>, String> {
    Ok(Some(match event {
        Event::Start(tag) => Piece::Start(element(&tag, at)?),
        Event::Empty(tag) => Piece::Empty(element(&tag, at)?),
        Event::End(_) => Piece::End,
        Event::Text(text) => Piece::Text(text.xml10_content().into_owned()),
        Event::CData(text) => Piece::Text(text.xml10_content().into_owned()),
        Event::GeneralRef(name) => match name.resolve_char_ref().map_err(|error| words(&error))? {
            Some(character) => Piece::Text(character.into()),
            None => {
                let name = name.xml10_content();
                let known = resolve_xml_entity(&name);
                Piece::Text(
                    known.ok_or_else(|| format!("the entity &{}; is not known", printable(&name)))?.into(),
                )
            }
        },
        Event::DocType(_) => {
            return Err(
                "it has a document type declaration (DOCTYPE), which may hide anything: remove it".into()
            );
        }
        Event::Decl(declared) => return declared_utf8(&declared).map(|()| Some(Piece::Nothing)),
        Event::Comment(_) | Event::PI(_) => Piece::Nothing,
        Event::Eof => return Ok(None),
    }))
}

fn element(tag: &BytesStart<'_>, at: Place) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| words(&error.into()))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| words(&error))?;
        attributes.push((attribute.key.local_name().as_ref().to_owned(), one_blank(&value)));
    }
    let name = tag.local_name().as_ref().to_owned();
    Ok(Element { name, at, attributes, ..Element::default() })
}

fn declared_utf8(declared: &BytesDecl<'_>) -> Result<(), String> {
    let Some(encoding) = declared.encoding() else { return Ok(()) };
    let encoding = encoding.map_err(|error| words(&error.into()))?;
    match ["utf-8", "utf8", "us-ascii"].contains(&encoding.to_ascii_lowercase().as_str()) {
        true => Ok(()),
        false => Err(format!("it is in {}: convert the file to UTF-8", printable(&encoding))),
    }
}

/// The parser's error, made printable: it repeats what the file holds.
fn words(error: &Error) -> String {
    match error {
        Error::Encoding(_) => "it is not UTF-8: convert the file to UTF-8".into(),
        other => printable(&other.to_string()),
    }
}

/// Without blanks around it, and with one blank for several.
fn one_blank(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Knows the place of what is read next, and lets no more than `left` bytes through.
struct Placed<R> {
    source: R,
    at: Place,
    left: usize,
}

impl<R: BufRead> BufRead for Placed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::other(format!("a record is longer than {RECORD_BYTES_MAX} bytes")));
        }
        self.source.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
        // What is consumed was read before, so it is there.
        if let Ok(read) = self.source.fill_buf() {
            for byte in &read[..bytes.min(read.len())] {
                match byte {
                    b'\n' => self.at = Place { line: self.at.line + 1, column: 1 },
                    0x80..=0xbf => {}
                    _ => self.at.column += 1,
                }
            }
        }
        self.source.consume(bytes);
    }
}

impl<R: BufRead> Read for Placed<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?.read(out)?;
        self.consume(bytes);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &[u8]) -> Result<Vec<Element>, Wrong> {
        let mut records = Records::of(std::io::BufReader::with_capacity(7, text));
        records.root()?;
        let mut found = Vec::new();
        while let Some(record) = records.next(&["r"])? {
            found.push(record);
        }
        Ok(found)
    }

    #[test]
    fn records_come_with_attributes_texts_and_places() {
        let text = "\u{feff}<?xml version='1.0' encoding='UTF-8'?>\n<!-- x --><l xmlns='n' xmlns:a='m'>\n <s><r k='1'/></s>\n \
                    <a:r a:k='&lt;2&#62;'> A &amp;\r\n  <b>é</b><c><d/><![CDATA[<x>]]></c>B</a:r></l>\n";
        let found = all(text.as_bytes()).unwrap();
        assert_eq!(found[0].attribute("k"), "1");
        assert_eq!((found[1].attribute("k"), found[1].attribute("none")), ("<2>", ""));
        assert_eq!((found[1].text.as_str(), found[1].text_of("b")), ("A & B", "é"));
        assert_eq!((found[1].first("c").unwrap().text.as_str(), found[1].within("d").count()), ("<x>", 1));
        assert_eq!(found[1].at, Place { line: 4, column: 2 });
    }

    #[test]
    fn what_grows_or_hides_is_refused_with_its_place() {
        let laughs = "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]>\n<l><r>&b;</r></l>";
        let external = "<!DOCTYPE l SYSTEM 'file:///etc/passwd'><l/>";
        let deep = format!("<l>{}", "<r>".repeat(40));
        let deep_outside = format!("<l>{}", "<x>".repeat(40));
        let long = format!("<l><r>{}</r></l>", "x".repeat(RECORD_BYTES_MAX + 100_000));
        let long_outside = format!("<l x='{}'/>", "x".repeat(RECORD_BYTES_MAX + 100_000));
        for (text, line, why) in [
            (laughs, 1, "DOCTYPE"),
            (external, 1, "DOCTYPE"),
            ("<l>\n<r>&b;</r></l>", 2, "&b; is not known"),
            ("<l><r k='&b;'/></l>", 1, "b"),
            ("<l>\n<r>", 2, "ends within <r>"),
            ("<l>\n<r/>", 2, "cut short"),
            ("<l><r></x></l>", 1, "expected"),
            ("", 1, "root"),
            ("<?xml version='1.0' encoding='ISO-8859-1'?><l/>", 1, "UTF-8"),
            (&deep, 1, "deep"),
            (&deep_outside, 1, "deep"),
            (&long, 1, "longer"),
            (&long_outside, 1, "longer"),
        ] {
            let (at, found) = all(text.as_bytes()).unwrap_err();
            assert!(at.line == line && found.contains(why), "{found} at {at:?}");
        }
        assert!(all(b"<l><r>\xff</r></l>").unwrap_err().1.contains("UTF-8"));
    }

    proptest! {
        #[test]
        fn any_bytes_give_records_or_one_printable_reason(text in "[<>/rl='\"&;!a-c \u{1b}\u{202e}\\[\\]?-]{0,120}") {
            if let Err((_, why)) = all(format!("<l>{text}").as_bytes()) {
                prop_assert!(!why.contains(['\u{1b}', '\u{202e}']) && why.len() < 2_000, "{}", why);
            }
        }
    }
}
