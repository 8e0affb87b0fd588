//! The recorded captures that the binary carries, read line by line: never more than one frame of each is in memory.
//!
//! A line is the recorder's clock in nanoseconds, a space, and the frame as it came:
//!
//! ```text
//! 1723161254087896568 {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT",…}}
//! ```

use std::io::{BufRead, BufReader};

use flate2::read::GzDecoder;
use tickwire_protocol::id::Symbol;

use crate::exchange::FeedError;
use crate::exchange::binance::message::Frame;
use crate::exchange::grid::Grid;

/// One shipped capture.
#[derive(Debug)]
pub(super) struct Capture {
    /// The symbol that all its frames are of.
    pub symbol: &'static str,
    /// The grid of its prices and quantities.
    pub grid: Grid,
    /// The largest quantity of one order, as Binance spot sets it.
    pub quantity_max: i64,
    raw_gz: &'static [u8],
}

/// The captures. They ran side by side on one machine, so their clocks are one.
pub(super) static CAPTURES: [Capture; 2] = [
    Capture {
        symbol: "BTCUSDT",
        grid: Grid {
            price_scale: 2,
            quantity_scale: 5,
        },
        quantity_max: 9_000,
        raw_gz: include_bytes!("../../../../data/tape/btcusdt_20240808.raw.gz"),
    },
    Capture {
        symbol: "ETHUSDT",
        grid: Grid {
            price_scale: 2,
            quantity_scale: 4,
        },
        quantity_max: 9_000,
        raw_gz: include_bytes!("../../../../data/tape/ethusdt_20240808.raw.gz"),
    },
];

impl Capture {
    /// The symbol as such.
    pub fn symbol(&self) -> Result<Symbol, FeedError> {
        Symbol::new(self.symbol).map_err(|e| self.broken(e.to_string()))
    }

    /// Its lines from the first on.
    pub fn lines(&'static self) -> Lines {
        Lines {
            capture: self,
            reader: BufReader::new(GzDecoder::new(self.raw_gz)),
            line: String::new(),
        }
    }

    pub fn broken(&self, reason: String) -> FeedError {
        FeedError::Recording {
            symbol: self.symbol,
            reason,
        }
    }
}

/// The lines of a capture.
pub(super) struct Lines {
    capture: &'static Capture,
    reader: BufReader<GzDecoder<&'static [u8]>>,
    line: String,
}

impl Lines {
    /// When the next frame came, in nanoseconds of the recorder's clock, and its text; nothing at the end.
    pub fn next_line(&mut self) -> Result<Option<(i64, &str)>, FeedError> {
        self.line.clear();
        let length = self
            .reader
            .read_line(&mut self.line)
            .map_err(|e| self.capture.broken(e.to_string()))?;
        if length == 0 {
            return Ok(None);
        }
        let line = self.line.trim_end();
        let parts = line
            .split_once(' ')
            .and_then(|(at, text)| Some((at.parse().ok()?, text)));
        match parts {
            Some(parts) => Ok(Some(parts)),
            None => Err(self
                .capture
                .broken(format!("a line without a time: {:.60}", line))),
        }
    }

    /// The same with the frame read, passing over frames that cannot be: the rest of the tape is no worse for it.
    pub fn next_frame(&mut self) -> Option<(i64, Frame)> {
        let symbol = self.capture.symbol;
        loop {
            match self.next_line() {
                Ok(None) => return None,
                Ok(Some((at_ns, text))) => match Frame::read(text) {
                    Ok(frame) => return Some((at_ns, frame)),
                    Err(error) => {
                        tracing::warn!(target: "tickwire::exchange", symbol, %error, "a frame of the tape is passed over")
                    }
                },
                // The outline passed through the same bytes at the start, so this does not happen; a decoder that failed
                // once fails for ever, so it is not tried again.
                Err(error) => {
                    tracing::error!(target: "tickwire::exchange", symbol, %error, "the tape ends here until the next loop");
                    return None;
                }
            }
        }
    }
}
