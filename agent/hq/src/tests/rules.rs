//! What the files must not do: SQL stands in `db` alone, only the program reads the machine's clock, and nothing is signed past
//! devices' own verifier.

use std::path::{Path, PathBuf};

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, out),
            false => out.push(path),
        }
    }
}

/// Every source file but those under `outside`, with its text.
fn sources(outside: &[&str]) -> Vec<(PathBuf, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&source, &mut all);
    let of_interest = |path: &PathBuf| !outside.iter().any(|place| path.starts_with(source.join(place)));
    let found: Vec<_> = all.iter().filter(|path| of_interest(path)).cloned().collect();
    assert!(found.len() > 30 && found.len() < all.len(), "the files are found");
    found.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn no_file_outside_db_speaks_sql() {
    for (path, text) in sources(&["db", "tests/rules.rs"]) {
        for word in ["rusqlite", "SELECT ", "INSERT ", "UPDATE ", "DELETE FROM", "PRAGMA "] {
            assert!(!text.contains(word), "{} speaks SQL: {word:?}", path.display());
        }
    }
}

#[test]
fn only_the_program_reads_the_machine_s_clock() {
    for (path, text) in sources(&["bin", "tests/rules.rs"]) {
        for word in ["system_now", "Clock::default", "Clock::starting_at"] {
            assert!(!text.contains(word), "{} reads the clock: {word:?}", path.display());
        }
    }
}

#[test]
fn one_file_signs_so_that_everything_is_verified_first() {
    for (path, text) in sources(&["authority/sign.rs", "tests"]) {
        assert!(!text.contains("sign_statement"), "{} signs by itself", path.display());
    }
}

#[test]
fn every_command_s_act_is_one_that_some_role_may_do() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let roles = std::fs::read_to_string(source.join("operators/roles.rs")).unwrap();
    let mut commands = Vec::new();
    files(&source.join("bin"), &mut commands);
    let mut acts = 0;
    for path in commands {
        let text = std::fs::read_to_string(&path).unwrap();
        for act in text.split("Act::").skip(1) {
            let act: String = act.chars().take_while(char::is_ascii_alphanumeric).collect();
            acts += 1;
            let covered = [",", "]"].iter().any(|end| roles.contains(&format!("Act::{act}{end}")));
            assert!(covered, "{}: no role may {act}", path.display());
        }
    }
    assert!(acts > 30, "the commands are found: {acts}");
}
