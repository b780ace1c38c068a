//! A segment's changes in order: its documents, then its records. One page of each part is in memory at a time.

use std::vec::IntoIter;

use vedette_shim::document::DocumentKey;
use vedette_shim::list::class::Class;
use vedette_shim::list::entries::{Page, details};
use vedette_shim::list::extras::Extras;
use vedette_shim::list::records::{self, Value};
use vedette_shim::list::root::Part;
use vedette_shim::list::segment::PageBuffer;
use vedette_shim::list::{Kind, PAGE_BYTES, ReadError, Texts};

use super::ListError;
use super::documents::{Alert, Document, Record};
use super::segment::SegmentFile;

/// Pages asked for ahead, 1 MiB, while a part is read in order.
const AHEAD_PAGES: u32 = 1024;

impl SegmentFile {
    /// Hints at the pages after `page`, which is about to be read.
    fn read_ahead(&self, part: Part, page: u32) {
        if page.is_multiple_of(AHEAD_PAGES) {
            let bytes = 2 * AHEAD_PAGES as usize * PAGE_BYTES;
            self.segment.source().will_need(self.segment.offset(part, page), bytes);
        }
    }

    /// The documents, alerts and withdrawals alike, in the order of their keys.
    pub(super) fn documents(&self) -> Documents<'_> {
        Documents {
            entries: Entries {
                file: self,
                next_page: 0,
                page: Vec::new().into_iter(),
                extras: ExtrasInOrder { file: self, next_page: 0, page: Vec::new().into_iter() },
            },
            loose: self.loose(),
            next_entry: None,
            next_loose: None,
            begun: false,
        }
    }

    /// The documents whose formats have no class, as records.
    pub(super) fn loose(&self) -> RecordsOf<'_> {
        RecordsOf::new(self, Part::Loose)
    }

    /// The records, puts and withdrawals alike, in the order of their keys; a range without the reach of those before.
    pub(super) fn records(&self) -> RecordsOf<'_> {
        RecordsOf::new(self, Part::Records)
    }
}

/// Merges the entries of classes with the loose documents.
pub(super) struct Documents<'a> {
    entries: Entries<'a>,
    loose: RecordsOf<'a>,
    next_entry: Option<Document>,
    next_loose: Option<Document>,
    begun: bool,
}

impl Documents<'_> {
    fn pull_loose(&mut self) -> Result<(), ListError> {
        self.next_loose =
            self.loose.next().transpose()?.map(|record| self.loose.document(record)).transpose()?;
        Ok(())
    }

    fn step(&mut self) -> Result<Option<Document>, ListError> {
        if !self.begun {
            self.begun = true;
            self.next_entry = self.entries.next().transpose()?;
            self.pull_loose()?;
        }
        let entry_first = match (&self.next_entry, &self.next_loose) {
            (Some(entry), Some(loose)) => entry.key < loose.key,
            (entry, _) => entry.is_some(),
        };
        if entry_first {
            Ok(std::mem::replace(&mut self.next_entry, self.entries.next().transpose()?))
        } else {
            let out = self.next_loose.take();
            if out.is_some() {
                self.pull_loose()?;
            }
            Ok(out)
        }
    }
}

impl Iterator for Documents<'_> {
    type Item = Result<Document, ListError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

struct Entries<'a> {
    file: &'a SegmentFile,
    next_page: u32,
    page: IntoIter<Document>,
    extras: ExtrasInOrder<'a>,
}

impl Entries<'_> {
    fn read_page(&mut self) -> Result<Vec<Document>, ReadError> {
        let segment = &self.file.segment;
        self.file.read_ahead(Part::Entries, self.next_page);
        let mut buffer = [0; PAGE_BYTES];
        let plain = segment.page(Part::Entries, self.next_page, &mut buffer)?;
        let mut documents = Vec::new();
        let mut texts = Texts::default();
        for run in Page::new(plain, self.file.first_rank(self.next_page), segment.schema())?.runs() {
            let run = run?;
            let bad = ReadError::Malformed("entries");
            documents.reserve(run.entries);
            let class = self.file.classes.get(usize::from(run.class)).ok_or(bad)?;
            let mut record = 0;
            for (entry, rank) in run.ranks().enumerate() {
                let number = Class::number(&class.row.class, rank?).ok_or(bad)?;
                let key = DocumentKey::from_parts(class.state, class.kind, number).ok_or(bad)?;
                let alert = if run.is_alert(entry) {
                    let extra = if run.has_extra(record) { Some(self.extras.pull()?) } else { None };
                    let details = details(run.numbers(record), extra.as_deref(), &mut texts)?;
                    record += 1;
                    Some(Alert::new(details, &texts.national_ref, &texts.remark))
                } else {
                    None
                };
                documents.push(Document { key, alert });
            }
        }
        self.next_page += 1;
        Ok(documents)
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Document, ListError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(document) = self.page.next() {
                return Some(Ok(document));
            }
            if self.next_page >= self.file.segment.pages(Part::Entries) {
                return None;
            }
            match self.read_page() {
                Ok(page) => self.page = page.into_iter(),
                Err(error) => {
                    self.next_page = u32::MAX;
                    return Some(Err(self.file.wrap(error)));
                }
            }
        }
    }
}

