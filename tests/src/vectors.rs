//! What firmware is tested with on every processor, in `firmware-shim/tests/vectors`: the same bytes in, the same lines out.
//!
//! | file | what it is |
//! |---|---|
//! | `pinned.bin` | 32 bytes each: public keys of the issuer of uto/stolen, of the heartbeat and of orders; the scanner's private key; the random bytes that it must answer the recorded opening with; the root's public key |
//! | `host.bin` | all that a host says to set the scanner up, as frames: the opening, keys, time, offer, every piece in its order |
//! | `zones.txt` | documents put on the scanner, one a line, the zone's lines joined |
//! | `answers.txt` | what it must say of each, as `vedette_shim::unit::ScanOutcome` is displayed, at an uptime of 60 s |
//! | `damage.txt` | what it must say when a page is damaged, one case a line, see [`damage`] |
//!
//! They lie in the shim's crate, so that whoever takes the shim alone can run them. All are invented.
//! `cargo run -p vedette-tests --bin scanner-vectors` writes them again. What is found comes from the agent's own engine, not
//! from the shim's; `tests/reader/session.py` reads the host's side of the line from the text of FORMAT.md.

use crate::host_line::HostLine;
use crate::press::{FLASH, LEASE_S, NOW, Press, PrintedEdition, PrintedSegment};
use crate::sample;
use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use vedette_lists::{
    Change, DocumentAlert, DocumentChange, DocumentId, DocumentMatches, DocumentPayload, Edition,
    SegmentFile, Status,
};
use vedette_shim::document::{DocumentKey, Number};
use vedette_shim::frame::{self, encoded_max};
use vedette_shim::list::root::Part;
use vedette_shim::list::{PAGE_BYTES, Segment};
use vedette_shim::mrz::{self, Fields, compose};
use vedette_shim::query::{DocumentQuery, How};
use vedette_shim::scanner::{KeyFor, PIECE_BYTES_MAX, Piece, ToScanner};
use vedette_shim::seal::Soft;
use vedette_shim::session::{Opened, PrivateKey, REPLY_BYTES};
use vedette_shim::trust::Freshness;
use vedette_shim::verdict::{Basis, decide};

/// Seconds that the scanner has been on when the documents are put on it; the heartbeat came at 0.
pub const UPTIME_S: u64 = 60;
/// When the heartbeat was issued.
pub const HEARTBEAT_AT: u64 = NOW + 3600;

/// The files: name and content.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    let press = Press::default();
    let edition = edition(&press);
    let zones = zones();
    let text = |lines: Vec<String>| (lines.join("\n") + "\n").into_bytes();
    let open = open(&press, &edition);
    let answers: Vec<_> = zones.iter().map(|zone| answer(&open, zone)).collect();
    let damage = damage(&press, &edition, &open, &zones);
    vec![
        (
            "pinned.bin",
            [press.pinned_keys().concat(), press.key.0.to_vec(), RANDOM.to_vec(), press.root_key().to_vec()]
                .concat(),
        ),
        ("host.bin", host(&press, &edition)),
        ("zones.txt", text(zones)),
        ("answers.txt", text(answers)),
        ("damage.txt", text(damage)),
    ]
}

/// Where they are.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../firmware-shim/tests/vectors")
}

fn key(kind: &str, number: &str) -> DocumentKey {
    DocumentKey::new("UTO", kind, number).expect("a document key")
}

fn put(id: DocumentId, status: Status, remark: &str) -> DocumentChange {
    let payload = DocumentPayload { remark: remark.into(), ..DocumentPayload::new(status) };
    Change::Put(DocumentAlert { key: id.key, to: id.to, payload })
}

fn withdraw(id: DocumentId) -> DocumentChange {
    Change::Withdraw(id)
}

