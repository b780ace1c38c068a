//! Every message of `vedette_common::words` is used, and whatever may be said has its message.

use vedette_common::words::{Language, Words};

/// Every source that may say something: the page's and the agent's.
fn sources() -> String {
    let agent = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut folders = ["common/src", "names/src", "device/src"].map(|folder| agent.join(folder)).to_vec();
    let mut all = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            match path.extension().and_then(|e| e.to_str()) {
                None => folders.push(path),
                Some("rs" | "js") => all += &std::fs::read_to_string(path).unwrap(),
                _ => {}
            }
        }
    }
    all
}

#[test]
fn no_message_is_unused_and_none_is_missing() {
    let (sources, english) = (sources(), Words::of(Language::En));
    let composed = |prefix: &str| {
        let ways = [format!("`{prefix}.${{"), format!("\"{prefix}.{{"), format!("\"{prefix}\",")];
        ways.iter().any(|way| sources.contains(way))
    };
    for key in english.keys() {
        let families = key.match_indices('.').map(|(at, _)| &key[..at]);
        let used = sources.contains(&format!("\"{key}\"")) || families.into_iter().any(composed);
        assert!(used, "{key} is used nowhere");
    }
    for call in ["say(\"", "fill(\"", "Phrase::new(\"", "Phrase::with(\""] {
        let said = sources.split(call).skip(1).filter_map(|rest| rest.split_once('"'));
        for (key, _) in said.filter(|(key, _)| key.contains('.') && *key != "no.such.key") {
            assert!(english.has(key), "{key} has no message");
        }
    }
}

#[test]
fn whatever_a_list_may_say_has_its_words() {
    use vedette_names::person::{Action, AlertKind, Warning};
    use vedette_shim::list::Status;
    let english = Words::of(Language::En);
    let named = |family: &str, value: serde_json::Value| {
        let key = format!("{family}.{}", value.as_str().unwrap());
        assert!(english.has(&key), "{key} has no message");
    };
    for action in [
        Action::Inform,
        Action::Arrest,
        Action::RefuseEntry,
        Action::DiscreetCheck,
        Action::InquiryCheck,
        Action::SpecificCheck,
        Action::Locate,
        Action::SeizeDocument,
        Action::Return,
        Action::Protect,
    ] {
        named("action", serde_json::json!(action));
        named("do", serde_json::json!(action));
    }
    for warning in [
        Warning::Armed,
        Warning::Violent,
        Warning::Escaped,
        Warning::SuicideRisk,
        Warning::PublicHealth,
        Warning::Terrorism,
    ] {
        named("warning", serde_json::json!(warning));
    }
    for kind in [
        AlertKind::Other,
        AlertKind::Red,
        AlertKind::Blue,
        AlertKind::Green,
        AlertKind::Yellow,
        AlertKind::Black,
        AlertKind::Orange,
        AlertKind::Purple,
        AlertKind::Un,
        AlertKind::Diffusion,
        AlertKind::SisArrest,
        AlertKind::SisMissing,
        AlertKind::SisJudicial,
        AlertKind::SisCheck,
        AlertKind::SisUnknown,
        AlertKind::SisRefusal,
        AlertKind::SisReturn,
        AlertKind::Sanction,
    ] {
        named("kind", serde_json::json!(kind));
    }
    for status in
        [Status::StolenBlank, Status::Lost, Status::Stolen, Status::Revoked, Status::ValidBearerSought]
    {
        named("status", serde_json::json!(status));
    }
}
