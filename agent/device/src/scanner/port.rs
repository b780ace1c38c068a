//! A serial port: opened raw, at its speed, for us alone; read and written without holding a thread.
//!
//! Invariants: bytes pass unchanged in both directions (no line discipline, no echo, no flow control); what lay in the
//! line before it was opened is thrown away. A pseudo terminal is as good as a port.
//!
//! Failure: [`PortError`] names the port. A device that was unplugged shows as an error or an end of the next read, one
//! that is stuck as a write that takes longer than [`WRITE_WAIT`]; the port is then dropped and opened anew.

use rustix::fs::{Mode, OFlags};
use rustix::termios::{self, ControlModes, OptionalActions, QueueSelector};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::time::timeout;

/// A frame or less is written within this, or the device is stuck: the largest takes 4 s at 9600 bits a second.
const WRITE_WAIT: Duration = Duration::from_secs(10);

/// A port that does not work.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {}: {source}", path.display())]
pub(super) struct PortError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// An open port.
#[derive(Debug)]
pub(super) struct Port {
    // Tokio knows pipes, not terminals; to the kernel's readiness and to read and write they are the same.
    reader: pipe::Receiver,
    writer: pipe::Sender,
    path: PathBuf,
}

impl Port {
    /// Opens it at `baud` bits a second, 8 data bits, no parity.
    pub(super) fn open(path: &Path, baud: u32) -> Result<Port, PortError> {
        let fail = |what| move |source: io::Error| PortError { what, path: path.into(), source };
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let line = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| fail("open")(e.into()))?;
        let line = File::from(line);
        prepare(&line, baud).map_err(|e| fail("set up")(e.into()))?;
        let writer = line.try_clone().and_then(pipe::Sender::from_file_unchecked).map_err(fail("watch"))?;
        let reader = pipe::Receiver::from_file_unchecked(line).map_err(fail("watch"))?;
        Ok(Port { reader, writer, path: path.into() })
    }

    /// Waits for bytes and reads some; never 0. What is cancelled has read nothing.
    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, PortError> {
        match self.reader.read(buffer).await {
            Ok(0) => Err(self.fail("read", io::Error::other("the device is gone"))),
            Ok(read) => Ok(read),
            Err(error) => Err(self.fail("read", error)),
        }
    }

    /// Writes all of `bytes`.
    pub(super) async fn write_all(&mut self, bytes: &[u8]) -> Result<(), PortError> {
        let written = timeout(WRITE_WAIT, self.writer.write_all(bytes)).await;
        let written = written.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        written.map_err(|error| self.fail("write to", error))
    }

    fn fail(&self, what: &'static str, source: io::Error) -> PortError {
        PortError { what, path: self.path.clone(), source }
    }
}

fn prepare(line: &File, baud: u32) -> rustix::io::Result<()> {
    let mut settings = termios::tcgetattr(line)?;
    // Two programs on one line would each get half of every document.
    termios::ioctl_tiocexcl(line)?;
    settings.make_raw();
    settings.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
    settings.control_modes -= ControlModes::CRTSCTS | ControlModes::CSTOPB;
    settings.set_speed(baud)?;
    termios::tcsetattr(line, OptionalActions::Now, &settings)?;
    termios::tcflush(line, QueueSelector::IOFlush)
}
