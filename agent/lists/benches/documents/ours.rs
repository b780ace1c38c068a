//! Vedette's segments: sealed and verified.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde_json::{Value, json};
use vedette_lists::{Change, Edition, ListError, ListKey, SegmentFile, build_documents, merge};
use vedette_shim::document::DocumentKey;

use super::keys::{Listed, Queries, information_bits, listed};
use super::measure::{Io, MemoryWatch, forget, latency, memory_read, timed};
use super::{COLD_LOOKUPS, Changes, QUERIES, sampled, twins};

/// Bits of a packed payload: status 2, theft 13, expiry 12.
const PAYLOAD_BITS: f64 = 27.0;

fn key() -> ListKey {
    ListKey([0x42; 32])
}

fn open(path: &Path, digest: [u8; 32]) -> Result<SegmentFile, ListError> {
    SegmentFile::open_verified(path, digest, &key())
}

fn ask(edition: &Edition, key: &DocumentKey) {
    std::hint::black_box(edition.find(key).expect("the list answers"));
}

/// The first process: builds the list, as headquarters does.
pub(crate) fn build(n: u64, dir: &Path) -> anyhow::Result<Value> {
    let watch = MemoryWatch::start();
    let start = Instant::now();
    let changes = listed(n).map(|listed| Ok::<_, ListError>(listed.change()));
    let (path, info) = build_documents(changes, &key(), dir)?;
    Ok(json!({
        "build_s": start.elapsed().as_secs_f64(), "build_mb": watch.finish(), "path": path, "digest": info.digest,
        "documents": info.entries, "bytes": info.bytes,
    }))
}

/// The second process: asks it and changes it, as a device does. `built` is what [`build`] returned.
pub(crate) fn measure(n: u64, dir: &Path, built: &Value, queries: &Queries) -> anyhow::Result<Value> {
    let path: std::path::PathBuf = serde_json::from_value(built["path"].clone())?;
    let digest: [u8; 32] = serde_json::from_value(built["digest"].clone())?;
    let (bytes, documents) =
        (built["bytes"].as_f64().unwrap_or(0.0), built["documents"].as_f64().unwrap_or(1.0));

    let start = Instant::now();
    let edition = Edition::open(vec![open(&path, digest)?])?;
    let open_s = start.elapsed().as_secs_f64();
    for listed in &queries.hits {
        let found = edition.find(&listed.key)?.exact.map(Change::Put);
        anyhow::ensure!(found == Some(listed.change()), "{} is wrong", listed.key);
    }
    for key in &queries.misses {
        anyhow::ensure!(edition.find(key)?.is_empty(), "{key} is not listed");
    }
    let hit = latency(&queries.hits, |listed| ask(&edition, &listed.key));
    let miss = latency(&queries.misses, |key| ask(&edition, key));
    let twins = twins::price(n, &edition, "");
    drop(edition);

    forget(dir);
    let edition = Edition::open(vec![SegmentFile::open(&path, digest, &key())?])?;
    let io = Io::now();
    queries.hits.iter().take(COLD_LOOKUPS).for_each(|listed| ask(&edition, &listed.key));
    let cold_pages = (Io::now().read - io.read) as f64 / 4096.0 / COLD_LOOKUPS.min(queries.hits.len()) as f64;

    drop(edition);

    let start = Instant::now();
    let filtered = Edition::open(vec![SegmentFile::open(&path, digest, &key())?.with_filter()?])?;
    let filter_s = start.elapsed().as_secs_f64();
    let filtered_miss = latency(&queries.misses, |key| ask(&filtered, key));
    let filtered_hit = latency(&queries.hits, |listed| ask(&filtered, &listed.key));
    let filtered_twins = twins::price(n, &filtered, "filtered_");
    let filter_bytes = filtered.segments()[0].filter().map_or(0, |filter| filter.bytes());
    drop(filtered);
    let memory_read = memory_read(filter_bytes, QUERIES);

    let information = information_bits(n) / documents;
    let keys_bits = bytes * 8.0 / documents - PAYLOAD_BITS;
    let mut line = json!({
        "engine": "Vedette (sealed)", "documents": documents, "bytes": bytes, "bytes_a_document": bytes / documents,
        "keys_bits": keys_bits, "information_bits": information, "keys_share": keys_bits / information,
        "hit_ns": hit.median_ns, "hit_p99_ns": hit.p99_ns, "miss_ns": miss.median_ns, "miss_p99_ns": miss.p99_ns,
        "filtered_miss_ns": filtered_miss.median_ns, "filtered_miss_p99_ns": filtered_miss.p99_ns,
        "filtered_hit_ns": filtered_hit.median_ns, "filter_bytes_a_document": filter_bytes as f64 / documents,
        "memory_read_ns": memory_read.median_ns, "filter_s": filter_s, "open_verified_s": open_s, "cold_pages": cold_pages,
    });
    for more in [twins, filtered_twins, update(dir, (&path, digest), queries)?] {
        if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
            line.extend(more);
        }
    }
    Ok(line)
}

