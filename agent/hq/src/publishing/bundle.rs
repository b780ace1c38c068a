//! Bundles: all that is published, as a folder for a stick (FORMAT.md, "Bundles"; `vedette import` reads it).
//!
//! Invariants: a bundle appears whole, every file of it durable, or the one before stays; only a folder that is empty or
//! surely a bundle, with nothing else in it, is ever replaced. There are no secrets in the clear in it, and whoever is given
//! the stick may read it: the agent has a user of its own.

use crate::authority::home::Home;
use crate::authority::new_folder::{NewFolder, has_only};
use crate::authority::{pins, root};
use crate::db::{devices, editions, grants, lists, officers, scanners, statements};
use crate::publishing::error::PublishingError;
use std::path::Path;
use vedette_common::files;
use vedette_shim::ids::Hex;

/// What a bundle's folder holds.
const PARTS: [&str; 7] = ["root", "heartbeat", "roster", "list", "segment", "grant", "scanner"];

/// Writes a bundle into `folder`: every root, the heartbeat, the roster, every list's newest manifest with its segments and delta,
/// every device's grants and scanners. A bundle that was there is replaced.
pub fn bundle(home: &Home, folder: &Path) -> Result<(), PublishingError> {
    let _lock = home.lock()?;
    let db = home.database()?;
    let db = db.read();
    let new = NewFolder::replacing(folder, 0o755, is_bundle)?;
    let put = |name: String, bytes: &[u8]| {
        let path = new.path().join(name);
        files::make_public_folder(path.parent().unwrap_or(new.path()))?;
        files::write_public(&path, bytes)
    };
    for (version, bytes) in root::all(home)? {
        put(format!("root/{version}.root"), &bytes)?;
    }
    if let Some((_, bytes)) = statements::heartbeat(db)? {
        put("heartbeat".into(), &bytes)?;
    }
    if let Some(roster) = officers::roster(db)? {
        put("roster".into(), &roster.bytes)?;
    }
    let segments = new.path().join("segment");
    files::make_public_folder(&segments)?;
    for list in lists::all(db)? {
        let Some(bytes) = editions::newest_signed(db, &list.name)? else { continue };
        put(format!("list/{}/manifest", list.name), &bytes)?;
        let manifest = editions::read(&bytes)?;
        for segment in manifest.segments.iter().chain(&manifest.delta) {
            let to = segments.join(Hex(&segment.digest).to_string());
            files::copy_public(&home.segment(&segment.digest), &to)?;
        }
    }
    let pins = pins::all(home)?;
    for device in devices::all(db)? {
        for (list, bytes) in grants::of_device(db, &device)? {
            put(format!("grant/{device}/{list}"), &bytes)?;
        }
        for scanner in scanners::of_device(db, &device)? {
            let name = format!("scanner/{device}/{}", scanner.enrolment.scanner);
            put(name, &pins::papers(&pins, &scanner))?;
        }
    }
    Ok(new.finish()?)
}

fn is_bundle(folder: &Path) -> bool {
    folder.join("root/1.root").is_file() && has_only(folder, &PARTS)
}
