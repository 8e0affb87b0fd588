//! The frames of Binance's public spot streams, as structs. Numbers go from their strings straight to decimals.
//!
//! Names and meanings are those of <https://github.com/binance/binance-spot-api-docs> (`web-socket-streams.md`,
//! `rest-api.md`). Unknown fields are ignored and unknown streams are no error: the venue adds both without notice.

use serde::Deserialize;
use serde_json::value::RawValue;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::money::{Price, Quantity};
use tickwire_protocol::order::Side;

/// A frame of a combined connection, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// `<symbol>@trade`
    Trade(Trade),
    /// `<symbol>@bookTicker`
    BookTicker(BookTicker),
    /// `<symbol>@depth` or `<symbol>@depth@100ms`
    DepthUpdate(DepthUpdate),
    /// The answer of REST `GET /api/v3/depth`
    DepthSnapshot(DepthSnapshot),
    /// A stream that the desk does not listen to, or the answer to a control frame.
    Other,
}

/// The frame of a combined connection: `{"stream":"btcusdt@trade","data":{…}}`. What has no stream is a REST answer or
/// that of a control frame.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    stream: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(rename = "lastUpdateId")]
    last_update_id: Option<u64>,
}

impl Frame {
    /// Reads a frame of a combined connection, or a REST depth snapshot.
    pub fn read(text: &str) -> Result<Frame, serde_json::Error> {
        let envelope: Envelope<'_> = serde_json::from_str(text)?;
        let (Some(stream), Some(data)) = (envelope.stream, envelope.data) else {
            return match envelope.last_update_id {
                Some(_) => serde_json::from_str(text).map(Frame::DepthSnapshot),
                None => Ok(Frame::Other),
            };
        };
        let data = data.get();
        match stream.split_once('@').map(|(_, kind)| kind) {
            Some("trade") => serde_json::from_str(data).map(Frame::Trade),
            Some("bookTicker") => serde_json::from_str(data).map(Frame::BookTicker),
            Some("depth" | "depth@100ms") => serde_json::from_str(data).map(Frame::DepthUpdate),
            _ => Ok(Frame::Other),
        }
    }
}

/// Trade Streams: one trade with one buyer and one seller.
///
/// ```json
/// {"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,
///  "m":true,"M":true}
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Trade {
    /// Event time.
    #[serde(rename = "E")]
    pub event_time: TimestampMs,
    /// Symbol.
    #[serde(rename = "s")]
    pub symbol: Symbol,
    /// Trade ID: consecutive per symbol.
    #[serde(rename = "t")]
    pub trade_id: u64,
    /// Price.
    #[serde(rename = "p")]
    pub price: Price,
    /// Quantity.
    #[serde(rename = "q")]
    pub quantity: Quantity,
    /// Trade time.
    #[serde(rename = "T")]
    pub trade_time: TimestampMs,
    /// Is the buyer the market maker?
    #[serde(rename = "m")]
    pub buyer_is_maker: bool,
}

impl Trade {
    /// The side that took liquidity: a seller where the buyer had been resting.
    pub fn taker_side(&self) -> Side {
        if self.buyer_is_maker {
            Side::Sell
        } else {
            Side::Buy
        }
    }
}

/// Individual Symbol Book Ticker Streams: a change of the best bid or ask, price or quantity. Spot sends no time with it.
///
/// ```json
/// {"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BookTicker {
    /// Order book updateId: a lower one is older.
    #[serde(rename = "u")]
    pub update_id: u64,
    /// Symbol.
    #[serde(rename = "s")]
    pub symbol: Symbol,
    /// Best bid price.
    #[serde(rename = "b")]
    pub bid: Price,
    /// Best bid qty.
    #[serde(rename = "B")]
    pub bid_quantity: Quantity,
    /// Best ask price.
    #[serde(rename = "a")]
    pub ask: Price,
    /// Best ask qty.
    #[serde(rename = "A")]
    pub ask_quantity: Quantity,
}