struct ExtrasInOrder<'a> {
    file: &'a SegmentFile,
    next_page: u32,
    page: IntoIter<Vec<u8>>,
}

impl ExtrasInOrder<'_> {
    fn pull(&mut self) -> Result<Vec<u8>, ReadError> {
        loop {
            if let Some(extra) = self.page.next() {
                return Ok(extra);
            }
            let mut buffer = [0; PAGE_BYTES];
            let plain = self.file.segment.page(Part::Extras, self.next_page, &mut buffer)?;
            let page: Result<Vec<_>, _> = Extras::new(plain).map(|extra| extra.map(<[u8]>::to_vec)).collect();
            self.page = page?.into_iter();
            self.next_page += 1;
        }
    }
}

/// The records of one part, in order.
pub(super) struct RecordsOf<'a> {
    file: &'a SegmentFile,
    part: Part,
    next_page: u32,
    page: IntoIter<Record>,
    /// A range's value begins with the reach of those before.
    ranges: bool,
}

impl<'a> RecordsOf<'a> {
    fn new(file: &'a SegmentFile, part: Part) -> Self {
        let ranges = part == Part::Records && file.kind() == Kind::Documents;
        RecordsOf { file, part, next_page: 0, page: Vec::new().into_iter(), ranges }
    }

    fn read_page(&mut self, buffer: &mut PageBuffer) -> Result<Vec<Record>, ReadError> {
        let bad = ReadError::Malformed("records");
        self.file.read_ahead(self.part, self.next_page);
        let plain = self.file.segment.page(self.part, self.next_page, buffer)?;
        self.next_page += 1;
        let mut cursor = records::Cursor::new(plain)?;
        let mut page = Vec::with_capacity(cursor.left());
        let mut whole = usize::MAX;
        while let Some(value) = cursor.step()? {
            let value = match value {
                Value::Withdrawn => None,
                Value::Put(value) => Some(value.to_vec()),
                Value::Begins { bytes, first } => {
                    whole = bytes;
                    Some(first.to_vec())
                }
            };
            page.push(Record { key: cursor.key().to_vec(), value });
        }
        if let Some(Record { value: Some(value), .. }) = page.last_mut()
            && whole != usize::MAX
        {
            while value.len() < whole {
                let plain = self.file.segment.page(self.part, self.next_page, buffer)?;
                let more = records::Cursor::continued(plain)?;
                // Every page of a value holds some of it, so this ends.
                if more.is_empty() || more.len() > whole - value.len() {
                    return Err(bad);
                }
                value.extend_from_slice(more);
                if value.len() < whole {
                    self.next_page += 1;
                }
            }
        }
        if self.ranges {
            for record in &mut page {
                let (key, _) = DocumentKey::from_sort_bytes(&record.key).ok_or(bad)?;
                if let Some(value) = &mut record.value {
                    let reach = key.number().chars().len();
                    if value.len() < reach {
                        return Err(bad);
                    }
                    value.drain(..reach);
                }
            }
        }
        Ok(page)
    }

    /// A loose document's record as a document.
    fn document(&self, record: Record) -> Result<Document, ListError> {
        let parse = || {
            let (key, rest) = DocumentKey::from_sort_bytes(&record.key)?;
            rest.is_empty().then_some(key)
        };
        let key = parse().ok_or_else(|| self.file.wrap(ReadError::Malformed("loose document")))?;
        let alert = record.value.as_deref().map(Alert::read_loose).transpose();
        Ok(Document { key, alert: alert.map_err(|error| self.file.wrap(error))? })
    }

    /// The records from the page on where `key` is if it is there.
    pub(super) fn from(mut self, key: &[u8]) -> Result<Self, ListError> {
        let mut buffer = [0; PAGE_BYTES];
        let page = self.file.segment.locate_page(self.part, key, &mut buffer);
        self.next_page = page.map_err(|error| self.file.wrap(error))?.unwrap_or(0);
        Ok(self)
    }
}

impl Iterator for RecordsOf<'_> {
    type Item = Result<Record, ListError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.page.next() {
                return Some(Ok(record));
            }
            if self.next_page >= self.file.segment.pages(self.part) {
                return None;
            }
            match self.read_page(&mut [0; PAGE_BYTES]) {
                Ok(page) => self.page = page.into_iter(),
                Err(error) => {
                    self.next_page = u32::MAX;
                    return Some(Err(self.file.wrap(error)));
                }
            }
        }
    }
}
