//! Numbers of a frame as they are printed: read from the text as decimals, never through a float.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

/// The text of the value at a JSON pointer such as `/portfolio/balance` or `/positions/0/quantity`.
pub fn raw(text: &str, pointer: &str) -> Result<String> {
    let mut rest: Box<RawValue> = serde_json::from_str(text)?;
    for name in pointer.split('/').skip(1) {
        let inner = match name.parse::<usize>() {
            Ok(place) => serde_json::from_str::<Vec<Box<RawValue>>>(rest.get())?
                .into_iter()
                .nth(place),
            Err(_) => serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(rest.get())?.remove(name),
        };
        rest = inner.with_context(|| format!("no {pointer} in {text}"))?;
    }
    Ok(rest.get().to_owned())
}

/// The number at a JSON pointer. A text that looks like a number is none.
pub fn number(text: &str, pointer: &str) -> Result<Decimal> {
    let raw = raw(text, pointer)?;
    Decimal::from_str_exact(&raw).with_context(|| format!("{pointer} is {raw}, not a plain number"))
}

/// The texts of the items of the list at a JSON pointer: whoever wants numbers of a long list reads it once, not once for
/// each number.
pub fn items(text: &str, pointer: &str) -> Result<Vec<String>> {
    let items: Vec<Box<RawValue>> = serde_json::from_str(&raw(text, pointer)?)?;
    Ok(items.iter().map(|item| item.get().to_owned()).collect())
}
