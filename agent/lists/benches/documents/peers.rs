//! The peers, in the clear, each as its documentation advises for point lookups: SQLite, LMDB, redb, fst.
#![allow(
    unsafe_code,
    reason = "heed and memmap2 open maps by unsafe calls; the files are this process's own"
)]

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use heed::byteorder::LE;
use heed::types::{Bytes, U64};
use redb::ReadableDatabase;
use rusqlite::{Connection, OptionalExtension, params};

use super::keys::Listed;

/// A value put, or a key removed.
pub(crate) type PeerChange = (Vec<u8>, Option<u64>);

/// A store of (key, 8 bytes).
pub(crate) trait Peer: Sized {
    const NAME: &'static str;
    /// Writes all documents to a new store, durably in the end.
    fn build(dir: &Path, listed: impl Iterator<Item = Listed>) -> anyhow::Result<()>;
    /// Opens it for questions.
    fn open(dir: &Path) -> anyhow::Result<Self>;
    /// Runs `work` with a function that asks for a key.
    fn ask<R>(&self, work: impl FnOnce(&mut dyn FnMut(&[u8]) -> Option<u64>) -> R) -> anyhow::Result<R>;
    /// Applies changes in one durable transaction; `false` if the store cannot change.
    fn apply(&mut self, changes: &[PeerChange]) -> anyhow::Result<bool>;
}

pub(crate) struct Sqlite(Connection);

impl Peer for Sqlite {
    const NAME: &'static str = "SQLite";

    fn build(dir: &Path, listed: impl Iterator<Item = Listed>) -> anyhow::Result<()> {
        let mut connection = Connection::open(dir.join("list.sqlite"))?;
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;
             CREATE TABLE document (key BLOB PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;",
        )?;
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction.prepare("INSERT INTO document VALUES (?1, ?2)")?;
            for listed in listed {
                insert.execute(params![listed.text(), listed.value as i64])?;
            }
        }
        transaction.commit()?;
        Ok(File::open(dir.join("list.sqlite"))?.sync_all()?)
    }

    fn open(dir: &Path) -> anyhow::Result<Self> {
        let connection = Connection::open(dir.join("list.sqlite"))?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA mmap_size = 17179869184;",
        )?;
        Ok(Sqlite(connection))
    }

    fn ask<R>(&self, work: impl FnOnce(&mut dyn FnMut(&[u8]) -> Option<u64>) -> R) -> anyhow::Result<R> {
        let mut select = self.0.prepare("SELECT value FROM document WHERE key = ?1")?;
        Ok(work(&mut |key| {
            let value = select.query_row(params![key], |row| row.get::<_, i64>(0)).optional();
            value.expect("SQLite answers").map(|value| value as u64)
        }))
    }

    fn apply(&mut self, changes: &[PeerChange]) -> anyhow::Result<bool> {
        let transaction = self.0.transaction()?;
        {
            let mut put = transaction.prepare("INSERT OR REPLACE INTO document VALUES (?1, ?2)")?;
            let mut remove = transaction.prepare("DELETE FROM document WHERE key = ?1")?;
            for (key, value) in changes {
                match value {
                    Some(value) => put.execute(params![key, *value as i64])?,
                    None => remove.execute(params![key])?,
                };
            }
        }
        transaction.commit()?;
        // The log must come into the file some time: it is part of the work.
        self.0.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(true)
    }
}

pub(crate) struct Lmdb(heed::Env, heed::Database<Bytes, U64<LE>>);

fn lmdb(dir: &Path, flags: heed::EnvFlags) -> anyhow::Result<heed::Env> {
    let mut options = heed::EnvOpenOptions::new();
    options.map_size(32 << 30).max_dbs(1);
    // SAFETY: the folder is this process's own and open once; the flags only trade durability while building.
    Ok(unsafe { options.flags(flags).open(dir)? })
}

impl Peer for Lmdb {
    const NAME: &'static str = "LMDB (heed)";

    fn build(dir: &Path, listed: impl Iterator<Item = Listed>) -> anyhow::Result<()> {
        let env = lmdb(dir, heed::EnvFlags::WRITE_MAP | heed::EnvFlags::NO_SYNC)?;
        let mut transaction = env.write_txn()?;
        let database: heed::Database<Bytes, U64<LE>> =
            env.create_database(&mut transaction, Some("document"))?;
        for listed in listed {
            database.put_with_flags(
                &mut transaction,
                heed::PutFlags::APPEND,
                &listed.text(),
                &listed.value,
            )?;
        }
        transaction.commit()?;
        env.force_sync()?;
        env.prepare_for_closing().wait();
        Ok(())
    }

