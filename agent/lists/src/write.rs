//! Encodes a source of changes as a segment: survey, encode, seal.
//!
//! Two passes over the source. The first decides classes and packing; a source that knows what it holds foresees that, and
//! spares the pass. The second packs pages, learns the parts' lengths and the digest of the plaintext, from which the key
//! follows; until then the pages are set aside ([`Aside`]), and then each is sealed and written to its place.
//! Memory: a page of each part, the class table, 64 KiB a part to write from, 1 MiB of pages. Nothing in the clear is written.
//!
//! Failure: the file has a temporary name until it is whole and synced; on any error it is removed.

use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};
use vedette_shim::document::DocumentKey;
use vedette_shim::list::class::{ROW_BYTES_MAX, Row};
use vedette_shim::list::details::{FIELD_BYTES_MAX, FIELDS, write_fields};
use vedette_shim::list::entries::RANK_BYTES;
use vedette_shim::list::root::{Extent, FOOTER_BYTES, Footer, PARTS, Part, ROOT_BYTES, Root};
use vedette_shim::list::segment::{DIRECTORY_BYTES, ROOT_PAGE};
use vedette_shim::list::{Kind, PAGE_BYTES, PLAIN_BYTES};
use vedette_shim::seal::{Aead, ListKey, SegmentKey, SegmentSalt, TAG_BYTES};

use super::aside::Aside;
use super::documents::{Alert, Record};
use super::file::{bytes32, digest, hex};
use super::pack::{EntriesPacker, Entry, ExtrasPacker, Plain, RecordsPacker};
use super::seal::Ring;
use super::stream::Source;
use super::survey::{Plan, survey};
use super::temporary::Temporary;
use super::{ListError, SegmentInfo};

/// Bytes gathered for a part before they are written.
const WRITE_BYTES: usize = 1 << 16;

/// Writes `source` as a segment of `dir`, named by its digest.
pub(super) fn write_segment(
    kind: Kind,
    source: &impl Source,
    list_key: &ListKey,
    dir: &Path,
) -> Result<(PathBuf, SegmentInfo), ListError> {
    let (plan, encoded) = match source.foreseen().map(|survey| survey.plan(kind)) {
        Some(plan) => {
            let encoded = encode(&plan, source, dir)?;
            // Where it held a change twice, it foresaw too many.
            match encoded.changes == plan.alerts + plan.withdrawals {
                true => (plan, encoded),
                false => surveyed(kind, source, dir)?,
            }
        }
        None => surveyed(kind, source, dir)?,
    };
    let Encoded { root, plain_digest, aside, .. } = encoded;

    let salt = SegmentSalt::derive(list_key, &plain_digest);
    let aead = Ring::new(&SegmentKey::derive(list_key, &salt));
    let temporary = Temporary::create(dir)?;
    let mut sealer = Sealer::new(&temporary, &aead, &root);
    aside.each(|part, page| sealer.page(part, page))?;
    sealer.flush()?;
    let at: u64 = root.extents.iter().map(Extent::bytes).sum();
    let mut tail = root.write().to_vec();
    let tag = aead.seal(ROOT_PAGE, &mut tail);
    tail.extend_from_slice(&tag);
    let root_bytes = (ROOT_BYTES + TAG_BYTES) as u16;
    tail.extend_from_slice(&Footer { kind, salt, root_bytes }.write());
    temporary.write(&tail, at)?;

    let digest = digest(&temporary.path)?;
    let path = dir.join(format!("{}.seg", hex(&digest)));
    vedette_common::files::persist(&temporary.path, &path)
        .map_err(|error| ListError::file("write", &path)(std::io::Error::other(error)))?;
    let bytes = at + (ROOT_BYTES + TAG_BYTES + FOOTER_BYTES) as u64;
    Ok((path, SegmentInfo { digest, kind, bytes, entries: plan.alerts, withdrawals: plan.withdrawals }))
}

/// What a source is as pages.
struct Encoded {
    root: Root,
    plain_digest: [u8; 32],
    aside: Aside,
    /// Alerts and withdrawals.
    changes: u64,
}

fn surveyed(kind: Kind, source: &impl Source, dir: &Path) -> Result<(Plan, Encoded), ListError> {
    let plan = survey(kind, source)?;
    let encoded = encode(&plan, source, dir)?;
    match encoded.changes == plan.alerts + plan.withdrawals {
        true => Ok((plan, encoded)),
        false => Err(ListError::Unstable),
    }
}

/// Packs all changes into pages.
fn encode(plan: &Plan, source: &impl Source, dir: &Path) -> Result<Encoded, ListError> {
    let mut out = Output::new(Aside::new(dir)?);
    let changes = encode_documents(plan, source, &mut out)? + encode_records(plan.kind, source, &mut out)?;
    encode_classes(plan, &mut out)?;
    let (root, plain_digest, aside) = out.finish(plan)?;
    Ok(Encoded { root, plain_digest, aside, changes })
}

