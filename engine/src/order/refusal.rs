//! Every refusal of an order, as a stable code and a sentence with the numbers and what to do.

use crate::bounds::{AMOUNT_MAX, ORDER_VALUE_MAX, QUANTITY_MAX};
use crate::grouped::Grouped;
use crate::market::{MarketView, NoQuote};
use crate::position::Position;
use crate::state::FoldError;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::{ErrorCode, Refusal};
use tickwire_protocol::id::{AccountId, OrderId, PositionId, Symbol};
use tickwire_protocol::market::Instrument;
use tickwire_protocol::message::LinkState;
use tickwire_protocol::money::{Amount, Price, Quantity, Ratio};
use tickwire_protocol::order::{GroupRole, Order, OrderType, Side, TimeInForce};

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

/// `carry` is a cash-and-carry position with a leg in the instrument.
pub(super) fn no_position(symbol: Symbol, carry: Option<PositionId>) -> Refusal {
    let message = match carry {
        Some(id) => format!(
            "no position in {symbol} but a leg of the cash-and-carry position {id}, whose legs are closed together: send \
             close_carry with this position_id"
        ),
        None => format!("no open position in {symbol} to close: get_positions lists those that are open"),
    };
    Refusal::new(ErrorCode::NoPosition, message)
}

/// Until it has arrived nobody knows how large the position is then.
pub(super) fn is_on_its_way(symbol: Symbol, order: OrderId) -> Refusal {
    let message = format!(
        "the market order {order} in {symbol} is on its way, and what it leaves of the position is not known yet: wait for \
         it, or cancel it first"
    );
    Refusal::new(ErrorCode::TooManyOpen, message)
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

/// A planned fill that does not fold.
pub(super) fn unbookable(error: FoldError, currency: &str) -> Refusal {
    match error {
        FoldError::OutOfBounds => beyond_account(currency),
        // Not known to be possible: the engine is at fault. Refused rather than booked wrongly.
        other => Refusal::new(
            ErrorCode::Internal,
            format!("the order cannot be booked ({other}); nothing was done"),
        ),
    }
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

pub(super) fn field_missing(order_type: OrderType, field: &str) -> Refusal {
    let order_type = order_type.as_str();
    invalid_field(format!("a {order_type} order needs `{field}`"))
}

pub(super) fn field_unknown(order_type: OrderType, field: &str) -> Refusal {
    let order_type = order_type.as_str();
    invalid_field(format!("a {order_type} order has no `{field}`: leave it out"))
}

pub(super) fn one_trail(trails: u8) -> Refusal {
    let given = if trails == 0 { "none" } else { "both" };
    invalid_field(format!(
        "a trailing_stop needs one of `trail_distance` and `trail_percent`, {given} given"
    ))
}

pub(super) fn trail_percent_out_of_range(percent: Ratio) -> Refusal {
    invalid_field(format!(
        "`trail_percent` must be above 0 and below 100, with at most two places, not {percent}"
    ))
}

pub(super) fn trail_distance_too_far(field: &str, distance: Price, from: Price) -> Refusal {
    invalid_price(format!(
        "`{field}` {distance} is not below the price of {from} that it is to follow: choose a smaller one"
    ))
}

pub(super) fn post_only_cannot_wait(time_in_force: TimeInForce) -> Refusal {
    let name = time_in_force_name(time_in_force);
    invalid_field(format!(
        "`post_only` only rests, {name} never does: leave one of the two out"
    ))
}

pub(super) fn pair_cannot_be_immediate(time_in_force: TimeInForce) -> Refusal {
    let name = time_in_force_name(time_in_force);
    invalid_field(format!("a pair rests, {name} never does: choose GTC or GTD"))
}

fn time_in_force_name(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::Gtc => "GTC",
        TimeInForce::Ioc => "IOC",
        TimeInForce::Fok => "FOK",
        TimeInForce::Gtd => "GTD",
    }
}

pub(super) fn expiry_missing() -> Refusal {
    invalid_field("a GTD order needs `expires_at`".to_owned())
}

pub(super) fn expiry_without_gtd() -> Refusal {
    invalid_field("`expires_at` is for GTD orders: set `time_in_force` to GTD, or leave it out".to_owned())
}

pub(super) fn expiry_past(expiry: TimestampMs, at: TimestampMs) -> Refusal {
    let (expiry, at) = (expiry.0, at.0);
    invalid_field(format!(
        "`expires_at` {expiry} must lie after now, which is {at} here, and before the year 10000"
    ))
}

pub(super) fn entry_cannot_reduce() -> Refusal {
    invalid_field(
        "`take_profit` and `stop_loss` protect what an order opens, a reduce_only one opens nothing: place an OCO instead"
            .to_owned(),
    )
}

pub(super) fn exit_unclear(role: GroupRole) -> Refusal {
    invalid_field(match role {
        GroupRole::StopLoss => {
            "`stop_loss` needs `trigger_price`, with or without `price`, or one of `trail_distance` and `trail_percent`"
                .to_owned()
        }
        GroupRole::TakeProfit | GroupRole::Entry => {
            "`take_profit` needs `price`, `trigger_price` or both, and nothing to trail by".to_owned()
        }
    })
}

pub(super) fn price_out_of_bounds(field: &str, price: Price) -> Refusal {
    let most = crate::bounds::PRICE_MAX;
    invalid_price(format!(
        "`{field}` must be above 0 and at most {most}, not {price}"
    ))
}

pub(super) fn price_off_tick(field: &str, price: Price, nearest: Price, instrument: &Instrument) -> Refusal {
    let Instrument {
        symbol, tick_size, ..
    } = instrument;
    invalid_price(format!(
        "`{field}` {price} is no multiple of {symbol}'s tick of {tick_size}: the nearest that fits is {nearest}"
    ))
}

pub(super) fn price_out_of_band(field: &str, price: Price, market: Price) -> Refusal {
    let band = super::price::BAND;
    invalid_price(format!(
        "`{field}` {price} is more than {band} times away from the market at {market}: is a digit wrong?"
    ))
}

/// `what` says whose price `from` is, as in `the price is`.
pub(super) fn would_trigger(field: &str, price: Price, what: &str, from: Price, rises: bool) -> Refusal {
    let side = if rises { "above" } else { "below" };
    invalid_price(format!(
        "`{field}` {price} would be reached at once, {what} {from}: choose one {side} that"
    ))
}

pub(super) fn would_take(side: Side, price: Price, touch: Price) -> Refusal {
    let (side, better) = match side {
        Side::Buy => ("buy", "below"),
        Side::Sell => ("sell", "above"),
    };
    let message = format!(
        "a post-only {side} at {price} would be filled at {touch} at once: choose a price {better} that, or leave post_only out"
    );
    Refusal::new(ErrorCode::WouldTake, message)
}

pub(super) fn too_many_open(most: usize) -> Refusal {
    let message = format!("an account may have {most} open orders: cancel some first");
    Refusal::new(ErrorCode::TooManyOpen, message)
}

pub(super) fn one_order_id() -> Refusal {
    invalid_field("name the order by one of `order_id` and `client_order_id`".to_owned())
}

pub(super) fn order_unknown(id: &str) -> Refusal {
    let message = format!("no open order {id}: get_orders lists those that are");
    Refusal::new(ErrorCode::OrderNotFound, message)
}

pub(super) fn order_final(order: &Order) -> Refusal {
    let status = format!("{:?}", order.status).to_lowercase();
    let message = format!(
        "{} is {status} already, with {} of {} filled: nothing is left to change",
        order.id, order.filled_quantity, order.quantity
    );
    Refusal::new(ErrorCode::OrderNotFound, message)
}

pub(super) fn triggered_already(id: OrderId) -> Refusal {
    invalid_field(format!(
        "{id} was triggered already: its price and quantity can be changed, its trigger cannot"
    ))
}

pub(super) fn no_bracket(id: OrderId) -> Refusal {
    invalid_field(format!(
        "{id} is no entry of a bracket: place an OCO to protect what it fills"
    ))
}

pub(super) fn exits_are_orders(id: OrderId) -> Refusal {
    invalid_field(format!(
        "what {id} has filled is protected by orders of its own: amend these"
    ))
}

pub(super) fn leg_quantity(id: OrderId) -> Refusal {
    invalid_field(format!(
        "the quantity of {id} follows its group: amend the entry, or cancel the pair and place another"
    ))
}

pub(super) fn leg_of_carry(id: OrderId, carry: PositionId) -> Refusal {
    invalid_field(format!(
        "{id} is one leg of {carry}, and both are equal: cancel it, which cancels both, and open or close it anew"
    ))
}

pub(super) fn quantity_filled(quantity: Quantity, filled: Quantity) -> Refusal {
    invalid_quantity(format!(
        "{filled} is filled already, so the quantity must be above that, not {quantity}"
    ))
}

fn invalid_field(message: String) -> Refusal {
    Refusal::new(ErrorCode::InvalidField, message)
}

fn invalid_price(message: String) -> Refusal {
    Refusal::new(ErrorCode::InvalidPrice, message)
}
