//! Clocks and counters: time of single calls, bytes written and read by this process, its memory, the page cache.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Times of single calls.
#[derive(Clone, Copy)]
pub(crate) struct Latency {
    pub(crate) median_ns: f64,
    pub(crate) p99_ns: f64,
}

/// Calls `ask` with each item once to warm up and once with the clock.
pub(crate) fn latency<T>(items: &[T], mut ask: impl FnMut(&T)) -> Latency {
    items.iter().for_each(&mut ask);
    timed(items, ask)
}

/// The same, but in `rounds` over all items, of which the least time of each item counts: what the machine does beside comes
/// and goes, what an item costs stays.
pub(crate) fn least<T>(items: &[T], rounds: usize, mut ask: impl FnMut(&T)) -> Latency {
    let mut times = vec![u64::MAX; items.len()];
    for _ in 0..rounds {
        times.iter_mut().zip(round(items, &mut ask)).for_each(|(least, time)| *least = time.min(*least));
    }
    sum_up(times)
}

/// Calls `ask` with each item. What reading the clock takes is subtracted.
pub(crate) fn timed<T>(items: &[T], mut ask: impl FnMut(&T)) -> Latency {
    sum_up(round(items, &mut ask))
}

/// How long each item takes, ns.
fn round<T>(items: &[T], ask: &mut impl FnMut(&T)) -> Vec<u64> {
    let time = |item| {
        let start = Instant::now();
        ask(item);
        start.elapsed().as_nanos() as u64
    };
    items.iter().map(time).collect()
}

fn sum_up(mut times: Vec<u64>) -> Latency {
    times.sort_unstable();
    let clock = clock_ns();
    let at = |share: f64| (times[((times.len() - 1) as f64 * share) as usize] as f64 - clock).max(0.0);
    Latency { median_ns: at(0.5), p99_ns: at(0.99) }
}

/// One read at a random place in that much memory: the least that anything of this size waits for. It shows how much of
/// the shared cache the machine has just now.
pub(crate) fn memory_read(bytes: usize, reads: u64) -> Latency {
    let memory = vec![1u8; bytes];
    let place = |n: u64| ((u128::from(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)) * bytes as u128) >> 64) as usize;
    let places: Vec<usize> = (1..=reads).map(place).collect();
    latency(&places, |&place| {
        std::hint::black_box(memory[place]);
    })
}

fn clock_ns() -> f64 {
    let mut times: Vec<u64> = (0..10_001)
        .map(|_| {
            let start = Instant::now();
            start.elapsed().as_nanos() as u64
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2] as f64
}

/// Bytes that this process caused to be fetched from, and sent to, the storage.
#[derive(Clone, Copy)]
pub(crate) struct Io {
    pub(crate) read: u64,
    pub(crate) written: u64,
}

impl Io {
    pub(crate) fn now() -> Self {
        let text = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
        let field = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|n| n.trim().parse().ok())
                .unwrap_or(0)
        };
        Io { read: field("read_bytes:"), written: field("write_bytes:") }
    }
}

/// Watches the memory that is this process's own: not the pages of files, which the system takes back as it likes.
pub(crate) struct MemoryWatch {
    most: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl MemoryWatch {
    pub(crate) fn start() -> Self {
        let (most, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (most, stop) = (most.clone(), stop.clone());
            move || {
                while !stop.load(Ordering::Relaxed) {
                    most.fetch_max(own_memory(), Ordering::Relaxed);
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
        });
        MemoryWatch { most, stop, thread }
    }

    /// The most seen, in MB.
    pub(crate) fn finish(self) -> f64 {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
        self.most.load(Ordering::Relaxed).max(own_memory()) as f64 / 1e6
    }
}

/// Anonymous resident memory now, in bytes.
fn own_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib =
        text.lines().find_map(|line| line.strip_prefix("RssAnon:")?.trim().strip_suffix(" kB")?.parse().ok());
    kib.unwrap_or(0u64) * 1024
}

/// Writes a folder's files out and takes them from the page cache.
pub(crate) fn forget(dir: &Path) {
    for path in files(dir) {
        if let Ok(file) = File::open(path) {
            let _ = file.sync_all();
            let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
        }
    }
}

/// Bytes that a folder's files take on disk: a sparse file counts what it holds.
pub(crate) fn size(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    files(dir)
        .iter()
        .filter_map(|file| file.metadata().ok())
        .map(|data| data.len().min(data.blocks() * 512))
        .sum()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}
