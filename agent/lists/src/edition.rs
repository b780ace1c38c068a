//! An edition: at most eight segments, asked from the newest back; the first that mentions a key decides.
//!
//! A lookup takes no lock and allocates only for what it found. Any number of threads may ask at once.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};

use vedette_shim::document::{DocumentKey, Number};
use vedette_shim::list::{Details, Found, Kind, ReadError, Scratch, Texts};

use super::ListError;
use super::documents::{Change, Document, DocumentAlert, DocumentId, DocumentPayload, Record, range_change};
use super::formats::Formats;
use super::segment::{SegmentFile, one_kind};
use super::stream::Rule;
use super::tiers::SEGMENTS_MAX;

/// Most ranges of one answer.
pub const RANGE_HITS_MAX: usize = 8;

thread_local! {
    /// Two, because a range's withdrawal is looked up while an older segment's page is being read.
    static SCRATCH: [RefCell<Box<Scratch>>; 2] = Default::default();
}

/// The alerts that a document meets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DocumentMatches {
    /// The alert of exactly this document.
    pub exact: Option<DocumentAlert>,
    /// The ranges that hold it, the newest first; at most [`RANGE_HITS_MAX`].
    pub ranges: Vec<DocumentAlert>,
    /// More ranges hold it than are given.
    pub more_ranges: bool,
}

impl DocumentMatches {
    /// Nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.exact.is_none() && self.ranges.is_empty()
    }
}

/// A list's segments, open for questions.
pub struct Edition {
    /// The oldest first.
    segments: Vec<SegmentFile>,
    kind: Kind,
    has_ranges: bool,
    formats: Formats,
    /// A lookup could not read something since this was asked last.
    corrupt: AtomicBool,
}

impl Edition {
    /// An edition of these segments, the oldest first: at most [`SEGMENTS_MAX`], of one kind. None is an empty list
    /// of documents.
    pub fn open(segments: Vec<SegmentFile>) -> Result<Self, ListError> {
        if segments.len() > SEGMENTS_MAX {
            return Err(ListError::Segments { found: segments.len() });
        }
        let kind = one_kind(&segments.iter().collect::<Vec<_>>())?;
        let has_ranges = segments.iter().any(SegmentFile::has_ranges);
        let documents = if kind == Kind::Documents { &segments[..] } else { &[] };
        let formats = Formats::of(documents);
        Ok(Edition { segments, kind, has_ranges, formats, corrupt: AtomicBool::new(false) })
    }

    /// Gives the memory of pages back that were read and will not be soon. Only a hint.
    pub fn release_pages(&self) {
        self.segments.iter().for_each(|segment| segment.segment.source().release());
    }

    /// Documents or persons.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The segments, the oldest first.
    pub fn segments(&self) -> &[SegmentFile] {
        &self.segments
    }

    /// At least as many as the alerts that stand, without reading a page: an alert replaced or withdrawn by a newer
    /// segment still counts. Exact for one segment.
    pub fn alerts_at_most(&self) -> u64 {
        self.segments.iter().map(|segment| segment.info().entries).sum()
    }

    /// The alerts that stand. Reads every page, unless there is but one segment.
    pub fn count(&self) -> Result<u64, ListError> {
        if self.segments.len() <= 1 {
            return Ok(self.alerts_at_most());
        }
        let mut alerts = 0;
        for document in self.live_documents()? {
            document?;
            alerts += 1;
        }
        for record in self.live_records()? {
            record?;
            alerts += 1;
        }
        Ok(alerts)
    }

    /// Every format of its documents and ranges, in order: no lookup of a key of another finds anything. `None` if they could
    /// not all be read.
    pub fn formats(&self) -> Option<&[u64]> {
        self.formats.all()
    }

    /// Whether a document in no class, or a range, has this format.
    pub(super) fn is_loose(&self, format: u64) -> bool {
        self.formats.is_loose(format)
    }

    /// The alerts that a document meets.
    pub fn find(&self, key: &DocumentKey) -> Result<DocumentMatches, ListError> {
        let mut matches = DocumentMatches::default();
        self.find_into(&mut matches, key).map(|()| matches)
    }

    /// The same; what was found before something could not be read stays in `matches`: a hit is a hit.
    pub fn find_into(&self, matches: &mut DocumentMatches, key: &DocumentKey) -> Result<(), ListError> {
        if self.kind != Kind::Documents {
            return match self.segments.first() {
                Some(segment) => Err(segment.wrap(ReadError::Kind)),
                None => Ok(()),
            };
        }
        let exact = SCRATCH.with(|[scratch, _]| self.find_exact(key, &mut scratch.borrow_mut()));
        let exact = exact.map(|alert| matches.exact = alert);
        let ranges = if self.has_ranges { self.find_ranges(key, matches) } else { Ok(()) };
        let done = exact.and(ranges);
        if done.is_err() {
            self.corrupt.store(true, Ordering::Relaxed);
        }
        done
    }

    /// Whether a lookup could not read something since the last call.
    pub fn take_corrupt(&self) -> bool {
        self.corrupt.load(Ordering::Relaxed) && self.corrupt.swap(false, Ordering::Relaxed)
    }

    /// The alert of this identity; a range only by both its ends.
    pub fn alert(&self, id: &DocumentId) -> Result<Option<DocumentAlert>, ListError> {
        SCRATCH.with(|[scratch, _]| {
            let scratch = &mut scratch.borrow_mut();
            let Some(last) = &id.to else { return self.find_exact(&id.key, scratch) };
            for segment in self.segments.iter().rev() {
                match segment.find_range(&id.key, last, scratch).map_err(|error| segment.wrap(error))? {
                    Found::Nothing => {}
                    Found::Withdrawn => return Ok(None),
                    Found::Alert(details) => {
                        return Ok(Some(alert(id.key, Some(*last), &details, &scratch.texts)));
                    }
                }
            }
            Ok(None)
        })
    }

