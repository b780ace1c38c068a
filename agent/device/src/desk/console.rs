//! The officer's page and its parts, embedded; served as they are, with a Content-Security-Policy that lets nothing else
//! in: no other origin, no inline script or style, no text that becomes markup, no frame around it.

use super::access::Gate;
use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use vedette_common::words::FILES;

/// What a browser may do with the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

const PAGE: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const MESSAGES: &str = "application/json";
const ICON: &str = "image/svg+xml";

macro_rules! part {
    ($name:literal, $kind:expr) => {
        (concat!("/console/", $name), $kind, include_str!(concat!("console/", $name)))
    };
}

/// Path, type and content of everything but the page.
const PARTS: &[(&str, &str, &str)] = &[
    part!("agent.js", SCRIPT),
    part!("console.js", SCRIPT),
    part!("keyboard.js", SCRIPT),
    part!("sound.js", SCRIPT),
    part!("storage.js", SCRIPT),
    part!("core/acts.js", SCRIPT),
    part!("core/advice.js", SCRIPT),
    part!("core/clocks.js", SCRIPT),
    part!("core/facts.js", SCRIPT),
    part!("core/keys.js", SCRIPT),
    part!("core/link.js", SCRIPT),
    part!("core/machine.js", SCRIPT),
    part!("core/notices.js", SCRIPT),
    part!("core/outcomes.js", SCRIPT),
    part!("core/pending.js", SCRIPT),
    part!("core/refresh.js", SCRIPT),
    part!("core/reports.js", SCRIPT),
    part!("core/scans.js", SCRIPT),
    part!("core/session.js", SCRIPT),
    part!("core/settings.js", SCRIPT),
    part!("core/text.js", SCRIPT),
    part!("core/turn.js", SCRIPT),
    part!("core/voice.js", SCRIPT),
    part!("core/wedge.js", SCRIPT),
    part!("core/words.js", SCRIPT),
    part!("core/zone.js", SCRIPT),
    part!("view/answer.js", SCRIPT),
    part!("view/banners.js", SCRIPT),
    part!("view/bar.js", SCRIPT),
    part!("view/dom.js", SCRIPT),
    part!("view/menu.js", SCRIPT),
    part!("view/owner.js", SCRIPT),
    part!("view/page.js", SCRIPT),
    part!("view/plain.js", SCRIPT),
    part!("view/ready.js", SCRIPT),
    part!("view/report.js", SCRIPT),
    part!("view/shape.js", SCRIPT),
    part!("view/sign_in.js", SCRIPT),
    part!("console.css", STYLE),
    part!("icon.svg", ICON),
];

/// Where the messages of a language are served.
fn messages_path(code: &str) -> String {
    format!("/console/messages/{code}.json")
}

/// The page and its parts.
pub(super) fn router() -> Router<Gate> {
    let serve = |kind: &'static str, content: &'static str| {
        get(async move || {
            ([(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, POLICY)], content).into_response()
        })
    };
    let page = Router::new().route("/", serve(PAGE, include_str!("console/index.html")));
    let messages = FILES
        .into_iter()
        .fold(page, |router, (_, code, file)| router.route(&messages_path(code), serve(MESSAGES, file)));
    PARTS.iter().fold(messages, |router, &(path, kind, content)| router.route(path, serve(kind, content)))
}