/// An edition of two segments: packed numbers, loose ones, ranges; and changes to each.
pub fn edition(press: &Press) -> PrintedEdition {
    let statuses = [Status::Stolen, Status::Lost, Status::Revoked];
    let document = |kind: &str, number: &str| DocumentId::document(key(kind, number));
    let range = |from: &str, to: &str| {
        let to = Number::new(to).expect("a number");
        DocumentId::range(key("P", from), to).expect("a range")
    };
    let mut base: Vec<_> = (0..8000)
        .map(|n| {
            put(
                document("P", &sample::number(n * 7)),
                statuses[n % 3],
                if n % 500 == 0 { "seen at sea" } else { "" },
            )
        })
        .collect();
    base.push(put(document("P", sample::SPECIMEN), Status::Stolen, ""));
    base.push(put(document("I", "D231458907"), Status::Lost, ""));
    base.push(put(document("V", "Z9Y8X7W6"), Status::ValidBearerSought, "ask for the bearer"));
    // What a zone that reads well may have been misread from, or may be listed as.
    for number in ["Z1234567", "G12345678", "AB1004567"] {
        base.push(put(document("P", number), Status::Stolen, ""));
    }
    let withdrawn_code = DocumentKey::new("ROM", "P", "05123456").expect("a document key");
    base.push(put(DocumentId::document(withdrawn_code), Status::Lost, ""));
    base.push(put(range("BL100000", "BL199999"), Status::StolenBlank, ""));
    base.push(put(range("BL150000", "BL150999"), Status::StolenBlank, ""));
    base.push(put(range("BK000000", "BK000499"), Status::StolenBlank, ""));
    let delta = [
        withdraw(document("P", &sample::number(7))),
        put(document("P", &sample::number(14)), Status::Lost, ""),
        put(document("P", &sample::number(5)), Status::Stolen, ""),
        withdraw(range("BK000000", "BK000499")),
    ];
    press.edition(2, &[press.segment(&base), press.segment(&delta)])
}

/// Passports, a card, a visa; listed, withdrawn, unlisted, misread with and without a repair, misread and unlisted, and
/// no zone at all.
fn zones() -> Vec<String> {
    let passport = |number: &str| sample::passport(number).replace('\n', "");
    let mut zones: Vec<String> =
        [0, 1, 5, 7, 14, 21, 55_993, 55_994].map(|n| passport(&sample::number(n))).into();
    for number in [sample::SPECIMEN, "BL099999", "BL100000", "BL150500", "BL199999", "BK000123"] {
        zones.push(passport(number));
    }
    let card = Fields {
        format: mrz::Format::Td1,
        document_code: "I",
        ..Fields::specimen_passport("UTO", "D231458907")
    };
    let visa = Fields {
        format: mrz::Format::MrvA,
        document_code: "V",
        ..Fields::specimen_passport("UTO", "Z9Y8X7W6")
    };
    for fields in [card, visa] {
        zones.push(compose(&fields).expect("a specimen fits").text().into());
    }
    let misread = passport(sample::SPECIMEN).replace("L898902C3", "L8989O2C3");
    zones.push(misread);
    zones.push(passport(&sample::number(700)).replace("X00000700", "X00000707"));
    // Unlisted: the state read with a zero for its O, which no check digit covers; the number with a wrong digit.
    zones.push(passport("X99").replacen("UTO", "UT0", 1));
    zones.push(passport(&sample::number(55_994)).replace("X00055994", "X00055995"));
    // Listed, and read so that every digit agrees: a filler read as K, 6 for G, two O for 0, a state that is none, another
    // type; and read well under another code of its state.
    zones.push(passport("Z1234567").replacen("Z1234567<", "Z1234567K", 1));
    zones.push(passport("612345678"));
    zones.push(passport("AB1OO4567"));
    zones.push(passport(sample::SPECIMEN).replacen("UTO", "UTC", 1));
    let permit = Fields { document_code: "RP", ..card };
    let romanian = Fields::specimen_passport("ROU", "05123456");
    for fields in [permit, romanian] {
        zones.push(compose(&fields).expect("a specimen fits").text().into());
    }
    zones.push("P<UTOERIKSSON<<ANNA<MARIA".into());
    zones
}

/// What the scanner of the recorded session takes for random bytes. No other session may have them.
pub const RANDOM: [u8; 32] = [9; 32];

/// What a host says, in frames.
pub fn host(press: &Press, edition: &PrintedEdition) -> Vec<u8> {
    let list_key = KeyFor::List { list: press.list(), number: 1, key: press.list_key.clone() };
    let heartbeat = press.heartbeat(HEARTBEAT_AT, edition);
    let mut messages = vec![
        ToScanner::Who,
        ToScanner::Key(list_key),
        ToScanner::Key(KeyFor::Encounters(press.scanner_key.clone())),
        ToScanner::Offer(&edition.manifest),
    ];
    for segment in &edition.segments {
        for (n, bytes) in segment.bytes.chunks(PIECE_BYTES_MAX).enumerate() {
            let offset = (n * PIECE_BYTES_MAX) as u32;
            messages.push(ToScanner::Piece(Piece { segment: segment.reference.digest, offset, bytes }));
        }
    }
    messages.push(ToScanner::Time(&heartbeat));
    let mut host = HostLine::new(press, PrivateKey([8; 32]));
    let opening = host.opening().to_vec();
    // The scanner's answer, as it will be made again.
    let mut open = opening.clone();
    let opened =
        Opened::read::<Soft>(&press.key, &press.key.public(), &mut open[2..]).expect("its own opening");
    let mut reply = [0; REPLY_BYTES];
    opened.reply::<Soft>(&PrivateKey(RANDOM), &mut reply).expect("room for a reply");
    host.opened(&mut reply);
    let sealed = messages.iter().flat_map(|message| host.sealed(message));
    framed(&opening).into_iter().chain(sealed).collect()
}

