//! The candles of one market and interval, each with the version at which it last changed, so that a reader who was
//! away gets every candle that changed since, not only the newest.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::frame::Frame;
use tickwire_protocol::id::{Epoch, Seq, Symbol};
use tickwire_protocol::market::{Candle, Interval};
use tickwire_protocol::message::{Body, CandleUpdate, Candles, Message};
use tickwire_protocol::topic::Topic;

/// Candles kept of each interval.
const KEPT: usize = 3_000;

/// Candles of a snapshot: more than fit a wide screen.
pub const SNAPSHOT: usize = 500;

/// One series.
#[derive(Debug)]
pub struct CandleSeries {
    symbol: Symbol,
    interval: Interval,
    candles: VecDeque<(Candle, Seq)>,
    version: Seq,
    timestamp: TimestampMs,
    /// The version at which the whole history was replaced: who has seen less needs a snapshot.
    replaced_at: Seq,
    /// The last update made, by the first candle in it and its version: most readers want the same one.
    last_update: Mutex<Option<(TimestampMs, Seq, Arc<Frame>)>>,
    /// The last snapshot made, by its version.
    last_snapshot: Mutex<Option<(Seq, Arc<Frame>)>>,
}

impl CandleSeries {
    /// A series without candles.
    pub fn new(symbol: Symbol, interval: Interval) -> CandleSeries {
        CandleSeries {
            symbol,
            interval,
            candles: VecDeque::new(),
            version: Seq(0),
            timestamp: TimestampMs(0),
            replaced_at: Seq(0),
            last_update: Mutex::new(None),
            last_snapshot: Mutex::new(None),
        }
    }

    /// The version of the newest change.
    pub fn version(&self) -> Seq {
        self.version
    }

    /// Takes in a whole history.
    pub fn replace(&mut self, candles: Vec<Candle>) {
        self.version = self.version.next();
        self.replaced_at = self.version;
        self.timestamp = candles.last().map_or(self.timestamp, |last| last.time);
        let version = self.version;
        let skipped = candles.len().saturating_sub(KEPT);
        self.candles = candles
            .into_iter()
            .skip(skipped)
            .map(|candle| (candle, version))
            .collect();
    }

    /// Takes in candles that changed or are new, oldest first. One older than the newest that is not known is ignored.
    pub fn change(&mut self, changed: Vec<Candle>, timestamp: TimestampMs) {
        self.version = self.version.next();
        self.timestamp = timestamp;
        for candle in changed {
            match self
                .candles
                .binary_search_by_key(&candle.time, |(known, _)| known.time)
            {
                Ok(place) => self.candles[place] = (candle, self.version),
                Err(place) if place == self.candles.len() => {
                    if place == KEPT {
                        self.candles.pop_front();
                    }
                    self.candles.push_back((candle, self.version));
                }
                Err(_) => {}
            }
        }
    }

    /// What brings a reader up to date who has seen everything up to `since`, or nothing.
    pub fn update(&self, since: Option<Seq>, epoch: Epoch) -> Option<Arc<Frame>> {
        let Some(since) = since.filter(|seen| *seen >= self.replaced_at) else {
            return self.snapshot(epoch);
        };
        if since >= self.version {
            return None;
        }
        let first = self
            .candles
            .iter()
            .rposition(|(_, changed)| *changed <= since)
            .map_or(0, |place| place + 1);
        let first_time = self.candles.get(first)?.0.time;
        let mut last = self.last_update.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((time, version, frame)) = last.as_ref()
            && (*time, *version) == (first_time, self.version)
        {
            return Some(Arc::clone(frame));
        }
        let candles = self.candles.range(first..).map(|(candle, _)| *candle).collect();
        let frame = Arc::new(Frame::new(self.message(candles, false, epoch)));
        *last = Some((first_time, self.version, Arc::clone(&frame)));
        Some(frame)
    }

