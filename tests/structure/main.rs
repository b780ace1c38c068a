//! The structure holds what ARCHITECTURE.md draws: crates and rooms depend one way, no two files use each other, and
//! files and functions stay short. The pictures there are this test's data, so they cannot go stale:
//! `UPDATE_PICTURE=1 cargo test -p vedette-tests --test structure` draws the floors again.

mod house;

use house::House;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Longest source file.
const FILE_LINES_MAX: usize = 450;
/// Longest function.
const FUNCTION_LINES_MAX: usize = 80;
/// Tables of data in a source file, where the length is the data's.
const TABLES: &[&str] = &[];
/// The crates with their folders, from the bottom up.
const CRATES: &[(&str, &str)] = &[
    ("vedette-shim", "firmware-shim"),
    ("vedette-common", "agent/common"),
    ("vedette-lists", "agent/lists"),
    ("vedette-names", "agent/names"),
    ("vedette", "agent/device"),
    ("vedette-hq", "agent/hq"),
    ("vedette-demo", "agent/demo"),
];

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace")
}

fn architecture() -> PathBuf {
    workspace().join("agent/ARCHITECTURE.md")
}

/// The root files of a crate: its library and its programs.
fn roots(folder: &str) -> Vec<PathBuf> {
    let source = workspace().join(folder).join("src");
    let programs = fs::read_dir(source.join("bin")).into_iter().flatten().flatten();
    let programs = programs.map(|entry| entry.path().join("main.rs"));
    let roots = [source.join("lib.rs"), source.join("main.rs")].into_iter().chain(programs);
    roots.filter(|root| root.is_file()).collect()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(workspace()).unwrap_or(path).display().to_string()
}

/// A node that reaches itself, with the way.
fn circle<T: Ord + Clone>(arrows: &BTreeMap<T, BTreeSet<T>>) -> Option<Vec<T>> {
    fn walk<T: Ord + Clone>(
        at: &T,
        arrows: &BTreeMap<T, BTreeSet<T>>,
        way: &mut Vec<T>,
        done: &mut BTreeSet<T>,
    ) -> Option<Vec<T>> {
        if let Some(start) = way.iter().position(|node| node == at) {
            return Some(way[start..].to_vec());
        }
        if !done.insert(at.clone()) {
            return None;
        }
        way.push(at.clone());
        let found = arrows.get(at).into_iter().flatten().find_map(|next| walk(next, arrows, way, done));
        way.pop();
        found
    }
    let mut done = BTreeSet::new();
    arrows.keys().find_map(|node| walk(node, arrows, &mut Vec::new(), &mut done))
}

/// The room of a file: the folder or file below `src`; none for the root files and programs.
fn room(folder: &str, file: &Path) -> Option<String> {
    let inside = file.strip_prefix(workspace().join(folder).join("src")).ok()?;
    let first = inside.iter().next()?.to_str()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (!matches!(name, "lib" | "main" | "bin")).then(|| name.to_string())
}

/// The rooms of a crate's library and which others each uses.
fn rooms(folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let house = House::read(&roots(folder)[0]);
    let mut arrows: BTreeMap<_, BTreeSet<_>> = house
        .files
        .iter()
        .filter_map(|file| room(folder, file))
        .map(|name| (name, BTreeSet::new()))
        .collect();
    for (from, to) in house.arrows().into_keys() {
        if let (Some(from), Some(to)) = (room(folder, &from), room(folder, &to))
            && from != to
        {
            arrows.entry(from).or_default().insert(to);
        }
    }
    arrows
}

