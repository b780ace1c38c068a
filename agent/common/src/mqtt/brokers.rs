//! Several addresses for one session: which is tried next, and how long a try may take. Pure.
//!
//! The addresses are tried in order, one a try; after the last comes the first. A session that was good begins again at
//! the first, so an address that was only away for a while is used again. A round in which nobody took us doubles the time a try
//! may take: a link that is only slow must not be given up for ever at the same point.

use super::session::{CONNECT_WAIT, CONNECT_WAIT_MAX};
use std::fmt;
use std::time::{Duration, Instant};

/// A session that lasted so long with its subscriptions in force was good: a broker that takes us and closes soon is none to stay at.
const GOOD_SESSION: Duration = Duration::from_secs(20);
/// Addresses of brokers, at most.
pub const BROKERS_MAX: usize = 8;

/// Where a broker is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerAddress {
    /// Host name or address, as the broker's certificate names it.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl BrokerAddress {
    /// Reads `HOST`, `HOST:PORT`, an IPv6 address or `[IPv6]:PORT`; `port` is that of one without. `None`: it is none of these.
    pub fn parse(text: &str, port: u16) -> Option<BrokerAddress> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => match rest.split_once(']')? {
                (host, "") => (host, port),
                (host, rest) => (host, rest.strip_prefix(':')?.parse().ok()?),
            },
            None => match text.split_once(':') {
                Some((host, number)) if !number.contains(':') => (host, number.parse().ok()?),
                _ => (text, port),
            },
        };
        let good = !host.is_empty() && port != 0 && !host.contains(|c: char| c.is_whitespace());
        good.then(|| BrokerAddress { host: host.into(), port })
    }
}

impl fmt::Display for BrokerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionEnd {
    /// The broker did not take us.
    NotTaken,
    /// It took us, and nothing came of it: it refused a subscription, or the session broke soon.
    Short,
    /// It was of use.
    Good,
    /// We ended it, to begin another.
    Ours,
}

/// How far a session came.
#[derive(Debug, Clone, Copy)]
pub enum Reached {
    /// Nobody took us.
    Nobody,
    /// A broker did.
    Broker,
    /// Everything is subscribed, since then.
    Subscribed(Instant),
    /// We ended it, and begin another.
    Enough,
}

impl Reached {
    /// What a session that ends `now` was worth.
    pub fn end(self, now: Instant) -> SessionEnd {
        match self {
            Reached::Nobody => SessionEnd::NotTaken,
            Reached::Enough => SessionEnd::Ours,
            Reached::Subscribed(since) if now.saturating_duration_since(since) >= GOOD_SESSION => {
                SessionEnd::Good
            }
            Reached::Broker | Reached::Subscribed(_) => SessionEnd::Short,
        }
    }
}

/// Which address is tried.
#[derive(Debug, Clone)]
pub struct Failover {
    brokers: Vec<BrokerAddress>,
    at: usize,
    connect_wait: Duration,
}

impl Failover {
    /// Over these addresses, at least one, the preferred first.
    pub fn over(brokers: Vec<BrokerAddress>) -> Failover {
        assert!(!brokers.is_empty(), "a link without a broker's address is not configured");
        Failover { brokers, at: 0, connect_wait: CONNECT_WAIT }
    }

    /// The address to try now.
    pub fn current(&self) -> &BrokerAddress {
        &self.brokers[self.at]
    }

    /// How long the try may take.
    pub fn connect_wait(&self) -> Duration {
        self.connect_wait
    }

    /// After a session: the next address; the same after one that we ended, for the link works there.
    pub fn ended(&mut self, how: SessionEnd) {
        self.at = match how {
            SessionEnd::Good => 0,
            SessionEnd::Ours => self.at,
            SessionEnd::Short | SessionEnd::NotTaken => (self.at + 1) % self.brokers.len(),
        };
        match how {
            SessionEnd::Good | SessionEnd::Short | SessionEnd::Ours => self.connect_wait = CONNECT_WAIT,
            SessionEnd::NotTaken if self.at == 0 => {
                self.connect_wait = (self.connect_wait * 2).min(CONNECT_WAIT_MAX);
            }
            SessionEnd::NotTaken => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_with_or_without_a_port() {
        let read = |text| BrokerAddress::parse(text, 8883).map(|address| address.to_string());
        for (text, address) in [
            ("mqtt.example", "mqtt.example:8883"),
            ("mqtt.example:1", "mqtt.example:1"),
            ("192.0.2.7:8884", "192.0.2.7:8884"),
            ("2001:db8::7", "[2001:db8::7]:8883"),
            ("[2001:db8::7]", "[2001:db8::7]:8883"),
            ("[2001:db8::7]:8884", "[2001:db8::7]:8884"),
        ] {
            assert_eq!(read(text).as_deref(), Some(address));
        }
        for text in ["", ":8883", "a:", "a:0", "a:65536", "a b", "[::1", "[::1]8883", "[]:1"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_take_turns_and_a_good_session_begins_again_at_the_first() {
        let brokers = ["a", "b", "c"].map(|host| BrokerAddress::parse(host, 1).unwrap());
        let mut failover = Failover::over(brokers.to_vec());
        let mut tried = String::new();
        use SessionEnd::{Good, NotTaken, Ours, Short};
        for end in
            [NotTaken, NotTaken, NotTaken, NotTaken, Good, Short, Short, NotTaken, NotTaken, Ours, Ours]
        {
            tried += &failover.current().host;
            failover.ended(end);
        }
        assert_eq!(tried, "abcababcabb");
    }

    #[test]
    fn a_try_may_take_longer_after_each_round_in_which_nobody_took_us() {
        let brokers = ["a", "b"].map(|host| BrokerAddress::parse(host, 1).unwrap());
        let mut failover = Failover::over(brokers.to_vec());
        let mut waits = Vec::new();
        for _ in 0..12 {
            waits.push(failover.connect_wait().as_secs());
            failover.ended(SessionEnd::NotTaken);
        }
        assert_eq!(waits, [10, 10, 20, 20, 40, 40, 80, 80, 120, 120, 120, 120]);
        failover.ended(SessionEnd::Short);
        assert_eq!(failover.connect_wait(), CONNECT_WAIT, "it is not the link");
    }
}
