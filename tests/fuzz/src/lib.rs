//! What some targets need around the code that they try: a home into which anything is imported, and a device's desk.

mod desk;
mod importing;

pub use desk::Desk;
pub use importing::Importing;

use std::path::PathBuf;

/// A folder of this process, in memory if there is such a file system; `tests/fuzz/run` removes it.
fn new_folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let folder = parent.join(format!("vedette-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder is writable");
    folder
}
