//! A proxy between one client and the desk that does to its connections what networks do, one fault a connection, by a
//! plan that a seed draws. Once the plan is through it passes everything on.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::draw::Draw;

/// How often a thread that waits looks whether its connection is over.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A connection that had its fault and is usable again ends after this, so that the next one has its own.
const THEN_USABLE: Duration = Duration::from_millis(400);

/// The two ends get this long to find out what became of a connection that is not usable any more.
const THEN_FOUND_OUT: Duration = Duration::from_secs(3);

/// What is done to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Both ends lose it in the same moment, and what was under way is gone.
    Cut,
    /// One end is told that the other says no more, and hears nothing more; the other way goes on.
    HalfClose,
    /// Nothing passes for a while, and then everything that waited.
    Stall,
    /// Little passes for a while.
    Throttle,
    /// Each piece is held back for a while.
    Delay,
    /// Bytes that nobody sent are put in.
    Garbage,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 6] = [
        Kind::Cut,
        Kind::HalfClose,
        Kind::Stall,
        Kind::Throttle,
        Kind::Delay,
        Kind::Garbage,
    ];
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From the client to the desk.
    ToDesk,
    /// From the desk to the client.
    ToClient,
}

impl Way {
    /// Both.
    pub const ALL: [Way; 2] = [Way::ToDesk, Way::ToClient];
}

/// What happens to one connection.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// What.
    pub kind: Kind,
    /// To what goes which way.
    pub way: Way,
    /// Bytes of that way that pass before: those of the handshake, of half a frame, or of many.
    pub after: u64,
    /// How long it lasts; zero for what is done in a moment.
    pub lasts: Duration,
    /// Bytes a second of a throttled connection, milliseconds that a delayed one holds each piece, bytes of garbage;
    /// 0 for all else.
    pub amount: u64,
}

impl Fault {
    fn drawn(kind: Kind, way: Way, draw: &mut Draw) -> Fault {
        let after = match way {
            Way::ToDesk => draw.below(2_500),
            Way::ToClient => draw.below(12_000),
        };
        let lasts_ms = match (kind, way) {
            // One in two is so long that the client takes the connection for dead.
            (Kind::Stall, Way::ToClient) => [1_500, 7_000][usize::from(draw.below(2) == 1)],
            (Kind::Stall, Way::ToDesk) => 500 + draw.below(2_500),
            (Kind::Throttle | Kind::Delay, _) => 1_000 + draw.below(1_500),
            _ => 0,
        };
        let amount = match kind {
            Kind::Throttle => 500 + draw.below(3_500),
            Kind::Delay => 50 + draw.below(250),
            // No UTF-8 and no header of a frame; and a command whose end it pushes out of its frame is no JSON.
            Kind::Garbage => 16 + draw.below(48),
            _ => 0,
        };
        Fault {
            kind,
            way,
            after,
            lasts: Duration::from_millis(lasts_ms),
            amount,
        }
    }
}

/// So many faults for a client, in an order of its own. Clients with following numbers begin where the one before ended, so
/// that a few of them have every kind both ways, whatever the seed.
pub fn plan(seed: u64, client: usize, faults: usize) -> Vec<Fault> {
    let every: Vec<(Kind, Way)> = Kind::ALL
        .into_iter()
        .flat_map(|kind| Way::ALL.map(|way| (kind, way)))
        .collect();
    let mut draw = Draw::new(seed.wrapping_mul(1_000_003).wrapping_add(client as u64));
    let mut plan: Vec<Fault> = (client * faults..(client + 1) * faults)
        .map(|number| every[number % every.len()])
        .map(|(kind, way)| Fault::drawn(kind, way, &mut draw))
        .collect();
    for place in (1..plan.len()).rev() {
        let other = usize::try_from(draw.below(place as u64 + 1)).unwrap_or(0);
        plan.swap(place, other);
    }
    plan
}

/// The proxy. It ends with the process.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    planned: usize,
    course: Arc<Course>,
}

/// How far a plan has come.
#[derive(Debug)]
struct Course {
    ahead: Mutex<VecDeque<Fault>>,
    happened: Mutex<Vec<Fault>>,
    /// Connections that have their fault or wait for it, and may still hold something back.
    under_way: AtomicUsize,
}

