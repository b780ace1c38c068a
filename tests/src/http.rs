//! A bare HTTP/1.1 client over loopback, that says exactly what a test wants said.

use crate::program::PATIENCE;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// A desk on loopback, and what every call says besides.
#[derive(Debug, Clone)]
pub struct Http {
    address: String,
    headers: Vec<(String, String)>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The head, as it came, in lower case.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Http {
    /// A desk at `address`, called by nobody in particular.
    pub fn at(address: &str) -> Http {
        Http { address: address.into(), headers: vec![("Host".into(), address.into())] }
    }

    /// The same caller, at another address.
    pub fn moved_to(&self, address: &str) -> Http {
        Http { address: address.into(), ..self.clone() }.with("Host", address)
    }

    /// The same, with a header more, or another value of it.
    pub fn with(&self, name: &str, value: &str) -> Http {
        let mut headers = self.headers.clone();
        headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        headers.push((name.into(), value.into()));
        Http { address: self.address.clone(), headers }
    }

    /// The same, showing a client token.
    pub fn with_token(&self, token: &str) -> Http {
        self.with("Authorization", &format!("Bearer {}", token.trim()))
    }

    /// The same, as the console's page calls in its browser.
    pub fn as_page(&self) -> Http {
        self.with("Origin", &format!("http://{}", self.address)).with("Sec-Fetch-Site", "same-origin")
    }

    /// `GET path`.
    #[track_caller]
    pub fn get(&self, path: &str) -> Reply {
        Reply::read(self.send("GET", path, None))
    }

    /// `POST path` with a JSON body.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Reply {
        self.with("Content-Type", "application/json").post_text(path, &body.to_string())
    }

    /// `POST path` with a body of whatever type the headers say.
    #[track_caller]
    pub fn post_text(&self, path: &str, body: &str) -> Reply {
        Reply::read(self.send("POST", path, Some(body)))
    }

    /// `DELETE path`.
    #[track_caller]
    pub fn delete(&self, path: &str) -> Reply {
        Reply::read(self.send("DELETE", path, None))
    }

    /// Signs an officer in as the page does; the page with the session's secret.
    #[track_caller]
    pub fn sign_in(&self, badge: &str, pin: &str) -> Http {
        self.with_session_of(
            &self.post("/v1/session", &serde_json::json!({"badge": badge, "pin": pin})).expect(200),
        )
    }

    /// The same, with the session's cookie that `reply` sets and the page's half that it gives.
    #[track_caller]
    pub fn with_session_of(&self, reply: &Reply) -> Http {
        let cookie = reply.head.split("set-cookie: ").nth(1).and_then(|rest| rest.split(';').next());
        let page: Value = serde_json::from_str(&reply.body).expect("JSON");
        self.with("Cookie", cookie.unwrap_or_else(|| panic!("no cookie: {}", reply.head)))
            .with("vedette-page", page["page"].as_str().expect("the page's half"))
    }

    /// The same, with the cookie that another caller shows.
    pub fn with_cookie_of(&self, other: &Http) -> Http {
        let cookie = other.headers.iter().find(|(name, _)| name == "Cookie");
        self.with("Cookie", cookie.map_or("", |(_, value)| value.as_str()))
    }

    /// Listens to the events, once they are granted.
    #[track_caller]
    pub fn listen(&self) -> Events {
        let mut stream = BufReader::new(self.send("GET", "/v1/events", None));
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(stream.read_line(&mut head).expect("the desk answers") > 0, "it ended: {head}");
        }
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        Events { stream }
    }

    #[track_caller]
    fn send(&self, method: &str, path: &str, body: Option<&str>) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("the desk listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        self.headers.iter().for_each(|(name, value)| request += &format!("{name}: {value}\r\n"));
        if let Some(body) = body {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        request += "\r\n";
        request += body.unwrap_or_default();
        // A desk that refuses a body may close before it has read it.
        let _ = stream.write_all(request.as_bytes());
        stream
    }
}

impl Reply {
    #[track_caller]
    fn read(mut stream: TcpStream) -> Reply {
        let mut bytes = Vec::new();
        // Closed with part of the request unread, a connection ends with an error after the answer.
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).expect("the desk answers in UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Reply {
            status: status.unwrap_or_else(|| panic!("no status: {head:?}")),
            head: head.to_lowercase(),
            body: body.into(),
        }
    }

    /// Itself, if it has this status; else the test fails with all it says.
    #[track_caller]
    pub fn expect(self, status: u16) -> Reply {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        self
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// The desk's events.
pub struct Events {
    stream: BufReader<TcpStream>,
}

impl Events {
    /// The next event, name and content; `None` when the stream has ended.
    #[track_caller]
    pub fn next_event(&mut self) -> Option<(String, Value)> {
        let mut name = None;
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).expect("the desk says something, if only that it lives") == 0
            {
                return None;
            }
            // Lines of the transfer's chunks and of comments stand between.
            if let Some(event) = line.strip_prefix("event: ") {
                name = Some(event.trim().to_string());
            } else if let (Some(data), Some(name)) = (line.strip_prefix("data: "), &name) {
                return Some((name.clone(), serde_json::from_str(data).expect("events are JSON")));
            }
        }
    }

    /// The next event of this name.
    #[track_caller]
    pub fn next_named(&mut self, name: &str) -> Value {
        loop {
            let (found, data) = self.next_event().unwrap_or_else(|| panic!("the events end before {name}"));
            if found == name {
                return data;
            }
        }
    }
}
