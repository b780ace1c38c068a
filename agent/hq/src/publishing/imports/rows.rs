//! The rows of a CSV file, read strictly: RFC 4180, but a row is one line.
//!
//! A line ends with LF, CRLF or CR alone, wherever it was written. A quoted field is quoted as a whole, and a quote inside
//! it is doubled; anything else is refused, because a reader that guesses drops characters or joins rows. Spreadsheets
//! write `="00123"` to keep zeros: it is read as the text it stands for.
//!
//! Invariants: memory is bounded by [`ROW_BYTES_MAX`] and [`FIELDS_MAX`]; no byte of the file is passed over in silence.
//! Failure: what is wrong, in words; [`Rows::line`] is the line.

use std::io::BufRead;

/// Longest row, bytes.
pub(crate) const ROW_BYTES_MAX: usize = 64 * 1024;
/// Most fields of a row.
pub(crate) const FIELDS_MAX: usize = 64;

/// A file's rows, one after the other; empty lines are none.
pub(crate) struct Rows<R> {
    source: R,
    line: u64,
    text: Vec<u8>,
    /// The fields of the last row; what they hold is used again.
    fields: Vec<String>,
    /// The last line ended with CR: an LF that follows belongs to it.
    after_cr: bool,
    /// What is not UTF-8 is read as Latin-1, one character a byte.
    or_latin_1: bool,
}

impl<R: BufRead> Rows<R> {
    pub(crate) fn of(source: R) -> Self {
        Rows { source, line: 0, text: Vec::new(), fields: Vec::new(), after_cr: false, or_latin_1: false }
    }

    /// The same of a file that may be Latin-1, as older files of sanctions lists are.
    pub(crate) fn of_latin_1(source: R) -> Self {
        Rows { or_latin_1: true, ..Rows::of(source) }
    }

    /// The rows of lines from the middle of a file, of which `lines` come before.
    pub(crate) fn after(lines: u64, source: R) -> Self {
        Rows { line: lines, ..Rows::of(source) }
    }

    /// What follows the last row.
    pub(crate) fn rest(mut self) -> std::io::Result<R> {
        if self.after_cr && self.source.fill_buf()?.first() == Some(&b'\n') {
            self.source.consume(1);
        }
        Ok(self.source)
    }

    /// The line of the last row, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The fields of the last row.
    pub(super) fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The next row's fields, without the blanks around them; or why it cannot be read.
    pub(crate) fn next(&mut self) -> Result<Option<&[String]>, String> {
        loop {
            if !self.read_line()? {
                return Ok(None);
            }
            if self.line == 1 {
                if let Some(why) = no_csv(&self.text) {
                    return Err(why.into());
                }
                if self.text.starts_with(b"\xef\xbb\xbf") {
                    self.text.drain(..3); // the byte order mark that spreadsheets write
                }
            }
            if self.text.trim_ascii().is_empty() {
                continue;
            }
            match std::str::from_utf8(&self.text) {
                Ok(text) => split(text, &mut self.fields)?,
                Err(_) if self.or_latin_1 => {
                    let text: String = self.text.iter().map(|&byte| char::from(byte)).collect();
                    split(&text, &mut self.fields)?;
                }
                Err(_) => return Err("it is not UTF-8: save the file as CSV UTF-8".into()),
            }
            return Ok(Some(&self.fields));
        }
    }

