//! A proxy between a client and the desk that cuts connections at a byte of the client's choosing: both ends lose the
//! connection in the same moment, and what was under way is gone.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use anyhow::Result;

/// No cut is due.
const NEVER: i64 = i64::MAX;

/// The proxy. It ends with the process.
#[derive(Debug)]
pub struct Cutter {
    address: SocketAddr,
    /// Bytes from the clients that still pass.
    left: Arc<AtomicI64>,
    cuts: Arc<AtomicU32>,
}

impl Cutter {
    /// A proxy to the desk at `target`.
    pub fn start(target: SocketAddr) -> Result<Cutter> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let cutter = Cutter {
            address: listener.local_addr()?,
            left: Arc::new(AtomicI64::new(NEVER)),
            cuts: Arc::default(),
        };
        let (left, cuts) = (Arc::clone(&cutter.left), Arc::clone(&cutter.cuts));
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // A desk that is down is a connection that ends.
                if let Ok(far) = TcpStream::connect(target) {
                    carry(&near, &far, &left, &cuts);
                }
            }
        });
        Ok(cutter)
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts the connection once so many more bytes have come from the client, in the midst of a frame or not.
    pub fn cut_after(&self, bytes: i64) {
        self.left.store(bytes, Ordering::SeqCst);
    }

    /// How often a connection was cut.
    pub fn cuts(&self) -> u32 {
        self.cuts.load(Ordering::SeqCst)
    }
}

fn carry(near: &TcpStream, far: &TcpStream, left: &Arc<AtomicI64>, cuts: &Arc<AtomicU32>) {
    let ends = || Some((near.try_clone().ok()?, far.try_clone().ok()?));
    let (Some((mut from_client, mut to_desk)), Some((mut to_client, mut from_desk))) = (ends(), ends())
    else {
        return;
    };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (left, cuts) = (Arc::clone(left), Arc::clone(cuts));
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = from_client.read(&mut bytes) {
            let passes = if left.load(Ordering::SeqCst) == NEVER {
                read
            } else {
                let count = i64::try_from(read).unwrap_or(NEVER);
                let before = left.fetch_sub(count, Ordering::SeqCst);
                usize::try_from(before.clamp(0, count)).unwrap_or(0)
            };
            let sent = to_desk.write_all(&bytes[..passes]);
            if passes < read {
                left.store(NEVER, Ordering::SeqCst);
                cuts.fetch_add(1, Ordering::SeqCst);
                break;
            }
            if sent.is_err() {
                break;
            }
        }
        let _ = (
            from_client.shutdown(Shutdown::Both),
            to_desk.shutdown(Shutdown::Both),
        );
    });
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = from_desk.read(&mut bytes) {
            if to_client.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        let _ = (
            to_client.shutdown(Shutdown::Both),
            from_desk.shutdown(Shutdown::Both),
        );
    });
}
