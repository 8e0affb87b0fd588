//! How the desk is connected: the link, the clocks and the measurements that the Connection region shows.

use leptos::prelude::*;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::session::client::Link;

use super::paint::PaintSummary;
use crate::age::Moment;

/// Signals that only the socket writes.
#[derive(Clone, Copy, Debug)]
pub struct Status {
    /// The link between desk and server.
    pub link: RwSignal<Link>,
    /// The desk's own clock; absent until the page is alive. It ticks once a second.
    pub now: RwSignal<Option<TimestampMs>>,
    /// When the last batch was applied, on the desk's clock: the time of a flash.
    pub batch_at: RwSignal<TimestampMs>,
    /// What to add to the desk's clock to get the server's, in milliseconds.
    pub offset_ms: RwSignal<i64>,
    /// The last round trip, in milliseconds.
    pub rtt_ms: RwSignal<Option<i64>>,
    /// Gaps found in lossless topics; each was asked for again.
    pub gaps: RwSignal<u64>,
    /// Times that messages of a lossless topic were lost for good.
    pub losses: RwSignal<u32>,
    /// Messages of lossless topics that the last connection brought before it was live: what had been missed.
    pub caught_up: RwSignal<u32>,
    /// Since when the desk follows every event, on the server's clock.
    pub followed_since: RwSignal<Option<TimestampMs>>,
    /// From a frame's arrival to its paint.
    pub paint: RwSignal<Option<PaintSummary>>,
    /// The release of the server that the desk talks to, once it greeted.
    pub server_release: RwSignal<Option<String>>,
    taken_at: TimestampMs,
}

impl Status {
    /// A desk that was rendered at `taken_at` and is not connected.
    pub fn new(taken_at: TimestampMs) -> Status {
        Status {
            link: RwSignal::new(Link::Connecting),
            now: RwSignal::new(None),
            batch_at: RwSignal::new(taken_at),
            offset_ms: RwSignal::new(0),
            rtt_ms: RwSignal::new(None),
            gaps: RwSignal::new(0),
            losses: RwSignal::new(0),
            caught_up: RwSignal::new(0),
            followed_since: RwSignal::new(None),
            paint: RwSignal::new(None),
            server_release: RwSignal::new(None),
            taken_at,
        }
    }

    /// What ages depend on, on the server's clock.
    pub fn moment(&self) -> Moment {
        let now = self.now.get().map(|now| now + self.offset_ms.get());
        Moment {
            now,
            taken_at: self.taken_at,
            link: self.link.get(),
        }
    }
}
