//! A post: headquarters, a broker and devices on one machine, in a temporary directory.

use crate::device::Device;
use crate::headquarters::Headquarters;
use crate::program::{self, wait_until};
use std::path::Path;
use tempfile::TempDir;
use vedette_demo::broker::{Broker, BrokerPki, Port};

/// The list most flows use.
pub const LIST: &str = "interpol/sltd";

/// Everything, in the order in which it must end.
pub struct Post {
    /// Headquarters.
    pub hq: Headquarters,
    /// The broker; it runs.
    pub broker: Broker,
    folder: TempDir,
}

impl Post {
    /// Headquarters with one list of documents ([`LIST`], lease of 48 hours), and a running broker. Nothing is
    /// published, no device enrolled, depot and collector do not run.
    pub fn new() -> Post {
        let folder = tempfile::Builder::new().prefix("vedette-flow-").tempdir().expect("a temporary folder");
        let port = Port::reserve().expect("a free port");
        let hq = Headquarters::init(folder.path(), port.number());
        hq.create_list(LIST, "48h");
        let broker = Broker::start(&folder.path().join("broker"), &BrokerPki::in_home(hq.home()), port)
            .unwrap_or_else(|error| panic!("{error}"));
        Post { hq, broker, folder }
    }

    /// The same, with depot and collector running.
    pub fn serving() -> Post {
        let mut post = Post::new();
        post.hq.serve();
        post
    }

    /// The temporary folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Enrols a device. Its waits are shortened, so that a flow need not sit them out.
    pub fn enrol(&self, id: &str) -> Device {
        let out = self.folder().join(id);
        let out_text = out.to_str().expect("a temporary path is text");
        self.hq.run(&["enrol", id, "--out", out_text]).expect_code(0);
        Self::hurried(Device::at(id, out))
    }

    /// Enrols a device that makes its own keys.
    pub fn enrol_by_request(&self, id: &str) -> Device {
        let (out, given) = (self.folder().join(id), self.folder().join(format!("{id}-given")));
        let text = |path: &Path| path.to_str().expect("a temporary path is text").to_string();
        let asked = program::run("vedette", ["request", id, "--out", &text(&out)], "").expect_code(0).out;
        let request = text(&out.join("request"));
        let enrol = ["enrol", id, "--request", &request, "--out", &text(&given)];
        let told = self.hq.run(&enrol).expect_code(0).out;
        let fingerprint = asked.lines().find(|line| line.starts_with("fingerprint: ")).expect("it is shown");
        assert!(told.lines().any(|line| line == fingerprint), "{asked}{told}");
        assert!(!given.join("box.key").exists() && !given.join("device.key").exists());
        let copied = std::process::Command::new("cp").arg("-r").arg(given.join(".")).arg(&out).status();
        assert!(copied.expect("cp is here").success());
        Self::hurried(Device::at(id, out))
    }

    fn hurried(device: Device) -> Device {
        device.configure("[limits]\nreceipt_wait_s = 1\nchunk_wait_s = 1\nstatus_every_s = 1");
        let config =
            std::fs::read_to_string(device.config()).expect("an enrolled device has its configuration");
        let config = config.replace("[link]\n", "[link]\nretry_max_s = 1\n");
        // Many agents run on this machine at once, so each takes a port that is free; its status says which.
        let config = config.replace("127.0.0.1:8470", "127.0.0.1:0");
        std::fs::write(device.config(), config).expect("a temporary file can be written");
        device
    }

    /// Enrols a device and starts its agent.
    pub fn start_device(&self, id: &str) -> Device {
        let mut device = self.enrol(id);
        device.start();
        device
    }

    /// Waits until headquarters has stored `count` encounters, and no more.
    #[track_caller]
    pub fn wait_for_encounters(&self, device: &Device, count: usize) {
        let what = format!("headquarters has {count} encounters");
        let logs = || format!("{}{}{}", self.hq.log(), device.log(), self.broker.log_tail());
        wait_until(what, || (self.hq.encounters().len() >= count).then_some(()), logs);
        assert_eq!(self.hq.encounters().len(), count);
    }
}

impl Default for Post {
    fn default() -> Self {
        Post::new()
    }
}
