//! Who may call, how often, and what every answer's headers say.
//!
//! Over the Unix socket calls whoever its rights let in. On loopback every program of the machine, and every page in its
//! browser, can knock, so there:
//! * `Host` must be this machine's loopback with our port: a foreign name that resolves here is refused (DNS rebinding).
//! * `Origin`, if there is one, must be ours, and a browser's `Sec-Fetch-Site` must not name another site: no page but
//!   the console calls. A body must be said to be JSON (see `error`).
//! * A call shows a client token (`Authorization: Bearer ...`) or an officer's session (`session`). The console on a device without a roster needs none: it is
//!   told by its browser's `Sec-Fetch-Site: same-origin`, which no page can forge. A program can; so without a roster
//!   loopback is open to whoever may run programs on the machine.
//!
//! Open to all who pass the first two: the page and its parts, and the API's description. They tell nothing of anybody.

use super::api::StatusView;
use super::connections::LetIn;
use super::error::ApiError;
use super::{cookie, tokens};
use crate::officers::sign_in::Token;
use crate::officers::{SignInError, Signed};
use crate::post::Post;
use crate::store::DbError;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio_util::sync::CancellationToken;
use vedette_common::roster::Role;
use vedette_shim::ids::Digest;
use vedette_shim::trust::digest;

const TOKEN_HINT: &str = "`vedette token new NAME` prints a token; send it as Authorization: Bearer TOKEN";
/// What the console is called where nobody signs in.
const CONSOLE: &str = "console";
/// Callers whose rate is remembered; every token, the console, and officers.
const CALLERS_MAX: usize = 1_024;

/// Where a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The Unix socket.
    Socket,
    /// Loopback.
    Loopback {
        /// Our port.
        port: u16,
    },
}

/// Who calls; handlers get it as an extension of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Whoever the socket's rights let in.
    Local,
    /// A program that showed its token.
    Program {
        /// The token's name.
        name: String,
        /// The token's digest.
        token: Digest,
    },
    /// The console, on a device without a roster.
    Console,
    /// An officer who signed in.
    Officer {
        /// Who.
        signed: Signed,
        session: Token,
    },
}

impl Caller {
    /// Whom the journal names, if the request says that it is for `said`: a program vouches for the officer it names,
    /// and stands beside him.
    pub fn who(&self, said: &str) -> String {
        match self {
            Caller::Local => said.into(),
            Caller::Officer { signed, .. } => signed.badge.clone(),
            Caller::Console if said.is_empty() => CONSOLE.into(),
            Caller::Console => format!("{said} ({CONSOLE})"),
            Caller::Program { name, .. } if said.is_empty() => name.clone(),
            Caller::Program { name, .. } => format!("{said} ({name})"),
        }
    }

    /// Whose view of an answer this caller gets: a signed-in officer's own, else the least.
    pub fn role(&self) -> Role {
        match self {
            Caller::Officer { signed, .. } => signed.role,
            Caller::Local | Caller::Console | Caller::Program { .. } => Role::Officer,
        }
    }

    fn key(&self) -> &str {
        match self {
            Caller::Local => "",
            Caller::Console => CONSOLE, // shares its rate with a token of that name
            Caller::Program { name, .. } => name,
            Caller::Officer { signed, .. } => &signed.badge,
        }
    }
}

/// What stands at a door.
#[derive(Clone)]
pub struct Gate {
    /// The post behind it.
    pub post: Arc<Post>,
    /// Where loopback is served; none if it is not.
    pub listen: Option<SocketAddr>,
    /// Which door it is.
    pub door: Door,
    /// Ends what would not end by itself.
    pub stop: CancellationToken,
    rates: Arc<Rates>,
}

impl Gate {
    /// The gate of one door.
    pub fn new(post: Arc<Post>, listen: Option<SocketAddr>, door: Door, stop: CancellationToken) -> Gate {
        let rates = Arc::new(Rates::of(post.requests_per_s_max()));
        Gate { post, listen, door, stop, rates }
    }

    /// The device's state.
    pub fn status(&self) -> Result<StatusView, DbError> {
        Ok(StatusView::new(&self.post.status()?, self.listen))
    }