/// A crate's rooms, a floor a line, the highest first; each floor uses only those below it.
fn floors(arrows: &BTreeMap<String, BTreeSet<String>>) -> String {
    let mut floor: BTreeMap<&String, usize> = arrows.keys().map(|name| (name, 1)).collect();
    for _ in arrows {
        for (name, uses) in arrows {
            let below = uses.iter().map(|used| floor[used]).max().unwrap_or(0);
            floor.insert(name, below + 1);
        }
    }
    let highest = floor.values().copied().max().unwrap_or(0);
    let line = |n: usize| {
        let names: Vec<_> = floor.iter().filter(|(_, at)| **at == n).map(|(name, _)| name.as_str()).collect();
        format!("{n}  {}\n", names.join(" "))
    };
    (1..=highest).rev().map(line).collect()
}

#[test]
fn no_file_uses_one_that_uses_it() {
    let mut circles = String::new();
    for (_, folder) in CRATES {
        for root in roots(folder) {
            let arrows = House::read(&root).arrows();
            let mut next: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
            for (from, to) in arrows.keys() {
                next.entry(from.clone()).or_default().insert(to.clone());
            }
            while let Some(way) = circle(&next) {
                let step = |n: usize| {
                    let (from, to) = (way[n].clone(), way[(n + 1) % way.len()].clone());
                    let names = &arrows[&(from.clone(), to.clone())];
                    format!("  {} uses {names:?} of {}\n", shown(&from), shown(&to))
                };
                let steps = (0..way.len()).map(step).collect::<String>();
                circles += &format!("a circle of {} files:\n{steps}", way.len());
                // Without its last arrow, to find the others too.
                next.entry(way[way.len() - 1].clone()).or_default().remove(&way[0]);
            }
        }
    }
    assert!(circles.is_empty(), "{circles}");
}

/// The fenced block ```` ```<mark> ```` of a text: where its content begins and ends.
fn block(text: &str, mark: &str) -> std::ops::Range<usize> {
    let fence = format!("```{mark}\n");
    let start =
        text.find(&fence).unwrap_or_else(|| panic!("ARCHITECTURE.md has no block {mark:?}")) + fence.len();
    let end = start + text[start..].find("```").expect("the block has an end");
    start..end
}

#[test]
fn rooms_stand_on_the_floors_that_the_picture_shows() {
    let mut text = fs::read_to_string(architecture()).unwrap();
    for (name, folder) in CRATES {
        let arrows = rooms(folder);
        if let Some(way) = circle(&arrows) {
            panic!("{name}: rooms in a circle: {}", way.join(" -> "));
        }
        let (now, place) = (floors(&arrows), block(&text, &format!("floors {name}")));
        if std::env::var_os("UPDATE_PICTURE").is_some() {
            text.replace_range(place, &now);
            continue;
        }
        assert_eq!(
            &text[place], now,
            "the picture of {name} in ARCHITECTURE.md is not the code's\n\
             hint: if the new arrow is meant: UPDATE_PICTURE=1 cargo test -p vedette-tests --test structure"
        );
    }
    fs::write(architecture(), text).unwrap();
}

