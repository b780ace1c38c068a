//! A host's end of a line, for tests: opens the secure channel with the press's keys, seals what it says and opens what it hears.

use crate::press::Press;
use vedette_shim::frame::encoded_max;
use vedette_shim::scanner::line::{self, FromScanner, PROTOCOL};
use vedette_shim::scanner::{MESSAGE_BYTES_MAX, ScannerRefusal, ToScanner};
use vedette_shim::seal::{BadSeal, Soft};
use vedette_shim::session::{Channel, OPENING_BYTES, Opening, PrivateKey};

/// One.
pub struct HostLine {
    key: PrivateKey,
    payload: Vec<u8>,
    opening: Opening,
    channel: Option<Channel>,
}

/// What a scanner said.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// The channel is open.
    Opened,
    /// A message's text.
    Text(Vec<u8>),
    /// A refusal in the clear.
    Refused(ScannerRefusal),
    /// Its name.
    Here(String),
    /// It does not open.
    Nothing,
}

impl HostLine {
    /// The press's host, before its scanner has answered.
    pub fn new(press: &Press, ephemeral: PrivateKey) -> HostLine {
        HostLine::bringing(press, &press.enrolment(), ephemeral)
    }

    /// The same, with another word of headquarters.
    pub fn bringing(press: &Press, word: &[u8], ephemeral: PrivateKey) -> HostLine {
        let mut payload = vec![0; 2 + OPENING_BYTES + word.len()];
        (payload[0], payload[1]) = (PROTOCOL, 1);
        let (key, scanner) = (press.host_key.clone(), press.key.public());
        let (opening, _) = Opening::write::<Soft>(&key, &scanner, ephemeral, word, &mut payload[2..])
            .expect("the buffer is as large as the opening");
        HostLine { key, payload, opening, channel: None }
    }

    /// The payload that opens.
    pub fn opening(&self) -> &[u8] {
        &self.payload
    }

    /// Takes the scanner's reply.
    pub fn opened(&mut self, reply: &mut [u8]) -> bool {
        let channel: Result<Channel, BadSeal> = self.opening.read::<Soft>(&self.key, reply);
        self.channel = channel.ok();
        self.channel.is_some()
    }

    /// A message, sealed, as a frame.
    pub fn sealed(&mut self, message: &ToScanner<'_>) -> Vec<u8> {
        let mut out = vec![0; 2 * encoded_max(MESSAGE_BYTES_MAX)];
        let channel = self.channel.as_mut().expect("the channel is open");
        line::seal::<Soft>(channel, message, &mut out).expect("a message fits").to_vec()
    }

    /// What a payload of the scanner's says.
    pub fn hear(&mut self, payload: &mut [u8]) -> Said {
        match FromScanner::read(payload) {
            Some(FromScanner::Here(name)) => Said::Here(name.into()),
            Some(FromScanner::Opened(reply)) => match self.opened(reply) {
                true => Said::Opened,
                false => Said::Nothing,
            },
            Some(FromScanner::Sealed(message)) => {
                let text = self.channel.as_mut().and_then(|channel| channel.open::<Soft>(message).ok());
                text.map_or(Said::Nothing, |text| Said::Text(text.to_vec()))
            }
            Some(FromScanner::Refused(refusal)) => Said::Refused(refusal),
            Some(FromScanner::Pinned) | None => Said::Nothing,
        }
    }
}
