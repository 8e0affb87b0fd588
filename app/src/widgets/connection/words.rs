//! The states of both links in words: pure, and the only place that names them.

use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::message::LinkState;
use tickwire_protocol::session::client::Link;

use crate::age;

/// What css and tests tell the states of the desk's link apart by.
pub fn name_of(link: Link) -> &'static str {
    match link {
        Link::Connecting => "connecting",
        Link::Resyncing { .. } => "resyncing",
        Link::Live => "live",
        Link::Lagging { .. } => "lagging",
        Link::Reconnecting { .. } => "reconnecting",
        Link::Offline => "offline",
        Link::Closed { .. } => "closed",
    }
}

/// One or two words for the badge.
pub fn label_of(link: Link) -> &'static str {
    match link {
        Link::Connecting => "Connecting",
        Link::Resyncing { .. } => "Resyncing",
        Link::Live => "Live",
        Link::Lagging { .. } => "Lagging",
        Link::Reconnecting { .. } => "Reconnecting",
        Link::Offline => "Offline",
        Link::Closed { .. } => "Closed",
    }
}

/// The state as the end of a sentence.
pub fn of_link(link: Link) -> &'static str {
    match link {
        Link::Connecting => "connecting to the desk",
        Link::Resyncing { .. } => "the desk is resyncing",
        Link::Live => "the desk is live",
        Link::Lagging { .. } => "the desk is lagging",
        Link::Reconnecting { .. } => "the desk is reconnecting",
        Link::Offline => "this device is offline",
        Link::Closed { .. } => "the server closed the connection",
    }
}

/// Whether the server is heard: before the first connection, what the page was born with is as good.
pub fn is_connected(link: Link) -> bool {
    matches!(
        link,
        Link::Connecting | Link::Resyncing { .. } | Link::Live | Link::Lagging { .. }
    )
}

/// Which attempt comes when, for the badge; empty where none is due.
pub fn retry_of(link: Link, now: Option<TimestampMs>) -> String {
    let Link::Reconnecting { attempt, next_try_at } = link else {
        return String::new();
    };
    let wait = now.map_or(0, |now| next_try_at.since(now));
    let when = if wait == 0 {
        "now".to_owned()
    } else {
        ["in ", &tenths(wait), " s"].concat()
    };
    ["attempt ", &attempt.to_string(), ", ", &when].concat()
}

/// What the state means and what happens next. `now` is the desk's own clock, as are the link's moments.
pub fn detail_of(link: Link, now: Option<TimestampMs>) -> String {
    let ago = |since: TimestampMs| age::span(now.map_or(0, |now| now.since(since)));
    match link {
        Link::Connecting => "Connecting to the desk…".to_owned(),
        Link::Resyncing { .. } => "Connected; catching up with every topic.".to_owned(),
        Link::Live => "Connected, and every topic is up to date.".to_owned(),
        Link::Lagging { since } => ["Connected, but nothing has come for ", &ago(since), "."].concat(),
        Link::Reconnecting { attempt, next_try_at } => {
            let wait = now.map_or(0, |now| next_try_at.since(now));
            let when = match wait {
                0 => "now".to_owned(),
                wait => ["in ", &tenths(wait), " s"].concat(),
            };
            [
                "Connection lost. Attempt ",
                &attempt.to_string(),
                ", next try ",
                &when,
                ".",
            ]
            .concat()
        }
        Link::Offline => {
            "This device has no network. The desk reconnects by itself once it is back.".to_owned()
        }
        Link::Closed { code } => [
            "The server closed the connection (",
            &code.to_string(),
            ") and asks not to come back. Reload the page.",
        ]
        .concat(),
    }
}

/// The proof that nothing is missing: `0 gaps since 09:14`, or what was repaired and lost.
pub fn completeness(gaps: u64, losses: u32, since: Option<TimestampMs>) -> String {
    let since = since.map(|since| since.utc_clock());
    let Some(since) = since.as_deref().and_then(|clock| clock.get(..5)) else {
        return "not followed yet".to_owned();
    };
    let mut text = gaps.to_string();
    text.push_str(if gaps == 1 { " gap" } else { " gaps" });
    if gaps > 0 {
        text.push_str(" repaired");
    }
    if losses > 0 {
        text.push_str(", ");
        text.push_str(&losses.to_string());
        text.push_str(" lost");
    }
    text.push_str(" since ");
    text.push_str(since);
    text
}

/// The feed's state in one word.
pub fn label_of_feed(state: LinkState) -> &'static str {
    match state {
        LinkState::Connecting => "Connecting",
        LinkState::Live => "Live",
        LinkState::Stalled => "Stalled",
        LinkState::Reconnecting => "Reconnecting",
        LinkState::Down => "Down",
    }
}

/// What css and tests tell the states of the feed apart by.
pub fn name_of_feed(state: Option<LinkState>) -> &'static str {
    match state {
        None | Some(LinkState::Connecting) => "connecting",
        Some(LinkState::Live) => "live",
        Some(LinkState::Stalled) => "lagging",
        Some(LinkState::Reconnecting) => "reconnecting",
        Some(LinkState::Down) => "closed",
    }
}

/// A latency: `3 ms`; a dash where it is not known.
pub fn latency(ms: Option<i64>) -> String {
    match ms {
        Some(ms) => ms.max(0).to_string() + " ms",
        None => crate::format::UNKNOWN.to_owned(),
    }
}

fn tenths(ms: u64) -> String {
    let tenths = ms.div_ceil(100);
    [&(tenths / 10).to_string(), ".", &(tenths % 10).to_string()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_link_says_which_attempt_comes_when() {
        let link = Link::Reconnecting {
            attempt: 3,
            next_try_at: TimestampMs(2_430),
        };
        assert_eq!(
            detail_of(link, Some(TimestampMs(1_000))),
            "Connection lost. Attempt 3, next try in 1.5 s."
        );
        assert_eq!(
            detail_of(link, Some(TimestampMs(9_000))),
            "Connection lost. Attempt 3, next try now."
        );
    }

    #[test]
    fn the_badge_tells_the_next_attempt_only_while_there_is_one() {
        let link = Link::Reconnecting {
            attempt: 3,
            next_try_at: TimestampMs(2_000),
        };
        assert_eq!(retry_of(link, Some(TimestampMs(1_100))), "attempt 3, in 0.9 s");
        assert_eq!(retry_of(link, Some(TimestampMs(2_100))), "attempt 3, now");
        assert_eq!(retry_of(Link::Live, Some(TimestampMs(1_100))), "");
    }

    #[test]
    fn latencies_are_never_negative_and_unknown_is_a_dash() {
        assert_eq!(latency(Some(12)), "12 ms");
        assert_eq!(latency(Some(-2)), "0 ms");
        assert_eq!(latency(None), "—");
    }
}
