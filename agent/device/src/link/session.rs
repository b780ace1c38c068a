//! What to send next: a pure state machine over (the spool, what is missing, what was sent, the time).
//!
//! Invariants: at most `encounters_in_flight_max` encounters await a receipt, and no more than the link has shown to carry
//! ([`super::pace`]); one without a receipt is sent again, `receipt_wait_s` later at most (the broker keeps nothing for a
//! collector that was not connected yet, so the first repeat comes soon); what is refused leaves the window to the others; a
//! new session starts from the oldest in the spool; at most `chunks_in_flight_max` chunks are requested at once, and again
//! after `chunk_wait_s` without progress. Times are seconds of any clock that does not go back.

use super::pace::Pace;
use crate::config::Limits;
use crate::intake::Missing;
use crate::store::segments::chunks_of;
use crate::store::spool::Spooled;
use std::collections::BTreeMap;
use vedette_shim::ids::{Digest, EncounterId};
use vedette_shim::wire::Want;

/// What one session has sent and awaits.
pub struct LinkSession {
    pace: Pace,
    receipt_wait_s: u64,
    /// When encounters were sent last.
    now: u64,
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
    /// When it was sent first.
    at: u64,
    /// When it is sent again.
    due: u64,
    /// How long after that once more.
    wait: u64,
    times: u32,
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
            pace: Pace::new(limits.encounters_in_flight_max, limits.receipt_wait_s),
            receipt_wait_s: limits.receipt_wait_s,
            now: 0,
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
        self.now = now;
        let mut overdue: Vec<i64> =
            self.sent.iter().filter(|(_, sent)| now >= sent.due).map(|(sequence, _)| *sequence).collect();
        if !overdue.is_empty() {
            self.pace.late(now);
        }
        overdue.truncate(room.min(self.pace.window()));
        let mut next = Vec::new();
        for sequence in overdue {
            let found = read(sequence - 1, 1)?.into_iter().find(|spooled| spooled.sequence == sequence);
            match found {
                Some(spooled) => next.push(spooled),
                None => drop(self.sent.remove(&sequence)),
            }
        }
        let fresh = self.pace.window().saturating_sub(self.sent.len()).min(room - next.len());
        if fresh > 0 {
            next.extend(read(self.last_read, fresh)?);
        }
        for spooled in &next {
            let wait = self.pace.wait();
            let first = Sent { id: spooled.id, at: now, due: now, wait, times: 0 };
            let sent = self.sent.entry(spooled.sequence).or_insert(first);
            sent.times += 1;
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
        for sent in self.sent.values().filter(|sent| ids.contains(&sent.id)) {
            self.pace.received((sent.times == 1).then_some(self.now - sent.at));
        }
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
    fn the_window_grows_with_receipts_and_the_unreceipted_are_sent_again() {
        let mut session = LinkSession::new(&limits());
        let mut spool: Vec<i64> = (1..=8).collect();
        assert_eq!(sent(&mut session, 0, 9, &spool), [1], "nobody knows yet what the link carries");
        assert_eq!(sent(&mut session, 0, 9, &spool), [] as [i64; 0]);
        let receipted = |session: &mut LinkSession, spool: &mut Vec<i64>, sequence: i64| {
            spool.retain(|s| *s != sequence);
            session.settled([[sequence as u8; 16]].into_iter());
        };
        receipted(&mut session, &mut spool, 1);
        assert_eq!(sent(&mut session, 0, 9, &spool), [2, 3]);
        receipted(&mut session, &mut spool, 3);
        assert_eq!(sent(&mut session, 0, 1, &spool), [4], "no more than there is room for");
        assert_eq!(sent(&mut session, 0, 9, &spool), [5], "three, as the limits say");
        // Late: the oldest alone, after 1, 2, 4 ... seconds, and every receipt_wait_s at last.
        assert_eq!(sent(&mut session, 1, 9, &spool), [2]);
        let again: Vec<u64> =
            (2..60).filter(|now| sent(&mut session, *now, 9, &spool).contains(&2)).collect();
        assert_eq!(again, [3, 7, 15, 25, 35, 45, 55]);
        let first = sent(&mut LinkSession::new(&limits()), 0, 9, &spool);
        assert_eq!(first, [2], "a new session starts over");
    }

    #[test]
    fn what_is_set_aside_leaves_its_place_to_the_next() {
        let mut session = LinkSession::new(&limits());
        let mut spool: Vec<i64> = (1..=5).collect();
        assert_eq!(sent(&mut session, 0, 9, &spool), [1]);
        assert_eq!(session.in_flight(), [[1; 16]]);
        spool.retain(|s| *s > 1);
        session.settled(session.in_flight().into_iter());
        assert_eq!(sent(&mut session, 0, 9, &spool), [2, 3]);
    }

    /// A link of 300 bytes a second and ten seconds there and back: no repeat chokes it, and all come home.
    #[test]
    fn a_slow_link_is_not_choked_with_repeats() {
        let limits = Limits { encounters_in_flight_max: 64, receipt_wait_s: 30, ..Limits::default() };
        let mut session = LinkSession::new(&limits);
        let mut spool: Vec<i64> = (1..=40).collect();
        // What is on the wire, each with the second at which its receipt is back; 3 seconds of the link each.
        let (mut wire, mut free_at, mut packets): (Vec<(u64, i64)>, u64, u32) = (Vec::new(), 0, 0);
        let mut now = 0;
        while !spool.is_empty() {
            for sequence in sent(&mut session, now, 9, &spool) {
                packets += 1;
                free_at = free_at.max(now) + 3;
                wire.push((free_at + 10, sequence));
            }
            now += 1;
            let (back, on_the_way) = wire.into_iter().partition::<Vec<_>, _>(|(at, _)| *at <= now);
            wire = on_the_way;
            for (_, sequence) in back {
                spool.retain(|s| *s != sequence);
                session.settled([[sequence as u8; 16]].into_iter());
            }
            assert!(now < 2_000, "it never ends");
        }
        assert!(packets <= 40 * 2, "{packets} packets for 40 encounters");
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