/// A payload as a frame.
pub fn framed(payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; encoded_max(payload.len())];
    frame::encode(payload, &mut out).expect("the buffer is as large as the frame").to_vec()
}

fn open(press: &Press, edition: &PrintedEdition) -> Edition {
    let open = |segment: &PrintedSegment| {
        SegmentFile::open_verified(&path(press, segment), segment.reference.digest, &press.list_key)
            .expect("a segment just made")
    };
    Edition::open(edition.segments.iter().map(open).collect()).expect("one kind of segments")
}

fn path(press: &Press, segment: &PrintedSegment) -> PathBuf {
    press.folder().join(format!("{}.seg", vedette_lists::file::hex(&segment.reference.digest)))
}

/// What must be said of a zone.
fn answer(edition: &Edition, zone: &str) -> String {
    let zone = match mrz::parse(zone) {
        Err(error) => return error.to_string(),
        Ok(zone) => zone,
    };
    let query = DocumentQuery::new(&zone);
    let (mut complete, mut alerts) = (true, Vec::<(DocumentAlert, How)>::new());
    query.visit(&mut |lookup| {
        // All are asked, as a scanner does, which does not know the formats beforehand.
        let mut found = DocumentMatches::default();
        complete &= edition.find_into(&mut found, &lookup.key).is_ok();
        for alert in found.exact.into_iter().chain(found.ranges) {
            if !alerts.iter().any(|(met, _)| met.id() == alert.id()) {
                alerts.push((alert, lookup.how));
            }
        }
    });
    const { assert!(UPTIME_S < LEASE_S as u64 / 2, "the edition is fresh") };
    let basis = Basis { freshness: Some(Freshness::Fresh), doubtful: query.doubtful, complete };
    let result = basis.result(alerts.iter().map(|(_, how)| basis.match_result(*how == How::Read)));
    let (verdict, misread) = (decide([result]), if query.doubtful { ", misread" } else { "" });
    let result = format!("{verdict}").to_lowercase();
    let alerts: String = alerts
        .iter()
        .map(|(alert, how)| format!("; {} {}{how}", alert.payload.status.word(), alert.alert_id()))
        .collect();
    format!("{verdict}{misread}; uto/stolen 2 {UPTIME_S} s fresh {result}{alerts}")
}

/// A line for each page of entries, loose documents, ranges and extras, and each zone that can be read:
/// `SEGMENT OFFSET FLASH BYTES ZONE ANSWER`, the segment's place from 0 (the oldest), where the page begins in the segment's
/// file and in the flash of [`Press::setup`], its length, the line of `zones.txt` from 1, and what must be said of it when
/// every byte of the page is XORed with 0x55.
///
/// Pages that say where others are have no lines: the agent holds them in memory, a scanner reads them again.
fn damage(press: &Press, printed: &PrintedEdition, open: &Edition, zones: &[String]) -> Vec<String> {
    let mut lines = Vec::new();
    let setup = press.setup();
    let mut begin = setup.lists[0].region.first * FLASH.sector;
    for (place, segment) in printed.segments.iter().enumerate() {
        let read =
            Segment::<_, Soft>::open(segment.bytes.as_slice(), &press.list_key).expect("it was just made");
        for part in [Part::Entries, Part::Loose, Part::Records, Part::Extras] {
            let pages = read.pages(part);
            for page in 0..pages {
                let offset = read.offset(part, page);
                let last = usize::from(read.root().extents[part as usize].last_bytes);
                let bytes = if page + 1 < pages { PAGE_BYTES } else { last };
                let whole = &segment.bytes[offset as usize..][..bytes];
                overwrite(
                    &path(press, segment),
                    offset,
                    &whole.iter().map(|byte| byte ^ 0x55).collect::<Vec<_>>(),
                );
                for (n, zone) in zones.iter().enumerate().filter(|(_, zone)| mrz::parse(zone).is_ok()) {
                    let (flash, zone, answer) = (u64::from(begin) + offset, n + 1, answer(open, zone));
                    lines.push(format!("{place} {offset} {flash} {bytes} {zone} {answer}"));
                }
                overwrite(&path(press, segment), offset, whole);
            }
        }
        begin += (segment.bytes.len() as u32).next_multiple_of(FLASH.sector);
    }
    lines
}

/// Changes a file that is open elsewhere, in its place.
fn overwrite(path: &Path, offset: u64, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(path).expect("the segment's file");
    file.seek(SeekFrom::Start(offset))
        .and_then(|_| file.write_all(bytes))
        .expect("a file that can be written");
}
