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
