//! `tests/simulate`: simulated years, by one seed each; see `vedette_tests::simulation`.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use vedette_shim::ids::Hex;
use vedette_tests::simulation::{Plan, run};

const USAGE: &str =
    "usage: simulate [--seeds N] [--from SEED] [--jobs N] [--devices N] [--days N] [--twice] [--loud]
  --seeds N    how many seeds, 1 at first
  --from SEED  the first of them, 1 at first; one that failed is run again with `--from SEED`
  --jobs N     so many at a time, 1 at first
  --devices N  100 at first
  --days N     365 at first
  --twice      each seed twice: the traces must be the same
  --loud       print everything that happens";

/// What was asked for.
struct Asked {
    seeds: u64,
    jobs: u64,
    first: Plan,
    is_twice: bool,
}

fn main() -> ExitCode {
    let Some(asked) = asked() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let start = Instant::now();
    let (next, failed) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            if nth >= asked.seeds {
                return;
            }
            if !is_sound(Plan { seed: asked.first.seed + nth, ..asked.first }, asked.is_twice) {
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| (0..asked.jobs).for_each(|_| drop(scope.spawn(work))));
    let failed = failed.into_inner();
    println!("{} seeds in {:.0} s, {failed} failed", asked.seeds, start.elapsed().as_secs_f64());
    ExitCode::from(u8::from(failed > 0))
}

/// Runs a seed and prints what came of it.
fn is_sound(plan: Plan, is_twice: bool) -> bool {
    let began = Instant::now();
    let report = run(plan);
    let mut text = format!(
        "seed {}: {} in {:.1} s, trace {}, {:?}",
        plan.seed,
        if report.broken.is_empty() { "ok" } else { "BROKEN" },
        began.elapsed().as_secs_f64(),
        Hex(&report.trace[..8]),
        report.counts
    );
    for broken in report.broken.iter().take(20) {
        text += &format!("\n  {broken:?}");
    }
    let replays = !is_twice || run(plan).trace == report.trace;
    if !replays {
        text += "\n  the same seed gave another trace";
    }
    println!("{text}");
    report.broken.is_empty() && replays
}

fn asked() -> Option<Asked> {
    let mut asked = Asked { seeds: 1, jobs: 1, first: Plan::year(1), is_twice: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next()?.parse::<u64>().ok();
        match word.as_str() {
            "--seeds" => asked.seeds = number()?,
            "--from" => asked.first.seed = number()?,
            "--jobs" => asked.jobs = number().filter(|jobs| *jobs > 0)?,
            "--devices" => asked.first.devices = number().filter(|devices| *devices > 0)? as usize,
            "--days" => asked.first.days = number().filter(|days| *days >= 10)?,
            "--twice" => asked.is_twice = true,
            "--loud" => asked.first.is_loud = true,
            _ => return None,
        }
    }
    Some(asked)
}
