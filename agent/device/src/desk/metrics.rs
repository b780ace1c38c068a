//! The post's figures as Prometheus' text: no number, name, badge or alert, only how many and how long.

use super::api::{ListView, StatusView};
use crate::post::counts::{BUCKETS_US, Figures, VERDICTS};
use std::fmt::{self, Display, Write};
use vedette_common::text::verdict_word;
use vedette_shim::trust::Freshness;

/// The media type of Prometheus' text format.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything, as Prometheus reads it.
pub(super) fn text(figures: &Figures, status: &StatusView) -> String {
    let mut text = Text::default();
    text.family("checks_total", "counter", "Documents checked, by verdict.");
    for (verdict, count) in VERDICTS.into_iter().zip(figures.checks) {
        text.sample("checks_total", &[("verdict", verdict_word(verdict))], count);
    }
    text.one("unreadable_total", "counter", "Zones that could not be read.", figures.unreadable);

    text.family("check_seconds", "histogram", "From the zone's text to the recorded answer.");
    let mut count = 0;
    for (bucket, answers) in figures.buckets.into_iter().enumerate() {
        count += answers;
        let most = BUCKETS_US.get(bucket).map_or("+Inf".into(), |us| seconds(*us).to_string());
        text.sample("check_seconds_bucket", &[("le", &most)], count);
    }
    text.sample("check_seconds_sum", &[], seconds(figures.sum_us));
    text.sample("check_seconds_count", &[], count);

    text.one("link_up", "gauge", "1 while the session with headquarters is up.", u8::from(status.online));
    text.family("broker_up", "gauge", "1 while the session is with this broker.");
    text.sample("broker_up", &[("broker", &status.broker)], u8::from(status.online));
    let writable = u8::from(status.store_fault.is_empty());
    text.one("store_writable", "gauge", "0 while the store cannot be written: no answers.", writable);
    text.one("spool_encounters", "gauge", "Messages that wait for a receipt.", status.spool);
    text.one("refused_encounters", "gauge", "Those of them that headquarters refused.", status.refused);
    let lines = figures.journal_lines;
    text.one("journal_lines_total", "counter", "Lines ever written to the journal.", lines);
    text.one("root_version", "gauge", "The root that is trusted.", status.root);
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

type OfList = fn(&ListView) -> u64;
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
