//! Single alerts onto the last edition: what changes, what is refused, and that a device that follows has the same.

use super::*;
use crate::publishing::import::{ImportOptions, import};
use crate::publishing::list::{CreateOptions, create};
use crate::publishing::publish::{PublishOptions, publish};
use crate::tests::{list_name, new_home};
use std::collections::BTreeSet;
use std::fs;
use tempfile::TempDir;

struct Bench {
    dir: TempDir,
    home: Home,
}

/// A home with a list of this kind whose first edition is this file.
fn bench(kind: Kind, text: &str) -> Bench {
    let (dir, home) = new_home();
    create(&home, &list_name(), &CreateOptions::of(kind)).unwrap();
    let bench = Bench { dir, home };
    import(&bench.home, &list_name(), &bench.file(text), ImportOptions::default()).unwrap();
    publish(&bench.home, &list_name(), &PublishOptions::default()).unwrap();
    bench
}

impl Bench {
    fn file(&self, text: &str) -> PathBuf {
        let path = self.dir.path().join("file");
        fs::write(&path, text).unwrap();
        path
    }

    fn change(&self, changes: &Changes) -> Result<Changed, PublishingError> {
        change(&self.home, &list_name(), changes, ChangeOptions::default())
    }

    fn withdraw(&self, ids: &[&str]) -> Result<Changed, PublishingError> {
        self.change(&Changes::Withdraw(ids.iter().map(|id| id.to_string()).collect()))
    }

    /// The newest edition, opened.
    fn edition(&self) -> Edition {
        let last = editions::newest(self.home.database().unwrap().read(), &LIST).unwrap().unwrap();
        Edition::open(next::open_segments(&self.home, &LIST, &last).unwrap()).unwrap()
    }

    fn ids(&self) -> BTreeSet<String> {
        let edition = self.edition();
        match edition.kind() {
            Kind::Documents => edition.iter().unwrap().map(|alert| alert.unwrap().alert_id()).collect(),
            Kind::Persons => {
                edition.records().unwrap().map(|r| String::from_utf8(r.unwrap().key).unwrap()).collect()
            }
        }
    }
}

static LIST: std::sync::LazyLock<ListName> = std::sync::LazyLock::new(list_name);

fn csv(numbers: impl IntoIterator<Item = usize>) -> String {
    let rows = numbers.into_iter().map(|n| format!("UTO,P,X{n:07},,stolen,\n"));
    let header = "issuing_state,document_type,document_number,document_number_to,status,remark\n";
    header.to_string() + &rows.collect::<String>()
}

#[test]
fn documents_are_put_and_withdrawn_onto_the_last_edition_and_all_others_stay() {
    let all = csv(0..2_000) + "UTO,P,AB000100,AB000199,stolen_blank,\n";
    let bench = bench(Kind::Documents, &all);
    let before = bench.ids();
    let changed = bench.withdraw(&["UTO-P-X0000007", "UTO-P-AB000100:AB000199"]).unwrap();
    assert_eq!((changed.published.edition, changed.published.withdrawals), (2, 2));
    assert!(changed.published.delta_bytes < 1_000, "{}", changed.published.delta_bytes);
    let mut wanted = before.clone();
    wanted.remove("UTO-P-X0000007");
    wanted.remove("UTO-P-AB000100:AB000199");
    assert_eq!(bench.ids(), wanted);

    // One new, one changed, one as it stands.
    let put = csv([5_000]) + "UTO,P,X0000001,,lost,found in a bus\nUTO,P,X0000002,,stolen,\n";
    let changed = bench.change(&Changes::Put(bench.file(&put))).unwrap();
    assert_eq!((changed.report.taken, changed.report.difference.put, changed.published.edition), (3, 2, 3));
    wanted.insert("UTO-P-X0005000".into());
    assert_eq!(bench.ids(), wanted);
    let id = "UTO-P-X0000001".parse().unwrap();
    assert_eq!(bench.edition().alert(&id).unwrap().unwrap().payload.remark, "found in a bus");

    let file = "{\"withdraw\": \"UTO-P-X0005000\"}\n\n{\"put\": {\"issuing_state\": \"NO\", \"document_type\": \"Passport\", \
                \"document_number\": \"A1, B2\", \"status\": \"lost\"}}\n";
    let changed = bench.change(&Changes::File(bench.file(file))).unwrap();
    assert_eq!((changed.report.repaired.count(), changed.published.puts), (3, 2), "{}", changed.report);
    wanted.remove("UTO-P-X0005000");
    wanted.extend(["NOR-P-A1".into(), "NOR-P-B2".into()]);
    assert_eq!(bench.ids(), wanted);

    let again = bench.change(&Changes::Put(bench.file(&csv([2])))).unwrap();
    assert!(!again.published.is_new && again.published.edition == 4, "nothing changes: {again:?}");
}

