//! Compresses the table of Han characters, which is a tenth of a device's program as it is.

use miniz_oxide::deflate::compress_to_vec;
use std::path::PathBuf;

const TABLE: &str = "src/readings/han.txt";
/// The slowest level is the smallest; it takes a second.
const LEVEL: u8 = 10;

fn main() {
    println!("cargo::rerun-if-changed={TABLE}");
    let text = std::fs::read(TABLE).expect("the table of Han characters lies beside its module");
    let folder = std::env::var_os("OUT_DIR").map(PathBuf::from).expect("cargo names OUT_DIR");
    std::fs::write(folder.join("han.deflate"), compress_to_vec(&text, LEVEL)).expect("OUT_DIR is writable");
}
