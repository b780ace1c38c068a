//! `[limits]` of the configuration: the bound of every queue, buffer and wait.

use super::value::{WrongValue, within};
use serde::{Deserialize, Serialize};

/// The bounds; each name carries its unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Sealed encounters stored until their receipt, bytes. At the bound a scan is still answered, and its answer says
    /// that the encounter could not be stored.
    pub spool_bytes_max: u64,
    /// Encounters sent that await a receipt.
    pub encounters_in_flight_max: usize,
    /// An encounter without a receipt is sent again after a second, then after twice as long each time, up to this.
    pub receipt_wait_s: u64,
    /// A receipted encounter is kept for so many days, in case headquarters loses it and orders it again; 0: not at all.
    pub keep_receipted_days: u64,
    /// Chunks requested at once.
    pub chunks_in_flight_max: u16,
    /// A chunk that has not arrived after this is requested again.
    pub chunk_wait_s: u64,
    /// Largest segment downloaded, bytes; a manifest that names a larger one waits for a bundle.
    pub segment_bytes_max: u64,
    /// Memory for filters over lists of documents, so that a document that is not listed touches no page: 1.15 bytes a
    /// document; 0 for none.
    pub filter_bytes_max: u64,
    /// The audit journal's lines, bytes. Past nine tenths of it every answer says so; at the bound there are no answers
    /// until older lines are exported.
    pub journal_bytes_max: u64,
    /// An answer is given at the next multiple of this after the scan, milliseconds, so that its timing does not reveal a
    /// discreet alert; 0: at once.
    pub answer_step_ms: u64,
    /// Alerts shown for one scan.
    pub alerts_max: usize,
    /// Longest time between two status messages to headquarters.
    pub status_every_s: u64,
    /// Answers cached in memory, for `GET /v1/scans/{id}`.
    pub scans_kept_max: usize,
    /// An answer without an alert is forgotten after this.
    pub scans_kept_s: u64,
    /// Scans a minute that one scanner's port may bring, and notes: a minute's worth at once, and then they wait.
    pub scans_per_minute_max: u32,
    /// Requests a second that one caller may make over loopback.
    pub requests_per_s_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            spool_bytes_max: 64 * 1024 * 1024,
            encounters_in_flight_max: 64,
            receipt_wait_s: 30,
            keep_receipted_days: 7,
            chunks_in_flight_max: 16,
            chunk_wait_s: 10,
            segment_bytes_max: 4 * 1024 * 1024 * 1024,
            filter_bytes_max: 0,
            journal_bytes_max: 256 * 1024 * 1024,
            answer_step_ms: 2,
            alerts_max: 10,
            status_every_s: 60,
            scans_kept_max: 1_000,
            scans_kept_s: 300,
            scans_per_minute_max: 240,
            requests_per_s_max: 100,
        }
    }
}

impl Limits {
    pub(super) fn check(self) -> Result<Limits, WrongValue> {
        for (key, found, range) in [
            ("limits.spool_bytes_max", self.spool_bytes_max, 64 * 1024..=1 << 40),
            ("limits.encounters_in_flight_max", self.encounters_in_flight_max as u64, 1..=100),
            ("limits.receipt_wait_s", self.receipt_wait_s, 1..=3_600),
            ("limits.keep_receipted_days", self.keep_receipted_days, 0..=90),
            ("limits.chunks_in_flight_max", self.chunks_in_flight_max.into(), 1..=64),
            ("limits.chunk_wait_s", self.chunk_wait_s, 1..=3_600),
            ("limits.journal_bytes_max", self.journal_bytes_max, 64 * 1024..=1 << 40),
            ("limits.answer_step_ms", self.answer_step_ms, 0..=100),
            ("limits.alerts_max", self.alerts_max as u64, 1..=100),
            ("limits.scans_kept_max", self.scans_kept_max as u64, 1..=100_000),
            ("limits.scans_kept_s", self.scans_kept_s, 1..=86_400),
            ("limits.scans_per_minute_max", self.scans_per_minute_max.into(), 1..=100_000),
            ("limits.requests_per_s_max", self.requests_per_s_max.into(), 1..=100_000),
        ] {
            within(key, found, range)?;
        }
        Ok(self)
    }
}
