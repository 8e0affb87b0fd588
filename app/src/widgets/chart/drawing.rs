//! What to draw next: all of a snapshot, or only the bars that changed. Pixels may be floats; this is where exact
//! prices become them; what is dragged comes back as text and is put on an exact tick ([`lines`](super::lines)).

use rust_decimal::Decimal;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::{Candle, Interval};

use super::canvas::Canvas;
use crate::realtime::Candles;
use crate::realtime::series::Series;

/// Whether the chart library is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loading {
    /// On its way.
    Library,
    /// There.
    Done,
    /// It could not be loaded.
    Failed,
}

/// Numbers of one bar on their way to the library: time in seconds, open, high, low, close, volume.
pub const BAR: usize = 6;

/// What is on the canvas.
#[derive(Debug, Default)]
pub struct Plan {
    drawn: Option<(Symbol, Interval, u32)>,
    last_time: TimestampMs,
}

impl Plan {
    /// Brings the canvas up to date.
    pub fn draw(&mut self, canvas: &Canvas, of: &Candles, series: &Series, scale: u32, tick: Decimal) {
        if series.generation == 0 {
            return;
        }
        let wanted = (of.symbol, of.interval, series.generation);
        if self.drawn != Some(wanted) {
            let is_new_market = self
                .drawn
                .is_none_or(|(symbol, interval, _)| (symbol, interval) != (of.symbol, of.interval));
            canvas.snapshot(&bars(&series.candles), scale, float(tick), is_new_market);
            self.drawn = Some(wanted);
        } else {
            let first = series
                .candles
                .partition_point(|candle| candle.time < self.last_time);
            canvas.update(&bars(&series.candles[first..]));
        }
        self.last_time = series.candles.last().map_or(TimestampMs(0), |candle| candle.time);
    }
}

fn bars(candles: &[Candle]) -> Vec<f64> {
    let mut numbers = Vec::with_capacity(candles.len() * BAR);
    for candle in candles {
        numbers.push((candle.time.0 / 1000) as f64);
        let values = [
            candle.open.get(),
            candle.high.get(),
            candle.low.get(),
            candle.close.get(),
            candle.volume.get(),
        ];
        numbers.extend(values.map(float));
    }
    numbers
}

/// A decimal as pixels need it.
fn float(number: Decimal) -> f64 {
    number.mantissa() as f64 / 10_f64.powi(number.scale() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_flat_numbers_in_the_librarys_order() {
        let candle = Candle {
            time: TimestampMs(60_000),
            open: "1.5".parse().unwrap(),
            high: "2.25".parse().unwrap(),
            low: "-0.5".parse().unwrap(),
            close: "2".parse().unwrap(),
            volume: "1000".parse().unwrap(),
        };
        assert_eq!(bars(&[candle]), [60.0, 1.5, 2.25, -0.5, 2.0, 1000.0]);
    }
}
