//! Who did what at headquarters: the log of every act, and operators with roles, by the real programs.

use std::fs;
use tempfile::TempDir;
use vedette_tests::headquarters::Headquarters;
use vedette_tests::program;
use vedette_tests::sample::csv;

const LIST: &str = "uto/stolen";

/// A home in a folder of its own.
fn office() -> (TempDir, Headquarters) {
    let folder = TempDir::new().unwrap();
    let hq = Headquarters::init(folder.path(), 8883);
    (folder, hq)
}

fn text(path: std::path::PathBuf) -> String {
    path.to_str().unwrap().to_string()
}

#[test]
fn the_log_is_shown_exported_and_verified_elsewhere_with_the_key_alone() {
    let (folder, hq) = office();
    hq.create_list(LIST, "48h");
    hq.import(LIST, &csv(["X1", "X2"])).expect_code(0);
    hq.run(&["publish", LIST]).expect_code(0);
    hq.run(&["encounters", "--purpose", "case 7"]).expect_code(0);
    let shown = hq.run(&["audit", "show", "--object", LIST]).expect_code(0).out;
    let acts: Vec<_> = shown.lines().filter_map(|line| line.split("  ").nth(3)).collect();
    assert_eq!(acts, ["list-create", "import", "publish"], "{shown}");
    let read = hq.run(&["audit", "show", "--act", "encounters", "--json"]).expect_code(0).json();
    assert_eq!(read[0]["reason"], "case 7");

    let verified = hq.run(&["audit", "verify"]).expect_code(0).out;
    let key = verified.lines().find_map(|line| line.strip_prefix("signed by the audit key ")).unwrap();
    let head = verified.split_whitespace().last().unwrap();
    let file = text(folder.path().join("audit.jsonl"));
    hq.run(&["audit", "export", &file]).expect_code(0);
    let verify = |arguments: &[&str]| {
        let nowhere = ["--home", "/nonexistent", "audit", "verify", &file];
        program::run("vedette-hq", [&nowhere[..], arguments].concat(), "")
    };
    verify(&["--key", key, "--has", head]).expect_code(0);
    verify(&["--key", &"1".repeat(64)]).expect_code(1);
    let whole = fs::read_to_string(&file).unwrap();
    let without_publish: String =
        whole.split_inclusive('\n').filter(|line| !line.contains("\"act\":\"publish\"")).collect();
    fs::write(&file, without_publish).unwrap();
    let refused = verify(&["--key", key]).expect_code(1);
    assert!(refused.err.contains("line 5") && refused.err.contains("hint:"), "{refused}");
}

#[test]
fn operators_do_what_their_roles_say_and_sign_it() {
    let (folder, hq) = office();
    let at = |name: &str| text(folder.path().join(name));
    let add = |name: &str, roles: &str| {
        hq.run(&["--operator", &at("ada"), "operator", "add", name, "--roles", roles, "--out", &at(name)])
    };
    hq.create_list(LIST, "48h");
    hq.run(&["operator", "add", "ada", "--roles", "administrator", "--out", &at("ada")]).expect_code(0);
    add("pia", "publisher").expect_code(0);
    add("flo", "fleet,auditor").expect_code(0);

    let import = folder.path().join("list.csv");
    fs::write(&import, csv(["X1"])).unwrap();
    let import = text(import);
    let refused = hq.run(&["import", LIST, &import]).expect_code(1);
    assert!(refused.err.contains("role publisher") && refused.err.contains("--operator"), "{refused}");
    let refused = hq.run(&["--operator", &at("flo"), "import", LIST, &import]).expect_code(1);
    assert!(refused.err.contains("flo may not import"), "{refused}");
    hq.run(&["--operator", &at("pia"), "import", LIST, &import]).expect_code(0);
    hq.run(&["--operator", &at("pia"), "publish", LIST]).expect_code(0);
    hq.run(&["--operator", &at("pia"), "list", "create", "uto/other", "--kind", "documents"]).expect_code(1);
    hq.run(&["--operator", &at("pia"), "--clock-is-right", "lists"]).expect_code(1);
    hq.run(&["--operator", &at("ada"), "operator", "remove", "ada"]).expect_code(1);

    let shown = hq.run(&["--operator", &at("flo"), "audit", "show", "--json"]).expect_code(0).json();
    let of = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap().to_string();
    let lines: Vec<_> = shown.as_array().unwrap().iter().skip(3).collect();
    let told: Vec<_> =
        lines.iter().map(|l| [of(l, "operator"), of(l, "act"), of(l, "state")].join(" ")).collect();
    let local = of(lines[0], "operator");
    let wanted = [
        format!("{local} operator-add done"),
        "ada operator-add done".into(),
        "ada operator-add done".into(),
        format!("{local} import refused"),
        "flo import refused".into(),
        "pia import done".into(),
        "pia publish done".into(),
        "pia list-create refused".into(),
        "pia confirm-clock refused".into(),
    ];
    assert_eq!(told, wanted);
    assert!(local.starts_with("local:"));
    assert!(lines.iter().all(|l| of(l, "operator") == local || l["operator_signature"].is_string()));
    let verified = hq.run(&["--operator", &at("flo"), "audit", "verify"]).expect_code(0).out;
    hq.run(&["--operator", &at("ada"), "replace-key", "audit"]).expect_code(0);
    let file = text(folder.path().join("audit.jsonl"));
    hq.run(&["--operator", &at("flo"), "audit", "export", &file]).expect_code(0);
    let key = verified.lines().find_map(|line| line.strip_prefix("signed by the audit key ")).unwrap();
    let read = independent(key, &file).unwrap();
    assert_eq!(read["lines"], 14);
    let changed = fs::read_to_string(&file).unwrap().replace("\"act\":\"publish\"", "\"act\":\"import\"");
    fs::write(&file, changed).unwrap();
    assert!(independent(key, &file).unwrap_err().contains("line 10 has another hash"));
}

