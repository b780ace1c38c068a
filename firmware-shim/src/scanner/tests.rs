use super::*;
use proptest::prelude::*;
use std::format;
use std::vec;
use std::vec::Vec;

fn list(name: &str) -> ListName {
    name.parse().unwrap()
}

/// A message's text.
fn text_of(message: &impl Serialize) -> Vec<u8> {
    let mut out = vec![0; line::TEXT_BYTES_MAX];
    wire::encode(message, &mut out).unwrap().to_vec()
}

fn hello() -> Hello {
    let held = ListInUse { list: list("interpol/sltd"), edition: 7, manifest: [3; 32], keyed: true };
    Hello {
        firmware: "0.1.0".try_into().unwrap(),
        lists: [held].into_iter().collect(),
        room_bytes: 1 << 20,
        encounters: 300,
        time: 1_790_000_000,
        keyed: false,
    }
}

#[test]
fn messages_have_the_bytes_of_the_format() {
    assert_eq!(text_of(&ToScanner::Who), [1, 0]);
    assert_eq!(text_of(&ToScanner::Taken([9; 16])), [[1, 7].as_slice(), &[9; 16]].concat());
    let want = ToHost::Want(Want { segment: [5; 32], offset: 1024, bytes: 1024 });
    assert_eq!(text_of(&want), [[1, 2].as_slice(), &[5; 32], &[0x80, 8, 0x80, 8]].concat());
    let scan = ToHost::Scan(Scan { number: 2, reading: Reading::Characters, text: "P<UTO" });
    assert_eq!(text_of(&scan), *b"\x01\x01\x02\x01\x05P<UTO");
    assert_eq!(text_of(&ToHost::Refused(ScannerRefusal::Flash)), [1, 7, 8]);
}

#[test]
fn messages_survive_the_way() {
    let bytes = text_of(&ToHost::Hello(hello()));
    assert_eq!(decode::<ToHost<'_>>(&bytes), Ok(ToHost::Hello(hello())));

    let alert = AlertShown { list: list("a/b"), alert: "UTO-P-1", what: "stolen: seize_document" };
    let asked = ListAsked {
        list: list("a/b"),
        edition: 1,
        age_s: 20,
        freshness: Freshness::Stale,
        result: ListResult::Hit,
    };
    let answer = ScanAnswer {
        scan: 2,
        verdict: Verdict::Hit,
        alerts: [alert].into_iter().collect(),
        more: 3,
        lists: [asked].into_iter().collect(),
    };
    let bytes = text_of(&ToScanner::Answer(answer.clone()));
    match decode::<ToScanner<'_>>(&bytes).unwrap() {
        ToScanner::Answer(read) => assert_eq!(read, answer),
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_version_and_a_name_that_is_none_are_refused() {
    assert_eq!(decode::<ToScanner<'_>>(&[2, 0]).unwrap_err(), WireError::Version(2));
    let mut bytes = text_of(&ToHost::Installed { list: list("a/b"), edition: 1 });
    let slash = bytes.iter().position(|b| *b == b'/').unwrap();
    bytes[slash] = b'#';
    assert_eq!(decode::<ToHost<'_>>(&bytes), Err(WireError::Malformed));
}

#[test]
fn a_key_is_not_shown() {
    let key = KeyFor::List { list: list("a/b"), number: 1, key: ListKey([0xc5; 32]) };
    let shown = format!("{:?} {:?}", ToScanner::Key(key), KeyFor::Encounters(ScannerKey([0xc5; 32])));
    assert!(!shown.contains("197") && !shown.to_lowercase().contains("c5"), "{shown}");
}

#[test]
fn the_largest_piece_and_the_largest_heartbeat_fit_a_message() {
    let piece = Piece { segment: [0xff; 32], offset: u32::MAX, bytes: &[0; PIECE_BYTES_MAX] };
    text_of(&ToScanner::Piece(piece));
    // 32 lists with names of 48 bytes and 8 signatures.
    let heartbeat = 32 * (1 + 48 + 10 + 32) + 8 * (8 + 1 + 64) + 40;
    text_of(&ToScanner::Time(&vec![0; heartbeat]));
}

#[cfg(feature = "soft")]
fn note() -> Note {
    Note {
        list: list("uto/stolen"),
        edition: 3,
        alert: "UTO-P-L898902C3".try_into().unwrap(),
        verdict: Verdict::Hit,
        made_at: 1_790_000_000,
        zone: "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10"
            .try_into()
            .unwrap(),
    }
}

#[cfg(feature = "soft")]
#[test]
fn a_note_opens_with_its_key_and_id_only() {
    use crate::seal::Soft;
    let key = ScannerKey([4; 32]);
    let mut largest = note();
    largest.list = list(&format!("a/{}", "b".repeat(46)));
    largest.edition = u64::MAX;
    largest.made_at = u64::MAX;
    largest.alert = "x".repeat(96).as_str().try_into().unwrap();
    largest.zone = "<".repeat(90).as_str().try_into().unwrap();
    for note in [note(), largest] {
        let (mut out, mut buffer) = ([0; NOTE_BYTES_MAX + TAG_BYTES], [0; NOTE_BYTES_MAX]);
        let sealed = note.seal::<Soft>(&[7; 16], &key, &mut out).unwrap();
        let message = SealedNote { id: [7; 16], sealed };
        assert_eq!(Note::open::<Soft>(&message, &key, &mut buffer), Ok(note));
        let other_id = SealedNote { id: [8; 16], sealed };
        assert_eq!(Note::open::<Soft>(&other_id, &key, &mut buffer), Err(BadSeal));
        assert_eq!(Note::open::<Soft>(&message, &ScannerKey([5; 32]), &mut buffer), Err(BadSeal));
        let long = SealedNote { id: [7; 16], sealed: &[0; NOTE_BYTES_MAX + TAG_BYTES + 1] };
        assert_eq!(Note::open::<Soft>(&long, &key, &mut buffer), Err(BadSeal));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, kind in 0u8..9) {
        let _ = decode::<ToScanner<'_>>(&bytes);
        let _ = decode::<ToHost<'_>>(&bytes);
        let likely = [&[1, kind], bytes.as_slice()].concat();
        let _ = decode::<ToScanner<'_>>(&likely);
        if let Ok(message) = decode::<ToHost<'_>>(&likely) {
            // What was read is written as it came, but for numbers written longer than needed.
            prop_assert!(text_of(&message).len() <= likely.len());
        }
    }
}
