//! `answer`: the owner's word on an encounter (hit confirmation), signed and kept at the broker for its device.
//!
//! An agency signs its answers with its own key, and headquarters signs them again for the device when it takes them.
//!
//! Invariants: only an encounter that is stored can be answered, and only the device that made it gets the answer; of
//! several the last counts. What is older than a week is cleared from the broker: the device has forgotten its clock.

use crate::authority::AuthorityError;
use crate::authority::audit::{self, Act};
use crate::authority::home::Home;
use crate::authority::keys::Key;
use crate::authority::root;
use crate::authority::sign::signed;
use crate::authority::signing_time::signing_time;
use crate::collector::error::CollectorError;
use crate::db::given_answers::{self, GivenAnswer};
use crate::db::outcomes::{self, SignedAnswer};
use crate::db::{Session, encounters};
use vedette_common::crypto::RingVerify;
use vedette_common::mqtt::OWNER_ANSWER_KEPT_S;
use vedette_common::mqtt::topics::{DeviceTopic, Topic};
use vedette_common::text::owner_word;
use vedette_shim::ids::{DeviceId, EncounterId, Hex};
use vedette_shim::trust::{ANSWER_TEXT_BYTES_MAX, Envelope, OwnerAnswer, OwnerWord, SignedKind};

/// Answers an encounter; the device that gets it. One that contradicts the answer in effect is refused, unless `even_so` says why. `of`: its device, which must be said where several have made one of this id.
pub fn answer(
    home: &Home,
    encounter: EncounterId,
    of: Option<&DeviceId>,
    said: OwnerWord,
    text: &str,
    even_so: Option<&str>,
) -> Result<DeviceId, CollectorError> {
    let text = text.try_into().map_err(|_| CollectorError::Value {
        what: "text",
        value: format!("{} bytes", text.len()),
        rule: "at most 255 bytes",
    })?;
    const { assert!(ANSWER_TEXT_BYTES_MAX == 255) };
    let mut db = home.database()?;
    let change = db.change()?;
    let mut devices = encounters::devices_of(&change, &encounter)?;
    devices.retain(|device| of.is_none_or(|of| of == device));
    let device = match devices.as_slice() {
        [] => return Err(CollectorError::NoEncounter(Hex(&encounter).to_string())),
        [device] => device.clone(),
        _ => return Err(CollectorError::SeveralEncounters(Hex(&encounter).to_string())),
    };
    let before = given_answers::of_encounter(&change, &encounter, device.as_str())?.into_iter().next();
    if let Some(before) = before.filter(|before| before.word != said && even_so.is_none()) {
        let GivenAnswer { operator, at, word, .. } = before;
        return Err(CollectorError::Contradicts { operator, at, word });
    }
    // Two answers in one second must not have one time: the later would not count.
    let now = signing_time(home, &change)?;
    let at = now.max(outcomes::answered_at(&change, &encounter, &device)?.map_or(0, |last| last + 1));
    let answer = OwnerAnswer { device: device.clone(), encounter, at, word: said, text };
    let bytes = match home.agency().map_err(AuthorityError::from)? {
        None => sign(home, &answer)?,
        Some(_) => sign_for_headquarters(home, &answer)?,
    };
    outcomes::set_answer(&change, &answer, &bytes)?;
    given_answers::set(&change, &home.actor().name(), &answer)?;
    let act = Act::Answer.of(Hex(&encounter)).with("device", device.as_str()).with("word", owner_word(said));
    audit::record(home, &change, act.because(even_so.unwrap_or_default()))?;
    change.commit()?;
    Ok(device)
}

/// Signs an answer as its device will take it.
fn sign(home: &Home, answer: &OwnerAnswer) -> Result<Vec<u8>, AuthorityError> {
    let (root, _) = root::newest(home)?;
    signed(SignedKind::Answer, answer, &[&Key::Collector.signing(home)?], |bytes| {
        OwnerAnswer::accept(bytes, &answer.device, &root, &RingVerify).map(drop)
    })
}

/// Signs an agency's answer as headquarters will take it.
fn sign_for_headquarters(home: &Home, answer: &OwnerAnswer) -> Result<Vec<u8>, AuthorityError> {
    let key = Key::Agency.signing(home)?;
    let role = root::role(1, &[key.public()]);
    signed(SignedKind::Answer, answer, &[&key], |bytes| {
        Envelope::checked_body(bytes, SignedKind::Answer, &role, &RingVerify).map(drop)
    })
}

/// Stores an agency's answer, signed for its device; false if it is not later than the one that is here.
pub(crate) fn take(home: &Home, db: &Session, answer: &OwnerAnswer) -> Result<bool, CollectorError> {
    let known = outcomes::answered_at(db, &answer.encounter, &answer.device)?;
    if known.is_some_and(|at| at >= answer.at) {
        return Ok(false);
    }
    outcomes::set_answer(db, answer, &sign(home, answer)?)?;
    Ok(true)
}

/// What the broker should retain of answers: each under its topic, empty once its device has forgotten the clock.
pub(crate) fn retained(db: &Session, now: u64) -> Result<Vec<(Topic, Vec<u8>)>, CollectorError> {
    let answers = outcomes::answers_since(db, now.saturating_sub(2 * OWNER_ANSWER_KEPT_S))?;
    let retain = |answer: SignedAnswer| {
        let is_old = answer.at + OWNER_ANSWER_KEPT_S < now;
        let bytes = if is_old { Vec::new() } else { answer.bytes };
        (Topic::Device(answer.device, DeviceTopic::Answer(answer.encounter)), bytes)
    };
    Ok(answers.into_iter().map(retain).collect())
}
