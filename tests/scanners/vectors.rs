//! The vectors in the repository are what the code makes today.

use vedette_tests::vectors;

#[test]
fn the_vectors_are_those_of_this_code() {
    for (name, content) in vectors::all() {
        let path = vectors::folder().join(name);
        let stored = std::fs::read(&path).unwrap_or_default();
        assert!(
            stored == content,
            "{} is of another time; if the change is meant: cargo run -p vedette-tests --bin scanner-vectors",
            path.display()
        );
    }
}
