//! The README's reference names every command, option and configuration key there is.

use std::fs;
use std::path::Path;
use vedette_tests::program::run;

fn file(path: &str) -> String {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(workspace.join(path)).unwrap()
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

fn options_in(help: &str) -> Vec<String> {
    let words = help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let options = words.filter(|word| word.starts_with("--") && word.len() > 2).map(String::from);
    options.filter(|option| !["--help", "--version"].contains(&option.as_str())).collect()
}

#[test]
fn the_readme_names_every_command_and_option() {
    let readme = file("README.md");
    for program in ["vedette", "vedette-hq"] {
        let commands = commands_in(&help(program, &[]));
        assert!(commands.len() >= 9, "{commands:?}");
        for command in commands {
            assert!(readme.contains(&format!("`{command}")), "README.md lacks {program} {command}");
            let nested = if command == "list" { vec!["list", "create"] } else { vec![command.as_str()] };
            for option in options_in(&help(program, &nested)) {
                assert!(readme.contains(&option), "README.md lacks {program} {command} {option}");
            }
        }
    }
}

#[test]
fn the_readme_names_every_configuration_key() {
    let readme = file("README.md");
    let mut section = "";
    let mut keys = 0;
    let reference = file("config/agent.toml");
    for line in reference.lines() {
        let line = line.trim_start_matches("# ");
        if line.starts_with('[') && line.ends_with(']') {
            section = line.trim_matches(['[', ']']);
        } else if let Some((key, _)) = line.split_once(" = ") {
            keys += 1;
            assert!(readme.contains(&format!("{section}.{key}`")), "README.md lacks {section}.{key}");
        }
    }
    assert!(keys >= 20, "config/agent.toml holds every key");
}