/// The documents; returns how many there are.
fn encode_documents(plan: &Plan, source: &impl Source, out: &mut Output) -> Result<u64, ListError> {
    let mut entries = EntriesPacker::new(plan.schema);
    let mut extras = ExtrasPacker::new();
    let mut loose = RecordsPacker::new();
    out.spans = vec![None; plan.classes.len()];
    let (mut at, mut count) = (0, 0);
    let mut value = Vec::new();
    for document in source.documents()? {
        let document = document?;
        count += 1;
        let format = document.key.format();
        while plan.classes.get(at).is_some_and(|(class, _)| *class < format) {
            at += 1;
        }
        let Some((_, class)) = plan.classes.get(at).filter(|(class, _)| *class == format) else {
            value.clear();
            if let Some(alert) = &document.alert {
                alert.write_loose(&mut value);
            }
            let value = document.alert.as_ref().map(|_| &value[..]);
            loose.add(&document.key.sort_bytes(), value, |page| out.page(Part::Loose, page))?;
            continue;
        };
        let rank = class.rank(document.key.number()).ok_or(ListError::Unstable)?;
        let (record, extra) = match &document.alert {
            None => (None, None),
            Some(alert) => {
                let (numbers, extra) = split(alert, plan);
                (Some((numbers, extra.is_some())), extra)
            }
        };
        let full = entries.add(Entry { class: at as u16, rank, record });
        out.entries(full)?;
        let page = out.extents[Part::Entries as usize].pages;
        let span = out.spans[at].get_or_insert((page, page));
        span.1 = page;
        if let Some((bytes, len)) = extra {
            let (place, full) = extras.add(&bytes[..len]);
            entries.extra_at(place);
            out.optional(Part::Extras, full)?;
        }
    }
    out.entries(entries.finish())?;
    out.optional(Part::Extras, extras.finish())?;
    out.optional(Part::Loose, loose.finish())?;
    Ok(count)
}

type Extra = ([u8; FIELD_BYTES_MAX], usize);

/// The fields to pack, and the bytes of those that do not.
fn split(alert: &Alert, plan: &Plan) -> ([Option<u32>; FIELDS], Option<Extra>) {
    let mut packed = alert.details.numbers();
    if !plan.schema.extras {
        return (packed, None);
    }
    let mut others = [None; FIELDS];
    for ((packed, other), field) in packed.iter_mut().zip(&mut others).zip(&plan.schema.fields) {
        if !field.packed {
            *other = packed.take();
        }
    }
    let texts = alert.texts();
    if others.iter().all(Option::is_none) && texts.iter().all(|text| text.is_empty()) {
        return (packed, None);
    }
    let mut bytes = [0; FIELD_BYTES_MAX];
    let len = write_fields(&others, texts, &mut bytes);
    (packed, Some((bytes, len)))
}

/// The records; returns how many there are.
fn encode_records(kind: Kind, source: &impl Source, out: &mut Output) -> Result<u64, ListError> {
    let mut packer = RecordsPacker::new();
    let mut reach = Reach::default();
    let mut count = 0;
    for record in source.records()? {
        let mut record = record?;
        count += 1;
        if kind == Kind::Documents {
            reach.put_before(&mut record);
        }
        packer.add(&record.key, record.value.as_deref(), |page| out.page(Part::Records, page))?;
    }
    out.optional(Part::Records, packer.finish())?;
    Ok(count)
}

/// The largest last number among the ranges before, of the same format: a lookup goes back no further.
#[derive(Default)]
struct Reach {
    format: u64,
    last: Vec<u8>,
}

impl Reach {
    fn put_before(&mut self, record: &mut Record) {
        // Ranges are made of keys by `range_key`, so theirs always parse.
        let Some((first, last)) = DocumentKey::from_sort_bytes(&record.key) else { return };
        if first.format() != self.format {
            self.format = first.format();
            self.last = vec![0; last.len()];
        }
        if let Some(value) = &mut record.value {
            value.splice(..0, self.last.iter().copied());
            if last > &self.last[..] {
                self.last = last.to_vec();
            }
        }
    }
}

fn encode_classes(plan: &Plan, out: &mut Output) -> Result<(), ListError> {
    let mut packer = RecordsPacker::new();
    let spans = std::mem::take(&mut out.spans);
    for (index, ((format, class), span)) in plan.classes.iter().zip(spans).enumerate() {
        let (first_page, last_page) = span.ok_or(ListError::Unstable)?;
        let row = Row { class: class.clone(), index: index as u16, first_page, last_page };
        let mut value = [0; ROW_BYTES_MAX];
        let len = row.write(&mut value);
        let format = format.to_be_bytes();
        let key = &format[..4 + usize::from(format[3]).div_ceil(8)];
        packer.add(key, Some(&value[..len]), |page| out.page(Part::Classes, page))?;
    }
    out.optional(Part::Classes, packer.finish())
}