    /// At most `limit` candles that start before `before`.
    pub fn before(&self, before: Option<TimestampMs>, limit: usize, epoch: Epoch) -> Arc<Frame> {
        let end = match before {
            Some(before) => self.candles.partition_point(|(candle, _)| candle.time < before),
            None => self.candles.len(),
        };
        let start = end.saturating_sub(limit);
        let candles = self
            .candles
            .range(start..end)
            .map(|(candle, _)| *candle)
            .collect();
        let mut message = self.message(candles, false, epoch);
        // A page of history has no place in the topic: a reader must not take it for news.
        message.head.topic = None;
        message.head.ep = None;
        message.head.seq = None;
        Arc::new(Frame::new(message))
    }

    fn snapshot(&self, epoch: Epoch) -> Option<Arc<Frame>> {
        if self.candles.is_empty() {
            return None;
        }
        let mut last = self.last_snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((version, frame)) = last.as_ref()
            && *version == self.version
        {
            return Some(Arc::clone(frame));
        }
        let start = self.candles.len().saturating_sub(SNAPSHOT);
        let candles = self.candles.range(start..).map(|(candle, _)| *candle).collect();
        let frame = Arc::new(Frame::new(self.message(candles, true, epoch)));
        *last = Some((self.version, Arc::clone(&frame)));
        Some(frame)
    }

    fn message(&self, candles: Vec<Candle>, snapshot: bool, epoch: Epoch) -> Message {
        let data = Candles {
            symbol: self.symbol,
            interval: self.interval,
            candles,
        };
        let body = Body::CandleUpdate(CandleUpdate { snapshot, data });
        super::message(
            Topic::Candles(self.symbol, self.interval),
            epoch,
            self.version,
            self.timestamp,
            body,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candle(minute: i64, close: &str) -> Candle {
        let close = close.parse().unwrap();
        Candle::opened_by(TimestampMs(minute * 60_000), close, "1".parse().unwrap())
    }

    fn series() -> CandleSeries {
        let mut series = CandleSeries::new(Symbol::new("BTCUSDT").unwrap(), Interval::M1);
        series.replace((0..600).map(|minute| candle(minute, "100")).collect());
        series
    }

    fn shown(frame: Option<Arc<Frame>>) -> (bool, Vec<i64>) {
        let frame = frame.unwrap();
        let Body::CandleUpdate(update) = &frame.message().body else {
            panic!("no candles")
        };
        (
            update.snapshot,
            update
                .data
                .candles
                .iter()
                .map(|candle| candle.time.0 / 60_000)
                .collect(),
        )
    }

    #[test]
    fn a_reader_who_was_away_gets_every_candle_that_changed() {
        let mut series = series();
        let (snapshot, minutes) = shown(series.update(None, Epoch(1)));
        assert!(snapshot);
        assert_eq!((minutes.len(), minutes[0], minutes[499]), (500, 100, 599));
        let seen = series.version();
        assert!(series.update(Some(seen), Epoch(1)).is_none());
        series.change(vec![candle(599, "101")], TimestampMs(0));
        series.change(vec![candle(599, "102"), candle(600, "103")], TimestampMs(0));
        let between = series.version();
        series.change(vec![candle(600, "104"), candle(601, "105")], TimestampMs(0));
        assert_eq!(
            shown(series.update(Some(seen), Epoch(1))),
            (false, vec![599, 600, 601])
        );
        assert_eq!(
            shown(series.update(Some(between), Epoch(1))),
            (false, vec![600, 601])
        );
        series.replace(vec![candle(700, "1")]);
        assert_eq!(shown(series.update(Some(between), Epoch(1))), (true, vec![700]));
    }

    #[test]
    fn readers_share_one_encoding() {
        let mut series = series();
        let seen = series.version();
        series.change(vec![candle(600, "103")], TimestampMs(0));
        let first = series.update(Some(seen), Epoch(1)).unwrap();
        let second = series.update(Some(seen), Epoch(1)).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
    }

    #[test]
    fn history_is_paged_backwards() {
        let series = series();
        let page = |before, limit| shown(Some(series.before(before, limit, Epoch(1)))).1;
        assert_eq!(page(None, 2), [598, 599]);
        assert_eq!(page(Some(TimestampMs(598 * 60_000)), 3), [595, 596, 597]);
        assert_eq!(page(Some(TimestampMs(60_000)), 3), [0]);
        assert!(page(Some(TimestampMs(0)), 3).is_empty());
    }
}
