//! Documents: Vedette's sealed segments against plaintext peers, in one run, over the same keys.
//!
//! ```text
//! cargo bench -p vedette-lists --bench documents -- [--n N] [--only ENGINE] [--dir DIR]
//! cargo bench -p vedette-lists --bench documents -- --twins [--n N]
//! ```
//! N documents, 1,000,000 by default; DIR (default: the system's for temporary files) needs about 80 bytes a document.
//! Each engine runs in processes of its own, so that its memory is its own; its files are deleted after it. Prints a
//! table and a JSON line for each engine. One thread asks. What is measured, and how, is in `agent/PERFORMANCE.md`.
//!
//! With `--twins` it prints one line only: how many unlisted travellers the other readings of their zones make *Possible*.
//! For that the list is generated, not built, so that N may be 138,000,000.

mod keys;
mod measure;
mod ours;
mod peers;
mod twins;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use vedette_lists::DocumentChange;

use keys::{Listed, Queries, Random, text, withdrawal};
use measure::{Io, MemoryWatch, forget, latency, size};
use peers::{Fst, Lmdb, Peer, PeerChange, Redb, Sqlite};

/// Lookups after the page cache was emptied.
const COLD_LOOKUPS: usize = 2000;
/// Lookups while memory is watched.
const MEMORY_LOOKUPS: usize = 100_000;
/// Changes applied: half put, half withdrawn.
const CHANGES: usize = 100_000;
/// Hits asked for, and misses.
const QUERIES: u64 = 200_000;
const ENGINES: [&str; 5] = ["vedette", "sqlite", "lmdb", "redb", "fst"];

fn main() -> anyhow::Result<()> {
    let (mut n, mut only, mut dir, mut child) = (1_000_000u64, None, std::env::temp_dir(), None);
    let mut only_twins = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--n" => n = value()?.replace('_', "").parse().context("--n is not a number")?,
            "--only" => only = Some(value()?),
            "--twins" => only_twins = true,
            "--dir" => dir = PathBuf::from(value()?),
            // One step of one engine, in its own process: `build`, `measure`, `memory`; each with what those before said.
            "--child" => child = Some((value()?, value()?)),
            // Cargo's own.
            "--bench" => {}
            other => bail!("unknown argument {other}; there are --n N, --only ENGINE, --dir DIR, --twins"),
        }
    }
    if let Some((step, built)) = child {
        let line =
            step_of(&only.context("--child needs --only")?, &step, n, &dir, &serde_json::from_str(&built)?)?;
        println!("{line}");
        return Ok(());
    }
    if only_twins {
        println!("{}", twins::possible(n));
        return Ok(());
    }
    let wanted = |name: &&str| only.as_deref().is_none_or(|only| only == *name);
    let engines: Vec<&str> = ENGINES.into_iter().filter(wanted).collect();
    if engines.is_empty() || n < 1000 {
        bail!("--n is at least 1000 and --only one of {}", ENGINES.join(", "));
    }
    println!("{n} documents, {:.2} bits of information a key", keys::information_bits(n) / n as f64);
    let mut lines = Vec::new();
    for engine in engines {
        let folder = tempfile::Builder::new().prefix("vedette-bench").tempdir_in(&dir)?;
        let mut line = Value::Object(serde_json::Map::new());
        for step in ["build", "measure", "memory"] {
            let said = spawn(engine, step, n, folder.path(), &line)?;
            if let (Value::Object(line), Value::Object(said)) = (&mut line, said) {
                line.extend(said);
            }
        }
        if let Value::Object(line) = &mut line {
            // What one process told the next.
            line.retain(|field, _| !field.ends_with("path") && !field.ends_with("digest"));
        }
        lines.push(line);
    }
    table(&lines);
    lines.iter().for_each(|line| println!("{line}"));
    Ok(())
}