/// A price and the quantity that is there now; zero takes the level away. `["61737.63000000","0.00000000"]`
pub type Level = (Price, Quantity);

/// Diff. Depth Stream: what changed in the book since the update before.
///
/// ```json
/// {"e":"depthUpdate","E":1723161255308,"s":"BTCUSDT","U":50093239203,"u":50093239207,
///  "b":[["55653.87000000","0.00000000"]],"a":[["61838.04000000","0.32332000"],["61844.30000000","0.40163000"]]}
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DepthUpdate {
    /// Event time.
    #[serde(rename = "E")]
    pub event_time: TimestampMs,
    /// Symbol.
    #[serde(rename = "s")]
    pub symbol: Symbol,
    /// First update ID in event.
    #[serde(rename = "U")]
    pub first_update_id: u64,
    /// Final update ID in event.
    #[serde(rename = "u")]
    pub final_update_id: u64,
    /// Bids to be updated.
    #[serde(rename = "b")]
    pub bids: Vec<Level>,
    /// Asks to be updated.
    #[serde(rename = "a")]
    pub asks: Vec<Level>,
}

/// Order book, of REST `GET /api/v3/depth`: no symbol and no time; who asked knows the one and notes the other.
///
/// ```json
/// {"lastUpdateId":50093239218,"bids":[["61837.63000000","3.78826000"],["61837.62000000","0.61700000"]],
///  "asks":[["61837.64000000","1.54698000"]]}
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DepthSnapshot {
    /// The last update that is in it.
    #[serde(rename = "lastUpdateId")]
    pub last_update_id: u64,
    /// All bids, best first.
    pub bids: Vec<Level>,
    /// All asks, best first.
    pub asks: Vec<Level>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stream_is_read_into_its_struct() {
        let read = |text| Frame::read(text).unwrap();
        let Frame::Trade(trade) = read(
            r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}"#,
        ) else {
            panic!("no trade")
        };
        assert_eq!(
            (trade.trade_id, trade.price.to_string().as_str()),
            (3_735_683_259, "61837.63000000")
        );
        assert_eq!(
            (trade.taker_side(), trade.trade_time),
            (Side::Sell, TimestampMs(1_723_161_255_342))
        );

        let Frame::BookTicker(best) = read(
            r#"{"data":{"A":"1.54698000","a":"61837.64000000","B":"3.78826000","b":"61837.63000000","s":"BTCUSDT","u":50093239212,"new":[]},"stream":"btcusdt@bookTicker"}"#,
        ) else {
            panic!("no book ticker")
        };
        assert!(best.bid < best.ask && best.update_id == 50_093_239_212);

        let Frame::DepthUpdate(update) = read(
            r#"{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161255308,"s":"BTCUSDT","U":50093239203,"u":50093239207,"b":[["55653.87000000","0.00000000"]],"a":[]}}"#,
        ) else {
            panic!("no depth update")
        };
        assert!(update.bids[0].1.is_zero() && update.asks.is_empty());

        let Frame::DepthSnapshot(snapshot) =
            read(r#"{"lastUpdateId":50093239218,"bids":[["61837.63000000","3.78826000"]],"asks":[]}"#)
        else {
            panic!("no snapshot")
        };
        assert_eq!(snapshot.last_update_id, 50_093_239_218);
    }

    #[test]
    fn what_the_desk_does_not_listen_to_is_no_error_and_what_is_broken_is() {
        for other in [
            r#"{"result":null,"id":1}"#,
            r#"{"stream":"btcusdt@kline_1m","data":{}}"#,
            "{}",
        ] {
            assert_eq!(Frame::read(other).unwrap(), Frame::Other);
        }
        for broken in [
            "",
            "[",
            r#"{"stream":"btcusdt@trade","data":{"e":"trade"}}"#,
            r#"{"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT","b":"x","B":"1","a":"2","A":"1"}}"#,
        ] {
            assert!(Frame::read(broken).is_err(), "{broken}");
        }
    }
}