#[test]
fn crates_depend_on_what_the_picture_shows() {
    let text = fs::read_to_string(architecture()).unwrap();
    let mut drawn = BTreeMap::new();
    for line in text[block(&text, "crates")].lines() {
        let (from, to) = line.split_once("->").unwrap_or((line, ""));
        let to: BTreeSet<_> = to.split_whitespace().map(str::to_string).collect();
        drawn.insert(from.trim().to_string(), to);
    }
    let mut found = BTreeMap::new();
    for (name, folder) in CRATES {
        let manifest = fs::read_to_string(workspace().join(folder).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("\n[dependencies]\n").nth(1).unwrap_or("");
        let dependencies = dependencies.split("\n[").next().unwrap_or("");
        let names = dependencies.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
        let names = names.filter(|name| name.starts_with("vedette")).map(str::to_string);
        found.insert(name.to_string(), names.collect::<BTreeSet<_>>());
    }
    assert_eq!(drawn, found, "left: the picture; right: the manifests");
}

#[test]
fn files_and_functions_are_short() {
    let mut long = Vec::new();
    for (_, folder) in CRATES {
        for root in roots(folder) {
            let house = House::read(&root);
            for file in &house.files {
                let lines = fs::read_to_string(file).unwrap().lines().count();
                let name = shown(file);
                if lines > FILE_LINES_MAX && !TABLES.contains(&name.as_str()) {
                    long.push(format!("{name}: {lines} lines"));
                }
            }
            let functions = house.functions.iter().filter(|(_, f)| f.lines > FUNCTION_LINES_MAX);
            long.extend(functions.map(|(file, f)| format!("{}::{}: {} lines", shown(file), f.name, f.lines)));
        }
    }
    assert!(
        long.is_empty(),
        "longer than {FILE_LINES_MAX} or {FUNCTION_LINES_MAX} lines:\n{}",
        long.join("\n")
    );
}

/// Where a path in ARCHITECTURE.md may begin.
const PLACES: &[&str] = &["agent", "."];

#[test]
fn every_place_that_the_text_names_is_there() {
    let text = fs::read_to_string(architecture()).unwrap();
    let mut absent = Vec::new();
    for named in
        text.split('`').skip(1).step_by(2).filter(|named| named.contains('/') || named.contains(".rs"))
    {
        let (path, name) = named.split_once("::").map_or((named, None), |(path, name)| (path, Some(name)));
        if path.contains(char::is_whitespace) || !path.contains('/') || path.starts_with("uto/") {
            continue; // a list's name, a command, a file beside others that its sentence names
        }
        let found = PLACES.iter().map(|place| workspace().join(place).join(path)).find(|path| path.exists());
        let has = |file: &Path, name: &str| {
            let text = fs::read_to_string(file).unwrap();
            ["(", "<"].iter().any(|end| text.contains(&format!("fn {name}{end}")))
        };
        match (found, name) {
            (None, _) => absent.push(named),
            (Some(file), Some(name)) if !has(&file, name) => absent.push(named),
            _ => {}
        }
    }
    assert!(absent.is_empty(), "ARCHITECTURE.md names what is not there: {absent:#?}");
}

/// What makes files and folders with the rights that the umask leaves.
const MAKERS: &[[&str; 2]] = &[
    ["File", "create"],
    ["File", "create_new"],
    ["File", "options"],
    ["OpenOptions", "new"],
    ["DirBuilder", "new"],
    ["fs", "write"],
    ["fs", "copy"],
    ["fs", "create_dir"],
    ["fs", "create_dir_all"],
    ["UnixListener", "bind"],
];
/// Where they are called: here each file is given its rights.
const MAKERS_IN: &[&str] = &["agent/common/src/files.rs", "agent/lists/src/temporary.rs"];

#[test]
fn files_are_made_where_they_get_their_rights() {
    let shipped = CRATES.iter().filter(|(name, _)| *name != "vedette-demo");
    let mut elsewhere = BTreeSet::new();
    for root in shipped.flat_map(|(_, folder)| roots(folder)) {
        for (file, path) in House::read(&root).paths() {
            let is_maker = MAKERS.iter().any(|maker| path.ends_with(&maker.map(String::from)));
            if is_maker && !MAKERS_IN.contains(&shown(file).as_str()) {
                elsewhere.insert(format!("{}: {}", shown(file), path.join("::")));
            }
        }
    }
    assert!(elsewhere.is_empty(), "hint: vedette_common::files makes files and folders: {elsewhere:#?}");
}

#[test]
fn a_circle_is_found() {
    let arrows = |pairs: &[(u8, u8)]| {
        let mut arrows: BTreeMap<u8, BTreeSet<u8>> = BTreeMap::new();
        for &(from, to) in pairs {
            arrows.entry(from).or_default().insert(to);
        }
        arrows
    };
    assert_eq!(circle(&arrows(&[(1, 2), (2, 3), (1, 3)])), None);
    assert_eq!(circle(&arrows(&[(1, 2), (2, 3), (3, 2)])), Some(vec![2, 3]));
}
