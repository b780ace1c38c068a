//! A segment behind [`BlockRead`]: opened, and asked for documents with one page of memory.
//!
//! Nothing of the segment is kept but its root: the class table and the directory are searched where they are. The
//! agent keeps both in memory and asks [`entries::Page`] itself.
//!
//! ```text
//! directory   for each page of entries: rank (7) of its first entry; whole ones in each page
//! range       key: DocumentKey::sort_bytes of the first number, then the characters of the last
//!             value: the characters of the largest last number among the alerts before it of the same format
//!                    (zeros if there is none), then as a loose document's
//! ```

use core::cmp::Ordering;

use super::class::Row;
use super::details::read_loose;
use super::entries::{self, Entry};
use super::extras::{self, Extras};
use super::records::{Cursor, KEY_BYTES_MAX, Value};
use super::root::{FOOTER_BYTES, Footer, PARTS, Part, ROOT_BYTES, Root, Schema};
use super::{BlockRead, Details, Kind, PAGE_BYTES, PLAIN_BYTES, ReadError, Texts};
use crate::document::{DocumentKey, Number};
use crate::seal::{Aead, ListKey, SegmentKey, TAG_BYTES};

/// Bytes of a page's place in the directory.
pub const DIRECTORY_BYTES: usize = entries::RANK_BYTES;
/// Places in a page of the directory.
pub const DIRECTORY_PER_PAGE: usize = PLAIN_BYTES / DIRECTORY_BYTES;

/// A buffer for one page.
pub type PageBuffer = [u8; PAGE_BYTES];

/// The memory that a lookup needs, and the texts of what it found.
pub struct Scratch {
    /// The page being read.
    pub page: PageBuffer,
    /// The texts of the alert last found; empty where it has none.
    pub texts: Texts,
}

impl Scratch {
    /// Empty: for a static.
    pub const NEW: Scratch = Scratch { page: [0; PAGE_BYTES], texts: Texts::NEW };
}

impl Default for Scratch {
    fn default() -> Self {
        Self::NEW
    }
}

/// What one segment says of a document or a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing: ask the segment before it.
    Nothing,
    /// It is withdrawn.
    Withdrawn,
    /// It is listed. Its texts are in the scratch.
    Alert(Details),
}

/// An open segment.
pub struct Segment<R, A> {
    source: R,
    aead: A,
    root: Root,
    /// Number of each part's first page, and its offset in the file.
    starts: [(u64, u64); PARTS],
}

impl<R: BlockRead, A: Aead> Segment<R, A> {
    /// Reads footer and root. What is not the key's, not whole or not of this format is refused.
    pub fn open(source: R, list_key: &ListKey) -> Result<Self, ReadError> {
        let mut footer = [0; FOOTER_BYTES];
        let footer_at = source.size().checked_sub(FOOTER_BYTES as u64).ok_or(ReadError::NotASegment)?;
        read(&source, footer_at, &mut footer)?;
        let footer = Footer::read(&footer)?;
        let root_at =
            footer_at.checked_sub(u64::from(footer.root_bytes)).ok_or(ReadError::Malformed("footer"))?;
        let aead = A::new(&SegmentKey::derive(list_key, &footer.salt));
        let mut buffer = [0; ROOT_BYTES + TAG_BYTES];
        let sealed =
            buffer.get_mut(..usize::from(footer.root_bytes)).ok_or(ReadError::Malformed("footer"))?;
        read(&source, root_at, sealed)?;
        // The root's number counts the pages before it, which only the root tells: it is sealed under the number
        // that no page can have.
        let root = Root::read(open(&aead, ROOT_PAGE, sealed)?)?;
        let mut starts = [(0, 0); PARTS];
        let (mut page, mut offset) = (0, 0);
        for (start, extent) in starts.iter_mut().zip(&root.extents) {
            *start = (page, offset);
            page += u64::from(extent.pages);
            offset += extent.bytes();
        }
        if offset != root_at || root.kind != footer.kind {
            return Err(ReadError::Malformed("root"));
        }
        Ok(Segment { source, aead, root, starts })
    }

    /// The root.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// How entries are packed.
    pub fn schema(&self) -> &Schema {
        &self.root.schema
    }

