//! A host at a board's serial line that only takes what the scanner noted.

use rustix::fs::{Mode, OFlags};
use rustix::termios::{self, OptionalActions};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use vedette_shim::frame::Decoder;
use vedette_shim::ids::Hex;
use vedette_shim::scanner::{self, MESSAGE_BYTES_MAX, NOTE_BYTES_MAX, Note, ToHost, ToScanner};
use vedette_shim::seal::{ScannerKey, Soft};
use vedette_shim::session::PrivateKey;
use vedette_tests::host_line::{HostLine, Said};
use vedette_tests::press::Press;
use vedette_tests::vectors::framed;

/// A message without an answer is said again after this.
const ANSWER_WAIT: Duration = Duration::from_secs(2);
/// So often at most.
const TRIES_MAX: u32 = 20;

/// Takes every encounter: its id in hexadecimal and what it says.
pub(crate) fn take_all(port: &Path, key: &ScannerKey) -> Vec<(String, Note)> {
    let mut line = open(port);
    let ephemeral = PrivateKey(vedette_common::crypto::random());
    let mut host = HostLine::new(&Press::default(), ephemeral);
    let opening = framed(host.opening());
    assert_eq!(ask(&mut line, &mut host, |_| opening.clone()), Said::Opened);
    let (mut taken, mut message) = (Vec::new(), ToScanner::Next);
    loop {
        let said = ask(&mut line, &mut host, |host| host.sealed(&message));
        let Said::Text(text) = said else { panic!("a message that opens was asked for, not {said:?}") };
        let encounter = match scanner::decode(&text).expect("a message that can be read") {
            ToHost::Encounter(note) => {
                let opened = Note::open::<Soft>(&note, key, &mut [0; NOTE_BYTES_MAX]);
                Some((note.id, opened.expect("it is sealed with the key of the vectors")))
            }
            ToHost::Nothing => None,
            other => panic!("an encounter or nothing was asked for, not {other:?}"),
        };
        let Some((id, note)) = encounter else { return taken };
        taken.push((Hex(&id).to_string(), note));
        message = ToScanner::Taken(id);
    }
}

fn open(port: &Path) -> File {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let line = rustix::fs::open(port, flags, Mode::empty()).expect("the port opens");
    let mut settings = termios::tcgetattr(&line).expect("it is a terminal");
    settings.make_raw();
    termios::tcsetattr(&line, OptionalActions::Now, &settings).expect("it can be set up");
    File::from(line)
}

fn ask(line: &mut File, host: &mut HostLine, message: impl Fn(&mut HostLine) -> Vec<u8>) -> Said {
    let mut decoder = Decoder::new(vec![0; MESSAGE_BYTES_MAX + 4]);
    for _ in 0..TRIES_MAX {
        line.write_all(&message(host)).expect("the line takes a short message");
        let said = Instant::now();
        while said.elapsed() < ANSWER_WAIT {
            let mut buffer = [0; 1024];
            let read = line.read(&mut buffer).unwrap_or(0);
            for byte in &buffer[..read] {
                if let Some(Ok(payload)) = decoder.push(*byte) {
                    return host.hear(payload);
                }
            }
            if read == 0 {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }
    panic!("the scanner does not answer")
}