    /// Who calls, or why not; `does`: the call does something, and so keeps an officer's session alive.
    fn caller(&self, target: &Uri, headers: &HeaderMap, does: bool) -> Result<Caller, ApiError> {
        if self.door == Door::Socket {
            return Ok(Caller::Local);
        }
        let refused = |error: &str| Err(ApiError::new(StatusCode::UNAUTHORIZED, error, TOKEN_HINT));
        if let Some(shown) = headers.get(header::AUTHORIZATION) {
            let shown = shown.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
            let Some(token) = shown.map(|token| digest(token.trim().as_bytes())) else {
                return refused("the Authorization header is not a bearer token");
            };
            return match tokens::holder(self.post.db(), &token).map_err(ApiError::internal)? {
                Some(name) => Ok(Caller::Program { name, token }),
                None => refused("the token is not known here, or was revoked"),
            };
        }
        if let Some(session) = cookie::token(target, headers) {
            let officer = if does { self.post.use_session(&session) } else { self.post.session(&session) };
            if let Some(signed) = officer.map_err(ApiError::internal)? {
                return Ok(Caller::Officer { signed, session });
            }
        }
        let roster_state = self.post.roster_state();
        match text(headers, "sec-fetch-site") {
            Some("same-origin") if !roster_state.asks_for_sign_in() => Ok(Caller::Console),
            Some("same-origin") => Err(ApiError::sign_in(&SignInError::NoSession, &roster_state)),
            _ => refused("this call needs a client token or an officer's session"),
        }
    }

    /// Whether a caller who was let in may still hear: asked before each event of a stream.
    pub fn still_open_to(&self, caller: &Caller) -> bool {
        match caller {
            Caller::Local => true,
            Caller::Console => !self.post.roster_state().asks_for_sign_in(),
            Caller::Officer { session, .. } => {
                self.post.session(session).is_ok_and(|signed| signed.is_some())
            }
            Caller::Program { name, token } => {
                tokens::holder(self.post.db(), token).is_ok_and(|holder| holder.as_ref() == Some(name))
            }
        }
    }
}