/// Where pages go: counted, hashed and set aside.
struct Output {
    extents: [Extent; PARTS],
    /// A part's page that may be its last: a last page keeps its length, others are filled with zeros.
    held: [Option<Plain>; PARTS],
    digests: [Context; PARTS],
    directory: Plain,
    /// First and last page of each class.
    spans: Vec<Option<(u32, u32)>>,
    aside: Aside,
}

impl Output {
    fn new(aside: Aside) -> Self {
        Output {
            extents: [Extent::default(); PARTS],
            held: [const { None }; PARTS],
            digests: std::array::from_fn(|_| Context::new(&SHA256)),
            directory: Plain::new(),
            spans: Vec::new(),
            aside,
        }
    }

    fn page(&mut self, part: Part, page: Plain) -> Result<(), ListError> {
        if let Some(mut before) = self.held[part as usize].replace(page) {
            before.resize(PLAIN_BYTES, 0);
            self.emit(part, before)?;
        }
        let extent = &mut self.extents[part as usize];
        extent.pages = extent.pages.checked_add(1).ok_or(ListError::TooLarge)?;
        Ok(())
    }

    fn optional(&mut self, part: Part, page: Option<Plain>) -> Result<(), ListError> {
        page.map_or(Ok(()), |page| self.page(part, page))
    }

    fn entries(&mut self, page: Option<(u64, Plain)>) -> Result<(), ListError> {
        let Some((rank, page)) = page else { return Ok(()) };
        self.page(Part::Entries, page)?;
        if self.directory.len() + DIRECTORY_BYTES > PLAIN_BYTES {
            let full = std::mem::take(&mut self.directory);
            self.page(Part::Directory, full)?;
        }
        self.directory.extend_from_slice(&rank.to_le_bytes()[..RANK_BYTES]);
        Ok(())
    }

    fn emit(&mut self, part: Part, page: Plain) -> Result<(), ListError> {
        self.digests[part as usize].update(&page);
        self.extents[part as usize].last_bytes = (page.len() + TAG_BYTES) as u16;
        self.aside.put(part, page)
    }

    /// Ends every part; returns the root and the digest of the whole plaintext: of the label, the digests of the
    /// parts in order, and the root.
    fn finish(mut self, plan: &Plan) -> Result<(Root, [u8; 32], Aside), ListError> {
        if !self.directory.is_empty() {
            let last = std::mem::take(&mut self.directory);
            self.page(Part::Directory, last)?;
        }
        for part in Part::ALL {
            if let Some(last) = self.held[part as usize].take() {
                self.emit(part, last)?;
            }
        }
        let root = Root {
            kind: plan.kind,
            alerts: plan.alerts,
            withdrawals: plan.withdrawals,
            extents: self.extents,
            schema: plan.schema,
        };
        let mut whole = Context::new(&SHA256);
        whole.update(b"vedette/v1/segment-plaintext");
        self.digests.into_iter().for_each(|part| whole.update(part.finish().as_ref()));
        whole.update(&root.write());
        Ok((root, bytes32(whole.finish()), self.aside))
    }
}

/// Seals pages and writes them to their places.
struct Sealer<'a> {
    temporary: &'a Temporary,
    aead: &'a Ring,
    /// For each part: number and offset of the next page, and bytes to be written before that offset.
    parts: [(u64, u64, Vec<u8>); PARTS],
}

impl<'a> Sealer<'a> {
    fn new(temporary: &'a Temporary, aead: &'a Ring, root: &Root) -> Self {
        let (mut number, mut offset) = (0, 0);
        let parts = root.extents.map(|extent| {
            let start = (number, offset, Vec::new());
            number += u64::from(extent.pages);
            offset += extent.bytes();
            start
        });
        Sealer { temporary, aead, parts }
    }

    fn page(&mut self, part: Part, mut page: Plain) -> Result<(), ListError> {
        let (number, offset, gathered) = &mut self.parts[part as usize];
        let tag = self.aead.seal(*number, &mut page);
        gathered.extend_from_slice(&page);
        gathered.extend_from_slice(&tag);
        *number += 1;
        *offset += (page.len() + TAG_BYTES) as u64;
        if gathered.len() + PAGE_BYTES > WRITE_BYTES {
            self.temporary.write(gathered, *offset - gathered.len() as u64)?;
            gathered.clear();
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), ListError> {
        for (_, offset, gathered) in &mut self.parts {
            self.temporary.write(gathered, *offset - gathered.len() as u64)?;
            gathered.clear();
        }
        Ok(())
    }
}
