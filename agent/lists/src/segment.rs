//! One segment's file, open: its class table and directory in memory, everything else in sealed pages.
//!
//! Memory: 8 bytes for each page of entries, about 0.4 KiB for each class; at 138 million documents under 8 MB.
//! Reading is from many threads at once and takes no lock.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use vedette_shim::document::{DocumentKey, Number, State};
use vedette_shim::list::class::Row;
use vedette_shim::list::entries::read_rank;
use vedette_shim::list::records::{Cursor, Value};
use vedette_shim::list::root::Part;
use vedette_shim::list::segment::{DIRECTORY_BYTES, DIRECTORY_PER_PAGE, Scratch, Segment};
use vedette_shim::list::{Found, Kind, PAGE_BYTES, ReadError};
use vedette_shim::seal::ListKey;

use super::file::{Blocks, digest, hex};
use super::filter::Filter;
use super::seal::Ring;
use super::{ListError, SegmentInfo};

/// A class of this segment, with what the keys of its format begin with.
pub(super) struct OpenClass {
    pub(super) format: u64,
    pub(super) state: State,
    pub(super) kind: u8,
    pub(super) row: Row,
}

/// A segment's file, open for questions.
pub struct SegmentFile {
    pub(super) segment: Segment<Blocks, Ring>,
    path: std::path::PathBuf,
    info: SegmentInfo,
    /// By format; a class's index is its place.
    pub(super) classes: Vec<OpenClass>,
    /// Their formats alone: a search touches few cache lines.
    formats: Vec<u64>,
    /// Rank of each page's first entry.
    directory: Vec<u64>,
    /// If there is one, and once it is built: what it does not hold is not looked for.
    filter: Option<Arc<OnceLock<Filter>>>,
}

impl SegmentFile {
    /// Opens a segment that was verified when it was installed. `digest` is the name that the manifest gives it.
    pub fn open(path: &Path, digest: [u8; 32], list_key: &ListKey) -> Result<Self, ListError> {
        let blocks = Blocks::open(path)?;
        let wrap = |source| ListError::Segment { path: path.to_owned(), source };
        let bytes = vedette_shim::list::BlockRead::size(&blocks);
        let segment = Segment::open(blocks, list_key).map_err(wrap)?;
        let root = *segment.root();
        let info = SegmentInfo {
            digest,
            kind: root.kind,
            bytes,
            entries: root.alerts,
            withdrawals: root.withdrawals,
        };
        let classes = read_classes(&segment).map_err(wrap)?;
        let directory = read_directory(&segment).map_err(wrap)?;
        for class in &classes {
            if class.row.last_page as usize >= directory.len() {
                return Err(wrap(ReadError::Malformed("class")));
            }
        }
        let formats = classes.iter().map(|class| class.format).collect();
        Ok(SegmentFile { segment, path: path.to_owned(), info, classes, formats, directory, filter: None })
    }

    /// Hashes the whole file first and refuses it unless its SHA-256 is `expected`.
    pub fn open_verified(path: &Path, expected: [u8; 32], list_key: &ListKey) -> Result<Self, ListError> {
        let found = digest(path)?;
        if found != expected {
            let (expected, found) = (hex(&expected), hex(&found));
            return Err(ListError::Digest { path: path.to_owned(), expected, found });
        }
        Self::open(path, expected, list_key)
    }

    /// Digest, size and counts.
    pub fn info(&self) -> SegmentInfo {
        self.info
    }

    /// Which file it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Documents or persons.
    pub fn kind(&self) -> Kind {
        self.info.kind
    }

    /// Gives it a filter, which may be built later.
    pub fn set_filter(&mut self, filter: Arc<OnceLock<Filter>>) {
        self.filter = Some(filter);
    }

    /// The filter, if there is one and it is built.
    pub fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()?.get()
    }

    /// It holds ranges of document numbers.
    pub(super) fn has_ranges(&self) -> bool {
        self.segment.pages(Part::Records) > 0
    }

    pub(super) fn wrap(&self, source: ReadError) -> ListError {
        ListError::Segment { path: self.path.clone(), source }
    }

    /// What this segment says of exactly this document; opens at most one page, one more for texts.
    pub(super) fn find(&self, key: &DocumentKey, scratch: &mut Scratch) -> Result<Found, ReadError> {
        if self.filter().is_some_and(|filter| !filter.may_hold(key)) {
            return Ok(Found::Nothing);
        }
        match self.formats.binary_search(&key.format()) {
            Ok(at) => {
                let row = &self.classes[at].row;
                let Some(rank) = row.class.rank(key.number()) else { return Ok(Found::Nothing) };
                let page = self.page_of(row, rank);
                let first = self.first_rank(page);
                self.segment.find_in_page((page, first), row.index, rank, scratch)
            }
            Err(_) if self.segment.pages(Part::Loose) == 0 => Ok(Found::Nothing),
            Err(_) => self.segment.find_loose(key, scratch),
        }
    }

    pub(super) fn find_range(
        &self,
        key: &DocumentKey,
        last: &Number,
        scratch: &mut Scratch,
    ) -> Result<Found, ReadError> {
        if !self.has_ranges() {
            return Ok(Found::Nothing);
        }
        self.segment.find_range(key, last, scratch)
    }

    /// The rank of a page's first entry.
    pub(super) fn first_rank(&self, page: u32) -> u64 {
        // Every page of entries has its place: `read_directory` refuses anything else.
        self.directory[page as usize]
    }

    /// The page that holds a rank if any does.
    fn page_of(&self, row: &Row, rank: u64) -> u32 {
        // The pages after the class's first one begin with an entry of the class.
        let further = &self.directory[row.first_page as usize + 1..=row.last_page as usize];
        // Ranks are spread about evenly, so this is near.
        let guess = u128::from(rank) * further.len() as u128 / u128::from(row.class.universe());
        row.first_page + count_up_to(further, rank, guess as usize) as u32
    }
}

