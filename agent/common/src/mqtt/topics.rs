//! Every topic, in one place; all under `vedette/v1/`.
//!
//! Invariant: [`Topic::parse`] and [`Topic::name`] are inverse, and parse refuses everything it did not make, so a
//! name from the broker never reaches a file system or a query unchecked.

use std::fmt;
use vedette_shim::ids::{DeviceId, Digest, EncounterId, Hex, ListName, from_hex};

const PREFIX: &str = "vedette/v1/";

/// The rollout ring every device is in until an administrator says otherwise.
pub const RING_ALL: &str = "all";

/// A topic and what it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topic {
    /// Signed root of this version, retained. Each version stays, because a device believes root N+1 only on root N.
    Root(u32),
    /// Signed heartbeat, retained.
    Heartbeat,
    /// Signed roster of officers, retained.
    Roster,
    /// Which certificates of headquarters' services are revoked, a CRL, retained.
    Revoked,
    /// The CAs of the link, signed, retained.
    Authorities,
    /// Signed manifest of a list, retained, for ring [`RING_ALL`].
    Manifest(ListName),
    /// A chunk of a new small segment, live, to all.
    Segment(Digest, u32),
    /// A device's messages, see [`DeviceTopic`].
    Device(DeviceId, DeviceTopic),
}

/// What a device and headquarters say to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceTopic {
    /// Device asks for chunks.
    Want,
    /// Depot gives a chunk.
    Have,
    /// A sealed encounter.
    Encounter,
    /// A signed receipt.
    Receipt,
    /// An owner's signed answer to an encounter, retained.
    Answer(EncounterId),
    /// The device's status, retained and last will.
    Status,
    /// The key of one list, sealed, signed, retained.
    Grant(ListName),
    /// A signed order, retained.
    Order,
    /// The signed enrolment of one scanner, retained.
    Scanner(DeviceId),
    /// Device asks for a new certificate.
    Renewal,
    /// Headquarters gives it.
    Certificate,
}

impl Topic {
    /// The topic's name.
    pub fn name(&self) -> String {
        self.to_string()
    }

    /// Reads a topic's name; `None` for any that is not ours.
    pub fn parse(name: &str) -> Option<Topic> {
        let rest = name.strip_prefix(PREFIX)?;
        if rest == "heartbeat" {
            return Some(Topic::Heartbeat);
        }
        if rest == "roster" {
            return Some(Topic::Roster);
        }
        if rest == "revoked" {
            return Some(Topic::Revoked);
        }
        if rest == "authorities" {
            return Some(Topic::Authorities);
        }
        if let Some(version) = rest.strip_prefix("root/") {
            return Some(Topic::Root(version.parse().ok()?)).filter(|t| t.name() == name);
        }
        if let Some(rest) = rest.strip_prefix("list/") {
            let list = rest.strip_suffix(RING_ALL)?.strip_suffix("/manifest/")?;
            return Some(Topic::Manifest(list.parse().ok()?));
        }
        if let Some(rest) = rest.strip_prefix("segment/") {
            let (digest, chunk) = rest.split_once('/')?;
            return Some(Topic::Segment(from_hex(digest)?, chunk.parse().ok()?)).filter(|t| t.name() == name);
        }
        let (device, what) = rest.strip_prefix("device/")?.split_once('/')?;
        let what = match what {
            "want" => DeviceTopic::Want,
            "have" => DeviceTopic::Have,
            "encounter" => DeviceTopic::Encounter,
            "receipt" => DeviceTopic::Receipt,
            "status" => DeviceTopic::Status,
            "order" => DeviceTopic::Order,
            "renewal" => DeviceTopic::Renewal,
            "certificate" => DeviceTopic::Certificate,
            other => match other.strip_prefix("answer/") {
                Some(encounter) => DeviceTopic::Answer(from_hex(encounter)?),
                None => match other.strip_prefix("scanner/") {
                    Some(scanner) => DeviceTopic::Scanner(scanner.parse().ok()?),
                    None => DeviceTopic::Grant(other.strip_prefix("grant/")?.parse().ok()?),
                },
            },
        };
        Some(Topic::Device(device.parse().ok()?, what)).filter(|t| t.name() == name)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        match self {
            Topic::Root(version) => write!(f, "root/{version}"),
            Topic::Heartbeat => f.write_str("heartbeat"),
            Topic::Roster => f.write_str("roster"),
            Topic::Revoked => f.write_str("revoked"),
            Topic::Authorities => f.write_str("authorities"),
            Topic::Manifest(list) => write!(f, "list/{list}/manifest/{RING_ALL}"),
            Topic::Segment(digest, chunk) => write!(f, "segment/{}/{chunk}", Hex(digest)),
            Topic::Device(device, what) => {
                write!(f, "device/{device}/")?;
                match what {
                    DeviceTopic::Want => f.write_str("want"),
                    DeviceTopic::Have => f.write_str("have"),
                    DeviceTopic::Encounter => f.write_str("encounter"),
                    DeviceTopic::Receipt => f.write_str("receipt"),
                    DeviceTopic::Answer(encounter) => write!(f, "answer/{}", Hex(encounter)),
                    DeviceTopic::Status => f.write_str("status"),
                    DeviceTopic::Grant(list) => write!(f, "grant/{list}"),
                    DeviceTopic::Order => f.write_str("order"),
                    DeviceTopic::Scanner(scanner) => write!(f, "scanner/{scanner}"),
                    DeviceTopic::Renewal => f.write_str("renewal"),
                    DeviceTopic::Certificate => f.write_str("certificate"),
                }
            }
        }
    }
}

