//! Devices' requests for new certificates, and the answers that wait to be sent.
//!
//! Bounds, so that nobody fills database and CRL with certificates: a device gets one in [`EVERY`], all devices together
//! [`A_MINUTE_MAX`] a minute. A request for a key that was answered is answered with the same certificate: the answer may have been
//! lost. [`REMEMBERED_MAX`] answers are remembered; after a restart a device may get one more. Failure: headquarters' own is an alarm; what
//! is refused is logged, and the device asks again.

use crate::authority::home::Home;
use crate::collector::alarms::Alarms;
use crate::db::Db;
use crate::fleet::renewal::{self, NotGiven};
use rcgen::PublicKeyData;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tracing::{info, warn};
use vedette_common::mqtt::session::{Publish, encoded};
use vedette_common::mqtt::topics::{DeviceTopic, Topic};
use vedette_common::renewal::{RENEWAL_BYTES_MAX, RenewalAnswer, RenewalRequest};
use vedette_shim::ids::DeviceId;
use vedette_shim::wire;

/// A device gets one certificate in this time.
const EVERY: Duration = Duration::from_secs(3600);
/// Certificates given to all devices together, a minute at most.
const A_MINUTE_MAX: usize = 120;
/// Answers that are remembered, at most.
const REMEMBERED_MAX: usize = 4096;
/// Answers that wait to be sent, at most; further requests are not answered and come again.
const WAITING_MAX: usize = 64;

/// What the alarm is about.
const SUBJECT: &str = "devices' certificates";

#[derive(Default)]
pub(crate) struct Renewals {
    /// The oldest first.
    given: VecDeque<Given>,
    waiting: VecDeque<Publish>,
}

struct Given {
    device: DeviceId,
    key: Vec<u8>,
    certificate: Vec<u8>,
    at: Instant,
}

impl Renewals {
    /// Takes a device's request. `now`: seconds since 1970, for alarms.
    pub(crate) fn take(
        &mut self,
        home: &Home,
        db: &mut Db,
        alarms: &mut Alarms,
        device: DeviceId,
        payload: &[u8],
        now: u64,
    ) {
        let answered = self.answer(home, db, &device, payload, Instant::now());
        match answered {
            Ok(certificate) => {
                alarms.end(SUBJECT);
                self.waiting.push_back(answer(device, &certificate));
            }
            Err(NotGiven::Refused(why)) => warn!("{device} gets no new certificate: {why}"),
            Err(NotGiven::Failed(error)) => {
                alarms.watch::<()>(SUBJECT, Err(error.into()), now);
            }
        }
    }

    /// The next answer to be sent.
    pub(crate) fn next(&mut self) -> Option<Publish> {
        self.waiting.pop_front()
    }

    fn answer(
        &mut self,
        home: &Home,
        db: &mut Db,
        device: &DeviceId,
        payload: &[u8],
        now: Instant,
    ) -> Result<Vec<u8>, NotGiven> {
        let refused = |why: &str| NotGiven::Refused(why.into());
        if self.waiting.len() >= WAITING_MAX {
            return Err(refused("too many devices ask at once"));
        }
        if payload.len() > RENEWAL_BYTES_MAX {
            return Err(refused("its request is too large"));
        }
        let request: RenewalRequest<'_> =
            wire::decode(payload).map_err(|error| refused(&error.to_string()))?;
        let asked = renewal::verify(home, db, device, &request)?;
        let lately = |given: &&Given, time| now.duration_since(given.at) < time;
        if let Some(given) =
            self.given.iter().rev().find(|given| given.device == *device && lately(given, EVERY))
        {
            return match given.key == asked.key.der_bytes() {
                true => Ok(given.certificate.clone()),
                false => Err(refused("it got one within the hour")),
            };
        }
        let minute = Duration::from_secs(60);
        if self.given.iter().rev().take_while(|given| lately(given, minute)).count() >= A_MINUTE_MAX {
            return Err(refused("too many devices ask at once"));
        }
        let certificate = renewal::give(home, db, device, &asked)?;
        info!("{device} gets a new certificate");
        if self.given.len() == REMEMBERED_MAX {
            self.given.pop_front();
        }
        let (device, key) = (device.clone(), asked.key.der_bytes().to_vec());
        self.given.push_back(Given { device, key, certificate: certificate.clone(), at: now });
        Ok(certificate)
    }
}

fn answer(device: DeviceId, certificate: &[u8]) -> Publish {
    let payload = encoded(&RenewalAnswer { certificate }, RENEWAL_BYTES_MAX);
    Publish { topic: Topic::Device(device, DeviceTopic::Certificate).name(), payload, retain: false }
}
