//! The cookie that holds an officer's session: read from a request, set and cleared in an answer.
//!
//! Whoever holds it is the officer, so no script can read it (`HttpOnly`), it goes to this host's pages only
//! (`SameSite=Strict`), and it dies with the browser.

use crate::officers::sign_in::Token;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

const COOKIE: &str = "vedette_session";

/// A response's header.
type Header = [(HeaderName, HeaderValue); 1];

/// The session that a request's cookie names.
pub(super) fn token(headers: &HeaderMap) -> Option<Token> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE).find_map(|(_, value)| Token::from_text(value))
}

/// Gives the browser a session's secret.
pub(super) fn set(token: &Token) -> Header {
    header(&format!("{COOKIE}={}; HttpOnly; SameSite=Strict; Path=/", token.to_text().as_str()))
}

/// Takes it away again.
pub(super) fn clear() -> Header {
    header(&format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"))
}

fn header(cookie: &str) -> Header {
    [(header::SET_COOKIE, HeaderValue::from_str(cookie).expect("hexadecimal digits are a header's text"))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sessions_cookie_is_found_among_others_and_nothing_else_is_taken_for_it() {
        let found = |cookies: &[&str]| {
            let headers = cookies.iter().map(|c| (header::COOKIE, HeaderValue::from_str(c).unwrap()));
            token(&headers.collect()).map(|token| token.to_text().to_string())
        };
        let secret = "5a".repeat(32);
        let ours = format!("{COOKIE}={secret}");
        assert_eq!(found(&[&ours]), Some(secret.clone()));
        assert_eq!(found(&["a=b", &format!("c=d; {ours}; e=f")]), Some(secret.clone()));
        assert_eq!(found(&[&format!("x{ours}")]), None);
        assert_eq!(found(&[&format!("{ours}0"), "vedette_session=", "vedette_session"]), None);
    }
}
