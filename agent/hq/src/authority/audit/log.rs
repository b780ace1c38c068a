//! `audit show`, `verify` and `export`: the log as a whole, read in pages, so that years of it take the memory of one page.

use crate::authority::audit::act::Act;
use crate::authority::audit::line::{LINE_BYTES_MAX, from_json, to_json};
use crate::authority::audit::record::{record, signing_key};
use crate::authority::audit::verify::{Verified, Verifier};
use crate::authority::error::AuthorityError;
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::db::Db;
use crate::db::audit::{self, Filter, Line};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;
use vedette_common::files::{self, FileError};
use vedette_shim::ids::Hex;
use vedette_shim::trust::PublicKey;

/// Lines that one page has, at most.
pub const PAGE_LINES: usize = 500;

/// The lines that are wanted, the oldest first, in pages of [`PAGE_LINES`].
pub fn pages(
    home: &Home,
    wanted: Filter,
) -> Result<impl Iterator<Item = Result<Vec<Line>, AuthorityError>>, AuthorityError> {
    Ok(pages_of(home.database()?, wanted))
}

fn pages_of(db: Db, wanted: Filter) -> impl Iterator<Item = Result<Vec<Line>, AuthorityError>> {
    let mut after = Some(0);
    std::iter::from_fn(move || match audit::page(db.read(), after.take()?, &wanted, PAGE_LINES) {
        Ok(page) => {
            after = page.last().map(|line| line.number);
            (!page.is_empty()).then_some(Ok(page))
        }
        Err(error) => Some(Err(error.into())),
    })
}

/// The public half of the audit key that signed the first line: what an exported log is verified with.
pub fn public_key(home: &Home) -> Result<PublicKey, AuthorityError> {
    Ok(Key::Audit.first_signing(home)?.public())
}

/// Verifies the home's own log; `wanted` is a hash that one of its lines must have.
pub fn verify(home: &Home, wanted: Option<[u8; 32]>) -> Result<Verified, AuthorityError> {
    let mut db = home.database()?;
    let signs = signing_key(home, &db.change()?)?.public();
    let mut verifier = Verifier::new(Some(public_key(home)?), wanted);
    for page in pages_of(db, Filter::default()) {
        for line in page? {
            verifier.take(&line)?;
        }
    }
    let verified = verifier.end()?;
    match verified.last_key == Hex(&signs).to_string() {
        true => Ok(verified),
        false => {
            let why = "the key that it leaves is not keys/audit".into();
            Err(AuthorityError::BadLine { line: verified.lines, why })
        }
    }
}

/// Verifies an exported log with the audit key's public half.
pub fn verify_file(
    file: &Path,
    key: PublicKey,
    wanted: Option<[u8; 32]>,
) -> Result<Verified, AuthorityError> {
    let opened = files::open_foreign(file)?;
    let mut lines = BufReader::new(opened);
    let mut verifier = Verifier::new(Some(key), wanted);
    let mut text = String::new();
    for number in 1.. {
        text.clear();
        let read = lines.by_ref().take(LINE_BYTES_MAX as u64).read_line(&mut text);
        if read.map_err(FileError::at("read", file))? == 0 {
            break;
        }
        let bad = |why| AuthorityError::BadLine { line: number, why };
        let line = text.strip_suffix('\n').ok_or_else(|| bad("it is cut off, or too long".into()))?;
        verifier.take(&from_json(line).map_err(bad)?)?;
    }
    verifier.end()
}

/// Writes the whole log into a file, a line of JSON each, with the line of this export last; how many lines. The file appears
/// whole or not at all.
pub fn export(home: &Home, file: &Path) -> Result<u64, AuthorityError> {
    let mut db = home.database()?;
    let change = db.change()?;
    record(home, &change, Act::AuditExport.of(file.display()))?;
    let last = audit::head(&change)?.map_or(0, |line| line.number);
    change.commit()?;
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    name.push(".tmp");
    let temporary = file.with_file_name(name);
    write(db, last, &temporary)?;
    files::persist(&temporary, file)?;
    Ok(last)
}

fn write(db: Db, last: u64, file: &Path) -> Result<(), AuthorityError> {
    let created = files::create(file).map_err(FileError::at("make", file))?;
    let mut out = BufWriter::new(created);
    for page in pages_of(db, Filter::default()) {
        for line in page?.iter().take_while(|line| line.number <= last) {
            writeln!(out, "{}", to_json(line)).map_err(FileError::at("write", file))?;
        }
    }
    Ok(out.flush().map_err(FileError::at("write", file))?)
}
