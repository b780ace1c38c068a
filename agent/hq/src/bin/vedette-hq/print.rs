//! Listings on standard output, page by page, as JSON or as text.

use serde::Serialize;
use std::io::Write;
use vedette_common::clock::rfc3339;
use vedette_common::text::printable;
use vedette_hq::{Home, alarms};

/// Prints rows as one JSON array, or as `show` has them.
pub(crate) fn rows<T: Serialize>(
    json: bool,
    rows: Vec<T>,
    show: impl Fn(&[T]) -> String,
) -> anyhow::Result<()> {
    pages(json, std::iter::once(anyhow::Ok(rows)), show).map(drop)
}

/// The same for rows that come in pages; how many there were. When a page cannot be read, the JSON ends in the middle of
/// its array, so that it cannot be taken for the whole.
pub(crate) fn pages<T: Serialize, E: Into<anyhow::Error>>(
    json: bool,
    pages: impl Iterator<Item = Result<Vec<T>, E>>,
    show: impl Fn(&[T]) -> String,
) -> anyhow::Result<usize> {
    let mut out = std::io::stdout().lock();
    let mut count = 0;
    if json {
        out.write_all(b"[")?;
    }
    for page in pages {
        let page = page.map_err(Into::into)?;
        if json {
            for row in &page {
                let separator = if count == 0 { "" } else { "," };
                write!(out, "{separator}{}", serde_json::to_string(row)?)?;
                count += 1;
            }
        } else {
            out.write_all(show(&page).as_bytes())?;
            count += page.len();
        }
    }
    if json {
        out.write_all(b"]\n")?;
    }
    Ok(count)
}

/// Prints the alarms of `serve` on standard error, beside the listing in any form.
pub(crate) fn alarms(home: &Home) -> anyhow::Result<()> {
    for alarm in alarms::alarms(home)? {
        let (subject, since, text) =
            (printable(&alarm.subject), rfc3339(alarm.since), printable(&alarm.text));
        eprintln!("ALARM of serve since {since}: {subject}: {text}");
    }
    Ok(())
}
