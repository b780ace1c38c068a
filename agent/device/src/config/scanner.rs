//! `[[scanner]]` of the configuration: which port, what speaks there, how.

use super::value::{WrongValue, bytes_within, within, wrong};
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// Scanners of one device, at most.
pub const SCANNERS_MAX: usize = 8;
/// Slowest line for frames, bits a second: the largest message takes a second there, half of what the agent waits for its
/// answer (`scanner::session::ANSWER_WAIT`).
const FRAMES_BAUD_MIN: u32 = 38_400;
/// Slowest reader of lines, bits a second.
const LINES_BAUD_MIN: u32 = 300;
/// Fastest line, bits a second.
const BAUD_MAX: u32 = 4_000_000;
/// Longest name, bytes.
const NAME_BYTES_MAX: usize = 64;
/// Longest prefix or suffix, bytes.
const MARK_BYTES_MAX: usize = 16;

/// How a reader frames its zones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Framing {
    /// What it sends before a zone; may be empty.
    pub prefix: Vec<u8>,
    /// What it sends after a zone; may be empty.
    pub suffix: Vec<u8>,
}

/// A scanner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScannerConfig {
    /// The serial port, or a link to it that udev makes.
    pub port: PathBuf,
    /// Bits a second.
    pub baud: u32,
    /// As the journal names it where no officer is known.
    pub name: String,
    /// What speaks there.
    pub speaks: Speaks,
}

/// What a scanner speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speaks {
    /// Zones as lines of text.
    Lines {
        /// What stands around them.
        framing: Framing,
        /// So long a silence ends a zone.
        gap: Duration,
    },
    /// The frames of `firmware-shim/FORMAT.md`, "Scanners".
    Frames,
}

/// As it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScanner {
    port: PathBuf,
    kind: RawKind,
    #[serde(default = "baud_default")]
    baud: u32,
    name: Option<String>,
    prefix: Option<String>,
    suffix: Option<String>,
    gap_ms: Option<u64>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum RawKind {
    Lines,
    Frames,
}

fn baud_default() -> u32 {
    115_200
}

/// So long a silence ends a zone, milliseconds; slow readers pause between lines, but not so long.
const GAP_DEFAULT_MS: u64 = 200;

impl RawScanner {
    pub(super) fn check(self) -> Result<ScannerConfig, WrongValue> {
        if !self.port.is_absolute() {
            return Err(wrong("scanner.port", self.port.display(), "must be a path from the root"));
        }
        let baud_min = if self.kind == RawKind::Frames { FRAMES_BAUD_MIN } else { LINES_BAUD_MIN };
        within("scanner.baud", self.baud.into(), baud_min.into()..=BAUD_MAX.into())?;
        let name = self.name.clone().unwrap_or_else(|| self.port.display().to_string());
        if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
            let rule = format!("must have 1 to {NAME_BYTES_MAX} bytes, no control characters");
            return Err(wrong("scanner.name", format_args!("{name:?}"), rule));
        }
        let speaks = match self.kind {
            RawKind::Frames => self.frames()?,
            RawKind::Lines => self.lines()?,
        };
        Ok(ScannerConfig { port: self.port, baud: self.baud, name, speaks })
    }

    fn frames(&self) -> Result<Speaks, WrongValue> {
        let only_lines = "only for kind = \"lines\"";
        for (key, mark) in [("scanner.prefix", &self.prefix), ("scanner.suffix", &self.suffix)] {
            if let Some(mark) = mark {
                return Err(wrong(key, format_args!("{mark:?}"), only_lines));
            }
        }
        match self.gap_ms {
            Some(gap_ms) => Err(wrong("scanner.gap_ms", gap_ms, only_lines)),
            None => Ok(Speaks::Frames),
        }
    }

    fn lines(&self) -> Result<Speaks, WrongValue> {
        let mark = |key, text: &Option<String>| {
            let text = text.clone().unwrap_or_default();
            bytes_within(key, &text, 0..=MARK_BYTES_MAX).map(|()| text.into_bytes())
        };
        let framing = Framing {
            prefix: mark("scanner.prefix", &self.prefix)?,
            suffix: mark("scanner.suffix", &self.suffix)?,
        };
        let gap_ms = self.gap_ms.unwrap_or(GAP_DEFAULT_MS);
        within("scanner.gap_ms", gap_ms, 10..=5_000)?;
        Ok(Speaks::Lines { framing, gap: Duration::from_millis(gap_ms) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<ScannerConfig, WrongValue> {
        toml::from_str::<RawScanner>(text).unwrap().check()
    }

    #[test]
    fn a_port_and_a_kind_are_enough() {
        let lines = check("port = '/dev/ttyACM0'\nkind = 'lines'").unwrap();
        assert_eq!((lines.baud, lines.name.as_str()), (115_200, "/dev/ttyACM0"));
        let gap = Duration::from_millis(GAP_DEFAULT_MS);
        assert_eq!(lines.speaks, Speaks::Lines { framing: Framing::default(), gap });
        let marked = "port = '/dev/ttyACM0'\nkind = 'lines'\nprefix = \"\\u0002\"\nsuffix = \"\\u0003\\r\"";
        let Speaks::Lines { framing, .. } = check(marked).unwrap().speaks else { panic!("it speaks lines") };
        assert_eq!(framing, Framing { prefix: vec![2], suffix: vec![3, b'\r'] });
        assert_eq!(check("port = '/dev/ttyS0'\nkind = 'frames'").unwrap().speaks, Speaks::Frames);
    }

    #[test]
    fn every_mistake_names_its_key() {
        for (wrong, key) in [
            ("port = 'ttyACM0'\nkind = 'lines'", "scanner.port"),
            ("port = '/dev/a'\nkind = 'lines'\nbaud = 7", "scanner.baud"),
            ("port = '/dev/a'\nkind = 'frames'\nbaud = 9600", "scanner.baud"),
            ("port = '/dev/a'\nkind = 'lines'\nname = ''", "scanner.name"),
            ("port = '/dev/a'\nkind = 'lines'\ngap_ms = 0", "scanner.gap_ms"),
            ("port = '/dev/a'\nkind = 'lines'\nprefix = '12345678901234567'", "scanner.prefix"),
            ("port = '/dev/a'\nkind = 'frames'\nsuffix = 'x'", "scanner.suffix"),
            ("port = '/dev/a'\nkind = 'frames'\ngap_ms = 100", "scanner.gap_ms"),
        ] {
            assert_eq!(check(wrong).unwrap_err().key, key, "{wrong}");
        }
    }
}
