//! What has arrived and is not yet on the screen: at most one value of each state topic, and the events in between.
//!
//! A visible page empties it once an animation frame; a hidden one much more rarely, so it must stay small by itself.

use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::message::{Body, Message};
use tickwire_protocol::topic::TopicClass;

use super::series::merge;

/// Events kept while nobody looks; beyond it the oldest go, and the lists that they belong to have to be asked for anew.
const EVENTS_MAX: usize = 512;

/// Messages to apply in one batch.
#[derive(Debug, Default)]
pub struct Inbox {
    messages: Vec<Message>,
    first_at: Option<TimestampMs>,
    has_overflowed: bool,
}

impl Inbox {
    /// Takes in a message that arrived at `now`. A state topic's older value gives way to it.
    pub fn push(&mut self, message: Message, now: TimestampMs) {
        self.first_at.get_or_insert(now);
        let topic = message.head.topic;
        let is_state = topic.is_some_and(|topic| topic.class() == TopicClass::State);
        let older = is_state
            .then(|| self.messages.iter().position(|known| known.head.topic == topic))
            .flatten();
        match older {
            Some(place) => replace(&mut self.messages[place], message),
            None => {
                if self.messages.len() >= EVENTS_MAX
                    && let Some(oldest) = self.messages.iter().position(is_event)
                {
                    self.messages.remove(oldest);
                    self.has_overflowed = true;
                }
                self.messages.push(message);
            }
        }
    }

    /// When the first message that still waits arrived.
    pub fn waits_since(&self) -> Option<TimestampMs> {
        self.first_at
    }

    /// Whether events were dropped since this was last asked.
    pub fn take_overflow(&mut self) -> bool {
        std::mem::take(&mut self.has_overflowed)
    }

    /// All messages in the order to apply them, and when the first of them arrived.
    pub fn take(&mut self) -> Option<(Vec<Message>, TimestampMs)> {
        let first_at = self.first_at.take()?;
        Some((std::mem::take(&mut self.messages), first_at))
    }
}

fn is_event(message: &Message) -> bool {
    message
        .head
        .topic
        .is_none_or(|topic| topic.class() == TopicClass::Lossless)
}

/// The newer value instead of the older one; candles that only changed are joined to those before.
fn replace(older: &mut Message, newer: Message) {
    match (&mut older.body, newer.body) {
        (Body::CandleUpdate(known), Body::CandleUpdate(changed)) if !changed.snapshot => {
            for candle in changed.data.candles {
                merge(&mut known.data.candles, candle);
            }
        }
        (slot, body) => *slot = body,
    }
    older.head = newer.head;
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_protocol::id::{Epoch, Seq, Symbol};
    use tickwire_protocol::market::{Candle, Interval};
    use tickwire_protocol::message::{CandleUpdate, Candles, PositionUpdate};
    use tickwire_protocol::topic::Topic;

    const NOW: TimestampMs = TimestampMs(1_000);

    fn positions(seq: u64) -> Message {
        let body = Body::PositionUpdate(PositionUpdate {
            positions: Vec::new(),
            snapshot: true,
        });
        Message::of(Topic::Positions, Epoch(1), Seq(seq), NOW, body)
    }

    fn event(seq: u64) -> Message {
        Message::of(
            Topic::Orders,
            Epoch(1),
            Seq(seq),
            NOW,
            Body::Unknown("ORDER_UPDATE".to_owned()),
        )
    }

    fn candles(snapshot: bool, minutes: &[i64]) -> Message {
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let one = |minute: &i64| {
            Candle::opened_by(
                TimestampMs(minute * 60_000),
                "1".parse().unwrap(),
                "1".parse().unwrap(),
            )
        };
        let data = Candles {
            symbol,
            interval: Interval::M1,
            candles: minutes.iter().map(one).collect(),
        };
        let topic = Topic::Candles(symbol, Interval::M1);
        Message::of(
            topic,
            Epoch(1),
            Seq(1),
            NOW,
            Body::CandleUpdate(CandleUpdate { snapshot, data }),
        )
    }

    #[test]
    fn only_the_newest_state_stays_and_every_event() {
        let mut inbox = Inbox::default();
        for message in [positions(1), event(1), positions(2), event(2)] {
            inbox.push(message, NOW);
        }
        inbox.push(positions(3), NOW + 5);
        let (messages, first_at) = inbox.take().unwrap();
        let seqs: Vec<u64> = messages
            .iter()
            .filter_map(|message| Some(message.head.seq?.0))
            .collect();
        assert_eq!(seqs, [3, 1, 2]);
        assert_eq!(first_at, NOW);
        assert!(inbox.take().is_none());
    }

    #[test]
    fn changed_candles_are_joined_and_a_snapshot_voids_them() {
        let mut inbox = Inbox::default();
        inbox.push(candles(true, &[1, 2]), NOW);
        inbox.push(candles(false, &[2, 3]), NOW);
        let (messages, _) = inbox.take().unwrap();
        let Body::CandleUpdate(update) = &messages[0].body else {
            panic!("not candles")
        };
        assert!(update.snapshot);
        assert_eq!(update.data.candles.len(), 3);

        inbox.push(candles(false, &[4]), NOW);
        inbox.push(candles(true, &[5]), NOW);
        let (messages, _) = inbox.take().unwrap();
        let Body::CandleUpdate(update) = &messages[0].body else {
            panic!("not candles")
        };
        assert!(update.snapshot && update.data.candles.len() == 1);
    }

    #[test]
    fn a_hidden_page_does_not_grow() {
        let mut inbox = Inbox::default();
        inbox.push(positions(1), NOW);
        for seq in 0..10_000 {
            inbox.push(event(seq), NOW);
        }
        assert!(inbox.take_overflow() && !inbox.take_overflow());
        let (messages, _) = inbox.take().unwrap();
        assert_eq!(messages.len(), EVENTS_MAX);
        assert_eq!(messages[0].head.topic, Some(Topic::Positions));
        assert_eq!(messages[EVENTS_MAX - 1].head.seq, Some(Seq(9_999)));
    }
}
