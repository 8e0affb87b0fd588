//! The recorded candles that the binary carries, read into whole ticks and steps.
//!
//! One gzipped CSV per symbol: a header, then `ts_ms,open,high,low,close,volume`, oldest first. A row is taken for the
//! minute after the row before it; a recording that lacked a minute would be played without a hole (none does).

use std::io::{BufRead, BufReader};

use flate2::read::GzDecoder;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::Instrument;

use crate::exchange::FeedError;
use crate::exchange::grid::{Bar, Grid};

/// A candle must have room for four trades: open, high, low and close.
const VOLUME_STEPS_MIN: i64 = 4;

/// One shipped file and the grid that its numbers are on.
pub(super) struct Source {
    symbol: &'static str,
    grid: Grid,
    /// The largest quantity of one order, as Binance spot sets it.
    quantity_max: i64,
    csv_gz: &'static [u8],
}

macro_rules! source {
    ($symbol:literal, $price_scale:literal, $quantity_scale:literal, $quantity_max:literal) => {
        Source {
            symbol: $symbol,
            grid: Grid {
                price_scale: $price_scale,
                quantity_scale: $quantity_scale,
            },
            quantity_max: $quantity_max,
            csv_gz: include_bytes!(concat!("../../../../data/candles/", $symbol, ".csv.gz")),
        }
    };
}

/// The six symbols of the desk. The scales are the most decimal places that each file has, so every number is exact.
pub(super) const SOURCES: [Source; 6] = [
    source!("BTCUSDT", 2, 6, 9_000),
    source!("ETHUSDT", 2, 4, 9_000),
    source!("SOLUSDT", 2, 3, 90_000),
    source!("ADAUSDT", 4, 0, 900_000),
    source!("DOGEUSDT", 5, 0, 9_000_000),
    source!("DOTUSDT", 4, 1, 90_000),
];

/// Consecutive minutes of one symbol, at least one.
pub(super) struct Recording {
    /// The symbol.
    pub symbol: Symbol,
    /// The grid of its prices and quantities.
    pub grid: Grid,
    /// Its minutes, oldest first.
    pub bars: Vec<Bar>,
    quantity_max: i64,
}

impl Recording {
    /// Reads a shipped file and checks that it can be played for ever.
    pub fn read(source: &Source) -> Result<Recording, FeedError> {
        let broken = |reason: String| FeedError::Recording {
            symbol: source.symbol,
            reason,
        };
        let symbol = Symbol::new(source.symbol).map_err(|e| broken(e.to_string()))?;
        let mut bars = Vec::new();
        for (row, line) in BufReader::new(GzDecoder::new(source.csv_gz))
            .lines()
            .enumerate()
            .skip(1)
        {
            let line = line.map_err(|e| broken(e.to_string()))?;
            let bar = read_row(&line, source.grid)
                .filter(is_sound)
                .ok_or_else(|| broken(format!("row {row} is no candle of this grid: {line}")))?;
            bars.push(bar);
        }
        let recording = Recording {
            symbol,
            grid: source.grid,
            bars,
            quantity_max: source.quantity_max,
        };
        recording
            .check_loops()
            .map_err(|reason| broken(reason.to_owned()))?;
        Ok(recording)
    }

    /// The first price.
    pub fn open(&self) -> i64 {
        self.bars.first().map_or(0, |bar| bar.open)
    }

    /// The last price.
    pub fn close(&self) -> i64 {
        self.bars.last().map_or(0, |bar| bar.close)
    }

    /// The rules of the instrument.
    pub fn instrument(&self) -> Instrument {
        self.grid.instrument(self.symbol, self.quantity_max)
    }