/// The kind that all `inputs` are of; without any, documents.
pub(super) fn one_kind(inputs: &[&SegmentFile]) -> Result<Kind, ListError> {
    let kind = inputs.first().map_or(Kind::Documents, |input| input.kind());
    if inputs.iter().any(|input| input.kind() != kind) {
        return Err(ListError::Kinds);
    }
    Ok(kind)
}

/// How many of `sorted` are at most `value`: looks around `guess` in steps that double, then halves.
fn count_up_to(sorted: &[u64], value: u64, guess: usize) -> usize {
    let (guess, mut step) = (guess.min(sorted.len()), 2);
    let (low, high) = if sorted.get(guess).is_some_and(|&at| at <= value) {
        let mut low = guess + 1;
        while low + step < sorted.len() && sorted[low + step] <= value {
            (low, step) = (low + step + 1, step * 2);
        }
        (low, sorted.len().min(low + step))
    } else {
        let mut high = guess;
        while step < high && sorted[high - step] > value {
            (high, step) = (high - step, step * 2);
        }
        (high.saturating_sub(step), high)
    };
    low + sorted[low..high].partition_point(|&at| at <= value)
}

fn read_classes(segment: &Segment<Blocks, Ring>) -> Result<Vec<OpenClass>, ReadError> {
    let bad = ReadError::Malformed("class");
    let mut classes = Vec::new();
    let mut buffer = [0; PAGE_BYTES];
    for page in 0..segment.pages(Part::Classes) {
        let mut cursor = Cursor::new(segment.page(Part::Classes, page, &mut buffer)?)?;
        while let Some(value) = cursor.step()? {
            let Value::Put(value) = value else { return Err(bad) };
            let (&[s1, s2, kind, len], pattern) = cursor.key().split_first_chunk::<4>().ok_or(bad)?;
            let row = Row::read(value, usize::from(len))?;
            let mut bits = [0; 4];
            bits.get_mut(..pattern.len()).ok_or(bad)?.copy_from_slice(pattern);
            let state = State::from_code(u16::from_be_bytes([s1, s2])).ok_or(bad)?;
            let format = u64::from(state.code()) << 48
                | u64::from(kind) << 40
                | u64::from(len) << 32
                | u64::from(u32::from_be_bytes(bits));
            let ordered = classes.last().is_none_or(|before: &OpenClass| before.format < format);
            if usize::from(row.index) != classes.len() || !ordered {
                return Err(bad);
            }
            classes.push(OpenClass { format, state, kind, row });
        }
    }
    Ok(classes)
}

fn read_directory(segment: &Segment<Blocks, Ring>) -> Result<Vec<u64>, ReadError> {
    let pages = segment.pages(Part::Entries) as usize;
    let bad = ReadError::Malformed("directory");
    if pages.div_ceil(DIRECTORY_PER_PAGE) != segment.pages(Part::Directory) as usize {
        return Err(bad);
    }
    let mut directory = Vec::with_capacity(pages);
    let mut buffer = [0; PAGE_BYTES];
    for page in 0..segment.pages(Part::Directory) {
        let (places, _) = segment.page(Part::Directory, page, &mut buffer)?.as_chunks::<DIRECTORY_BYTES>();
        let left = pages - directory.len();
        directory.extend(places.iter().take(left).map(|&place| read_rank(place)));
    }
    if directory.len() == pages { Ok(directory) } else { Err(bad) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_guess_counts_right(mut sorted: Vec<u64>, picked: proptest::sample::Index, near in -1i64..2, guess in 0usize..120) {
            sorted.sort_unstable();
            let value = sorted.get(picked.index(sorted.len().max(1))).copied().unwrap_or(7).wrapping_add_signed(near);
            let counted = super::count_up_to(&sorted, value, guess);
            prop_assert_eq!(counted, sorted.partition_point(|&at| at <= value));
        }
    }
}
