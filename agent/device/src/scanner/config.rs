//! `[[scanner]]` of the configuration: which port, what speaks there, how.

use super::zone::Framing;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// Scanners of one device, at most.
pub const SCANNERS_MAX: usize = 8;
/// Slowest line for frames: the largest message takes a second, and its answer is waited for
/// [`super::session::ANSWER_WAIT`].
const FRAMES_BAUD_MIN: u32 = 38_400;
/// Longest prefix or suffix, bytes.
const MARK_BYTES_MAX: usize = 16;

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
pub(crate) struct RawScanner {
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
    /// Checks it; else the key at fault, what it was and what it must be.
    pub(crate) fn check(self) -> Result<ScannerConfig, (&'static str, String, String)> {
        if !self.port.is_absolute() {
            return Err(("scanner.port", self.port.display().to_string(), "a path from the root".into()));
        }
        let baud_min = if self.kind == RawKind::Frames { FRAMES_BAUD_MIN } else { 300 };
        if !(baud_min..=4_000_000).contains(&self.baud) {
            return Err(("scanner.baud", self.baud.to_string(), format!("must be {baud_min} to 4000000")));
        }
        let name = self.name.unwrap_or_else(|| self.port.display().to_string());
        if name.is_empty() || name.len() > 64 || name.chars().any(char::is_control) {
            return Err(("scanner.name", format!("{name:?}"), "1 to 64 bytes, no control characters".into()));
        }
        let speaks = match self.kind {
            RawKind::Frames => {
                let of_lines = [("scanner.prefix", &self.prefix), ("scanner.suffix", &self.suffix)];
                for (key, mark) in of_lines {
                    if let Some(mark) = mark {
                        return Err((key, format!("{mark:?}"), "only for kind = \"lines\"".into()));
                    }
                }
                if let Some(gap_ms) = self.gap_ms {
                    return Err(("scanner.gap_ms", gap_ms.to_string(), "only for kind = \"lines\"".into()));
                }
                Speaks::Frames
            }
            RawKind::Lines => {
                let mark = |key, text: Option<String>| {
                    let text = text.unwrap_or_default();
                    if text.len() > MARK_BYTES_MAX {
                        return Err((key, format!("{text:?}"), "at most 16 bytes".into()));
                    }
                    Ok(text.into_bytes())
                };
                let framing = Framing {
                    prefix: mark("scanner.prefix", self.prefix)?,
                    suffix: mark("scanner.suffix", self.suffix)?,
                };
                let gap_ms = self.gap_ms.unwrap_or(GAP_DEFAULT_MS);
                if !(10..=5_000).contains(&gap_ms) {
                    return Err(("scanner.gap_ms", gap_ms.to_string(), "must be 10 to 5000".into()));
                }
                Speaks::Lines { framing, gap: Duration::from_millis(gap_ms) }
            }
        };
        Ok(ScannerConfig { port: self.port, baud: self.baud, name, speaks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<ScannerConfig, (&'static str, String, String)> {
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
            assert_eq!(check(wrong).unwrap_err().0, key, "{wrong}");
        }
    }
}