/// For every request: is it meant for us, and not made by a foreign page? And the headers of every answer.
pub(super) async fn check_origin(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let refused = match gate.door {
        Door::Socket => Ok(()),
        Door::Loopback { port } => meant_for_us(request.uri(), request.headers(), port),
    };
    let mut response = match refused {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    let ours = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in ours {
        // The page says its own Content-Security-Policy.
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// For the calls that tell or do something: who calls, and not too often.
pub(super) async fn check_caller(
    State(gate): State<Gate>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let caller = gate.caller(request.uri(), request.headers(), request.method() != Method::GET)?;
    if gate.door != Door::Socket && !gate.rates.take(caller.key(), Instant::now()) {
        let error = format!("more than {} requests a second", gate.rates.per_s);
        return Err(ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            error,
            "limits.requests_per_s_max is the bound",
        ));
    }
    if let Some(connection) = request.extensions().get::<LetIn>() {
        connection.note();
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

fn meant_for_us(target: &Uri, headers: &HeaderMap, port: u16) -> Result<(), ApiError> {
    let is_ours = |authority: &str| {
        authority
            .strip_suffix(&format!(":{port}"))
            .is_some_and(|host| ["127.0.0.1", "localhost", "[::1]"].contains(&host))
    };
    let forbidden = |error: String| {
        let hint = format!("call http://127.0.0.1:{port}/ from a program or from the console itself");
        Err(ApiError::new(StatusCode::FORBIDDEN, error, &hint))
    };
    // RFC 9112, 3.2: a request that names two hosts is none. Which of them would count is anybody's guess.
    for name in [header::HOST, header::ORIGIN] {
        if headers.get_all(&name).iter().count() > 1 {
            let hint = "a request has one Host and at most one Origin";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, format!("{name} is given twice"), hint));
        }
    }
    // In absolute form the target names the host, and counts.
    if let Some(named) = target.authority().filter(|named| !is_ours(named.as_str())) {
        return forbidden(format!("{named} is not this desk"));
    }
    match text(headers, "host") {
        Some(host) if is_ours(host) => {}
        host => return forbidden(format!("Host {:?} is not this desk", host.unwrap_or_default())),
    }
    if headers.contains_key(header::ORIGIN) {
        let origin = text(headers, "origin").unwrap_or_default();
        if !origin.strip_prefix("http://").is_some_and(is_ours) {
            return forbidden(format!("a page of {origin:?} may not call"));
        }
    }
    match text(headers, "sec-fetch-site") {
        None | Some("same-origin" | "none") => Ok(()),
        Some(site) => forbidden(format!("a {site} page may not call")),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Requests a second by caller: each may save up one second's worth.
struct Rates {
    per_s: u32,
    left: Mutex<HashMap<String, (f64, Instant)>>,
}

impl Rates {
    fn of(per_s: u32) -> Rates {
        Rates { per_s, left: Mutex::default() }
    }

    /// Whether `caller` may make one more request now.
    fn take(&self, caller: &str, now: Instant) -> bool {
        let most = f64::from(self.per_s);
        let mut callers = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= CALLERS_MAX {
            callers.retain(|_, (_, at)| now.duration_since(*at).as_secs() == 0);
        }
        let (left, at) = callers.entry(caller.into()).or_insert((most, now));
        *left = (*left + now.duration_since(*at).as_secs_f64() * most).min(most);
        *at = now;
        let may = *left >= 1.0;
        if may {
            *left -= 1.0;
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_program_stands_in_the_journal_beside_the_officer_it_names() {
        let program = Caller::Program { name: "border-app".into(), token: [0; 32] };
        assert_eq!([program.who(""), program.who("12")], ["border-app", "12 (border-app)"]);
        assert_eq!(Caller::Local.who("12"), "12");
        let signed = Signed {
            badge: "b-1".into(),
            name: "Anna".into(),
            role: Role::Officer,
            discreet: false,
            language: String::new(),
            idle_s: 300,
            idle_left_s: 300,
        };
        let officer = Caller::Officer { signed, session: Token::random() };
        assert_eq!([officer.who(""), officer.who("12")], ["b-1", "b-1"], "nobody signs for another");
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(header::HeaderName::from_static(name), value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_foreign_name_or_page_is_turned_away() {
        let ours = ("host", "127.0.0.1:8470");
        for good in [
            vec![ours],
            vec![("host", "localhost:8470")],
            vec![("host", "[::1]:8470")],
            vec![ours, ("origin", "http://127.0.0.1:8470")],
            vec![ours, ("sec-fetch-site", "same-origin")],
            vec![ours, ("sec-fetch-site", "none")],
        ] {
            assert!(meant_for_us(&Uri::from_static("/v1/status"), &headers(&good), 8470).is_ok(), "{good:?}");
        }
        for bad in [
            vec![],
            vec![("host", "127.0.0.1:8471")],
            vec![("host", "127.0.0.1")],
            vec![("host", "evil.example:8470")],
            vec![("host", "127.0.0.1.evil.example:8470")],
            vec![ours, ("origin", "null")],
            vec![ours, ("origin", "http://evil.example")],
            vec![ours, ("origin", "https://127.0.0.1:8470")],
            vec![ours, ("origin", "http://127.0.0.1:9000")],
            vec![ours, ("sec-fetch-site", "cross-site")],
            vec![ours, ("sec-fetch-site", "same-site")],
            vec![ours, ("host", "evil.example:8470")],
            vec![ours, ours],
            vec![ours, ("origin", "http://127.0.0.1:8470"), ("origin", "http://evil.example")],
        ] {
            assert!(meant_for_us(&Uri::from_static("/"), &headers(&bad), 8470).is_err(), "{bad:?}");
        }
        let absolute = |target| meant_for_us(&Uri::from_static(target), &headers(&[ours]), 8470);
        assert!(absolute("http://127.0.0.1:8470/v1/status").is_ok());
        assert!(absolute("http://evil.example/v1/status").is_err());
    }

    #[test]
    fn a_caller_gets_its_rate_and_no_more_and_others_do_not_pay_for_it() {
        let (rates, start) = (Rates::of(10), Instant::now());
        let taken = |caller: &str, at: Duration| (0..100).filter(|_| rates.take(caller, start + at)).count();
        assert_eq!(taken("a", Duration::ZERO), 10);
        assert_eq!(taken("a", Duration::ZERO), 0);
        assert_eq!(taken("b", Duration::ZERO), 10);
        assert_eq!(taken("a", Duration::from_millis(500)), 5);
        assert_eq!(taken("a", Duration::from_secs(60)), 10, "what is not used is not saved up");
    }
}
