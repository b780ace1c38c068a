//! What a browser shows of an officer's session: one half of its secret in a cookie, the other from the page.
//!
//! The cookie cannot be read by scripts (`HttpOnly`), goes to this host's pages only (`SameSite=Strict`), and dies with the
//! browser; but it goes to every port of the host, and another port's page can set one. So it proves nothing without the
//! half that the page keeps in its own storage and sends in the header [`PAGE_HEADER`], or for the stream of events, which
//! takes no header, in the query as [`PAGE_QUERY`].

use crate::officers::sign_in::Token;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

const COOKIE: &str = "vedette_session";
/// The header with the page's half.
const PAGE_HEADER: &str = "vedette-page";
/// The same in a query.
const PAGE_QUERY: &str = "page";

/// A response's header.
type Header = [(HeaderName, HeaderValue); 1];

/// The session that a request shows.
pub(super) fn token(target: &Uri, headers: &HeaderMap) -> Option<Token> {
    let in_query = || pairs(target.query().unwrap_or_default(), '&').find(|(name, _)| *name == PAGE_QUERY);
    let page = match headers.get(PAGE_HEADER) {
        Some(value) => value.to_str().ok()?,
        None => in_query()?.1,
    };
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut ours = cookies.flat_map(|cookies| pairs(cookies, ';')).filter(|(name, _)| *name == COOKIE);
    ours.find_map(|(_, value)| Token::from_halves(value, page))
}

fn pairs(text: &str, between: char) -> impl Iterator<Item = (&str, &str)> {
    text.split(between).filter_map(|pair| pair.trim().split_once('='))
}

/// Gives the browser the cookie's half of a session's secret.
pub(super) fn set(token: &Token) -> Header {
    header(&format!("{COOKIE}={}; HttpOnly; SameSite=Strict; Path=/", token.for_cookie().as_str()))
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

    fn found(target: &'static str, cookies: &[&str], page: Option<&str>) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, cookie.parse().unwrap());
        }
        headers.extend(page.map(|page| (HeaderName::from_static(PAGE_HEADER), page.parse().unwrap())));
        let token = token(&Uri::from_static(target), &headers)?;
        Some((token.for_cookie().to_string(), token.for_page().to_string()))
    }

    #[test]
    fn both_halves_are_found_and_one_alone_is_nothing() {
        let (secret, page) = ("5a".repeat(32), "c3".repeat(32));
        let ours = format!("{COOKIE}={secret}");
        let both = Some((secret, page.clone()));
        let shown = Some(page.as_str());
        assert_eq!(found("/v1/status", &[&ours], shown), both);
        assert_eq!(found("/v1/status", &["a=b", &format!("c=d; {ours}; e=f")], shown), both);
        assert_eq!(
            found(
                "/v1/events?x=1&page=c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3",
                &[&ours],
                None
            ),
            both
        );
        assert_eq!(found("/v1/status", &[&ours], None), None, "as another port's page has it");
        assert_eq!(found("/v1/status", &[], shown), None);
        assert_eq!(found("/v1/status", &[&ours], Some("c3")), None);
        assert_eq!(found("/v1/status", &[&format!("x{ours}")], shown), None);
        assert_eq!(
            found("/v1/status", &[&format!("{ours}0"), "vedette_session=", "vedette_session"], shown),
            None
        );
    }
}
