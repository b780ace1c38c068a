//! Writes `firmware-shim/tests/vectors` again.

use vedette_tests::vectors;

fn main() -> std::io::Result<()> {
    let folder = vectors::folder();
    std::fs::create_dir_all(&folder)?;
    for (name, content) in vectors::all() {
        println!("{}: {} bytes", folder.join(name).display(), content.len());
        std::fs::write(folder.join(name), content)?;
    }
    Ok(())
}
