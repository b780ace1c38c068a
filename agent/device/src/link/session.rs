//! What to send next: a pure state machine over (the spool, what is missing, what was sent, the time).
//!
//! Invariants: at most `encounters_in_flight_max` encounters await a receipt; one without a receipt is sent again after
//! 1, 2, 4 ... seconds, `receipt_wait_s` at most (the broker keeps nothing for a collector that was not connected yet,
//! so the first repeat comes soon); what is refused leaves the window to the others; a new session starts from the oldest in the spool; at most `chunks_in_flight_max` chunks
//! are requested at once, and again after `chunk_wait_s` without progress. Times are seconds of any clock
//! that does not go back.

use crate::config::Limits;
use crate::intake::Missing;
use crate::store::segments::chunks_of;
use crate::store::spool::Spooled;
use std::collections::BTreeMap;
use vedette_shim::ids::{Digest, EncounterId};
use vedette_shim::wire::Want;

/// What one session has sent and awaits.
pub struct LinkSession {
    in_flight_max: usize,
    receipt_wait_s: u64,
    chunks_max: u16,
    chunk_wait_s: u64,
    status_every_s: u64,
    sent: BTreeMap<i64, Sent>,
    last_read: i64,
    requested: Option<Requested>,
    status_at: Option<u64>,
}

struct Sent {
    id: EncounterId,
    /// When it is sent again.
    due: u64,
    /// How long after that once more.
    wait: u64,
}

struct Requested {
    segment: Digest,
    next: u32,
    until: u32,
    at: u64,
}

impl LinkSession {
    /// A session in which nothing was sent yet.
    pub fn new(limits: &Limits) -> LinkSession {
        LinkSession {
            in_flight_max: limits.encounters_in_flight_max,
            receipt_wait_s: limits.receipt_wait_s,
            chunks_max: limits.chunks_in_flight_max,
            chunk_wait_s: limits.chunk_wait_s,
            status_every_s: limits.status_every_s,
            sent: BTreeMap::new(),
            last_read: 0,
            requested: None,
            status_at: None,
        }
    }

    /// The encounters to send now, at most `room`. `read(after, limit)` reads the spool in order.
    pub fn encounters<E>(
        &mut self,
        now: u64,
        room: usize,
        mut read: impl FnMut(i64, usize) -> Result<Vec<Spooled>, E>,
    ) -> Result<Vec<Spooled>, E> {
        let overdue: Vec<i64> = self
            .sent
            .iter()
            .filter(|(_, sent)| now >= sent.due)
            .map(|(sequence, _)| *sequence)
            .take(room)
            .collect();
        let mut next = Vec::new();
        for sequence in overdue {
            let found = read(sequence - 1, 1)?.into_iter().find(|spooled| spooled.sequence == sequence);
            match found {
                Some(spooled) => next.push(spooled),
                None => drop(self.sent.remove(&sequence)),
            }
        }
        let fresh = self.in_flight_max.saturating_sub(self.sent.len()).min(room - next.len());
        if fresh > 0 {
            next.extend(read(self.last_read, fresh)?);
        }
        for spooled in &next {
            let sent =
                self.sent.entry(spooled.sequence).or_insert(Sent { id: spooled.id, due: now, wait: 1 });
            sent.due = now + sent.wait;
            sent.wait = (sent.wait * 2).min(self.receipt_wait_s);
            self.last_read = self.last_read.max(spooled.sequence);
        }
        Ok(next)
    }

    /// What awaits a receipt.
    pub fn in_flight(&self) -> Vec<EncounterId> {
        self.sent.values().map(|sent| sent.id).collect()
    }

    /// These are receipted or set aside.
    pub fn settled(&mut self, ids: impl Iterator<Item = EncounterId>) {
        let ids: Vec<EncounterId> = ids.collect();
        self.sent.retain(|_, sent| !ids.contains(&sent.id));
    }

    /// The chunks to request now.
    pub fn want(&mut self, now: u64, missing: Option<&Missing>) -> Option<Want> {
        let Some(missing) = missing else {
            self.requested = None;
            return None;
        };
        let (segment, next) = (missing.segment.digest, missing.next);
        let under_way = self
            .requested
            .as_mut()
            .filter(|before| before.segment == segment && next < before.until && next >= before.next);
        if let Some(before) = under_way {
            if next > before.next {
                (before.next, before.at) = (next, now); // progress
            }
            if now < before.at + self.chunk_wait_s {
                return None;
            }
        }
        let total = u32::try_from(chunks_of(missing.segment.bytes)).unwrap_or(u32::MAX);
        let count = u16::try_from(total.saturating_sub(next)).unwrap_or(u16::MAX).min(self.chunks_max);
        self.requested = Some(Requested { segment, next, until: next + u32::from(count), at: now });
        Some(Want { segment, from: next, count })
    }

