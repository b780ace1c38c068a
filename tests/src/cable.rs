//! A cable to a scanner: a pseudo terminal behind a name that stays, which can be pulled out and plugged in again.

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Between two looks whether something came.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// The scanner's end of it.
#[derive(Clone)]
pub struct Cable {
    /// What the agent opens: a link, as udev makes it.
    port: PathBuf,
    /// Both ends while it is plugged in. The agent's is held as well, so that a line nobody reads is no broken one.
    ends: Arc<Mutex<Option<(File, OwnedFd)>>>,
}

impl Cable {
    /// A cable that is plugged in; `port` is what the agent will open.
    pub fn plugged_in(port: &Path) -> Cable {
        let cable = Cable { port: port.into(), ends: Arc::default() };
        cable.plug();
        cable
    }

    /// What the agent opens.
    pub fn port(&self) -> &Path {
        &self.port
    }

    /// Plugs it in: another terminal, under the same name. No program started meanwhile may inherit an end of it.
    pub fn plug(&self) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a pseudo terminal can be made");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("it can be unlocked");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let name = Path::new(name.to_str().expect("its name is text"));
        let slave = rustix::fs::open(
            name,
            OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
            rustix::fs::Mode::empty(),
        );
        rustix::io::ioctl_fionbio(&master, true).expect("it need not wait");
        std::os::unix::fs::symlink(name, &self.port).expect("a link can be made");
        *self.ends.lock().unwrap() = Some((File::from(master), slave.expect("its other end opens")));
    }

    /// Pulls it out: whoever has it open sees its end.
    pub fn unplug(&self) {
        let _ = std::fs::remove_file(&self.port);
        self.ends.lock().unwrap().take();
    }

    /// Sends bytes; they are lost while it is unplugged.
    pub fn send(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let written = match self.ends.lock().unwrap().as_mut() {
                Some((master, _)) => master.write(bytes),
                None => return,
            };
            match written {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(POLL_INTERVAL),
                Err(error) => panic!("the cable does not take bytes: {error}"),
            }
        }
    }

    /// Takes what came, after a short wait if that is nothing.
    pub fn receive(&self) -> Vec<u8> {
        let mut buffer = vec![0; 4096];
        let read = self.ends.lock().unwrap().as_mut().map(|(master, _)| master.read(&mut buffer));
        match read {
            Some(Ok(read)) => buffer.truncate(read),
            _ => {
                buffer.clear();
                std::thread::sleep(POLL_INTERVAL);
            }
        }
        buffer
    }
}
