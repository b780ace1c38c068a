//! A grant: the keys of one list, each sealed (HPKE) to one device's box key.

use vedette_shim::ids::{DeviceId, ListName};

/// HPKE's info for grants.
pub const GRANT_INFO: &[u8] = b"vedette/v1/grant";

/// The additional data of a granted key's seal: postcard of (device, list, key number).
pub fn grant_additional_data(device: &DeviceId, list: &ListName, number: u32) -> Vec<u8> {
    postcard::to_allocvec(&(device, list, number)).expect("the names have no unsupported types")
}