    /// Shifted and mirrored loops (see `timeline`) must stay well above zero.
    fn check_loops(&self) -> Result<(), &'static str> {
        let (a, b) = (self.open(), self.close());
        let highest = self
            .bars
            .iter()
            .map(|bar| bar.high)
            .max()
            .ok_or("it has no rows")?;
        let lowest = self
            .bars
            .iter()
            .map(|bar| bar.low)
            .min()
            .ok_or("it has no rows")?;
        let floor = lowest / 4;
        let lowest_of_loops = (lowest + b - a).min(2 * b - highest).min(a + b - highest);
        if lowest_of_loops < floor.max(1) {
            return Err("its prices move too far for it to be shifted and mirrored");
        }
        Ok(())
    }
}

fn read_row(line: &str, grid: Grid) -> Option<Bar> {
    let mut cells = line.split(',').skip(1);
    let mut ticks = || grid.ticks(cells.next()?.parse().ok()?);
    let (open, high, low, close) = (ticks()?, ticks()?, ticks()?, ticks()?);
    let volume = grid.steps(cells.next()?.parse().ok()?)?;
    Some(Bar {
        open,
        high,
        low,
        close,
        volume,
    })
}

fn is_sound(bar: &Bar) -> bool {
    0 < bar.low
        && bar.low <= bar.open.min(bar.close)
        && bar.high >= bar.open.max(bar.close)
        && bar.volume >= VOLUME_STEPS_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(source: &Source) -> Vec<Vec<String>> {
        let lines = BufReader::new(GzDecoder::new(source.csv_gz))
            .lines()
            .map(Result::unwrap);
        lines
            .map(|line| line.split(',').map(str::to_owned).collect())
            .collect()
    }

    #[test]
    fn every_recording_is_read_completely_and_exactly() {
        let lengths = [1_440, 4_320, 1_000, 1_440, 4_320, 4_320];
        for (source, length) in SOURCES.iter().zip(lengths) {
            let recording = Recording::read(source).unwrap();
            assert_eq!(recording.bars.len(), length, "{}", source.symbol);
            let rows = rows(source);
            assert_eq!(rows[0], ["ts_ms", "open", "high", "low", "close", "volume"]);
            for (row, bar) in rows[1..].iter().zip(&recording.bars) {
                let candle = bar.candle(source.grid, tickwire_protocol::clock::TimestampMs(0));
                for (cell, price) in
                    row[1..5]
                        .iter()
                        .zip([candle.open, candle.high, candle.low, candle.close])
                {
                    assert_eq!(price, cell.parse().unwrap());
                }
                assert_eq!(candle.volume, row[5].parse().unwrap());
            }
        }
    }

    #[test]
    fn no_recording_lacks_a_minute() {
        for source in &SOURCES {
            let times: Vec<i64> = rows(source)[1..]
                .iter()
                .map(|row| row[0].parse().unwrap())
                .collect();
            assert!(
                times.windows(2).all(|pair| pair[1] - pair[0] == 60_000),
                "{}",
                source.symbol
            );
        }
    }

    #[test]
    fn the_grid_is_as_coarse_as_the_numbers_allow() {
        for source in &SOURCES {
            let recording = Recording::read(source).unwrap();
            assert!(
                recording.bars.iter().any(|bar| bar.close % 10 != 0),
                "{}: ticks",
                source.symbol
            );
            assert!(
                recording.bars.iter().any(|bar| bar.volume % 10 != 0),
                "{}: steps",
                source.symbol
            );
        }
    }

    #[test]
    fn a_row_that_is_no_candle_is_refused() {
        let grid = Grid {
            price_scale: 2,
            quantity_scale: 0,
        };
        let sound = |line| read_row(line, grid).is_some_and(|bar| is_sound(&bar));
        assert!(sound("0,10,11,9.5,10.01,4"));
        for bad in [
            "0,10,11,9.5,10.01",
            "0,10,11,9.5,10.001,4",
            "0,10,9,9.5,10.01,4",
            "0,10,11,0,10.01,4",
            "0,10,11,9.5,10.01,3",
            "0,10,11,9.5,x,4",
        ] {
            assert!(!sound(bad), "{bad}");
        }
    }
}
