//! The demo's stage: a temporary folder with headquarters' home, a real broker, an enrolled device whose agent is a
//! process of its own, and headquarters' collector and depot in a thread of this one.
//!
//! Invariant: everything ends with the stage, also when the play breaks off. Every wait ends after [`PATIENCE`], and
//! then says what was missing, with the ends of the agent's and the broker's logs.

use super::broker::{Broker, BrokerPki, Port};
use super::error::{DemoError, PATIENCE};
use super::view::View;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use vedette::desk::api::{AnswerView, ScanRequest, StatusView};
use vedette::desk::client;
use vedette_common::clock::Clock;
use vedette_common::files::{self, FileError};
use vedette_hq::serve::{ServeOptions, ServeReport};
use vedette_hq::{CollectorError, Home, HqError, encounters, enrol, import, init, list, publish, serve};
use vedette_shim::ids::ListName;
use vedette_shim::list::Kind;
use vedette_shim::mrz::{Fields, compose};

const SAMPLE: &str = include_str!("../../../config/samples/documents.csv");
const LIST: &str = "interpol/sltd";
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const LOG_TAIL_BYTES: usize = 2_000;

pub(super) struct Stage {
    home: Home,
    list: ListName,
    broker: Broker,
    agent: Child,
    agent_log: PathBuf,
    socket: PathBuf,
    serving: Option<JoinHandle<Result<ServeReport, CollectorError>>>,
    stop: CancellationToken,
    interrupted: Arc<AtomicBool>,
    runtime: Runtime,
    folder: TempDir,
}

/// Both lines of a passport of the specimen state with this number.
pub(super) fn passport(number: &str) -> String {
    compose(&Fields::specimen_passport("UTO", number)).expect("the specimen fits a passport").to_string()
}

