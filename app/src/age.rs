//! How old what a panel shows is, and in what words it says so. A stale number must never look live.
//!
//! Pure functions: the clock, the link and the feed are arguments, all on the server's time.

use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::message::{FeedStatus, LinkState};
use tickwire_protocol::session::client::Link;

/// Account panels have new data every one to two seconds; older than this, something is wrong.
pub const STALE_AFTER_MS: u64 = 3_000;

/// What a panel says about the age of its data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Age {
    /// Up to date: there is nothing to say.
    #[default]
    Live,
    /// The page is not connected yet (or never will be, without JavaScript): the moment that the data are from.
    AsOf(TimestampMs),
    /// Out of date by so many milliseconds.
    Old(u64),
    /// Out of date, and nothing says by how much.
    Unknown,
}

impl Age {
    /// Whether the panel must look as old as it is.
    pub fn is_stale(&self) -> bool {
        matches!(self, Age::Old(_) | Age::Unknown)
    }

    /// The words, or nothing where the data are live.
    pub fn text(&self) -> Option<String> {
        match self {
            Age::Live => None,
            Age::AsOf(at) => Some(as_of(*at)),
            Age::Old(ms) => Some(span(*ms) + " old"),
            Age::Unknown => Some("no data".to_owned()),
        }
    }
}

/// The state of the world that ages depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The server's clock; absent until the page is alive.
    pub now: Option<TimestampMs>,
    /// When the page was rendered.
    pub taken_at: TimestampMs,
    /// The link between desk and server.
    pub link: Link,
}

/// The age of account data, which are sent every one to two seconds whether they change or not.
pub fn of_account(moment: Moment, newest: Option<TimestampMs>) -> Age {
    judge(moment, newest, true)
}

/// The age of market data, which are sent when they change: a quiet market is not old while its feed is live.
pub fn of_market(moment: Moment, newest: Option<TimestampMs>, feed: Option<&FeedStatus>) -> Age {
    let feed_is_live = feed.is_none_or(|feed| feed.state == LinkState::Live);
    if !feed_is_live && let Some(now) = moment.now {
        let last = feed.and_then(|feed| feed.last_tick_at).max(newest);
        return last.map_or(Age::Unknown, |last| Age::Old(now.since(last)));
    }
    judge(moment, newest, false)
}

fn judge(moment: Moment, newest: Option<TimestampMs>, ages_while_live: bool) -> Age {
    let Some(now) = moment.now else {
        return Age::AsOf(moment.taken_at);
    };
    let Some(newest) = newest else {
        return if moment.link == Link::Live {
            Age::Live
        } else {
            Age::Unknown
        };
    };
    let age = now.since(newest);
    match moment.link {
        Link::Live if ages_while_live && age > STALE_AFTER_MS => Age::Old(age),
        Link::Live => Age::Live,
        // The first connection takes a blink: what the page was born with says of when it is, without alarm.
        Link::Connecting | Link::Resyncing { .. } if now.since(moment.taken_at) <= STALE_AFTER_MS => {
            Age::AsOf(moment.taken_at)
        }
        _ => Age::Old(age),
    }
}

/// `as of 09:14:03 UTC`.
pub fn as_of(at: TimestampMs) -> String {
    let mut text = String::from("as of ");
    text.push_str(&at.utc_clock());
    text.push_str(" UTC");
    text
}

/// A span in its largest unit that is worth a number: `12 s`, `3 min`, `2 h`.
pub fn span(ms: u64) -> String {
    let seconds = ms / 1000;
    let (count, unit) = match seconds {
        0..=119 => (seconds, " s"),
        120..=7199 => (seconds / 60, " min"),
        7200..=172_799 => (seconds / 3600, " h"),
        _ => (seconds / 86_400, " days"),
    };
    count.to_string() + unit
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIRTH: TimestampMs = TimestampMs(1_765_357_200_000);

    fn at(seconds: i64, link: Link) -> Moment {
        Moment {
            now: Some(BIRTH + seconds * 1000),
            taken_at: BIRTH,
            link,
        }
    }

    fn feed(state: LinkState, last_tick: i64) -> FeedStatus {
        let last_tick_at = Some(BIRTH + last_tick * 1000);
        FeedStatus {
            name: "replay".to_owned(),
            state,
            last_tick_at,
            latency_ms: Some(1),
        }
    }

    #[test]
    fn a_page_without_javascript_says_of_when_it_is() {
        let moment = Moment {
            now: None,
            taken_at: BIRTH,
            link: Link::Connecting,
        };
        assert_eq!(
            of_account(moment, Some(BIRTH)).text().unwrap(),
            "as of 09:00:00 UTC"
        );
        assert_eq!(
            of_market(moment, None, None).text().unwrap(),
            "as of 09:00:00 UTC"
        );
    }

    #[test]
    fn account_data_are_old_after_three_seconds_even_on_a_live_link() {
        assert_eq!(of_account(at(3, Link::Live), Some(BIRTH)), Age::Live);
        assert_eq!(
            of_account(at(12, Link::Live), Some(BIRTH)).text().unwrap(),
            "12 s old"
        );
    }

    #[test]
    fn a_quiet_market_is_live_while_its_feed_is() {
        let live = feed(LinkState::Live, 0);
        assert_eq!(of_market(at(60, Link::Live), Some(BIRTH), Some(&live)), Age::Live);
        let stalled = feed(LinkState::Stalled, 10);
        assert_eq!(
            of_market(at(60, Link::Live), Some(BIRTH), Some(&stalled))
                .text()
                .unwrap(),
            "50 s old"
        );
    }

    #[test]
    fn nothing_looks_live_on_a_lost_link() {
        for link in [
            Link::Offline,
            Link::Closed { code: 4508 },
            Link::Lagging { since: BIRTH },
        ] {
            assert!(of_account(at(1, link), Some(BIRTH)).is_stale());
            assert!(of_market(at(1, link), Some(BIRTH), None).is_stale());
        }
        assert_eq!(of_account(at(1, Link::Connecting), Some(BIRTH)), Age::AsOf(BIRTH));
        assert!(of_account(at(5, Link::Connecting), Some(BIRTH)).is_stale());
    }

    #[test]
    fn spans_are_in_their_largest_unit() {
        for (ms, text) in [
            (900, "0 s"),
            (12_000, "12 s"),
            (180_000, "3 min"),
            (7_200_000, "2 h"),
            (259_200_000, "3 days"),
        ] {
            assert_eq!(span(ms), text);
        }
    }
}
