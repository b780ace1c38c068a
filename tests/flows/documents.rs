//! The documents say what the programs do: every command with its options, every configuration key, every sample, and
//! the README's first list as it stands there.

use std::fs;
use std::path::Path;
use std::process::Command;
use vedette_tests::program::{program_folder, run};

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn file(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn help(program: &str, commands: &[&str]) -> String {
    run(program, commands.iter().chain(&["--help"]), "").expect_code(0).out
}

/// The commands that a help text lists: two blanks, the name, two blanks or more.
fn commands_in(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|l| !l.is_empty());
    let names = listed.filter_map(|line| line.strip_prefix("  ")?.split_once("  "));
    names.map(|(name, _)| name.to_string()).filter(|name| !["", "help"].contains(&name.as_str())).collect()
}

/// The options of a command, but those of every command.
fn options_in(help: &str) -> Vec<String> {
    let defined = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let words = defined.filter_map(|line| line.split([' ', ',']).find(|word| word.starts_with("--")));
    let options = words.map(String::from);
    // Of every command alike, and documented once.
    let common = ["--help", "--version", "--config", "--home", "--clock-is-right", "--operator"];
    options.filter(|o| !common.contains(&o.as_str())).collect()
}

/// The rows of a document's tables that name a command, joined.
fn rows_of(text: &str, command: &str) -> String {
    let begins = |row: &&str| {
        let words = row.split('`').skip(1).step_by(2);
        row.starts_with('|')
            && words.into_iter().any(|word| (word.to_string() + " ").starts_with(&format!("{command} ")))
    };
    text.lines().filter(begins).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_command_is_documented_with_its_options() {
    for (program, path) in
        [("vedette", "agent/docs/device.md"), ("vedette-hq", "agent/docs/administrator.md")]
    {
        let text = file(path);
        let commands = commands_in(&help(program, &[]));
        assert!(commands.len() >= 9, "{commands:?}");
        for command in commands {
            let command_help = help(program, &[&command]);
            let nested = commands_in(&command_help);
            let ways = if nested.is_empty() {
                vec![vec![]]
            } else {
                nested.iter().map(|n| vec![n.as_str()]).collect()
            };
            for way in ways {
                let words = [vec![command.as_str()], way].concat();
                let rows = rows_of(&text, &words.join(" "));
                assert!(!rows.is_empty(), "{path} lacks {program} {}", words.join(" "));
                for option in options_in(&help(program, &words)) {
                    assert!(rows.contains(&option), "{path}: {program} {} lacks {option}", words.join(" "));
                }
            }
        }
    }
}

#[test]
fn every_configuration_key_is_documented() {
    let text = file("agent/docs/device.md");
    let mut section = "";
    let mut keys = 0;
    let reference = file("config/agent.toml");
    for line in reference.lines() {
        let line = line.trim_start_matches("# ");
        if line.starts_with('[') && line.ends_with(']') {
            section = line.trim_matches(['[', ']']);
        } else if let Some((key, _)) = line.split_once(" = ") {
            keys += 1;
            assert!(text.contains(&format!("`{section}.{key}`")), "device.md lacks {section}.{key}");
        }
    }
    assert!(keys >= 20, "config/agent.toml holds every key");
}

#[test]
fn every_sample_of_a_format_imports_whole() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("hq");
    let hq = |arguments: &[&str]| {
        run("vedette-hq", [&["--home", home.to_str().unwrap()], arguments].concat(), "").expect_code(0)
    };
    hq(&["init"]);
    let formats = file("agent/docs/formats.md");
    let samples = [
        ("documents.csv", 10),
        ("persons.jsonl", 3),
        ("sis.jsonl", 2),
        ("follow_the_money.jsonl", 1),
        ("ofac/sdn.csv", 1),
        ("ofac/sdn_advanced.xml", 1),
        ("un_consolidated.xml", 1),
        ("eu_fsf.xml", 1),
    ];
    for (n, (sample, alerts)) in samples.into_iter().enumerate() {
        assert!(formats.contains(&format!("`{sample}`")), "formats.md lacks {sample}");
        let (list, kind) = (format!("uto/sample-{n}"), if n == 0 { "documents" } else { "persons" });
        hq(&["list", "create", &list, "--kind", kind]);
        let path = workspace().join("config/samples").join(sample);
        hq(&["import", &list, path.to_str().unwrap()]);
        let lists = hq(&["lists", "--json"]).json();
        let found = lists.as_array().unwrap().iter().find(|view| view["list"] == list).expect("the list");
        assert_eq!(found["pending_entries"], alerts, "{sample}: {found}");
    }
    assert!(formats.contains("`changes.jsonl`"));
    let changes = workspace().join("config/samples/changes.jsonl");
    hq(&["publish", "uto/sample-0"]);
    let said = hq(&["change", "uto/sample-0", changes.to_str().unwrap()]).out;
    assert!(said.contains("edition 2, 1 put, 1 withdrawn"), "{said}");
}

#[test]
fn the_first_list_of_the_readme_works_as_it_is_written() {
    let readme = file("README.md");
    let (_, section) = readme.split_once("## A first list").expect("the README has it");
    let block =
        section.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("its commands");
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(workspace().join("config"), folder.path().join("config")).unwrap();
    let path = format!("{}:{}", program_folder().display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(format!(
            "set -e
{block}"
        ))
        .current_dir(folder.path());
    shell.env("PATH", path).env_remove("VEDETTE_HQ_HOME").env("LC_ALL", "C");
    let output = shell.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(10), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("UTO-P-L898902C3"), "{said}");
}

#[test]
fn the_readme_is_short_and_its_links_lead_somewhere() {
    let readme = file("README.md");
    assert!(readme.lines().count() <= 150, "a README, not a manual");
    let documents = fs::read_dir(workspace().join("agent/docs")).unwrap().flatten();
    let documents = documents.filter(|entry| entry.path().extension().is_some_and(|e| e == "md"));
    let mut texts: Vec<_> = documents.map(|entry| (workspace().join("agent/docs"), entry.path())).collect();
    texts.push((workspace().into(), workspace().join("README.md")));
    texts.push((workspace().join("agent"), workspace().join("agent/ARCHITECTURE.md")));
    for (folder, path) in texts {
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap();
            if !target.is_empty() && !target.contains("://") {
                assert!(folder.join(target).exists(), "{}: {target} is not there", path.display());
            }
        }
    }
}
