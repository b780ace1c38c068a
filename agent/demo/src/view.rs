//! What the person sees: numbered steps with their times, a verdict readable at arm's length, a prompt.
//!
//! No colour carries meaning. Standard input is read by a thread of its own, so that Ctrl-C is heard while it waits.

use std::io::{BufRead, stdin};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};
use vedette::desk::api::{AnswerView, CheckedView};
use vedette_shim::verdict::Verdict;

/// Lines typed ahead, at most.
const LINES_MAX: usize = 64;
const POLL_INTERVAL: Duration = Duration::from_millis(100);

pub(super) struct View {
    started: Instant,
    steps: u32,
    /// `None` when nobody is asked.
    lines: Option<Receiver<String>>,
}

impl View {
    pub(super) fn new(once: bool) -> View {
        println!("Vedette: headquarters, a broker and a border device on this machine\n");
        View { started: Instant::now(), steps: 0, lines: (!once).then(typed_lines) }
    }

    /// Something was done, and how long it took.
    pub(super) fn step(&mut self, what: &str, took: Duration) {
        self.steps += 1;
        println!("{:>3}  {what:<74} {:>9}", self.steps, time(took));
    }

    pub(super) fn note(&self, what: &str) {
        println!("     {what}");
    }

    pub(super) fn verdict(&self, answer: &AnswerView) {
        let word = match answer.verdict {
            Verdict::Clear => "C L E A R",
            Verdict::NotChecked => "N O T   C H E C K E D",
            Verdict::Possible => "P O S S I B L E",
            Verdict::Hit => "H I T",
        };
        let bar = "═".repeat(word.len() + 6);
        println!("     ╔{bar}╗");
        println!("     ║   {word}   ║  {}", headline(answer));
        println!("     ╚{bar}╝  {}", asked(answer));
        for notice in &answer.notices {
            self.note(&notice.text);
        }
    }

    /// The lines of a zone, pasted or chosen; `None` when the person wants to go on, or is `interrupted`.
    pub(super) fn ask_for_zone(&self, samples: &[String], interrupted: impl Fn() -> bool) -> Option<String> {
        let lines = self.lines.as_ref()?;
        println!(
            "\n     Scan: paste both lines of a passport, or a number for one of these, or Enter to go on."
        );
        for (n, sample) in samples.iter().enumerate() {
            println!("       {}  {}", n + 1, sample.replace('\n', "\n          "));
        }
        let mut zone = String::new();
        loop {
            let line = match lines.recv_timeout(POLL_INTERVAL) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) if !interrupted() => continue,
                Err(_) => return None,
            };
            match line.trim() {
                "" if zone.is_empty() => return None,
                "" => return Some(zone),
                line if zone.is_empty() && line.len() < 3 => {
                    let chosen = line.parse::<usize>().ok().and_then(|n| samples.get(n.wrapping_sub(1)));
                    match chosen {
                        Some(sample) => return Some(sample.clone()),
                        None => println!("     There is no sample {line}."),
                    }
                }
                line => {
                    let is_second = !zone.is_empty();
                    zone.push_str(line);
                    zone.push('\n');
                    // Passports and visas have two lines; of an identity card's three, Enter ends the last.
                    if is_second && line.len() > 30 {
                        return Some(zone);
                    }
                }
            }
        }
    }

    pub(super) fn end(&self, what: &str) {
        println!("\n     {what}; {} in all.", time(self.started.elapsed()));
    }
}

fn typed_lines() -> Receiver<String> {
    let (typed, lines) = sync_channel(LINES_MAX);
    std::thread::spawn(move || {
        for line in stdin().lock().lines().map_while(Result::ok) {
            if typed.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn headline(answer: &AnswerView) -> String {
    match answer.alerts.first() {
        Some(alert) => format!("{}: {} | {} of {}", alert.status, alert.action, alert.alert_id, alert.list),
        None => format!("{} {}", answer.document.issuing_state, answer.document.number),
    }
}

fn asked(answer: &AnswerView) -> String {
    let list = |checked: &CheckedView| {
        let freshness = format!("{:?}", checked.freshness).to_lowercase();
        format!(
            "asked {} edition {}, {freshness}, confirmed {} s ago",
            checked.list, checked.edition, checked.age_s
        )
    };
    answer.checked.iter().map(list).collect::<Vec<_>>().join("; ")
}

fn time(took: Duration) -> String {
    match took.as_micros() {
        us @ 0..1_000 => format!("{us} us"),
        us @ 1_000..10_000_000 => format!("{} ms", us / 1_000),
        us => format!("{} s", us / 1_000_000),
    }
}