    /// Reads up to the next end of a line into `text`; false at the end of the file.
    fn read_line(&mut self) -> Result<bool, String> {
        self.text.clear();
        self.line += 1;
        loop {
            let buffer = self.source.fill_buf().map_err(|error| error.to_string())?;
            if buffer.is_empty() {
                return Ok(!self.text.is_empty());
            }
            if std::mem::take(&mut self.after_cr) && buffer[0] == b'\n' {
                self.source.consume(1);
                continue;
            }
            let end = buffer.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            self.text.extend_from_slice(&buffer[..end.unwrap_or(buffer.len())]);
            self.after_cr = end.is_some_and(|at| buffer[at] == b'\r');
            let used = end.map_or(buffer.len(), |at| at + 1);
            self.source.consume(used);
            if self.text.len() > ROW_BYTES_MAX {
                return Err(format!("the row is longer than {ROW_BYTES_MAX} bytes"));
            }
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

/// Why a file that begins so is no CSV in UTF-8, and what to do.
fn no_csv(start: &[u8]) -> Option<&'static str> {
    let start_of_text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        Some("the file is UTF-16: save it as CSV UTF-8")
    } else if start.starts_with(b"PK\x03\x04") || start.starts_with(b"\xd0\xcf\x11\xe0") {
        Some("the file is a spreadsheet or an archive: save it as CSV UTF-8")
    } else if start_of_text.starts_with(b"<") {
        Some("the file is XML or HTML: documents come as CSV")
    } else if matches!(start_of_text.first(), Some(b'{' | b'[')) {
        Some("the file is JSON: documents come as CSV, persons as JSON lines into a list of persons")
    } else {
        None
    }
}

/// The fields of one line, into `fields`.
fn split(line: &str, fields: &mut Vec<String>) -> Result<(), String> {
    if !line.as_bytes().contains(&b'"') {
        return split_plain(line, fields);
    }
    let mut rest = line;
    for n in 0.. {
        if n == FIELDS_MAX {
            return Err(format!("more than {FIELDS_MAX} fields"));
        }
        if n == fields.len() {
            fields.push(String::new());
        }
        fields[n].clear();
        match field(rest, n + 1, &mut fields[n])? {
            Some(after) => rest = after,
            None => {
                fields.truncate(n + 1);
                break;
            }
        }
    }
    Ok(())
}

/// The same of a line without any quote, as most are.
fn split_plain(line: &str, fields: &mut Vec<String>) -> Result<(), String> {
    let mut count = 0;
    for text in line.split(',') {
        if count == FIELDS_MAX {
            return Err(format!("more than {FIELDS_MAX} fields"));
        }
        if count == fields.len() {
            fields.push(String::new());
        }
        fields[count].clear();
        fields[count].push_str(text.trim());
        count += 1;
    }
    fields.truncate(count);
    Ok(())
}

/// The first field of `rest`, into `value`, and what follows its comma; none for the last field. `n` counts fields from 1.
fn field<'a>(rest: &'a str, n: usize, value: &mut String) -> Result<Option<&'a str>, String> {
    let start = rest.trim_start_matches([' ', '\t']);
    let Some(quoted) = start.strip_prefix('"') else {
        let (text, after) = match rest.split_once(',') {
            Some((text, after)) => (text, Some(after)),
            None => (rest, None),
        };
        let text = text.trim();
        let plain = formula_text(text).unwrap_or(text);
        if plain.contains('"') {
            return Err(format!(
                "field {n} has a quote inside: put the whole field in quotes, and double the quotes in it"
            ));
        }
        value.push_str(plain);
        return Ok(after);
    };
    let mut inside = quoted;
    loop {
        let Some((text, after)) = inside.split_once('"') else {
            return Err(format!("a quote is left open in field {n}, or the field goes on in the next line"));
        };
        value.push_str(text);
        if let Some(more) = after.strip_prefix('"') {
            value.push('"');
            inside = more;
            continue;
        }
        let bare = value.trim();
        let bare = formula_text(bare).unwrap_or(bare);
        if bare.len() != value.len() {
            *value = bare.to_string();
        }
        let behind = after.trim_start_matches([' ', '\t']);
        return match behind.strip_prefix(',') {
            Some(after) => Ok(Some(after)),
            None if behind.is_empty() => Ok(None),
            None => Err(format!("field {n} has text behind its closing quote")),
        };
    }
}