    fn open(dir: &Path) -> anyhow::Result<Self> {
        let env = lmdb(dir, heed::EnvFlags::NO_READ_AHEAD)?;
        let transaction = env.read_txn()?;
        let database = env.open_database(&transaction, Some("document"))?;
        // Only a commit keeps the handle of the database open.
        transaction.commit()?;
        Ok(Lmdb(env, database.ok_or_else(|| anyhow::anyhow!("no database"))?))
    }

    fn ask<R>(&self, work: impl FnOnce(&mut dyn FnMut(&[u8]) -> Option<u64>) -> R) -> anyhow::Result<R> {
        let transaction = self.0.read_txn()?;
        Ok(work(&mut |key| self.1.get(&transaction, key).expect("LMDB answers")))
    }

    fn apply(&mut self, changes: &[PeerChange]) -> anyhow::Result<bool> {
        let mut transaction = self.0.write_txn()?;
        for (key, value) in changes {
            match value {
                Some(value) => self.1.put(&mut transaction, key, value)?,
                None => {
                    self.1.delete(&mut transaction, key)?;
                }
            }
        }
        transaction.commit()?;
        Ok(true)
    }
}

pub(crate) struct Redb(redb::Database);

const TABLE: redb::TableDefinition<&[u8], u64> = redb::TableDefinition::new("document");

impl Peer for Redb {
    const NAME: &'static str = "redb";

    fn build(dir: &Path, listed: impl Iterator<Item = Listed>) -> anyhow::Result<()> {
        let mut database = redb::Database::create(dir.join("list.redb"))?;
        // In transactions of a million: redb keeps what is uncommitted in memory.
        let mut listed = listed.peekable();
        while listed.peek().is_some() {
            let mut transaction = database.begin_write()?;
            transaction.set_durability(redb::Durability::None)?;
            {
                let mut table = transaction.open_table(TABLE)?;
                for listed in listed.by_ref().take(1_000_000) {
                    table.insert(&listed.text()[..], listed.value)?;
                }
            }
            transaction.commit()?;
        }
        database.begin_write()?.commit()?;
        database.compact()?;
        Ok(())
    }

    fn open(dir: &Path) -> anyhow::Result<Self> {
        Ok(Redb(redb::Database::open(dir.join("list.redb"))?))
    }

    fn ask<R>(&self, work: impl FnOnce(&mut dyn FnMut(&[u8]) -> Option<u64>) -> R) -> anyhow::Result<R> {
        let table = self.0.begin_read()?.open_table(TABLE)?;
        Ok(work(&mut |key| table.get(key).expect("redb answers").map(|value| value.value())))
    }

    fn apply(&mut self, changes: &[PeerChange]) -> anyhow::Result<bool> {
        let transaction = self.0.begin_write()?;
        {
            let mut table = transaction.open_table(TABLE)?;
            for (key, value) in changes {
                match value {
                    Some(value) => drop(table.insert(&key[..], value)?),
                    None => drop(table.remove(&key[..])?),
                }
            }
        }
        transaction.commit()?;
        Ok(true)
    }
}

pub(crate) struct Fst(fst::Map<memmap2::Mmap>);

impl Peer for Fst {
    const NAME: &'static str = "fst";

    fn build(dir: &Path, listed: impl Iterator<Item = Listed>) -> anyhow::Result<()> {
        let mut builder = fst::MapBuilder::new(BufWriter::new(File::create(dir.join("list.fst"))?))?;
        for listed in listed {
            builder.insert(listed.text(), listed.value)?;
        }
        let file = builder.into_inner()?.into_inner().map_err(|error| error.into_error())?;
        Ok(file.sync_all()?)
    }

    fn open(dir: &Path) -> anyhow::Result<Self> {
        let file = File::open(dir.join("list.fst"))?;
        // SAFETY: nobody writes the file while it is mapped.
        let map = unsafe { memmap2::Mmap::map(&file)? };
        map.advise(memmap2::Advice::Random)?;
        Ok(Fst(fst::Map::new(map)?))
    }

    fn ask<R>(&self, work: impl FnOnce(&mut dyn FnMut(&[u8]) -> Option<u64>) -> R) -> anyhow::Result<R> {
        Ok(work(&mut |key| self.0.get(key)))
    }

    fn apply(&mut self, _: &[PeerChange]) -> anyhow::Result<bool> {
        Ok(false)
    }
}
