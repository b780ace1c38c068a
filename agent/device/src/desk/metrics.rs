//! Figures for Prometheus, without personal data: no number, name, badge or alert, only how many and how long; and nothing
//! that would tell a discreet alert from a Clear.
//!
//! Counters begin at 0 with the process; what the device holds is read when it is asked for.

use super::StatusView;
use crate::check::Answer;
use std::fmt::{self, Display, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use vedette_common::text::verdict_word;
use vedette_shim::trust::Freshness;
use vedette_shim::verdict::Verdict;

/// The media type of Prometheus' text format.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Upper bounds of the latency's buckets, microseconds; the last one has none.
const BUCKETS_US: [u64; 10] = [250, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 100_000, 500_000, 2_000_000];
const VERDICTS: [Verdict; 4] = [Verdict::Clear, Verdict::NotChecked, Verdict::Possible, Verdict::Hit];

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    checks: [AtomicU64; VERDICTS.len()],
    unreadable: AtomicU64,
    buckets: [AtomicU64; BUCKETS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Metrics {
    /// Counts an answer as it was given.
    pub(super) fn answered(&self, answer: &Answer) {
        let us = answer.elapsed_us;
        let bucket = BUCKETS_US.iter().position(|most| us <= *most).unwrap_or(BUCKETS_US.len());
        add(&self.checks[answer.verdict as usize], 1);
        add(&self.buckets[bucket], 1);
        add(&self.sum_us, us);
    }

    /// Counts a zone that could not be read.
    pub(super) fn unreadable(&self) {
        add(&self.unreadable, 1);
    }

    /// Everything, as Prometheus reads it; `journal_lines` are all ever written.
    pub(super) fn text(&self, status: &StatusView, journal_lines: u64) -> String {
        let mut text = Text::default();
        text.family("checks_total", "counter", "Documents checked, by verdict.");
        for verdict in VERDICTS {
            text.sample(
                "checks_total",
                &[("verdict", verdict_word(verdict))],
                get(&self.checks[verdict as usize]),
            );
        }
        text.one("unreadable_total", "counter", "Zones that could not be read.", get(&self.unreadable));

        text.family("check_seconds", "histogram", "From the zone's text to the recorded answer.");
        let mut count = 0;
        for (bucket, found) in self.buckets.iter().enumerate() {
            count += get(found);
            let most = BUCKETS_US.get(bucket).map_or("+Inf".into(), |us| seconds(*us).to_string());
            text.sample("check_seconds_bucket", &[("le", &most)], count);
        }
        text.sample("check_seconds_sum", &[], seconds(get(&self.sum_us)));
        text.sample("check_seconds_count", &[], count);

        text.one("link_up", "gauge", "1 while the session with headquarters is up.", u8::from(status.online));
        text.one("spool_encounters", "gauge", "Messages that wait for a receipt.", status.spool);
        text.one("journal_lines_total", "counter", "Lines ever written to the journal.", journal_lines);
        text.one("root_version", "gauge", "The root that is believed.", status.root);
        for (name, help, value) in LISTS {
            text.family(name, "gauge", help);
            for list in &status.lists {
                text.sample(name, &[("list", &list.list)], value(list));
            }
        }
        text.family("build_info", "gauge", "1; the program's version.");
        text.sample("build_info", &[("version", &status.version)], 1);
        text.0
    }
}

type OfList = fn(&super::ListView) -> u64;
const LISTS: [(&str, &str, OfList); 6] = [
    ("list_edition", "The edition in use; 0 for none.", |list| list.edition),
    ("list_newest_edition", "The newest edition known to exist.", |list| list.newest_known),
    ("list_entries", "Alerts in it.", |list| list.entries),
    ("list_age_seconds", "Since it was last confirmed.", |list| list.age_s),
    ("list_lease_seconds", "How old it may become.", |list| list.lease_s),
    ("list_usable", "0 past its lease or without an edition.", |list| {
        u64::from(list.freshness != Freshness::Expired && list.why.is_none())
    }),
];

fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

/// Prometheus' text format. Label values are list names, words and versions of ours: none needs escaping.
#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP vedette_{name} {help}\n# TYPE vedette_{name} {kind}"));
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.line(format_args!("vedette_{name}{labels} {value}"));
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("writing to a string does not fail");
    }
}
