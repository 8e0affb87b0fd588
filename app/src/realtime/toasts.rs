//! Alerts that have just been given, as short notes over the desk: at most four, each until somebody takes it away or,
//! where it matters little, its time is over. Alerts of the past are counted instead of told one by one.

use std::sync::Arc;

use leptos::prelude::*;
use tickwire_protocol::alert::Severity;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::message::{Body, Message};

use super::lists::Entry;

/// Notes shown at a time; a further one takes the place of the oldest.
pub const TOASTS_MAX: usize = 4;

/// What is older than this when it comes was given while nobody was connected.
const NEWS_MS: u64 = 10_000;

/// What is no more than good to know goes by itself after this long.
const INFO_MS: u64 = 12_000;

/// The key of the note that counts what was missed.
const AWAY: u64 = 0;

/// One note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What notes are told apart by.
    pub key: u64,
    /// How much it matters.
    pub severity: Severity,
    /// The sentence.
    pub text: String,
    /// Since when it is shown, on the server's clock.
    pub since: TimestampMs,
}

impl Toast {
    /// Whether it is about something that has just happened, and so may be heard as well.
    pub fn is_news(&self) -> bool {
        self.key != AWAY
    }
}

/// The notes over the desk.
#[derive(Clone, Copy, Debug)]
pub struct Toasts {
    /// Oldest first.
    pub all: RwSignal<Vec<Entry>>,
    /// Alerts so far, for keys; and those that the note about the past counts.
    counts: StoredValue<(u64, u64)>,
}

impl Toasts {
    /// None yet.
    pub fn new() -> Toasts {
        Toasts {
            all: RwSignal::new(Vec::new()),
            counts: StoredValue::new((0, 0)),
        }
    }

    /// Tells a message that is an alert; `now` is the server's clock.
    pub fn announce(&self, message: &Message, now: TimestampMs) {
        let Body::Alert(alert) = &message.body else {
            return;
        };
        let alert = &alert.data;
        let (mut total, mut missed) = self.counts.get_value();
        let is_news = now.since(alert.timestamp) <= NEWS_MS;
        if is_news {
            total += 1;
        } else {
            missed += 1;
        }
        self.counts.set_value((total, missed));
        let toast = match is_news {
            true => Toast {
                key: total,
                severity: alert.severity,
                text: alert.message.clone(),
                since: now,
            },
            false => Toast {
                key: AWAY,
                severity: Severity::Warning,
                text: [
                    missed.to_string().as_str(),
                    if missed == 1 { " alert" } else { " alerts" },
                    " while you were away",
                ]
                .concat(),
                since: now,
            },
        };
        self.all.update(|all| {
            all.retain(|known| known.key().1 != toast.key);
            if all.len() >= TOASTS_MAX {
                all.remove(0);
            }
            all.push(Entry::Toast(Arc::new(toast)));
        });
    }

    /// Takes one away.
    pub fn dismiss(&self, key: u64) {
        if key == AWAY {
            self.counts.update_value(|counts| counts.1 = 0);
        }
        self.all.update(|all| all.retain(|toast| toast.key().1 != key));
    }

    /// Takes away what was good to know, some time ago.
    pub fn expire(&self, now: TimestampMs) {
        let is_over = |entry: &Entry| match entry {
            Entry::Toast(toast) => toast.severity == Severity::Info && now.since(toast.since) > INFO_MS,
            _ => false,
        };
        if self.all.with_untracked(|all| all.iter().any(is_over)) {
            self.all.update(|all| all.retain(|entry| !is_over(entry)));
        }
    }
}

impl Default for Toasts {
    fn default() -> Toasts {
        Toasts::new()
    }
}