    fn find_exact(
        &self,
        key: &DocumentKey,
        scratch: &mut Scratch,
    ) -> Result<Option<DocumentAlert>, ListError> {
        for segment in self.segments.iter().rev() {
            match segment.find(key, scratch).map_err(|error| segment.wrap(error))? {
                Found::Nothing => {}
                Found::Withdrawn => return Ok(None),
                Found::Alert(details) => return Ok(Some(alert(*key, None, &details, &scratch.texts))),
            }
        }
        Ok(None)
    }

    fn find_ranges(&self, key: &DocumentKey, matches: &mut DocumentMatches) -> Result<(), ListError> {
        SCRATCH.with(|[scratch, inner]| {
            let (scratch, inner) = (&mut scratch.borrow_mut(), &mut inner.borrow_mut());
            for (at, segment) in self.segments.iter().enumerate().rev() {
                let newer = &self.segments[at + 1..];
                let mut failed = None;
                let visited =
                    segment.segment.ranges_with(key, scratch, |first, last, details, texts| match mentioned(
                        newer,
                        &key.with_number(*first),
                        last,
                        inner,
                    ) {
                        Ok(true) => true,
                        Ok(false) if matches.ranges.len() == RANGE_HITS_MAX => {
                            matches.more_ranges = true;
                            false
                        }
                        Ok(false) => {
                            let first = key.with_number(*first);
                            matches.ranges.push(alert(first, Some(*last), details, texts));
                            true
                        }
                        Err(error) => {
                            failed = Some(error);
                            false
                        }
                    });
                visited.map_err(|error| segment.wrap(error))?;
                if let Some(error) = failed {
                    return Err(error);
                }
            }
            Ok(())
        })
    }

    /// A person's record by its key.
    pub fn find_record(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ListError> {
        let found = self.find_record_in_segments(key);
        if found.is_err() {
            self.corrupt.store(true, Ordering::Relaxed);
        }
        found
    }

    fn find_record_in_segments(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ListError> {
        for segment in self.segments.iter().rev() {
            for record in segment.records().from(key)? {
                let record = record?;
                match record.key.as_slice().cmp(key) {
                    std::cmp::Ordering::Less => {}
                    std::cmp::Ordering::Equal => return Ok(record.value),
                    std::cmp::Ordering::Greater => break,
                }
            }
        }
        Ok(None)
    }

    /// All alerts that stand: documents in the order of their keys, then ranges.
    pub fn iter(&self) -> Result<impl Iterator<Item = Result<DocumentAlert, ListError>> + '_, ListError> {
        let documents = self.live_documents()?.map(|document| Ok(document?.into_change()));
        let ranges = self.live_records()?;
        let ranges = ranges.map(|range| range_change(&range?).map_err(|error| self.wrap(error)));
        Ok(documents.chain(ranges).filter_map(|change| match change {
            Ok(Change::Put(alert)) => Some(Ok(alert)),
            Ok(Change::Withdraw(_)) => None,
            Err(error) => Some(Err(error)),
        }))
    }

    /// Documents that are alerts of the segments which `before` does not have: all that are newly listed, and others.
    pub fn listed_since<'a>(
        &'a self,
        before: Option<&'a Edition>,
    ) -> impl Iterator<Item = Result<DocumentKey, ListError>> + 'a {
        let known = move |segment: &SegmentFile| {
            before.is_some_and(|before| {
                before.segments.iter().any(|other| other.info().digest == segment.info().digest)
            })
        };
        let new = self.segments.iter().filter(move |segment| !known(segment));
        new.flat_map(SegmentFile::documents).filter_map(|document| match document {
            Ok(document) => document.alert.is_some().then_some(Ok(document.key)),
            Err(error) => Some(Err(error)),
        })
    }

    /// All records that stand, in the order of their keys: persons.
    pub fn records(&self) -> Result<impl Iterator<Item = Result<Record, ListError>> + '_, ListError> {
        self.live_records()
    }

    pub(super) fn live_documents(
        &self,
    ) -> Result<impl Iterator<Item = Result<Document, ListError>> + use<'_>, ListError> {
        super::stream::merge(self.segments.iter().map(SegmentFile::documents), Rule::NewestAlerts)
    }

    pub(super) fn live_records(
        &self,
    ) -> Result<impl Iterator<Item = Result<Record, ListError>> + use<'_>, ListError> {
        super::stream::merge(self.segments.iter().map(SegmentFile::records), Rule::NewestAlerts)
    }

    /// Says in which file: the newest one's, where it may be any.
    pub(super) fn wrap(&self, source: ReadError) -> ListError {
        match self.segments.last() {
            Some(segment) => segment.wrap(source),
            None => ListError::Segment { path: "(no segment)".into(), source },
        }
    }
}

fn mentioned(
    newer: &[SegmentFile],
    first: &DocumentKey,
    last: &Number,
    scratch: &mut Scratch,
) -> Result<bool, ListError> {
    for segment in newer {
        if segment.find_range(first, last, scratch).map_err(|error| segment.wrap(error))? != Found::Nothing {
            return Ok(true);
        }
    }
    Ok(false)
}

fn alert(key: DocumentKey, to: Option<Number>, details: &Details, texts: &Texts) -> DocumentAlert {
    DocumentAlert {
        key,
        to,
        payload: DocumentPayload::from_parts(details, &texts.national_ref, &texts.remark),
    }
}
