//! How options are read: times, hosts and words.

use std::time::Duration;
use vedette_hq::keys::OnlineRole;
use vedette_shim::list::Kind;
use vedette_shim::trust::OwnerWord;

pub(crate) fn kind(text: &str) -> Result<Kind, String> {
    match text {
        "documents" => Ok(Kind::Documents),
        "persons" => Ok(Kind::Persons),
        _ => Err("documents or persons".into()),
    }
}

pub(crate) fn owner_word(text: &str) -> Result<OwnerWord, String> {
    [OwnerWord::Confirmed, OwnerWord::NotThePerson, OwnerWord::Withdrawn]
        .into_iter()
        .find(|word| vedette_common::text::owner_word(*word) == text)
        .ok_or_else(|| "confirmed, not_the_person or withdrawn".into())
}

/// Whose key is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplacedRole {
    Online(OnlineRole),
    /// The audit log's.
    Audit,
    /// A list's.
    Issuer,
    /// A list's.
    Owner,
}

pub(crate) fn replaced_role(text: &str) -> Result<ReplacedRole, String> {
    let online = OnlineRole::ALL.into_iter().find(|role| role.name() == text).map(ReplacedRole::Online);
    match (online, text) {
        (Some(role), _) => Ok(role),
        (None, "audit") => Ok(ReplacedRole::Audit),
        (None, "issuer") => Ok(ReplacedRole::Issuer),
        (None, "owner") => Ok(ReplacedRole::Owner),
        _ => Err("heartbeat, roster, collector, orders, audit, issuer or owner".into()),
    }
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let rule = || "a number and s, m, h or d, such as 48h".to_string();
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(rule()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| rule())?;
    number.checked_mul(unit).filter(|seconds| *seconds > 0).map(Duration::from_secs).ok_or_else(rule)
}

pub(crate) fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let rule = || "HOST:PORT, such as mqtt.example:8883".to_string();
    let (host, port) = text.rsplit_once(':').ok_or_else(rule)?;
    match (host.is_empty(), port.parse()) {
        (false, Ok(port)) => Ok((host.into(), port)),
        _ => Err(rule()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(duration("48h"), Ok(Duration::from_secs(172_800)));
        for bad in ["48", "h", "-1h", "0s", "1.5h", "99999999999999999999d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
