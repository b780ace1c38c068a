//! Bytes of an MRZ reader -> machine readable zones. Pure: bytes and silence come in, zones go out.
//!
//! Readers differ in what they put around the lines. With a suffix, a zone is what stands before it; without, a zone ends
//! at a line's end when all its check digits agree, or else when the reader falls silent (`gap`). A prefix ends whatever
//! came before it. Lines may end in CR, LF or both.
//!
//! Invariants: at most [`ZONE_BYTES_MAX`] bytes are kept; what is longer is no zone: it is handed out once, cut and marked
//! so that nobody can read it as one, and the rest is dropped up to the next silence. Failure: bytes that are no zone are
//! handed out all the same: the officer must hear that nothing was read.

use crate::config::Framing;
use vedette_shim::mrz;

/// Longest zone with its line breaks and whatever a reader adds, bytes.
pub const ZONE_BYTES_MAX: usize = 256;
/// Stands at the end of what was cut; no zone has it.
const CUT: char = '…';

/// Puts zones together.
#[derive(Debug)]
pub struct Zones {
    framing: Framing,
    text: Vec<u8>,
    too_long: bool,
}

impl Zones {
    /// For a reader that frames so.
    pub fn new(framing: Framing) -> Zones {
        Zones { framing, text: Vec::with_capacity(ZONE_BYTES_MAX), too_long: false }
    }

    /// Takes a byte; the zone, if it was the last of one.
    pub fn push(&mut self, byte: u8) -> Option<String> {
        if self.too_long {
            return None;
        }
        if self.text.len() == ZONE_BYTES_MAX {
            self.too_long = true;
            return Some(format!("{}{CUT}", self.take().unwrap_or_default()));
        }
        self.text.push(byte);
        let Framing { prefix, suffix } = &self.framing;
        if !prefix.is_empty() && self.text.ends_with(prefix) {
            self.text.clear();
            return None;
        }
        let ended = match suffix.is_empty() {
            false => self.text.ends_with(suffix),
            true => matches!(byte, b'\r' | b'\n') && mrz::parse(&self.text()).is_ok_and(|zone| zone.valid()),
        };
        if !ended {
            return None;
        }
        self.text.truncate(self.text.len() - suffix.len());
        self.take()
    }

    /// The reader has been silent for a while; the zone that ends with that, if it has no other end.
    pub fn silence(&mut self) -> Option<String> {
        if std::mem::take(&mut self.too_long) {
            return None;
        }
        // With a suffix this is a zone cut short; it is handed out, so that somebody hears of it.
        self.take()
    }

    /// Whether a zone has begun: then silence means something.
    pub fn pending(&self) -> bool {
        self.too_long || !self.text.is_empty()
    }

    fn take(&mut self) -> Option<String> {
        let text = self.text();
        self.text.clear();
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_string())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use vedette_shim::mrz::{Fields, compose};

    fn passport() -> String {
        compose(&Fields::specimen_passport("UTO", "L898902C3")).unwrap().to_string()
    }

    /// What comes of these bytes and the silence after them.
    fn read(zones: &mut Zones, bytes: &[u8]) -> Vec<String> {
        let mut read: Vec<_> = bytes.iter().filter_map(|byte| zones.push(*byte)).collect();
        read.extend(zones.silence());
        assert!(!zones.pending());
        read
    }

    fn lines(text: &str) -> Vec<&str> {
        text.split(['\r', '\n']).filter(|line| !line.is_empty()).collect()
    }

    #[test]
    fn every_usual_framing_gives_the_lines_that_were_printed() {
        let zone = passport();
        let [first, second] = lines(&zone)[..] else { panic!("a passport has two lines") };
        let framed = |prefix: &str, suffix: &str| Framing { prefix: prefix.into(), suffix: suffix.into() };
        for (framing, sent) in [
            (framed("", ""), format!("{first}\r{second}\r")),
            (framed("", ""), format!("{first}\r\n{second}\r\n")),
            (framed("", ""), format!("{first}\n{second}")), // ends by silence
            (framed("\u{2}", "\u{3}"), format!("noise\u{2}{first}\r{second}\u{3}")),
            (framed("", "\r\r"), format!("{first}\r{second}\r\r")),
            (framed("MRZ:", "\n\n"), format!("MRZ:{first}\n{second}\n\n")),
        ] {
            let mut zones = Zones::new(framing.clone());
            for _ in 0..3 {
                let read = read(&mut zones, sent.as_bytes());
                let read: Vec<_> = read.iter().map(|text| lines(text)).collect();
                assert_eq!(read, [[first, second]], "{framing:?}");
            }
        }
    }

    #[test]
    fn a_misread_zone_comes_out_at_the_next_silence_and_spoils_no_other() {
        let wrong = passport().replace("L898902C36", "L898902C37");
        let mut zones = Zones::new(Framing::default());
        assert!(format!("{wrong}\r").bytes().all(|byte| zones.push(byte).is_none()));
        assert!(zones.pending());
        assert_eq!(zones.silence().as_deref().map(lines), Some(lines(&wrong)));
        let good: Vec<_> = format!("{}\r", passport()).bytes().filter_map(|b| zones.push(b)).collect();
        assert_eq!(good.len(), 1);
    }

    #[test]
    fn endless_bytes_are_told_once_as_no_zone_and_dropped_up_to_the_silence_after_them() {
        let framing = Framing { suffix: vec![3], ..Framing::default() };
        for (mut zones, endless) in [
            (Zones::new(Framing::default()), "<".repeat(100_000)),
            (Zones::new(framing), format!("{}{}", passport(), " ".repeat(1_000))),
        ] {
            let told = read(&mut zones, endless.as_bytes());
            assert_eq!(told.len(), 1);
            assert!(mrz::parse(&told[0]).is_err(), "{told:?}");
        }
        let mut zones = Zones::new(Framing::default());
        assert_eq!(read(&mut zones, &[b'<'; 1_000]).len(), 1);
        assert_eq!(format!("{}\n", passport()).bytes().filter_map(|b| zones.push(b)).count(), 1);
    }

    proptest! {
        #[test]
        fn no_bytes_upset_it(bytes: Vec<u8>, prefix in ".{0,3}", suffix in ".{0,3}") {
            let framing = Framing { prefix: prefix.into(), suffix: suffix.into() };
            for text in read(&mut Zones::new(framing), &bytes) {
                prop_assert!(text.chars().count() <= ZONE_BYTES_MAX + 1);
            }
        }
    }
}
