//! The thread that encodes snapshots, so that nobody waits for it: a state goes in, what is to be stored comes out.

use crate::journal::{Encoded, JournalError, SqliteJournal};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use tickwire_engine::State;
use tickwire_protocol::id::Seq;
use tracing::{debug, warn};

type Handed = (Seq, Box<State>);

/// Encodes one state at a time; one that comes while another is encoded is passed over, and a later one taken.
#[derive(Debug)]
pub struct Snapshots {
    states: SyncSender<Handed>,
    encoded: Receiver<Encoded>,
    thread: JoinHandle<()>,
}

impl Snapshots {
    /// Starts the thread. `None` where the system has none left: the journal is whole without snapshots.
    pub fn start() -> Option<Snapshots> {
        // None waits: what cannot be taken at once is dropped, so at most one state is held beside the engine's.
        let (states, waiting) = sync_channel::<Handed>(0);
        let (done, encoded) = sync_channel(1);
        let work = move || {
            while let Ok((seq, state)) = waiting.recv() {
                match Encoded::new(seq, &state) {
                    Ok(snapshot) => {
                        if done.send(snapshot).is_err() {
                            return;
                        }
                    }
                    Err(reason) => warn!(target: "tickwire::engine", %reason, "a snapshot cannot be encoded"),
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("snapshot".to_owned())
            .spawn(work);
        match thread {
            Ok(thread) => Some(Snapshots {
                states,
                encoded,
                thread,
            }),
            Err(reason) => {
                warn!(target: "tickwire::engine", %reason, "no snapshots are made");
                None
            }
        }
    }

    /// Hands a state over, where the thread is idle.
    pub fn take(&self, state: Handed) {
        let _ = self.states.try_send(state);
    }

    /// Hands a state over and waits for the thread to be idle: for the last one.
    pub fn take_last(&self, state: Handed, journal: &mut SqliteJournal) {
        // The thread may wait for the one before it to be taken.
        self.store_done(journal);
        let _ = self.states.send(state);
    }

    /// Stores what is encoded by now.
    pub fn store_done(&self, journal: &mut SqliteJournal) {
        if let Ok(snapshot) = self.encoded.try_recv() {
            store(journal, &snapshot);
        }
    }

    /// Ends the thread and stores what it had under way.
    pub fn finish(self, journal: &mut SqliteJournal) {
        drop(self.states);
        for snapshot in self.encoded.iter() {
            store(journal, &snapshot);
        }
        // A panic has been told by its own hook.
        let _ = self.thread.join();
    }
}

fn store(journal: &mut SqliteJournal, snapshot: &Encoded) {
    if journal.is_short() {
        // What room there is belongs to entries.
        return;
    }
    match journal.store(snapshot) {
        Ok(()) => debug!(target: "tickwire::engine", seq = snapshot.seq().0, "snapshot stored"),
        Err(reason @ JournalError::Full(_)) => {
            warn!(target: "tickwire::engine", %reason, "no room for a snapshot; the entries are kept all the same")
        }
        Err(reason) => {
            warn!(target: "tickwire::engine", %reason, "a snapshot cannot be stored; the entries are kept all the same")
        }
    }
}
