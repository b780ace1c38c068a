//! `[officers]` of the configuration: the rules of signing in.

use super::value::{WrongValue, within};
use serde::{Deserialize, Serialize};

/// The rules of signing in; times in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignInRules {
    /// Wrong PINs in a row that lock a badge on this device.
    pub failures_max: u32,
    /// How long the first lock-out lasts; each further one twice as long, up to a day.
    pub lock_out_s: u64,
    /// A session ends this long after its last use.
    pub idle_s: u64,
    /// How long after giving the PIN an officer may take over by badge alone.
    pub shift_max_s: u64,
    /// How long an expired roster still admits officers; after that only administrators sign in.
    pub roster_grace_s: u64,
}

impl Default for SignInRules {
    fn default() -> Self {
        SignInRules {
            failures_max: 5,
            lock_out_s: 60,
            idle_s: 300,
            shift_max_s: 12 * 3600,
            roster_grace_s: 30 * 86_400,
        }
    }
}

impl SignInRules {
    pub(super) fn check(self) -> Result<SignInRules, WrongValue> {
        for (key, found, range) in [
            ("officers.failures_max", self.failures_max.into(), 1..=20),
            ("officers.lock_out_s", self.lock_out_s, 1..=86_400),
            ("officers.idle_s", self.idle_s, 10..=86_400),
            ("officers.shift_max_s", self.shift_max_s, 0..=86_400),
            ("officers.roster_grace_s", self.roster_grace_s, 0..=365 * 86_400),
        ] {
            within(key, found, range)?;
        }
        Ok(self)
    }
}