impl Stage {
    /// Sets everything up and starts it.
    pub(super) fn set(view: &mut View) -> Result<Stage, DemoError> {
        let folder = tempfile::Builder::new()
            .prefix("vedette-demo-")
            .tempdir()
            .map_err(FileError::at("make a folder in", std::env::temp_dir()))?;
        let at = |name: &str| folder.path().join(name);
        let start = Instant::now();
        let port = Port::reserve()?;
        let options = init::InitOptions { broker_port: port.number(), ..Default::default() };
        let home = init::init(&at("hq"), &options, Arc::new(Clock::default())).map_err(HqError::from)?;
        let name: ListName = LIST.parse().expect("the demo's list has a list's name");
        list::create(&home, &name, &list::CreateOptions::of(Kind::Documents)).map_err(HqError::from)?;
        let device = "post-7".parse().expect("the demo's device has a device's name");
        // Any free port: the machine may run an agent already.
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let options = enrol::EnrolOptions { listen: free, ..enrol::EnrolOptions::into(at("device")) };
        let enrolled = enrol::enrol(&home, &device, &options).map_err(HqError::from)?;
        view.step("headquarters' keys, certificates and list; a device enrolled", start.elapsed());

        let start = Instant::now();
        let broker = Broker::start(&at("broker"), &BrokerPki::in_home(home.dir()), port)?;
        view.step("Mosquitto with mutual TLS 1.3 and a right for every topic", start.elapsed());

        let start = Instant::now();
        let agent_log = at("agent.log");
        let log = File::create(&agent_log).map_err(FileError::at("write", &agent_log))?;
        let agent = std::env::current_exe()
            .and_then(|program| {
                let mut command = Command::new(program);
                command.arg("agent").arg("--config").arg(&enrolled.agent_toml);
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()
            })
            .map_err(DemoError::Agent)?;
        let runtime = Runtime::new().map_err(DemoError::Agent)?;
        let (stop, interrupted) = (CancellationToken::new(), Arc::new(AtomicBool::new(false)));
        let serving = std::thread::spawn({
            let (home, stop) = (home.clone(), stop.clone());
            move || {
                let runtime = Runtime::new().map_err(FileError::at("start", "a runtime"))?;
                runtime.block_on(serve::run(&home, ServeOptions::default(), stop))
            }
        });
        let heard = interrupted.clone();
        runtime.spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                heard.store(true, Ordering::Relaxed);
            }
        });
        let socket = at("device").join("vedette.sock");
        let serving = Some(serving);
        let stage = Stage {
            home,
            list: name,
            broker,
            agent,
            agent_log,
            socket,
            serving,
            stop,
            interrupted,
            runtime,
            folder,
        };
        stage.wait("the agent is online", || stage.status().is_some_and(|status| status.online))?;
        view.step("collector and depot serve, the device's agent is online", start.elapsed());
        Ok(stage)
    }

    /// Publishes the sample list and these passports besides.
    pub(super) fn publish(&self, reported: &[&str]) -> Result<publish::Published, DemoError> {
        let rows: String = reported.iter().map(|number| format!("UTO,P,{number},,stolen,,,,,,,\n")).collect();
        let csv = self.folder.path().join("list.csv");
        files::write(&csv, format!("{}\n{rows}", SAMPLE.trim_end()).as_bytes())?;
        import::import(&self.home, &self.list, &csv, import::ImportOptions::default())
            .map_err(HqError::from)?;
        Ok(publish::publish(&self.home, &self.list, &Default::default()).map_err(HqError::from)?)
    }

    pub(super) fn wait_for_edition(&self, edition: u64) -> Result<Duration, DemoError> {
        let holds = |status: StatusView| status.lists.iter().any(|held| held.edition == edition);
        self.wait(&format!("the device holds edition {edition}"), || self.status().is_some_and(holds))
    }

    pub(super) fn scan(&self, zone: &str) -> Result<AnswerView, String> {
        let scan = ScanRequest { mrz: zone.into(), who: "demo".into(), why: "demonstration".into() };
        self.runtime
            .block_on(client::post(&self.socket, "/v1/scans", &scan))
            .map_err(|error| error.to_string())
    }

    pub(super) fn stop_broker(&mut self) -> Result<Duration, DemoError> {
        let start = Instant::now();
        self.broker.stop()?;
        self.wait("the device knows that it is offline", || {
            self.status().is_some_and(|status| !status.online)
        })?;
        Ok(start.elapsed())
    }

    pub(super) fn start_broker(&mut self) -> Result<Duration, DemoError> {
        let start = Instant::now();
        self.broker.restart()?;
        Ok(start.elapsed())
    }

    /// Encounters on the device that await a receipt.
    pub(super) fn spool(&self) -> Result<u64, DemoError> {
        self.status()
            .map(|status| status.spool)
            .ok_or_else(|| DemoError::Wrong("the agent does not answer".into()))
    }

    /// Until headquarters has an encounter of each of these scans.
    pub(super) fn wait_for_encounters(&self, scans: &BTreeSet<String>) -> Result<Duration, DemoError> {
        self.wait("every encounter is at headquarters", || {
            let arrived = self.arrived().unwrap_or_default();
            scans.iter().all(|scan| arrived.contains(scan))
        })
    }

    pub(super) fn wait_for_receipts(&self) -> Result<Duration, DemoError> {
        self.wait("every receipt is back", || self.status().is_some_and(|status| status.spool == 0))
    }

    /// Headquarters has one encounter of each of these scans, and no other.
    pub(super) fn check_exactly_once(&self, scans: &BTreeSet<String>) -> Result<(), DemoError> {
        let arrived = self.arrived()?;
        let distinct: BTreeSet<String> = arrived.iter().cloned().collect();
        match arrived.len() == distinct.len() && distinct == *scans {
            true => Ok(()),
            false => Err(DemoError::Wrong(format!("made {scans:?}, at headquarters {arrived:?}"))),
        }
    }

    /// Ends agent and headquarters as a shutdown does.
    pub(super) fn end(&mut self) -> Result<(), DemoError> {
        self.stop.cancel();
        match self.serving.take().map(JoinHandle::join) {
            Some(Ok(served)) => {
                served.map_err(HqError::from)?;
            }
            Some(Err(_)) => return Err(DemoError::Wrong("headquarters' thread broke".into())),
            None => {}
        }
        Ok(())
    }

    pub(super) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    fn arrived(&self) -> Result<Vec<String>, DemoError> {
        let mut scans = Vec::new();
        for page in encounters::pages(&self.home, "demonstration").map_err(HqError::from)? {
            scans.extend(page.map_err(HqError::from)?.into_iter().map(|encounter| encounter.scan));
        }
        Ok(scans)
    }

    fn status(&self) -> Option<StatusView> {
        self.runtime.block_on(client::get(&self.socket, "/v1/status")).ok()
    }

    fn wait(&self, what: &str, mut happened: impl FnMut() -> bool) -> Result<Duration, DemoError> {
        let start = Instant::now();
        while !happened() {
            if self.is_interrupted() {
                return Err(DemoError::Interrupted);
            }
            if start.elapsed() > PATIENCE {
                let logs = format!("{}\n{}", self.agent_log_tail(), self.broker.log_tail());
                return Err(DemoError::Missing { what: what.into(), logs });
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        Ok(start.elapsed())
    }

    fn agent_log_tail(&self) -> String {
        let log = fs::read(&self.agent_log).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(LOG_TAIL_BYTES)..]).into_owned()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
        // The folder goes next, and with it all the agent has; there is nothing to wait for.
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}
