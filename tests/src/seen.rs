//! What officers saw while the store could not be relied on, and that every hit they were shown comes home.

use crate::device::{Device, code};
use crate::post::Post;
use crate::sample::passport;
use std::collections::BTreeSet;

/// What officers saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// Ids of the encounters of hits.
    pub hits: BTreeSet<String>,
    /// Scans without an answer.
    pub refused: usize,
    /// Answers that the list was not checked.
    pub not_checked: usize,
}

impl Seen {
    /// Scans a listed document: a hit that is spooled, or no answer at all, or that the list cannot be read.
    #[track_caller]
    pub fn scan(&mut self, device: &Device, document: &str) {
        let scanned = device.scan(&passport(document));
        match scanned.code {
            code::HIT => {
                let id = scanned.json()["alerts"][0]["encounter_id"].as_str().map(String::from);
                self.hits.insert(id.unwrap_or_else(|| panic!("a hit that is not spooled: {scanned}")));
            }
            code::NOT_CHECKED => self.not_checked += 1,
            code::CLEAR | code::POSSIBLE => panic!("a wrong verdict: {scanned}"),
            _ => self.refused += 1,
        }
    }

    /// Every hit is at home, and nothing twice.
    #[track_caller]
    pub fn comes_home_once(&self, post: &Post) {
        let stored: Vec<String> =
            post.hq.encounters().iter().map(|row| row["id"].as_str().expect("an id").into()).collect();
        let once: BTreeSet<String> = stored.iter().cloned().collect();
        assert_eq!(once.len(), stored.len(), "an encounter came home twice");
        let lost: Vec<_> = self.hits.difference(&once).collect();
        assert!(lost.is_empty(), "answered and not at home: {lost:?}");
    }
}

/// Why a device's store cannot be written, as it says; none if it can.
pub fn store_fault(device: &Device) -> Option<String> {
    device.status()?["store_fault"].as_str().filter(|fault| !fault.is_empty()).map(String::from)
}