/// What `tests/reader/audit.py`, which shares no code with this, makes of an export; or why it does not.
fn independent(key: &str, file: &str) -> Result<serde_json::Value, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/reader/audit.py");
    let done = std::process::Command::new("python3").args([script, key, file]).output().unwrap();
    match done.status.success() {
        true => Ok(serde_json::from_slice(&done.stdout).unwrap()),
        false => Err(String::from_utf8_lossy(&done.stderr).into()),
    }
}

#[test]
fn a_list_that_needs_two_operators_gets_no_edition_by_one() {
    let (folder, hq) = office();
    let at = |name: &str| text(folder.path().join(name));
    let by = |name: &str, arguments: &[&str]| hq.run(&[&["--operator", &at(name)], arguments].concat());
    hq.create_list(LIST, "48h");
    hq.run(&["operator", "add", "ada", "--roles", "administrator", "--out", &at("ada")]).expect_code(0);
    for (name, roles) in [("pia", "publisher,approver"), ("paul", "approver")] {
        by("ada", &["operator", "add", name, "--roles", roles, "--out", &at(name)]).expect_code(0);
    }
    by("ada", &["list", "set", LIST, "--approvals", "2", "--urgent-withdrawals"]).expect_code(0);
    let import = folder.path().join("list.csv");
    fs::write(&import, csv(["X1", "X2"])).unwrap();
    by("pia", &["import", LIST, &text(import)]).expect_code(0);
    let proposed = by("pia", &["publish", LIST]).expect_code(0);
    assert!(
        proposed.out.contains("draft 1, 2 put") && proposed.out.contains("approve uto/stolen 1"),
        "{proposed}"
    );
    let edition = || by("pia", &["lists", "--json"]).expect_code(0).json()[0]["edition"].as_u64().unwrap();
    assert_eq!(edition(), 0);
    let shown = by("paul", &["drafts", "--changes"]).expect_code(0);
    assert!(shown.out.contains("publish by pia") && shown.out.contains("    put UTO-P-X1"), "{shown}");
    let own = by("pia", &["approve", LIST, "1"]).expect_code(1);
    assert!(own.err.contains("your own"), "{own}");
    by("ada", &["approve", LIST, "1"]).expect_code(1);
    let approved = by("paul", &["approve", LIST, "1"]).expect_code(0);
    assert!(approved.out.contains("edition 1, 2 put"), "{approved}");
    assert_eq!(edition(), 1);
    by("pia", &["withdraw", LIST, "UTO-P-X1"]).expect_code(0);
    by("paul", &["reject", LIST, "2", "not yet"]).expect_code(0);
    by("pia", &["withdraw", LIST, "UTO-P-X1", "--urgent", "found by its holder"]).expect_code(0);
    assert_eq!(edition(), 2);
    let verified = by("ada", &["audit", "verify"]).expect_code(0);
    assert!(verified.out.contains("each as it was written"), "{verified}");
}
