//! A line between a device and the broker that counts what goes over it, and can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// The line, until the process ends.
pub struct Line {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_cut: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
    /// Bytes of TCP's content, both ways.
    carried: AtomicU64,
}

impl Line {
    /// To what listens on `to` at this machine.
    pub fn to(to: u16) -> Line {
        let listener = TcpListener::bind("localhost:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(State::default());
        let of_all = state.clone();
        std::thread::spawn(move || {
            for from in listener.incoming().flatten() {
                if of_all.is_cut.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(to) = TcpStream::connect(("localhost", to)) else { continue };
                for (from, to) in [(&from, &to), (&to, &from)] {
                    let [Ok(from), Ok(to), Ok(kept)] = [from.try_clone(), to.try_clone(), from.try_clone()]
                    else {
                        continue;
                    };
                    of_all.open.lock().expect("nobody panics with it").push(kept);
                    let state = of_all.clone();
                    std::thread::spawn(move || state.carry(from, to));
                }
            }
        });
        Line { port, state }
    }

    /// Where the device connects.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends what is connected, and lets nobody connect.
    pub fn cut(&self) {
        self.state.is_cut.store(true, Ordering::SeqCst);
        for stream in self.state.open.lock().expect("nobody panics with it").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Lets the device connect again.
    pub fn repair(&self) {
        self.state.is_cut.store(false, Ordering::SeqCst);
    }

    /// Bytes of TCP's content that went over it so far, both ways.
    pub fn carried(&self) -> u64 {
        self.state.carried.load(Ordering::SeqCst)
    }
}

impl State {
    fn carry(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
            self.carried.fetch_add(count as u64, Ordering::SeqCst);
        }
        // One of them may be gone already.
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
}
