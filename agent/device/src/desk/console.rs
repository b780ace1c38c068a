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
    part!("answer.js", SCRIPT),
    part!("bar.js", SCRIPT),
    part!("console.js", SCRIPT),
    part!("dom.js", SCRIPT),
    part!("drill.js", SCRIPT),
    part!("idle.js", SCRIPT),
    part!("menu.js", SCRIPT),
    part!("officer.js", SCRIPT),
    part!("owner.js", SCRIPT),
    part!("pending.js", SCRIPT),
    part!("plain.js", SCRIPT),
    part!("report.js", SCRIPT),
    part!("said.js", SCRIPT),
    part!("settings.js", SCRIPT),
    part!("sound.js", SCRIPT),
    part!("wedge.js", SCRIPT),
    part!("words.js", SCRIPT),
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
