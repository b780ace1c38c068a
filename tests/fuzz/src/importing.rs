//! A home in memory into which anything is imported.

use crate::new_folder;
use std::cell::Cell;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use vedette_common::clock::Clock;
use vedette_hq::Home;
use vedette_hq::import::{ImportOptions, import};
use vedette_hq::init::{InitOptions, init};
use vedette_hq::list::{CreateOptions, create};
use vedette_shim::ids::ListName;
use vedette_shim::list::Kind;

/// How many imports are made before the segments that they left are swept.
const SWEPT_EVERY: u32 = 500;

/// A home with one list.
pub struct Importing {
    home: Home,
    list: ListName,
    file: PathBuf,
    imports: Cell<u32>,
}

impl Importing {
    /// With an empty list of this kind.
    pub fn new(kind: Kind) -> Importing {
        let folder = new_folder();
        let list = "uto/list".parse().expect("a list's name");
        let home = init(&folder.join("home"), &InitOptions::default(), Arc::new(Clock::default()));
        let home = home.expect("a home is made");
        create(&home, &list, &CreateOptions::of(kind)).expect("a list is made");
        Importing { home, list, file: folder.join("file"), imports: Cell::new(0) }
    }

    /// Imports these bytes, which are taken or refused with a reason.
    pub fn import(&self, bytes: &[u8]) {
        fs::write(&self.file, bytes).expect("the folder is writable");
        match import(&self.home, &self.list, &self.file, ImportOptions::default()) {
            Ok(imported) => assert!(imported.entries > 0),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        self.imports.set(self.imports.get() + 1);
        if self.imports.get().is_multiple_of(SWEPT_EVERY) {
            for segment in fs::read_dir(self.home.segments()).expect("the folder can be listed").flatten() {
                let _ = fs::remove_file(segment.path());
            }
        }
    }
}