/// The third process: the memory that is its own while it looks up, and while it merges.
pub(crate) fn memory(n: u64, dir: &Path, said: &Value) -> anyhow::Result<Value> {
    let file = |path: &str, digest: &str| -> anyhow::Result<SegmentFile> {
        let path: std::path::PathBuf = serde_json::from_value(said[path].clone())?;
        Ok(open(&path, serde_json::from_value(said[digest].clone())?)?)
    };
    let watch = MemoryWatch::start();
    let edition = Edition::open(vec![file("path", "digest")?, file("delta_path", "delta_digest")?])?;
    sampled(n).for_each(|listed| ask(&edition, &listed.key));
    let lookup_mb = watch.finish();
    let watch = MemoryWatch::start();
    merge(&edition.segments().iter().collect::<Vec<_>>(), true, &key(), dir)?;
    Ok(json!({ "lookup_mb": lookup_mb, "merge_mb": watch.finish() }))
}

/// 100,000 changes: made by the publisher, taken by the device, merged by it while it answers.
fn update(dir: &Path, (base, digest): (&Path, [u8; 32]), queries: &Queries) -> anyhow::Result<Value> {
    let publisher = tempfile::tempdir_in(dir)?;
    let changes = Changes::of(queries).ours();
    let puts = changes.iter().filter(|change| matches!(change, Change::Put(_))).count();
    let start = Instant::now();
    let all = changes.iter().cloned().map(Ok::<_, ListError>);
    let (published, delta) = build_documents(all, &key(), publisher.path())?;
    let delta_s = start.elapsed().as_secs_f64();
    let received = std::fs::read(&published)?;

    let base = SegmentFile::open(base, digest, &key())?;
    let io = Io::now();
    let start = Instant::now();
    let path = dir.join(published.file_name().unwrap_or_default());
    let temporary = path.with_extension("tmp");
    std::fs::write(&temporary, &received)?;
    vedette_common::files::persist(&temporary, &path)?;
    let edition = Edition::open(vec![base, open(&path, delta.digest)?])?;
    let apply_s = start.elapsed().as_secs_f64();
    let written = Io::now().written - io.written;
    for change in changes {
        let (key, expected) = match change {
            Change::Put(alert) => (alert.key, Some(alert)),
            Change::Withdraw(id) => (id.key, None),
        };
        anyhow::ensure!(edition.find(&key)?.exact == expected, "{key} is wrong after the update");
    }

    let standing = Changes::standing(queries);
    let hit_of_two = latency(standing, |listed| ask(&edition, &listed.key));
    let mut update = json!({
        "delta_path": path, "delta_digest": delta.digest, "changes": puts * 2, "delta_build_s": delta_s, "apply_s": apply_s,
        "apply_bytes_a_change": written as f64 / (puts * 2) as f64,
        "wire_bytes_a_change": delta.bytes as f64 / (puts * 2) as f64,
        "wire_key_bytes_a_change": (delta.bytes as f64 - puts as f64 * PAYLOAD_BITS / 8.0) / (puts * 2) as f64,
        "hit_of_two_segments_ns": hit_of_two.median_ns, "hit_of_two_segments_p99_ns": hit_of_two.p99_ns,
    });
    merge_beside(dir, &edition, standing, &mut update)?;
    Ok(update)
}

/// Merges the edition while it is asked; what it takes without a merge is `hit_of_two_segments`.
fn merge_beside(dir: &Path, edition: &Edition, hits: &[Listed], line: &mut Value) -> anyhow::Result<()> {
    let parts: Vec<&SegmentFile> = edition.segments().iter().collect();
    let start = Instant::now();
    merge(&parts, true, &key(), dir)?;
    line["merge_s"] = start.elapsed().as_secs_f64().into();

    let merging = AtomicBool::new(true);
    let during = std::thread::scope(|scope| {
        let merged = scope.spawn(|| {
            let merged = merge(&parts, true, &key(), dir);
            merging.store(false, Ordering::Relaxed);
            merged
        });
        let mut during = None;
        while merging.load(Ordering::Relaxed) {
            // Short rounds, so that all but the last are surely beside the merge.
            let latency = timed(&hits[..hits.len().min(20_000)], |listed| ask(edition, &listed.key));
            if merging.load(Ordering::Relaxed) || during.is_none() {
                during = Some(latency);
            }
        }
        merged.join().map_err(|_| anyhow::anyhow!("the merge panicked"))??;
        anyhow::Ok(during)
    })?;
    if let Some(during) = during {
        line["hit_beside_merge_ns"] = during.median_ns.into();
        line["hit_beside_merge_p99_ns"] = during.p99_ns.into();
    }
    Ok(())
}