/// A kind of statement that the broker retains for a device. Whoever subscribes to its filter again gets it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Retained {
    /// First: they say who may sign the others.
    Roots,
    Order,
    Grants,
    Heartbeat,
    Roster,
    Manifests,
    Answers,
    Scanners,
    Revoked,
    Authorities,
}

impl Retained {
    /// All of them, in the order in which a device subscribes.
    pub const ALL: [Retained; 10] = [
        Retained::Roots,
        Retained::Order,
        Retained::Grants,
        Retained::Heartbeat,
        Retained::Roster,
        Retained::Manifests,
        Retained::Answers,
        Retained::Scanners,
        Retained::Revoked,
        Retained::Authorities,
    ];

    /// The subscription to this kind for a device.
    pub fn subscription(self, device: &DeviceId) -> Subscription {
        let filter = self.filter(device);
        match self {
            Retained::Heartbeat => Subscription::repeated_by_sender(filter),
            _ => Subscription::repeated_by_broker(filter),
        }
    }

    fn filter(self, device: &DeviceId) -> String {
        let own = format!("{PREFIX}device/{device}/");
        match self {
            Retained::Roots => format!("{PREFIX}root/+"),
            Retained::Order => format!("{own}order"),
            Retained::Grants => format!("{own}grant/+/+"),
            Retained::Heartbeat => format!("{PREFIX}heartbeat"),
            Retained::Revoked => format!("{PREFIX}revoked"),
            Retained::Authorities => format!("{PREFIX}authorities"),
            Retained::Roster => format!("{PREFIX}roster"),
            Retained::Manifests => format!("{PREFIX}list/+/+/manifest/{RING_ALL}"),
            Retained::Answers => format!("{own}answer/+"),
            Retained::Scanners => format!("{own}scanner/+"),
        }
    }
}

/// A subscription.
///
/// Without acknowledgement (QoS 0) goes what is sent again all the same when it does not arrive: chunks and requests for them
/// (asked for again after `chunk_wait_s`), encounters (sent again until their receipt), receipts (made again when the encounter
/// comes again), renewals and certificates (asked for again), heartbeats (the next one comes within minutes, and says the same and more). There the broker's own repeating
/// tells us nothing, costs a packet back for each message, and keeps a slow link to the broker's few messages under way
/// (20 for Mosquitto). With acknowledgement (QoS 1) stays what comes once: signed statements that are retained (that one lacks
/// shows at the next heartbeat at the earliest, for scanners' enrolments and earlier answers not at all), and statuses, of which a
/// last will is the last word of a device. A retained message comes at the subscription either way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The MQTT filter.
    pub filter: String,
    /// Whether the broker repeats a message until we have it.
    pub acknowledged: bool,
}