/// The text of `="text"`.
fn formula_text(field: &str) -> Option<&str> {
    let text = field.strip_prefix("=\"")?.strip_suffix('"')?;
    (!text.contains('"')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A row with its line.
    type Row = (u64, Vec<String>);

    fn all(bytes: &[u8]) -> Result<Vec<Row>, (u64, String)> {
        // A small buffer, so that lines cross its ends.
        let mut rows = Rows::of(std::io::BufReader::with_capacity(3, bytes));
        let mut found = Vec::new();
        loop {
            match rows.next() {
                Ok(Some(row)) => {
                    let row = row.to_vec();
                    found.push((rows.line(), row));
                }
                Ok(None) => return Ok(found),
                Err(why) => return Err((rows.line(), why)),
            }
        }
    }

    #[test]
    fn every_way_to_end_a_line_ends_it() {
        for text in ["a,b\nc,d\n", "a,b\r\nc,d", "a,b\rc,d\r", "\u{feff}a,b\nc,d\r\n"] {
            let rows = all(text.as_bytes()).unwrap();
            assert_eq!(
                rows,
                [(1, vec!["a".into(), "b".into()]), (2, vec!["c".into(), "d".into()])],
                "{text:?}"
            );
        }
        assert_eq!(
            all(b"a\r\n\r\nb\n\n\nc").unwrap().iter().map(|(line, _)| *line).collect::<Vec<_>>(),
            [1, 3, 6]
        );
    }

    #[test]
    fn quotes_are_read_as_they_are_meant_or_refused() {
        let one = |text: &str| all(text.as_bytes()).map(|rows| rows[0].1.clone());
        assert_eq!(one("\"a,b\", \"c \"\"d\"\"\" ,e").unwrap(), ["a,b", "c \"d\"", "e"]);
        assert_eq!(one("=\"00123\",\"=\"\"007\"\"\"").unwrap(), ["00123", "007"]);
        for (text, why) in [
            ("\"A1\"B,x", "behind its closing quote"),
            ("he said \"x\" yes", "field 1 has a quote inside"),
            ("a,\"two\nlines\"", "a quote is left open in field 2"),
            ("\"open\r\"", "a quote is left open"),
        ] {
            let (line, found) = one(text).unwrap_err();
            assert!(line == 1 && found.contains(why), "{text:?}: {found}");
        }
    }

    #[test]
    fn what_is_no_csv_is_told_at_once() {
        for (bytes, why) in [
            (&b"\xff\xfea\0,\0"[..], "UTF-8"),
            (b"PK\x03\x04xx", "spreadsheet"),
            (b"<?xml version=\"1.0\"?>", "XML"),
            (b"[{\"id\": 1}]", "JSON"),
            (b"a,\xff", "UTF-8"),
        ] {
            let (line, found) = all(bytes).unwrap_err();
            assert!(line == 1 && found.contains(why), "{found}");
        }
        let long = vec![b'x'; ROW_BYTES_MAX + 1];
        assert!(all(&long).unwrap_err().1.contains("longer"));
        assert!(all(&[b','; FIELDS_MAX]).unwrap_err().1.contains("fields"));
    }

    proptest! {
        /// Whatever the cells hold and however lines end, the rows come out as they went in.
        #[test]
        fn rows_come_back(
            table in prop::collection::vec((prop::collection::vec("[a-c,\" ]{0,6}", 1..5), 0..3usize), 1..8),
        ) {
            let (mut text, mut wanted) = (String::new(), Vec::new());
            for (cells, end) in &table {
                let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
                text += &cells.iter().map(quoted).collect::<Vec<_>>().join(",");
                text += ["\n", "\r\n", "\r"][*end];
                wanted.push(cells.iter().map(|cell| cell.trim().to_string()).collect::<Vec<_>>());
            }
            let rows: Vec<_> = all(text.as_bytes()).unwrap().into_iter().map(|(_, row)| row).collect();
            prop_assert_eq!(rows, wanted);
        }

        #[test]
        fn any_bytes_give_rows_or_one_reason(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = all(&bytes);
        }
    }
}
