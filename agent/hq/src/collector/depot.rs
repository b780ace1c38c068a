//! The depot's core: who waits for which chunks, and whose turn it is.
//!
//! Invariants: devices take turns, chunk by chunk, so one that asks for a whole list does not hold up another's delta;
//! memory is bounded by [`WAITING_MAX`] small entries, never by chunks; a new [`Want`] for the same segment replaces
//! the device's older one. Failure: a chunk that does not exist is not answered; the device asks again or elsewhere, and
//! a segment that is not here at all is logged.

use crate::authority::home::Home;
use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};
use vedette_common::files::FileError;
use vedette_shim::ids::{DeviceId, Digest};
use vedette_shim::wire::{CHUNK_BYTES, WANT_CHUNKS_MAX, Want};

/// Most segments one device may wait for at once; a further one drops its oldest.
pub(crate) const SEGMENTS_PER_DEVICE_MAX: usize = 4;
/// Most requests waiting; further ones are dropped, and asked again by their devices.
pub(crate) const WAITING_MAX: usize = 16_384;

/// How often it is logged that a segment is not here.
const ABSENT_LOGGED_EVERY: Duration = Duration::from_secs(60);

struct Request {
    device: DeviceId,
    segment: Digest,
    next: u32,
    left: u16,
}

/// Requests for chunks, in the order of their turns.
#[derive(Default)]
pub(crate) struct Depot {
    waiting: VecDeque<Request>,
}

/// One chunk to be read and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) device: DeviceId,
    pub(crate) segment: Digest,
    pub(crate) index: u32,
}

impl Depot {
    /// Takes a device's request; false when there are too many to take it.
    pub(crate) fn want(&mut self, device: &DeviceId, want: &Want) -> bool {
        let of_device = |request: &Request| request.device == *device;
        self.waiting.retain(|request| !(of_device(request) && request.segment == want.segment));
        if self.waiting.iter().filter(|r| of_device(r)).count() >= SEGMENTS_PER_DEVICE_MAX
            && let Some(oldest) = self.waiting.iter().position(of_device)
        {
            self.waiting.remove(oldest);
        }
        if self.waiting.len() >= WAITING_MAX {
            return false;
        }
        let left = want.count.min(WANT_CHUNKS_MAX);
        if left > 0 {
            self.waiting.push_back(Request {
                device: device.clone(),
                segment: want.segment,
                next: want.from,
                left,
            });
        }
        true
    }

    /// The next chunk to send.
    pub(crate) fn next(&mut self) -> Option<Turn> {
        let mut request = self.waiting.pop_front()?;
        let turn = Turn { device: request.device.clone(), segment: request.segment, index: request.next };
        request.left -= 1;
        if let (1.., Some(next)) = (request.left, request.next.checked_add(1)) {
            request.next = next;
            self.waiting.push_back(request);
        }
        Some(turn)
    }

    /// Forgets the rest of a request: its segment has no such chunk.
    pub(crate) fn drop_rest(&mut self, turn: &Turn) {
        self.waiting.retain(|r| r.device != turn.device || r.segment != turn.segment);
    }
}

/// Requests for segments that are not here: logged once in a while, because a device asks again and again.
#[derive(Default)]
pub(crate) struct Absent {
    logged_at: Option<Instant>,
    unreported: u64,
}

impl Absent {
    /// Whether it is time to log it: then how many were not since the last time.
    pub(crate) fn met(&mut self, now: Instant) -> Option<u64> {
        if self.logged_at.is_some_and(|at| now < at + ABSENT_LOGGED_EVERY) {
            self.unreported += 1;
            return None;
        }
        self.logged_at = Some(now);
        Some(std::mem::take(&mut self.unreported))
    }
}

/// Reads a chunk; `None` when there is no such segment or it ends before.
pub(crate) fn read_chunk(home: &Home, segment: &Digest, index: u32) -> Result<Option<Vec<u8>>, FileError> {
    let path = home.segment(segment);
    let file = match File::open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(FileError::at("read", &path))?,
    };
    let start = u64::from(index) * CHUNK_BYTES as u64;
    let size = file.metadata().map_err(FileError::at("read", &path))?.len();
    if start >= size {
        return Ok(None);
    }
    let mut bytes = vec![0; (size - start).min(CHUNK_BYTES as u64) as usize];
    file.read_exact_at(&mut bytes, start).map_err(FileError::at("read", &path))?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn device(number: u8) -> DeviceId {
        format!("d{number}").parse().unwrap()
    }

    fn drain(depot: &mut Depot) -> Vec<(String, u8, u32)> {
        std::iter::from_fn(|| depot.next())
            .map(|turn| (turn.device.to_string(), turn.segment[0], turn.index))
            .collect()
    }

    #[test]
    fn devices_take_turns_and_a_new_request_replaces_the_old() {
        let mut depot = Depot::default();
        let want = |segment: u8, from, count| Want { segment: [segment; 32], from, count };
        depot.want(&device(1), &want(9, 0, 64));
        depot.want(&device(1), &want(9, 2, 2));
        depot.want(&device(2), &want(7, u32::MAX, 3));
        let turns: Vec<_> = drain(&mut depot);
        let d = |n: u8| device(n).to_string();
        assert_eq!(turns, [(d(1), 9, 2), (d(2), 7, u32::MAX), (d(1), 9, 3)]);
        depot.want(&device(1), &want(1, 0, 0));
        assert_eq!(depot.next(), None);
    }

    #[test]
    fn an_absent_segment_is_logged_but_not_at_line_speed() {
        let (mut absent, start) = (Absent::default(), Instant::now());
        let logged: Vec<_> =
            (0..1000).filter_map(|ms| absent.met(start + Duration::from_millis(ms))).collect();
        assert_eq!(logged, [0]);
        assert_eq!(absent.met(start + ABSENT_LOGGED_EVERY), Some(999));
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_asked_nor_waits_behind_another(
            wants in prop::collection::vec((0u8..4, 0u8..8, 0u32..5, 0u16..200), 0..60)
        ) {
            let mut depot = Depot::default();
            for (from, segment, first, count) in &wants {
                let want = Want { segment: [*segment; 32], from: *first, count: *count };
                prop_assert!(depot.want(&device(*from), &want));
            }
            let waiting: Vec<usize> = (0..4)
                .map(|n| depot.waiting.iter().filter(|r| r.device == device(n)).count())
                .collect();
            prop_assert!(waiting.iter().all(|n| *n <= SEGMENTS_PER_DEVICE_MAX));
            let round: Vec<_> = (0..depot.waiting.len()).map(|_| depot.next().unwrap()).collect();
            for n in 0..4 {
                let turns = round.iter().filter(|turn| turn.device == device(n)).count();
                prop_assert_eq!(turns, waiting[usize::from(n)], "one turn a round and request");
            }
            let rest = drain(&mut depot).len() + round.len();
            prop_assert!(rest <= 4 * SEGMENTS_PER_DEVICE_MAX * usize::from(WANT_CHUNKS_MAX));
        }
    }
}
