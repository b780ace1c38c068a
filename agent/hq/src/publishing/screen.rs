//! `screen`: names against a list before it is published, to see its false-match burden.
//!
//! In: a persons file (see `persons`), and queries as a TSV with a header and the columns query_name (`SURNAME<<GIVEN`, as
//! a zone has it), query_dob (YYYY-MM-DD, a part of it, or empty) and query_nat. Out: `query number TAB alert id TAB
//! score`, the number from 0 in file order, at most [`ANSWERS_MAX`] a query, best first. Nothing is stored.

use crate::publishing::imports::error::ImportError;
use crate::publishing::imports::import_report::Report;
use crate::publishing::imports::persons;
use std::cell::RefCell;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use vedette_common::files::FileError;
use vedette_names::{BirthDate, PersonIndex, PersonQuery, Sex};

/// Answers to one query, at most.
pub const ANSWERS_MAX: usize = 10;
/// Scores below this are not worth a line.
const SCORE_MIN: f32 = 0.01;
/// Lengths of the name fields of TD1, TD2 and TD3: a name that fills one may be cut.
const NAME_FIELDS: [usize; 3] = [30, 31, 39];

/// Screens every query of `queries` against `list`; how many queries there were.
pub fn screen(list: &Path, queries: &Path, mut out: impl Write) -> Result<usize, ImportError> {
    let open = |path: &Path| File::open(path).map(BufReader::new).map_err(FileError::at("read", path));
    let report = RefCell::new(Report::default());
    let alerts = persons::alerts(list, open(list)?, &report).collect::<Result<Vec<_>, _>>()?;
    let index = PersonIndex::build(alerts.into_iter().map(|(_, alert)| alert));

    let mut lines = open(queries)?.lines();
    let header = lines.next().transpose().map_err(FileError::at("read", queries))?.unwrap_or_default();
    let place = |column: &str| {
        let found = header.split('\t').position(|name| name == column);
        found.ok_or_else(|| ImportError::row(queries, 1, column, "this column is missing".into()))
    };
    let (name_at, dob_at, nat_at) = (place("query_name")?, place("query_dob")?, place("query_nat")?);
    let mut count = 0;
    for line in lines {
        let line = line.map_err(FileError::at("read", queries))?;
        let fields: Vec<&str> = line.split('\t').collect();
        let field = |at: usize| fields.get(at).copied().unwrap_or("");
        let query = query(field(name_at), field(dob_at), field(nat_at));
        for found in index.search(&query, ANSWERS_MAX, SCORE_MIN) {
            let written = writeln!(out, "{count}\t{}\t{:.4}", found.alert_id, found.score);
            written.map_err(FileError::at("write", "the answers"))?;
        }
        count += 1;
    }
    out.flush().map_err(FileError::at("write", "the answers"))?;
    Ok(count)
}

fn query(name: &str, birth_date: &str, nationality: &str) -> PersonQuery {
    let (surname, given) = name.split_once("<<").unwrap_or((name, ""));
    PersonQuery {
        surname: surname.into(),
        given: given.into(),
        name_truncated: NAME_FIELDS.contains(&name.len()),
        birth_date: BirthDate::parse(birth_date),
        nationality: nationality.into(),
        sex: Sex::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_name_is_answered_and_another_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (list, queries) = (folder.path().join("list.jsonl"), folder.path().join("queries.tsv"));
        let line = r#"{"id": "u-1", "names": [{"surname": "Eriksson", "given": "Anna Maria", "kind": "primary"}], "birth_dates": ["1974-08-12"]}"#;
        std::fs::write(&list, format!("{line}\n\n")).unwrap();
        let text =
            "query_nat\tquery_name\tquery_dob\nUTO\tERIKSSON<<ANNA<MARIA\t1974-08-12\n\tNAKAMURA<<KENJI\t\n";
        std::fs::write(&queries, text).unwrap();
        let mut out = Vec::new();
        assert_eq!(screen(&list, &queries, &mut out).unwrap(), 2);
        let out = String::from_utf8(out).unwrap();
        let answers: Vec<Vec<&str>> = out.lines().map(|line| line.split('\t').collect()).collect();
        assert_eq!(answers[0][..2], ["0", "u-1"]);
        assert!(answers[0][2].parse::<f32>().unwrap() > 0.9, "{out}");
        assert!(answers[1..].iter().all(|answer| answer[2].parse::<f32>().unwrap() < 0.5), "{out}");

        std::fs::write(&list, format!("{line}\n{{\"id\": 3}}\n")).unwrap();
        let error = screen(&list, &queries, std::io::sink()).unwrap_err().to_string();
        assert!(error.contains("list.jsonl, line 2"), "{error}");
        std::fs::write(&list, line).unwrap();
        std::fs::write(&queries, "name\n").unwrap();
        let error = screen(&list, &queries, std::io::sink()).unwrap_err().to_string();
        assert!(error.contains("query_name"), "{error}");
    }
}