    /// Pages of a part.
    pub fn pages(&self, part: Part) -> u32 {
        self.root.extents[part as usize].pages
    }

    /// Where the sealed bytes come from.
    pub fn source(&self) -> &R {
        &self.source
    }

    /// Where a page of a part begins in the source.
    pub fn offset(&self, part: Part, index: u32) -> u64 {
        self.starts[part as usize].1 + u64::from(index) * PAGE_BYTES as u64
    }

    /// Reads and opens a page of a part; returns its plaintext.
    #[inline(never)]
    pub fn page<'b>(
        &self,
        part: Part,
        index: u32,
        buffer: &'b mut PageBuffer,
    ) -> Result<&'b [u8], ReadError> {
        let extent = self.root.extents[part as usize];
        let (first, _) = self.starts[part as usize];
        let bytes = match (index + 1).cmp(&extent.pages) {
            Ordering::Less => PAGE_BYTES,
            Ordering::Equal => usize::from(extent.last_bytes),
            Ordering::Greater => return Err(ReadError::Malformed("page number")),
        };
        let sealed = buffer.get_mut(..bytes).ok_or(ReadError::Malformed("page length"))?;
        read(&self.source, self.offset(part, index), sealed)?;
        open(&self.aead, first + u64::from(index), sealed)
    }

    /// What this segment says of exactly this document.
    #[inline(never)]
    pub fn find(&self, key: &DocumentKey, scratch: &mut Scratch) -> Result<Found, ReadError> {
        self.expect(Kind::Documents)?;
        let Some(row) = self.class(key, &mut scratch.page)? else {
            return self.find_loose(key, scratch);
        };
        let Some(rank) = row.class.rank(key.number()) else { return Ok(Found::Nothing) };
        let page = self.page_of(&row, rank, &mut scratch.page)?;
        self.find_in_page(page, row.index, rank, scratch)
    }

    /// What a page of entries, given with its first entry's rank, says of a rank of a class.
    #[inline(never)]
    pub fn find_in_page(
        &self,
        (page, first): (u32, u64),
        class: u16,
        rank: u64,
        scratch: &mut Scratch,
    ) -> Result<Found, ReadError> {
        let plain = self.page(Part::Entries, page, &mut scratch.page)?;
        let page = entries::Page::new(plain, first, self.schema())?;
        let first_extra = page.first_extra();
        match page.find(class, rank)? {
            Entry::Missing => Ok(Found::Nothing),
            Entry::Withdrawn => Ok(Found::Withdrawn),
            Entry::Alert { numbers, extra } => {
                let extra = match extra {
                    None => None,
                    Some(further) => Some(self.extra(first_extra, further, &mut scratch.page)?),
                };
                entries::details(numbers, extra, &mut scratch.texts).map(Found::Alert)
            }
        }
    }

    /// The extra that comes `further` places after the one at (page, index).
    fn extra<'b>(
        &self,
        (mut page, index): (u32, u16),
        further: usize,
        buffer: &'b mut PageBuffer,
    ) -> Result<&'b [u8], ReadError> {
        let bad = ReadError::Malformed("extras");
        let mut skip = usize::from(index) + further;
        loop {
            let count = extras::count(self.page(Part::Extras, page, buffer)?);
            if skip < count {
                break;
            }
            (skip, page) = (skip - count, page.checked_add(1).ok_or(bad)?);
        }
        // The page is in the buffer, opened, and its plaintext begins where the buffer does.
        Extras::new(buffer).nth(skip).ok_or(bad)?
    }

    /// The row of the class that a key's format has in this segment.
    #[inline(never)]
    fn class(&self, key: &DocumentKey, buffer: &mut PageBuffer) -> Result<Option<Row>, ReadError> {
        let sorted = key.sort_bytes();
        let len = key.number().chars().len();
        let format = sorted.get(..sorted.len() - len).unwrap_or(&sorted);
        let Some(plain) = self.locate(Part::Classes, format, buffer)? else { return Ok(None) };
        let mut cursor = Cursor::new(plain)?;
        while let Some(value) = cursor.step()? {
            match (cursor.key().cmp(format), value) {
                (Ordering::Less, _) => {}
                (Ordering::Equal, Value::Put(value)) => return Row::read(value, len).map(Some),
                (Ordering::Equal, _) => return Err(ReadError::Malformed("class")),
                (Ordering::Greater, _) => break,
            }
        }
        Ok(None)
    }

    /// The page of entries that holds a rank if any does, and its first entry's rank.
    #[inline(never)]
    fn page_of(&self, row: &Row, rank: u64, buffer: &mut PageBuffer) -> Result<(u32, u64), ReadError> {
        let mut held = None;
        let mut first_of = |page: u32| {
            let (at, place) = (page / DIRECTORY_PER_PAGE as u32, page as usize % DIRECTORY_PER_PAGE);
            if held != Some(at) {
                self.page(Part::Directory, at, buffer)?;
                held = Some(at);
            }
            let (ranks, _) = buffer.as_chunks::<DIRECTORY_BYTES>();
            ranks.get(place).map(|&bytes| entries::read_rank(bytes)).ok_or(ReadError::Malformed("directory"))
        };
        let (mut low, mut high) = (row.first_page, row.last_page);
        let mut first = None;
        while low < high {
            let middle = high - (high - low) / 2;
            let begins = first_of(middle)?;
            if begins <= rank {
                (low, first) = (middle, Some(begins));
            } else {
                high = middle - 1;
            }
        }
        Ok((low, first.map_or_else(|| first_of(low), Ok)?))
    }

    /// What this segment says of exactly this document, where its format has no class.
    pub fn find_loose(&self, key: &DocumentKey, scratch: &mut Scratch) -> Result<Found, ReadError> {
        self.find_record(Part::Loose, &key.sort_bytes(), 0, scratch)
    }

    /// What this segment says of exactly the range from `key` to `last`.
    pub fn find_range(
        &self,
        key: &DocumentKey,
        last: &Number,
        scratch: &mut Scratch,
    ) -> Result<Found, ReadError> {
        self.expect(Kind::Documents)?;
        let skip = key.number().chars().len();
        self.find_record(Part::Records, &range_key(key, last.chars()), skip, scratch)
    }

    fn find_record(
        &self,
        part: Part,
        wanted: &[u8],
        skip: usize,
        scratch: &mut Scratch,
    ) -> Result<Found, ReadError> {
        let Some(plain) = self.locate(part, wanted, &mut scratch.page)? else { return Ok(Found::Nothing) };
        let mut cursor = Cursor::new(plain)?;
        while let Some(value) = cursor.step()? {
            match (cursor.key().cmp(wanted), value) {
                (Ordering::Less, _) => {}
                (Ordering::Equal, Value::Withdrawn) => return Ok(Found::Withdrawn),
                (Ordering::Equal, Value::Put(value)) => {
                    let value = value.get(skip..).ok_or(ReadError::Malformed("record"))?;
                    return read_loose(value, &mut scratch.texts).map(Found::Alert);
                }
                (Ordering::Equal, Value::Begins { .. }) => return Err(ReadError::Malformed("record")),
                (Ordering::Greater, _) => break,
            }
        }
        Ok(Found::Nothing)
    }

    /// Shows `visit` every listed range of this segment that holds `key`: first and last number, details, texts; from
    /// the last page back. `visit` returns whether to go on.
    #[inline(never)]
    pub fn ranges_with(
        &self,
        key: &DocumentKey,
        scratch: &mut Scratch,
        mut visit: impl FnMut(&Number, &Number, &Details, &Texts) -> bool,
    ) -> Result<(), ReadError> {
        self.expect(Kind::Documents)?;
        if self.pages(Part::Records) == 0 {
            return Ok(());
        }
        let len = key.number().chars().len();
        let after_all = range_key(key, [0xff; 32].get(..len).unwrap_or(&[]));
        let Some(mut page) = self.locate_page(Part::Records, &after_all, &mut scratch.page)? else {
            return Ok(());
        };
        loop {
            let plain = self.page(Part::Records, page, &mut scratch.page)?;
            let mut cursor = Cursor::new(plain)?;
            // Whether a page before this one may hold a range that reaches the key: the first alert of its format
            // here knows.
            let (mut before, mut known) = (true, false);
            while let Some(value) = cursor.step()? {
                let bad = ReadError::Malformed("range");
                let (first, last) = DocumentKey::from_sort_bytes(cursor.key()).ok_or(bad)?;
                match (first.format().cmp(&key.format()), value) {
                    (Ordering::Less, _) => (before, known) = (false, true),
                    (Ordering::Greater, _) => break,
                    (Ordering::Equal, Value::Withdrawn) => {}
                    (Ordering::Equal, Value::Begins { .. }) => return Err(bad),
                    (Ordering::Equal, Value::Put(value)) => {
                        let (reach, value) = value.split_at_checked(len).ok_or(bad)?;
                        if !known {
                            (before, known) = (reach >= key.number().chars(), true);
                        }
                        if first.number() <= key.number() && last >= key.number().chars() {
                            let details = read_loose(value, &mut scratch.texts)?;
                            let last = Number::from_chars(last).ok_or(bad)?;
                            if !visit(first.number(), &last, &details, &scratch.texts) {
                                return Ok(());
                            }
                        }
                    }
                }
            }
            match page.checked_sub(1) {
                Some(previous) if before => page = previous,
                _ => return Ok(()),
            }
        }
    }

    /// The plaintext of the last page whose first record is at or before `wanted`; `None` if no page's is.
    fn locate<'b>(
        &self,
        part: Part,
        wanted: &[u8],
        buffer: &'b mut PageBuffer,
    ) -> Result<Option<&'b [u8]>, ReadError> {
        match self.locate_page(part, wanted, buffer)? {
            None => Ok(None),
            Some(page) => self.page(part, page, buffer).map(Some),
        }
    }

    /// Number of the last page whose first record is at or before `wanted`; `None` if no page's is.
    #[inline(never)]
    pub fn locate_page(
        &self,
        part: Part,
        wanted: &[u8],
        buffer: &mut PageBuffer,
    ) -> Result<Option<u32>, ReadError> {
        // Pages below `low` begin at or before `wanted`, pages from `high` on after it.
        let (mut low, mut high) = (0, self.pages(part));
        let mut found = None;
        while low < high {
            let middle = low + (high - low) / 2;
            // A page in which no record begins continues the one before: judge by that one.
            let mut begins = middle;
            let first_after = loop {
                let mut cursor = Cursor::new(self.page(part, begins, buffer)?)?;
                if cursor.step()?.is_some() {
                    break cursor.key() > wanted;
                }
                begins = begins.checked_sub(1).ok_or(ReadError::Malformed("records"))?;
            };
            if first_after {
                high = begins.max(low).min(middle);
            } else {
                (low, found) = (middle + 1, found.max(Some(begins)));
            }
        }
        Ok(found)
    }

    fn expect(&self, kind: Kind) -> Result<(), ReadError> {
        if self.root.kind == kind { Ok(()) } else { Err(ReadError::Kind) }
    }
}

/// The number that the root is sealed under: no page of a part has it.
pub const ROOT_PAGE: u64 = u64::MAX;

/// A range's key in the records: the first number's sorted bytes, then the last one's characters.
pub fn range_key(first: &DocumentKey, last: &[u8]) -> heapless::Vec<u8, KEY_BYTES_MAX> {
    let mut key = heapless::Vec::new();
    // 40 + 32 bytes at most: the capacity of 80 suffices.
    let _ = key.extend_from_slice(&first.sort_bytes());
    let _ = key.extend_from_slice(last);
    key
}

fn read(source: &impl BlockRead, offset: u64, out: &mut [u8]) -> Result<(), ReadError> {
    source.read(offset, out).map_err(|_| ReadError::Block { offset })
}

fn open<'b, A: Aead>(aead: &A, number: u64, sealed: &'b mut [u8]) -> Result<&'b [u8], ReadError> {
    let broken = ReadError::Seal { page: number };
    let (plain, tag) = sealed.split_last_chunk_mut::<TAG_BYTES>().ok_or(broken)?;
    let tag = *tag;
    aead.open(number, plain, &tag).map_err(|_| broken)?;
    Ok(plain)
}
