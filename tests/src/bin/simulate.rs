//! `tests/simulate`: simulated years, one seed after the other; see `vedette_tests::simulation`.

use std::process::ExitCode;
use std::time::Instant;
use vedette_shim::ids::Hex;
use vedette_tests::simulation::{Plan, run};

const USAGE: &str = "usage: simulate [--seeds N] [--from SEED] [--devices N] [--days N] [--twice] [--loud]
  --seeds N    how many seeds, 1 at first
  --from SEED  the first of them, 1 at first; one that failed is run again with `--from SEED`
  --devices N  100 at first
  --days N     365 at first
  --twice      each seed twice: the traces must be the same
  --loud       print everything that happens";

fn main() -> ExitCode {
    let Some((seeds, first, is_twice)) = plans() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let (start, mut failed) = (Instant::now(), 0);
    for seed in 0..seeds {
        let plan = Plan { seed: first.seed + seed, ..first };
        let began = Instant::now();
        let report = run(plan);
        println!(
            "seed {}: {} in {:.1} s, trace {}, {:?}",
            plan.seed,
            if report.broken.is_empty() { "ok" } else { "BROKEN" },
            began.elapsed().as_secs_f64(),
            Hex(&report.trace[..8]),
            report.counts
        );
        report.broken.iter().take(20).for_each(|broken| println!("  {broken:?}"));
        let replays = !is_twice || run(plan).trace == report.trace;
        if !replays {
            println!("  the same seed gave another trace");
        }
        failed += u64::from(!report.broken.is_empty() || !replays);
    }
    println!("{seeds} seeds in {:.0} s, {failed} failed", start.elapsed().as_secs_f64());
    ExitCode::from(u8::from(failed > 0))
}

/// How many seeds, what to do with the first, and whether twice.
fn plans() -> Option<(u64, Plan, bool)> {
    let (mut seeds, mut plan, mut is_twice) = (1, Plan::year(1), false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next()?.parse::<u64>().ok();
        match word.as_str() {
            "--seeds" => seeds = number()?,
            "--from" => plan.seed = number()?,
            "--devices" => plan.devices = number().filter(|devices| *devices > 0)? as usize,
            "--days" => plan.days = number().filter(|days| *days >= 10)?,
            "--twice" => is_twice = true,
            "--loud" => plan.is_loud = true,
            _ => return None,
        }
    }
    Some((seeds, plan, is_twice))
}
