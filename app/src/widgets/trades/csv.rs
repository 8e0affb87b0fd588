//! Trades as a file for a spreadsheet or a tax tool: every number with all its digits, every time in UTC.

use crate::realtime::lists::Entry;

const HEAD: &str = "time,kind,id,order_id,position_id,symbol,side,quantity,price,fee,fee_currency,role,realized_pnl,funding_rate,funding\r\n";

/// The file of what is at hand, in the order of the list.
pub fn csv(entries: &[Entry]) -> String {
    let mut text = String::from(HEAD);
    for entry in entries {
        let time = entry.at().to_string() + "Z";
        let fields = match entry {
            Entry::Fill(fill) => [
                time,
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
            ],
            Entry::Funding(paid) => [
                time,
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
            ],
            _ => continue,
        };
        text.push_str(&fields.join(","));
        text.push_str("\r\n");
    }
    text
}

/// A text field, safe whatever it holds.
fn quoted(text: &str) -> String {
    ["\"", &text.replace('"', "\"\""), "\""].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_protocol::message::{Body, Message};

    #[test]
    fn every_digit_is_in_the_file() {
        let frame = r#"{"type":"EXECUTIONS","executions":[{"id":"exec-1","order_id":"order-2","position_id":"pos-3",
            "symbol":"BTCUSDT","side":"buy","quantity":0.00012300,"price":61000.10,"fee":0.00750301,
            "fee_currency":"US\"DT,","is_maker":false,"realized_pnl":-0.000000012345,"timestamp":1765357200000}],
            "funding":[]}"#;
        let Body::Executions(body) = Message::decode(frame).unwrap().body else {
            panic!("executions were written")
        };
        let entries: Vec<Entry> = body
            .executions
            .into_iter()
            .map(|one| Entry::Fill(one.into()))
            .collect();
        assert_eq!(
            csv(&entries).lines().nth(1).unwrap(),
            "2025-12-10T09:00:00Z,execution,exec-1,order-2,pos-3,BTCUSDT,buy,0.00012300,61000.10,0.00750301,\
             \"US\"\"DT,\",taker,-0.000000012345,,"
        );
        assert!(csv(&entries).lines().all(|line| line.matches(',').count() >= 14));
    }
}
