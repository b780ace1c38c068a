//! Any bytes: a zone or an error, never a panic; and what was read keeps its promises.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vedette_shim::mrz::{self, Field, Mrz, Repair};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mrz = match mrz::parse(&text) {
        Ok(mrz) => mrz,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    // What was normalised reads the same again, whole or line by line.
    let lines = mrz.lines().to_string();
    assert_eq!(mrz::parse(&lines).as_ref(), Ok(&mrz));
    assert_eq!(mrz::parse_lines(&lines.lines().collect::<Vec<_>>()).as_ref(), Ok(&mrz));
    ask_everything(&mrz);
    if let Repair::Unique(fix) = mrz::repair(mrz.lines()) {
        let repaired = Mrz::from(*fix.lines());
        assert!(repaired.checks().iter().all(|c| c.check.passes()));
        assert!(fix.changes().count() > 0);
        for field in [Field::Name, Field::Surname, Field::GivenNames, Field::Sex] {
            assert_eq!(mrz.lines().raw(field), repaired.lines().raw(field));
        }
        ask_everything(&repaired);
    }
});

fn ask_everything(mrz: &Mrz) {
    let texts = [
        mrz.document_code(),
        mrz.issuing_state(),
        mrz.document_number(),
        mrz.nationality(),
        mrz.surname(),
        mrz.given_names(),
        mrz.optional1(),
        mrz.optional2(),
    ];
    assert!(texts.iter().all(|t| t.len() <= 39 && !t.ends_with('<')));
    let _ = (mrz.birth_date().map(|d| d.parts()), mrz.expiry_date().map(|d| d.parts()), mrz.sex());
    mrz::twins(mrz, mrz::Shapes::ANY, |twin| assert!(twin.changes().count() > 0 && twin.number() != mrz.document_number()));
    mrz.other_numbers(|number| assert!(number.len() <= 26));
    assert!(mrz.name_readings().iter().all(|name| name.surname.len() + name.given_names.len() > 0));
    let _ = (mrz.valid(), mrz.unreadable_fields().count(), format!("{mrz:?}"));
}
