//! A long file in blocks of whole lines, which several threads work on while the next are read.
//!
//! One thread reads, one a processor works, and the caller takes the results in the order of the file: block n is worked on
//! by worker n modulo their number, and its result taken from there. Bounds: [`BLOCK_BYTES`] a block, [`WAITING_MAX`] blocks
//! and as many results wait for or behind each worker. Failure: what cannot be read is an item like others. When the caller
//! stops taking, the threads end; when one of them panics, so does the caller, and nothing is taken for the file's end.

use std::io::{self, BufRead, Read};
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::publishing::imports::rows::ROW_BYTES_MAX;

/// Bytes of a block: some thousand rows.
const BLOCK_BYTES: usize = 1 << 18;
const _: () = assert!(BLOCK_BYTES > 2 * ROW_BYTES_MAX);
/// Blocks, and results, that wait at each worker.
const WAITING_MAX: usize = 2;

/// Whole lines of a file.
pub(crate) struct Block {
    pub(crate) bytes: Vec<u8>,
    /// Lines of the file before these.
    pub(crate) lines_before: u64,
}

/// The blocks of `source`, of which `lines` were read before.
pub(crate) fn blocks(source: impl BufRead, lines: u64) -> impl Iterator<Item = io::Result<Block>> {
    Blocks { source, lines, rest: Vec::new(), ended: false }
}

struct Blocks<R> {
    source: R,
    lines: u64,
    /// What was read behind the last whole line.
    rest: Vec<u8>,
    ended: bool,
}

impl<R: BufRead> Iterator for Blocks<R> {
    type Item = io::Result<Block>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let mut bytes = std::mem::take(&mut self.rest);
        let more = BLOCK_BYTES - bytes.len();
        match self.source.by_ref().take(more as u64).read_to_end(&mut bytes) {
            Ok(read) => self.ended = read < more,
            Err(error) => {
                self.ended = true;
                return Some(Err(error));
            }
        }
        if !self.ended {
            self.rest = bytes.split_off(whole_lines(&bytes));
        }
        let lines_before = self.lines;
        self.lines += line_ends(&bytes);
        (!bytes.is_empty()).then_some(Ok(Block { bytes, lines_before }))
    }
}

/// Bytes of the whole lines at the beginning of a block; all of it, where one line fills it: its row is refused.
fn whole_lines(bytes: &[u8]) -> usize {
    let after = |at: usize| at + 1;
    // An LF ends a line whatever follows; behind a CR, an LF would belong to it.
    let by_lf = bytes.iter().rposition(|byte| *byte == b'\n').map(after);
    let by_cr = || bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\r').map(after);
    by_lf.or_else(by_cr).unwrap_or(bytes.len())
}

/// Ends of lines: LF, CRLF, or CR alone.
fn line_ends(bytes: &[u8]) -> u64 {
    let lf = bytes.iter().filter(|byte| **byte == b'\n').count();
    let cr = bytes.iter().filter(|byte| **byte == b'\r').count();
    let both = if cr > 0 { bytes.windows(2).filter(|pair| pair == b"\r\n").count() } else { 0 };
    (lf + cr - both) as u64
}

/// Has `work` done on each item by several threads, and gives `take` the results in order.
pub(crate) fn in_order<I: Send, T: Send, R>(
    items: impl Iterator<Item = I> + Send,
    work: impl Fn(I) -> T + Sync,
    take: impl FnOnce(&mut dyn Iterator<Item = T>) -> R,
) -> R {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for _ in 0..workers {
            let (input, waiting) = sync_channel(WAITING_MAX);
            let (done, output) = sync_channel(WAITING_MAX);
            let work = &work;
            scope.spawn(move || waiting.into_iter().map(work).try_for_each(|result| done.send(result)));
            inputs.push(input);
            outputs.push(output);
        }
        scope.spawn(move || items.zip(inputs.iter().cycle()).try_for_each(|(item, input)| input.send(item)));
        let mut next = 0;
        take(&mut std::iter::from_fn(move || {
            let output = &outputs[next % workers];
            next += 1;
            output.recv().ok()
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn results_come_in_order_and_a_caller_may_stop() {
        let squares: Vec<u64> = in_order(0..1000u64, |n| n * n, |results| results.collect());
        assert_eq!(squares, (0..1000).map(|n| n * n).collect::<Vec<_>>());
        assert_eq!(in_order(0.., |n: u64| n + 1, |results| results.take(10).sum::<u64>()), 55);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Blocks hold every byte, end where lines end, and know their lines.
        #[test]
        fn blocks_are_whole_lines(lines in prop::collection::vec((0usize..30_000, 0usize..3), 0..60)) {
            let mut file = Vec::new();
            for (length, end) in &lines {
                file.extend(std::iter::repeat_n(b'x', *length));
                file.extend([&b"\n"[..], b"\r\n", b"\r"][*end]);
            }
            let (mut joined, mut ends) = (Vec::new(), 0);
            for block in blocks(&file[..], 7) {
                let block = block.unwrap();
                prop_assert_eq!(block.lines_before, 7 + ends);
                ends += line_ends(&block.bytes);
                joined.extend(block.bytes);
                prop_assert!(joined.len() == file.len() || joined.ends_with(b"\n") || joined.ends_with(b"\r"));
                prop_assert!(!(joined.ends_with(b"\r") && file[joined.len()..].starts_with(b"\n")));
            }
            prop_assert_eq!(ends, lines.len() as u64);
            prop_assert!(joined == file);
        }
    }
}