impl Proxy {
    /// A proxy to the desk at `target`.
    pub fn start(target: SocketAddr, plan: Vec<Fault>) -> Result<Proxy> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let proxy = Proxy {
            address: listener.local_addr()?,
            planned: plan.len(),
            course: Arc::new(Course {
                ahead: Mutex::new(plan.into()),
                happened: Mutex::default(),
                under_way: AtomicUsize::new(0),
            }),
        };
        let course = Arc::clone(&proxy.course);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // A desk that is down is a connection that ends.
                if let Ok(far) = TcpStream::connect(target) {
                    pass_on(near, far, &course);
                }
            }
        });
        Ok(proxy)
    }

    /// Where the client connects.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has happened so far, in order.
    pub fn happened(&self) -> Vec<Fault> {
        held(&self.course.happened).clone()
    }

    /// Whether everything has happened that was planned, and is over: nothing is held back any more.
    pub fn is_through(&self) -> bool {
        held(&self.course.happened).len() >= self.planned && self.course.under_way.load(Ordering::SeqCst) == 0
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pass_on(near: TcpStream, far: TcpStream, course: &Arc<Course>) {
    for stream in [&near, &far] {
        let _ = (
            stream.set_nodelay(true),
            stream.set_read_timeout(Some(LOOK_AGAIN)),
        );
    }
    let fault = held(&course.ahead).pop_front();
    if fault.is_some() {
        course.under_way.fetch_add(1, Ordering::SeqCst);
    }
    let passage = Arc::new(Passage {
        fault,
        course: Arc::clone(course),
        near,
        far,
        has_happened: AtomicBool::new(false),
        is_over: AtomicBool::new(false),
        ends_at: Mutex::default(),
    });
    for way in Way::ALL {
        let passage = Arc::clone(&passage);
        std::thread::spawn(move || {
            // Whatever ends one way ends both.
            let _ = passage.carry(way);
            passage.end();
        });
    }
}

/// One connection of the client and the one to the desk that belongs to it.
struct Passage {
    fault: Option<Fault>,
    course: Arc<Course>,
    near: TcpStream,
    far: TcpStream,
    has_happened: AtomicBool,
    is_over: AtomicBool,
    ends_at: Mutex<Option<Instant>>,
}

impl Passage {
    fn carry(&self, way: Way) -> io::Result<()> {
        let (mut from, mut to) = match way {
            Way::ToDesk => (&self.near, &self.far),
            Way::ToClient => (&self.far, &self.near),
        };
        let mut bytes = [0; 4096];
        let mut passed = 0;
        // The fault that lasts, and until when.
        let mut slow = None;
        while !self.is_over() {
            let read = match from.read(&mut bytes) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
                Err(error) => return Err(error),
            };
            let piece = &bytes[..read];
            match self.due(way, passed, read) {
                None => self.pass(piece, &mut to, slow)?,
                Some((fault, place)) => {
                    to.write_all(&piece[..place])?;
                    self.begin(fault);
                    match fault.kind {
                        Kind::Cut => return Ok(()),
                        Kind::HalfClose => {
                            to.shutdown(Shutdown::Write)?;
                            return self.swallow(from);
                        }
                        Kind::Garbage => {
                            to.write_all(&vec![0xff; usize::try_from(fault.amount).unwrap_or(16)])?
                        }
                        Kind::Stall => self.rest(fault.lasts),
                        Kind::Throttle | Kind::Delay => slow = Some((fault, Instant::now() + fault.lasts)),
                    }
                    self.pass(&piece[place..], &mut to, slow)?;
                }
            }
            passed += read as u64;
        }
        Ok(())
    }

    /// The fault, where its moment lies in the next so many bytes, and how many of them pass before.
    fn due(&self, way: Way, passed: u64, read: usize) -> Option<(Fault, usize)> {
        let fault = self.fault.filter(|fault| fault.way == way)?;
        let place = usize::try_from(fault.after.saturating_sub(passed)).ok()?;
        (place < read && !self.has_happened.load(Ordering::SeqCst)).then_some((fault, place))
    }

    fn begin(&self, fault: Fault) {
        self.has_happened.store(true, Ordering::SeqCst);
        held(&self.course.happened).push(fault);
        let then = match fault.kind {
            Kind::HalfClose | Kind::Garbage => THEN_FOUND_OUT,
            _ => THEN_USABLE,
        };
        *held(&self.ends_at) = Some(Instant::now() + fault.lasts + then);
    }

    fn pass(&self, piece: &[u8], to: &mut &TcpStream, slow: Option<(Fault, Instant)>) -> io::Result<()> {
        let Some((fault, until)) = slow.filter(|(_, until)| Instant::now() < *until) else {
            return to.write_all(piece);
        };
        if fault.kind == Kind::Delay {
            self.rest(Duration::from_millis(fault.amount));
            return to.write_all(piece);
        }
        let at_once = usize::try_from(fault.amount / 20).unwrap_or(1).max(1);
        for some in piece.chunks(at_once) {
            to.write_all(some)?;
            if Instant::now() < until && !self.is_over() {
                std::thread::sleep(LOOK_AGAIN);
            }
        }
        Ok(())
    }

    fn swallow(&self, mut from: &TcpStream) -> io::Result<()> {
        let mut bytes = [0; 4096];
        while !self.is_over() {
            match from.read(&mut bytes) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn rest(&self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until && !self.is_over() {
            std::thread::sleep(LOOK_AGAIN.min(until.saturating_duration_since(Instant::now())));
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst) || held(&self.ends_at).is_some_and(|at| Instant::now() >= at)
    }

    fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = (
            self.near.shutdown(Shutdown::Both),
            self.far.shutdown(Shutdown::Both),
        );
    }
}

impl Drop for Passage {
    /// A connection that ended before its fault leaves it to the next one.
    fn drop(&mut self) {
        let Some(fault) = self.fault else {
            return;
        };
        if !self.has_happened.load(Ordering::SeqCst) {
            held(&self.course.ahead).push_front(fault);
        }
        self.course.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}
