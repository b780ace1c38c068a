//! A damaged or missing database: nothing that can be read of spool and journal is lost, and the device goes on.

use super::*;
use crate::store::{journal, salvage, spool};
use std::io::{Seek, SeekFrom, Write};
use vedette_shim::ids::Digest;

const ROWS: i64 = 400;

/// A store with many encounters and journal lines.
fn full(folder: &Path) {
    let db = Db::open_in(folder).unwrap();
    db.transaction("fill", |t| {
        for n in 0..ROWS {
            spool::push(
                t,
                &[n.to_be_bytes(), [7; 8]].concat().try_into().unwrap(),
                &[n as u8; 600],
                1 << 30,
                true,
            )?;
            journal::add(t, &format!("line {n} {}", "x".repeat(300)), &Digest::from([n as u8; 32]))?;
        }
        Ok::<_, DbError>(())
    })
    .unwrap();
    trust::set_clock_floor(&db, 1_790_000_000).unwrap();
    db.checkpoint();
}

fn damage(folder: &Path, at: u64, bytes: usize) {
    let mut file = std::fs::OpenOptions::new().write(true).open(folder.join(salvage::FILE)).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&vec![0xff; bytes]).unwrap();
}

#[test]
fn a_damaged_page_costs_its_own_rows_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    full(folder.path());
    let length = std::fs::metadata(folder.path().join(salvage::FILE)).unwrap().len();
    damage(folder.path(), length / 2 / 4096 * 4096, 4096);
    let restarted = salvage::start_again(folder.path(), 5).unwrap();
    assert_eq!(restarted.set_aside, "state.db.damaged-5");
    let (all, lost) = (ROWS as u64, 40);
    assert!((all - lost..=all).contains(&restarted.encounters), "{restarted:?}");
    assert!((all - lost..=all).contains(&restarted.journal_lines), "{restarted:?}");
    assert!(
        restarted.encounters + restarted.journal_lines < 2 * all,
        "else nothing was damaged: {restarted:?}"
    );
    let db = Db::open_in(folder.path()).unwrap();
    assert_eq!(spool::depth(&db).unwrap(), restarted.encounters);
    assert_eq!(trust::clock_floor(&db).unwrap(), 1_790_000_000);
    assert_eq!(salvage::set_aside_in(folder.path()).len(), 1);
}

#[test]
fn two_salvages_at_one_time_by_the_clock_keep_what_was_stored_between_them() {
    let folder = tempfile::tempdir().unwrap();
    full(folder.path());
    for (times, set_aside) in
        (1..).zip(["state.db.damaged-5", "state.db.damaged-5-1", "state.db.damaged-5-2"])
    {
        let length = std::fs::metadata(folder.path().join(salvage::FILE)).unwrap().len();
        damage(folder.path(), length / 2 / 4096 * 4096, 4096);
        let restarted = salvage::start_again(folder.path(), 5).unwrap();
        assert_eq!(restarted.set_aside, set_aside);
        assert!(restarted.encounters > 0, "{restarted:?}");
        assert_eq!(salvage::set_aside_in(folder.path()).len(), times, "none takes another's place");
    }
}

#[test]
fn whatever_is_left_of_the_file_there_is_a_store_afterwards() {
    type Damage = fn(&Path);
    let ways: [Damage; 4] = [
        |folder| damage(folder, 0, 100),
        |folder| damage(folder, 0, 4096),
        |folder| {
            std::fs::File::create(folder.join(salvage::FILE)).unwrap().write_all(b"not a database").unwrap()
        },
        |folder| {
            let file = std::fs::OpenOptions::new().write(true).open(folder.join(salvage::FILE)).unwrap();
            file.set_len(20_000).unwrap();
        },
    ];
    for way in ways {
        let folder = tempfile::tempdir().unwrap();
        full(folder.path());
        way(folder.path());
        salvage::start_again(folder.path(), 5).unwrap();
        let db = Db::open_in(folder.path()).unwrap();
        trust::set_clock_floor(&db, 1).unwrap();
    }
}

#[test]
fn every_table_is_saved_but_the_counts_that_follow_from_others() {
    let (_folder, db) = open();
    let made = db.run("list the tables", |db| {
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
                   AND name NOT LIKE '%_bytes' ORDER BY name";
        db.prepare(sql)?.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()
    });
    let mut saved: Vec<_> = salvage::TABLES.iter().map(|(table, _)| table.to_string()).collect();
    saved.sort();
    assert_eq!(made.unwrap(), saved);
}

#[test]
fn a_missing_database_is_noticed_and_a_first_one_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let note = |folder: &Path| salvage::note_made(folder).unwrap();
    assert_eq!(note(folder.path()), None, "the first start");
    full(folder.path());
    assert_eq!(note(folder.path()), None);
    std::fs::remove_file(folder.path().join(salvage::FILE)).unwrap();
    assert_eq!(note(folder.path()), Some(salvage::Restarted::default()));
}

#[test]
fn what_keeps_the_store_from_being_written_is_said_until_it_is_written_again() {
    let (_folder, db) = open();
    assert_eq!(db.fault(), None);
    db.refuse_writes(true);
    assert!(trust::set_clock_floor(&db, 5).is_err());
    assert!(db.fault().unwrap().contains("store the time"));
    assert!(!db.is_damaged());
    db.refuse_writes(false);
    trust::set_clock_floor(&db, 5).unwrap();
    assert_eq!(db.fault(), None);
}