#[test]
fn persons_are_put_and_withdrawn_too() {
    let person =
        |id: &str, name: &str| format!("{{\"id\": \"{id}\", \"names\": [{{\"full\": \"{name}\"}}]}}");
    let all: Vec<_> = (0..50).map(|n| person(&format!("p{n}"), "Ann Moe")).collect();
    let bench = bench(Kind::Persons, &all.join("\n"));
    bench.withdraw(&["p7"]).unwrap();
    bench.change(&Changes::Put(bench.file(&person("new", "Per Lund")))).unwrap();
    let file = format!("{{\"put\": {}}}\n{{\"withdraw\": \"p8\"}}\n", person("p9", "Ole Berg"));
    let changed = bench.change(&Changes::File(bench.file(&file))).unwrap();
    assert_eq!((changed.published.edition, changed.published.puts, changed.published.withdrawals), (4, 1, 1));
    let ids = bench.ids();
    assert!(ids.len() == 49 && ids.contains("new") && !ids.contains("p7") && !ids.contains("p8"), "{ids:?}");
}

#[test]
fn what_may_be_a_slip_is_refused_with_its_line_and_nothing_changes() {
    let bench = bench(Kind::Documents, &csv(0..100));
    let before = bench.ids();
    let put = "{\"put\": {\"issuing_state\": \"UTO\", \"document_type\": \"P\", \"document_number\": \"NEW1\", \"status\": \"lost\"}}";
    for (file, why) in [
        ("{\"withdraw\": \"UTO-P-X9\"}".to_string(), "line 1: no alert \"UTO-P-X9\" in"),
        ("{\"withdraw\": \"X9\"}".into(), "STATE-TYPE-NUMBER"),
        (format!("{put}\n{put}"), "line 2: the alert \"UTO-P-NEW1\" is changed twice"),
        (put.replace("lost", "mislaid"), "line 1, column status"),
        (put.replace("\"status\"", "\"state\""), "unknown key \"state\""),
        (put.replace("\"lost\"", "7"), "text in quotes"),
        ("{\"put\": 1, \"withdraw\": \"UTO-P-X0000001\"}".into(), "line 1: a line is"),
        ("{\"put\": {}, \"put\": {}}".into(), "twice"),
        ("[]".into(), "line 1: a line is"),
    ] {
        let error = bench.change(&Changes::File(bench.file(&file))).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    let error = bench.withdraw(&["UTO-P-X0000001", "UTO-P-X9999999"]).unwrap_err();
    assert!(matches!(error, PublishingError::NoAlert { .. }), "{error}");
    assert!(bench.withdraw(&["\u{1b}[2J"]).unwrap_err().to_string().chars().all(|c| !c.is_control()));
    let most: Vec<String> = (0..40).map(|n| format!("UTO-P-X{n:07}")).collect();
    let most = Changes::Withdraw(most);
    assert!(matches!(bench.change(&most), Err(PublishingError::WithdrawsMuch { .. })));
    assert_eq!(bench.ids(), before);
    let meant = ChangeOptions { withdraw_many: true, ..ChangeOptions::default() };
    assert_eq!(change(&bench.home, &LIST, &most, meant).unwrap().published.withdrawals, 40);

    import(&bench.home, &LIST, &bench.file(&csv(0..100)), ImportOptions::default()).unwrap();
    assert!(
        matches!(bench.withdraw(&["UTO-P-X0000050"]), Err(PublishingError::Pending(_))),
        "it would be undone"
    );
}