fn spawn(engine: &str, step: &str, n: u64, dir: &Path, built: &Value) -> anyhow::Result<Value> {
    eprintln!("{engine}: {step}");
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["--child", step, &built.to_string(), "--only", engine, "--n", &n.to_string(), "--dir"])
        .arg(dir);
    let output = command.output()?;
    if !output.status.success() {
        bail!("{engine}, {step}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn step_of(engine: &str, step: &str, n: u64, dir: &Path, built: &Value) -> anyhow::Result<Value> {
    if step == "build" {
        return match engine {
            "vedette" => ours::build(n, dir),
            "sqlite" => build::<Sqlite>(n, dir),
            "lmdb" => build::<Lmdb>(n, dir),
            "redb" => build::<Redb>(n, dir),
            _ => build::<Fst>(n, dir),
        };
    }
    if step == "memory" {
        return match engine {
            "vedette" => ours::memory(n, dir, built),
            "sqlite" => memory::<Sqlite>(n, dir),
            "lmdb" => memory::<Lmdb>(n, dir),
            "redb" => memory::<Redb>(n, dir),
            _ => memory::<Fst>(n, dir),
        };
    }
    let mut queries = Queries::new(n, (n / 5).min(QUERIES));
    keys::listed(n).for_each(|listed| queries.see(&listed));
    queries.finish();
    match engine {
        "vedette" => ours::measure(n, dir, built, &queries),
        "sqlite" => measure::<Sqlite>(dir, built, &queries),
        "lmdb" => measure::<Lmdb>(dir, built, &queries),
        "redb" => measure::<Redb>(dir, built, &queries),
        _ => measure::<Fst>(dir, built, &queries),
    }
}

/// Half new documents, half withdrawals of listed ones.
struct Changes(Vec<(Listed, bool)>);

impl Changes {
    fn of(queries: &Queries) -> Self {
        let mut random = Random::new(0xc4a);
        let half = Changes::half(queries);
        let mut put = |&key| (Listed { key, value: keys::value(&mut random) }, true);
        let mut changes: Vec<_> = queries.misses.iter().take(half).map(&mut put).collect();
        changes.extend(queries.hits.iter().take(half).map(|&listed| (listed, false)));
        Changes(changes)
    }

    /// How many are put, and how many withdrawn.
    fn half(queries: &Queries) -> usize {
        (CHANGES / 2).min(queries.hits.len() / 2).min(queries.misses.len())
    }

    /// The hits that no change withdraws: for them every segment is asked, the base too.
    fn standing(queries: &Queries) -> &[Listed] {
        &queries.hits[Changes::half(queries)..]
    }

    fn ours(&self) -> Vec<DocumentChange> {
        let change =
            |(listed, put): &(Listed, bool)| if *put { listed.change() } else { withdrawal(listed.key) };
        self.0.iter().map(change).collect()
    }

    /// In the order of the keys, which is the order that a store of sorted keys likes best.
    fn peers(&self) -> Vec<PeerChange> {
        let mut changes: Vec<_> =
            self.0.iter().map(|(listed, put)| (listed.text(), put.then_some(listed.value))).collect();
        changes.sort();
        changes
    }
}

fn build<P: Peer>(n: u64, dir: &Path) -> anyhow::Result<Value> {
    let watch = MemoryWatch::start();
    let start = Instant::now();
    let mut documents = 0u64;
    P::build(dir, keys::listed(n).inspect(|_| documents += 1))?;
    Ok(json!({
        "build_s": start.elapsed().as_secs_f64(), "build_mb": watch.finish(), "documents": documents, "bytes": size(dir),
    }))
}

fn measure<P: Peer>(dir: &Path, built: &Value, queries: &Queries) -> anyhow::Result<Value> {
    let hits: Vec<(Vec<u8>, u64)> = queries.hits.iter().map(|listed| (listed.text(), listed.value)).collect();
    let misses: Vec<Vec<u8>> = queries.misses.iter().map(text).collect();

    forget(dir);
    let mut store = P::open(dir)?;
    let (cold_pages, right, hit, miss) = store.ask(|ask| {
        let io = Io::now();
        hits.iter().take(COLD_LOOKUPS).for_each(|(key, _)| {
            ask(key);
        });
        let cold_pages = (Io::now().read - io.read) as f64 / 4096.0 / COLD_LOOKUPS.min(hits.len()) as f64;
        let right = hits.iter().all(|(key, value)| ask(key) == Some(*value))
            && misses.iter().all(|key| ask(key).is_none());
        let hit = latency(&hits, |(key, _)| {
            std::hint::black_box(ask(key));
        });
        let miss = latency(&misses, |key| {
            std::hint::black_box(ask(key));
        });
        (cold_pages, right, hit, miss)
    })?;
    anyhow::ensure!(right, "{} gave a wrong answer", P::NAME);

    let changes = Changes::of(queries).peers();
    let io = Io::now();
    let start = Instant::now();
    let applied = store.apply(&changes)?;
    let apply_s = start.elapsed().as_secs_f64();
    let written = Io::now().written - io.written;
    let (bytes, documents) =
        (built["bytes"].as_f64().unwrap_or(0.0), built["documents"].as_f64().unwrap_or(1.0));
    let mut line = json!({
        "engine": P::NAME, "documents": documents, "bytes": bytes, "bytes_a_document": bytes / documents,
        "hit_ns": hit.median_ns, "hit_p99_ns": hit.p99_ns, "miss_ns": miss.median_ns, "miss_p99_ns": miss.p99_ns,
        "cold_pages": cold_pages,
    });
    if applied {
        line["changes"] = changes.len().into();
        line["apply_s"] = apply_s.into();
        line["apply_bytes_a_change"] = (written as f64 / changes.len() as f64).into();
    }
    Ok(line)
}

/// The most memory of its own that a process takes which does nothing but look up. Its questions come one by one from
/// the list's own numbers, so that none are kept.
fn memory<P: Peer>(n: u64, dir: &Path) -> anyhow::Result<Value> {
    let watch = MemoryWatch::start();
    let store = P::open(dir)?;
    store.ask(|ask| {
        sampled(n).for_each(|listed| {
            std::hint::black_box(ask(&listed.text()));
        })
    })?;
    Ok(json!({ "lookup_mb": watch.finish() }))
}

/// Some listed documents, from all over the list.
fn sampled(n: u64) -> impl Iterator<Item = Listed> {
    keys::listed(n).step_by((n as usize / MEMORY_LOOKUPS).max(1))
}

/// What the table shows: heading, field, digits after the point.
const COLUMNS: [(&str, &str, usize); 15] = [
    ("B a document", "bytes_a_document", 2),
    ("hit ns", "hit_ns", 0),
    ("p99", "hit_p99_ns", 0),
    ("miss ns", "miss_ns", 0),
    ("p99", "miss_p99_ns", 0),
    ("miss, filter", "filtered_miss_ns", 0),
    ("one memory read", "memory_read_ns", 0),
    ("cold pages", "cold_pages", 2),
    ("build s", "build_s", 1),
    ("build MB", "build_mb", 0),
    ("lookup MB", "lookup_mb", 1),
    ("merge MB", "merge_mb", 1),
    ("apply s", "apply_s", 4),
    ("B written a change", "apply_bytes_a_change", 1),
    ("B sent a change", "wire_bytes_a_change", 2),
];

fn table(lines: &[Value]) {
    let headings: Vec<&str> = COLUMNS.iter().map(|(heading, ..)| *heading).collect();
    println!("| engine | {} |\n|---|{}", headings.join(" | "), "---|".repeat(COLUMNS.len()));
    for line in lines {
        let cell = |(_, field, digits): &(&str, &str, usize)| match line[*field].as_f64() {
            Some(number) => format!("{number:.digits$}"),
            None => "-".to_owned(),
        };
        let cells: Vec<String> = COLUMNS.iter().map(cell).collect();
        println!("| {} | {} |", line["engine"].as_str().unwrap_or(""), cells.join(" | "));
    }
}