impl Subscription {
    fn repeated_by_broker(filter: String) -> Subscription {
        Subscription { filter, acknowledged: true }
    }

    fn repeated_by_sender(filter: String) -> Subscription {
        Subscription { filter, acknowledged: false }
    }
}

/// What a device subscribes to: what is retained for it, new segments, and its own mail.
pub fn device_subscriptions(device: &DeviceId) -> Vec<Subscription> {
    let retained = Retained::ALL.iter().map(|kind| kind.subscription(device));
    let live = [format!("{PREFIX}segment/+/+")];
    let mail = ["have", "receipt", "certificate"].map(|what| format!("{PREFIX}device/{device}/{what}"));
    retained.chain(live.into_iter().chain(mail).map(Subscription::repeated_by_sender)).collect()
}

/// What headquarters' depot and collector subscribe to.
pub fn headquarters_subscriptions() -> Vec<Subscription> {
    let of_devices = |what| format!("{PREFIX}device/+/{what}");
    let asked_again = ["want", "encounter", "renewal"].map(of_devices).map(Subscription::repeated_by_sender);
    let once = [Subscription::repeated_by_broker(of_devices("status"))];
    asked_again.into_iter().chain(once).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_reads_back_and_no_other_does() {
        let list: ListName = "interpol/sltd".parse().unwrap();
        let device: DeviceId = "post-7".parse().unwrap();
        let of = |what| Topic::Device(device.clone(), what);
        for topic in [
            Topic::Root(3),
            Topic::Heartbeat,
            Topic::Roster,
            Topic::Revoked,
            Topic::Authorities,
            Topic::Manifest(list.clone()),
            Topic::Segment([9; 32], 12),
            of(DeviceTopic::Want),
            of(DeviceTopic::Have),
            of(DeviceTopic::Encounter),
            of(DeviceTopic::Receipt),
            of(DeviceTopic::Answer([0xab; 16])),
            of(DeviceTopic::Status),
            of(DeviceTopic::Grant(list.clone())),
            of(DeviceTopic::Order),
            of(DeviceTopic::Scanner("lane-1".parse().unwrap())),
            of(DeviceTopic::Renewal),
            of(DeviceTopic::Certificate),
        ] {
            assert_eq!(Topic::parse(&topic.name()), Some(topic));
        }
        let digest = "09".repeat(32);
        for name in [
            "root/1".to_string(),
            "vedette/v1/root/01".into(),
            "vedette/v2/root/1".into(),
            "vedette/v1/list/../x/manifest/all".into(),
            "vedette/v1/device/a/b/order".into(),
            "vedette/v1/device//order".into(),
            "vedette/v1/device/post-7/answer/ABABABABABABABABABABABABABABABAB".into(),
            format!("vedette/v1/segment/{digest}/+1"),
            format!("vedette/v1/segment/{digest}/01"),
        ] {
            assert_eq!(Topic::parse(&name), None, "{name}");
        }
    }

    #[test]
    fn only_what_its_sender_repeats_comes_without_acknowledgement() {
        let without = |all: Vec<Subscription>| -> Vec<String> {
            all.into_iter().filter(|one| !one.acknowledged).map(|one| one.filter).collect()
        };
        let device = "post-7".parse().unwrap();
        assert_eq!(
            without(device_subscriptions(&device)),
            [
                "vedette/v1/heartbeat",
                "vedette/v1/segment/+/+",
                "vedette/v1/device/post-7/have",
                "vedette/v1/device/post-7/receipt",
                "vedette/v1/device/post-7/certificate"
            ]
        );
        assert_eq!(
            without(headquarters_subscriptions()),
            ["vedette/v1/device/+/want", "vedette/v1/device/+/encounter", "vedette/v1/device/+/renewal"]
        );
    }
}
