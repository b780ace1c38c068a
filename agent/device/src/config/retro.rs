//! `[retro]` of the configuration: documents that are listed only after they were scanned.

use super::value::{WrongValue, within};
use serde::Deserialize;

/// Longest that hashes are stored, hours: five days, as long as NCIC stores its inquiries.
pub const KEEP_H_MAX: u32 = 120;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawRetro {
    keep_h: u32,
}

impl RawRetro {
    /// Seconds.
    pub(super) fn check(self) -> Result<u64, WrongValue> {
        within("retro.keep_h", self.keep_h.into(), 0..=KEEP_H_MAX.into())?;
        Ok(u64::from(self.keep_h) * 3_600)
    }
}
