//! Every refusal of an order, as a stable code and a sentence with the numbers and what to do.

use crate::bounds::{AMOUNT_MAX, ORDER_VALUE_MAX, QUANTITY_MAX};
use crate::grouped::Grouped;
use crate::market::{MarketView, NoQuote};
use crate::position::Position;
use crate::state::FoldError;
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::{AccountId, Symbol};
use tickwire_protocol::market::Instrument;
use tickwire_protocol::message::LinkState;
use tickwire_protocol::money::{Amount, Quantity, Ratio};
use tickwire_protocol::order::Side;

/// How many known symbols a refusal names.
const SYMBOLS_NAMED_MAX: usize = 5;

/// The server names the account, so it is at fault.
pub(super) fn unknown_account(account: AccountId) -> Refusal {
    Refusal::new(
        ErrorCode::Internal,
        format!("the account {account} is not open here; nothing was done"),
    )
}

pub(super) fn unknown_symbol(symbol: Symbol, markets: &MarketView) -> Refusal {
    let known: Vec<&str> = markets
        .iter()
        .map(|m| m.instrument().symbol.as_str())
        .take(SYMBOLS_NAMED_MAX)
        .collect();
    let more = markets.iter().count().saturating_sub(known.len());
    let and_more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let message = format!(
        "no instrument {symbol} here; there are {}{and_more}: get_instruments lists all",
        known.join(", ")
    );
    Refusal::new(ErrorCode::UnknownSymbol, message)
}

pub(super) fn quantity_not_positive(quantity: Quantity) -> Refusal {
    invalid_quantity(format!("the quantity must be above zero, not {quantity}"))
}

pub(super) fn quantity_below(quantity: Quantity, instrument: &Instrument) -> Refusal {
    let Instrument {
        base,
        symbol,
        min_quantity,
        ..
    } = instrument;
    invalid_quantity(format!(
        "{quantity} {base} is below the least quantity of {symbol}: order at least {min_quantity}"
    ))
}

pub(super) fn quantity_above(quantity: Quantity, instrument: &Instrument) -> Refusal {
    let Instrument {
        base,
        symbol,
        max_quantity,
        ..
    } = instrument;
    invalid_quantity(format!(
        "{quantity} {base} is above the largest quantity of one {symbol} order: order at most {max_quantity}"
    ))
}

pub(super) fn quantity_off_step(quantity: Quantity, nearest: Quantity, instrument: &Instrument) -> Refusal {
    let Instrument {
        base,
        symbol,
        step_size,
        ..
    } = instrument;
    invalid_quantity(format!(
        "{quantity} {base} is no multiple of {symbol}'s step of {step_size}: the nearest that fits is {nearest}"
    ))
}

pub(super) fn percent_out_of_range(percent: Ratio) -> Refusal {
    let message = format!("the percent must be above 0 and at most 100, not {percent}");
    Refusal::new(ErrorCode::InvalidField, message)
}

pub(super) fn percent_too_small(
    percent: Ratio,
    least: Ratio,
    held: &Position,
    instrument: &Instrument,
) -> Refusal {
    let Instrument {
        base,
        symbol,
        step_size,
        ..
    } = instrument;
    invalid_quantity(format!(
        "{percent} % of {} {base} is less than {symbol}'s step of {step_size}: close at least {least} %",
        held.quantity
    ))
}

pub(super) fn no_position(symbol: Symbol) -> Refusal {
    let message = format!("no open position in {symbol} to close: get_positions lists those that are open");
    Refusal::new(ErrorCode::NoPosition, message)
}

pub(super) fn nothing_to_reduce(symbol: Symbol, side: Side) -> Refusal {
    let held = match side {
        Side::Buy => "short",
        Side::Sell => "long",
    };
    let side = side.as_str();
    let message = format!(
        "no {held} position in {symbol} that a {side} could reduce: leave reduce_only out to open one"
    );
    Refusal::new(ErrorCode::NoPosition, message)
}

pub(super) fn no_price(symbol: Symbol, why: NoQuote) -> Refusal {
    let message = match why {
        NoQuote::NotYet => format!("{symbol} is not quoted yet: try again in a moment"),
        NoQuote::Link(state) => {
            let state = match state {
                LinkState::Connecting => "still connecting",
                LinkState::Live => "live",
                LinkState::Stalled => "stalled",
                LinkState::Reconnecting => "reconnecting",
                LinkState::Down => "down",
            };
            format!(
                "the market data feed is {state}, so {symbol} has no price to fill at: try again when it is live"
            )
        }
        NoQuote::Stale { age_ms } => {
            let age_s = age_ms / 1000;
            format!(
                "the last price of {symbol} is {age_s} s old, too old to fill at: try again when it moves"
            )
        }
    };
    Refusal::new(ErrorCode::NoPrice, message)
}

pub(super) fn below_min_notional(value: Amount, instrument: &Instrument) -> Refusal {
    let Instrument {
        symbol,
        quote,
        min_notional,
        ..
    } = instrument;
    let (value, least) = (Grouped(value), Grouped(*min_notional));
    let message = format!(
        "the order is worth {value} {quote}, below the least of {least} {quote} for {symbol}: order more"
    );
    Refusal::new(ErrorCode::BelowMinNotional, message)
}

pub(super) fn insufficient_balance(needed: Amount, available: Amount, currency: &str) -> Refusal {
    let (needed, available) = (Grouped(needed), Grouped(available));
    let message = format!(
        "needs {needed} {currency} with the fee, {available} available: order less, or close a position first"
    );
    Refusal::new(ErrorCode::InsufficientBalance, message)
}

pub(super) fn worth_too_much(currency: &str) -> Refusal {
    let most = Grouped(ORDER_VALUE_MAX);
    invalid_quantity(format!(
        "one order may be worth at most {most} {currency}: order less"
    ))
}

/// The account would leave the bounds within which its arithmetic is exact.
pub(super) fn beyond_account(currency: &str) -> Refusal {
    let (amount, quantity) = (Grouped(AMOUNT_MAX), Grouped(Amount::new(QUANTITY_MAX.get())));
    invalid_quantity(format!(
        "the account would leave its bounds of ±{amount} {currency} and {quantity} units of a position: order less"
    ))
}

/// The engine is at fault: what it planned is no fill of the position.
pub(super) fn does_not_add_up(error: FoldError) -> Refusal {
    Refusal::new(
        ErrorCode::Internal,
        format!("the order cannot be booked ({error}); nothing was done"),
    )
}

pub(super) fn ids_exhausted() -> Refusal {
    Refusal::new(
        ErrorCode::Internal,
        "the desk has no order numbers left; nothing was done",
    )
}

fn invalid_quantity(message: String) -> Refusal {
    Refusal::new(ErrorCode::InvalidQuantity, message)
}
