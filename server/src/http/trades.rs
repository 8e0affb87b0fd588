//! `/api/trades.csv`: every fill and every funding payment of an account, from its first one on, for a spreadsheet or a tax
//! tool. Every number with all its digits, every time in UTC.
//!
//! It is read from the journal piece by piece, as fast as it is taken: a long history takes no more memory than a short one.

use crate::hub::Hub;
use crate::users::Identity;
use crate::users::door::Door;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures::{Stream, StreamExt as _, stream};
use std::io;
use tickwire_protocol::error::ErrorCode;
use tickwire_protocol::frame::Frame;
use tickwire_protocol::id::{AccountId, Seq};
use tickwire_protocol::message::Body as Said;
use tickwire_protocol::order::{Execution, Funding};
use tickwire_protocol::session::server::{Board as _, Fetch};
use tickwire_protocol::topic::Topic;

/// The path.
const PATH: &str = "/api/trades.csv";

const HEAD: &str = "time,kind,id,order_id,position_id,symbol,side,quantity,price,fee,fee_currency,role,realized_pnl,\
                    funding_rate,funding\r\n";

/// What a browser does with it.
const HEADERS: [(HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
    (
        header::CONTENT_DISPOSITION,
        "attachment; filename=\"tickwire-trades.csv\"",
    ),
    (header::CACHE_CONTROL, "no-store"),
];

/// The route.
pub fn router(hub: Hub, door: Door) -> Router {
    Router::new().route(PATH, get(trades)).with_state((hub, door))
}

async fn trades(
    State((hub, door)): State<(Hub, Door)>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    match door.admit(&headers, query.as_deref()).await {
        Ok(Identity { account, .. }) => (HEADERS, Body::from_stream(file(hub, account))).into_response(),
        Err(refusal) if refusal.code == ErrorCode::Unauthorized => {
            (StatusCode::UNAUTHORIZED, refusal.message).into_response()
        }
        Err(refusal) => (StatusCode::SERVICE_UNAVAILABLE, refusal.message).into_response(),
    }
}

/// The pieces of the file. What cannot be read breaks it off: half a file must not pass for a whole one.
fn file(hub: Hub, account: AccountId) -> impl Stream<Item = io::Result<Bytes>> {
    let (_, until) = hub.with_board(account, |board| board.head(Topic::Executions));
    let rows = stream::try_unfold(Seq(0), move |after| {
        let hub = hub.clone();
        async move {
            if after >= until {
                return Ok(None);
            }
            let fetch = Fetch {
                topic: Topic::Executions,
                after,
                until,
            };
            let lost = || io::Error::other("the journal does not give what it has");
            let frames = hub.older(account, fetch).await.map_err(|_| lost())?;
            let last = frames.last().and_then(|frame| frame.message().head.seq);
            let reached = last.filter(|reached| *reached > after).ok_or_else(lost)?;
            let rows: String = frames.iter().filter_map(|frame| row(frame)).collect();
            Ok(Some((Bytes::from(rows), reached)))
        }
    });
    stream::once(async { Ok(Bytes::from_static(HEAD.as_bytes())) }).chain(rows)
}

fn row(frame: &Frame) -> Option<String> {
    match &frame.message().body {
        Said::ExecutionUpdate(update) => Some(fill(&update.data)),
        Said::FundingUpdate(update) => Some(funding(&update.data)),
        _ => None,
    }
}

fn fill(fill: &Execution) -> String {
    line([
        fill.timestamp.to_string() + "Z",
        "execution".to_owned(),
        fill.id.to_string(),
        fill.order_id.to_string(),
        fill.position_id.to_string(),
        fill.symbol.to_string(),
        fill.side.as_str().to_owned(),
        fill.quantity.to_string(),
        fill.price.to_string(),
        fill.fee.to_string(),
        quoted(&fill.fee_currency),
        if fill.is_maker { "maker" } else { "taker" }.to_owned(),
        fill.realized_pnl.to_string(),
        String::new(),
        String::new(),
    ])
}

fn funding(paid: &Funding) -> String {
    line([
        paid.timestamp.to_string() + "Z",
        "funding".to_owned(),
        String::new(),
        String::new(),
        paid.position_id.to_string(),
        paid.symbol.to_string(),
        paid.side.as_str().to_owned(),
        paid.quantity.to_string(),
        paid.mark_price.to_string(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        paid.rate.to_string(),
        paid.amount.to_string(),
    ])
}

fn line(fields: [String; 15]) -> String {
    fields.join(",") + "\r\n"
}

/// A text field, safe whatever it holds.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_protocol::message::Message;

    #[test]
    fn every_digit_is_in_the_file() {
        let text = r#"{"type":"EXECUTION_UPDATE","data":{"id":"exec-1","order_id":"order-2","position_id":"pos-3",
            "symbol":"BTCUSDT","side":"buy","quantity":0.00012300,"price":61000.10,"fee":0.00750301,
            "fee_currency":"US\"DT,","is_maker":false,"realized_pnl":-0.000000012345,"timestamp":1765357200000}}"#;
        let message = Message::decode(text).unwrap();
        assert_eq!(
            row(&Frame::new(message)).unwrap(),
            "2025-12-10T09:00:00Z,execution,exec-1,order-2,pos-3,BTCUSDT,buy,0.00012300,61000.10,0.00750301,\
             \"US\"\"DT,\",taker,-0.000000012345,,\r\n"
        );
    }

    #[test]
    fn each_row_has_as_many_fields_as_the_head() {
        let text = r#"{"type":"FUNDING_UPDATE","data":{"position_id":"pos-3","symbol":"BTCUSDT-PERP","side":"sell",
            "quantity":0.5,"mark_price":61000.1,"rate":0.0001,"amount":3.050005,"timestamp":1765357200000}}"#;
        let row = row(&Frame::new(Message::decode(text).unwrap())).unwrap();
        assert_eq!(row.matches(',').count(), HEAD.matches(',').count());
        assert!(row.ends_with(",0.0001,3.050005\r\n"), "{row}");
    }
}
