//! Which formats an edition's documents and ranges have: state, type, length, and where letters and digits stand.
//!
//! Most misreadings of a number have a format that no document of its state has, so that asking for them costs a search in
//! a few hundred numbers, and no page. The formats of classes are in memory; those of loose documents and of ranges are read
//! once, when an edition is opened. What cannot be read then may have any format: a lookup says that it is damaged.

use vedette_shim::document::DocumentKey;

use super::segment::SegmentFile;

/// `None` if they could not all be read.
pub(super) struct Formats(Option<Known>);

/// In order, each once.
struct Known {
    all: Vec<u64>,
    /// Those of loose documents and of ranges.
    loose: Vec<u64>,
}

impl Formats {
    pub(super) fn of(segments: &[SegmentFile]) -> Formats {
        let (mut all, mut loose) = (Vec::new(), Vec::new());
        for segment in segments {
            all.extend(segment.classes.iter().map(|class| class.format));
            for record in segment.loose().chain(segment.records()) {
                let key = record.ok().and_then(|record| Some(DocumentKey::from_sort_bytes(&record.key)?.0));
                let Some(key) = key else { return Formats(None) };
                if loose.last() != Some(&key.format()) {
                    loose.push(key.format());
                }
            }
        }
        all.extend(&loose);
        for formats in [&mut all, &mut loose] {
            formats.sort_unstable();
            formats.dedup();
        }
        Formats(Some(Known { all, loose }))
    }

    /// All of them; `None` if they could not all be read.
    pub(super) fn all(&self) -> Option<&[u64]> {
        self.0.as_ref().map(|known| known.all.as_slice())
    }

    /// Whether a document in no class, or a range, has this format.
    pub(super) fn is_loose(&self, format: u64) -> bool {
        self.0.as_ref().is_none_or(|known| known.loose.binary_search(&format).is_ok())
    }
}