    /// Whether a status message is due; `news`: what it says has changed.
    pub fn status_due(&mut self, now: u64, news: bool) -> bool {
        let due = news || self.status_at.is_none_or(|at| now >= at + self.status_every_s);
        if due {
            self.status_at = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::convert::Infallible;
    use vedette_shim::trust::SegmentRef;

    fn spooled(sequence: i64) -> Spooled {
        Spooled { sequence, id: [sequence as u8; 16], message: vec![] }
    }

    fn read(spool: &[i64]) -> impl FnMut(i64, usize) -> Result<Vec<Spooled>, Infallible> {
        move |after, limit| {
            Ok(spool.iter().filter(|s| **s > after).take(limit).map(|s| spooled(*s)).collect())
        }
    }

    fn sent(session: &mut LinkSession, now: u64, room: usize, spool: &[i64]) -> Vec<i64> {
        session.encounters(now, room, read(spool)).unwrap().iter().map(|s| s.sequence).collect()
    }

    fn limits() -> Limits {
        Limits {
            encounters_in_flight_max: 3,
            receipt_wait_s: 10,
            chunks_in_flight_max: 4,
            ..Limits::default()
        }
    }

    #[test]
    fn the_window_moves_with_receipts_and_the_unreceipted_are_sent_again() {
        let mut session = LinkSession::new(&limits());
        let mut spool: Vec<i64> = (1..=6).collect();
        assert_eq!(sent(&mut session, 0, 2, &spool), [1, 2]);
        assert_eq!(sent(&mut session, 0, 9, &spool), [3]);
        assert_eq!(sent(&mut session, 0, 9, &spool), [] as [i64; 0]);
        spool.retain(|s| *s != 2);
        session.settled([[2; 16]].into_iter());
        assert_eq!(sent(&mut session, 0, 9, &spool), [4]);
        // Again after 1, then 2, then 4 seconds ...
        let again: Vec<u64> =
            (1..12).filter(|now| sent(&mut session, *now, 9, &spool) == [1, 3, 4]).collect();
        assert_eq!(again, [1, 3, 7]);
        // ... and at last every receipt_wait_s.
        let again: Vec<u64> =
            (12..60).filter(|now| !sent(&mut session, *now, 9, &spool).is_empty()).collect();
        assert_eq!(again, [15, 25, 35, 45, 55]);
        assert_eq!(
            sent(&mut LinkSession::new(&limits()), 0, 9, &spool),
            [1, 3, 4],
            "a new session starts over"
        );
    }

    #[test]
    fn what_is_set_aside_leaves_its_place_to_the_next() {
        let mut session = LinkSession::new(&limits());
        let mut spool: Vec<i64> = (1..=5).collect();
        assert_eq!(sent(&mut session, 0, 9, &spool), [1, 2, 3]);
        assert_eq!(session.in_flight(), [[1; 16], [2; 16], [3; 16]]);
        spool.retain(|s| *s > 3);
        session.settled(session.in_flight().into_iter());
        assert_eq!(sent(&mut session, 0, 9, &spool), [4, 5]);
    }

    #[test]
    fn chunks_are_requested_in_windows_and_again_when_they_do_not_arrive() {
        let segment = SegmentRef { digest: [1; 32], bytes: 6 * 65_536, entries: 0, withdrawals: 0, key: 1 };
        let at = |next| Missing { segment: segment.clone(), next };
        let mut session = LinkSession::new(&limits());
        let want = |from, count| Some(Want { segment: [1; 32], from, count });
        assert_eq!(session.want(0, Some(&at(0))), want(0, 4));
        assert_eq!(session.want(1, Some(&at(2))), None);
        assert_eq!(session.want(11, Some(&at(2))), want(2, 4), "no progress for chunk_wait_s");
        assert_eq!(session.want(12, Some(&at(0))), want(0, 4), "the download started over");
        assert_eq!(session.want(13, Some(&at(4))), want(4, 2));
        assert_eq!(session.want(14, None), None);
    }

    proptest! {
        /// Whatever arrives late, twice or never: everything is sent, and never more than the window is out.
        #[test]
        fn every_encounter_gets_home(count in 1i64..40, losses in prop::collection::vec(any::<bool>(), 400)) {
            let mut session = LinkSession::new(&limits());
            let mut spool: Vec<i64> = (1..=count).collect();
            let mut losses = losses.into_iter().chain(std::iter::repeat(false));
            let mut now = 0;
            while !spool.is_empty() {
                let out = session.encounters(now, 5, read(&spool)).unwrap();
                prop_assert!(session.sent.len() <= 3);
                for s in out {
                    if !losses.next().unwrap_or(false) {
                        spool.retain(|x| *x != s.sequence);
                        session.settled([s.id].into_iter());
                    }
                }
                now += 3;
                prop_assert!(now < 100_000, "it never ends");
            }
        }
    }
}
