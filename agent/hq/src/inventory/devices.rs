//! The devices as `devices` shows them: each with its flags, or only those that have a certain one.

use crate::authority::home::Home;
use crate::db::editions::{self, Issued};
use crate::db::lists;
use crate::error::HqError;
use crate::fleet::devices::{self, DeviceState, DeviceView};
use crate::inventory::flags::{self, Flag, FlagView, Health, Said};
use serde::Serialize;
use std::collections::BTreeMap;

/// A device and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlaggedDevice {
    /// The device.
    #[serde(flatten)]
    pub device: DeviceView,
    /// What is wrong with it.
    pub flags: Vec<FlagView>,
}

/// Every device by name, or those with this flag, in pages as [`devices::pages`] has them.
pub fn pages(
    home: &Home,
    only: Option<Flag>,
) -> Result<impl Iterator<Item = Result<Vec<FlaggedDevice>, HqError>>, HqError> {
    let db = home.database()?;
    let mut issued = BTreeMap::new();
    for list in lists::all(db.read())? {
        issued.insert(list.name.to_string(), editions::issued(db.read(), &list.name)?);
    }
    let now = home.now();
    let is_wanted = move |device: &FlaggedDevice| {
        only.is_none_or(|only| device.flags.iter().any(|flag| flag.flag == only))
    };
    Ok(devices::pages(home)?.map(move |page| {
        let flagged = page?.into_iter().map(|device| flagged(device, &issued, now));
        Ok(flagged.filter(is_wanted).collect())
    }))
}

fn flagged(device: DeviceView, issued: &BTreeMap<String, Vec<Issued>>, now: u64) -> FlaggedDevice {
    let contradictions = device.contradictions.iter();
    let health = Health {
        revoked: device.state == DeviceState::Revoked,
        enrolled_at: device.enrolled_at,
        certificate_ends: device.certificate_expires_at,
        seen: device.last_seen,
        online: device.online,
        said: device.said.as_ref().map(|said| Said {
            at: said.at,
            time_lost: said.time_lost,
            store_fault: &said.store_fault,
        }),
        contradictions: contradictions.map(|found| (found.what.as_str(), found.last_at)).collect(),
    };
    let mut flags = health.flags(now);
    if device.state == DeviceState::Enrolled {
        let held = device.held.iter();
        flags.extend(
            held.filter_map(|held| flags::lag(&held.list, issued.get(&held.list)?, held.edition, now)),
        );
    }
    FlaggedDevice { device, flags }
}
