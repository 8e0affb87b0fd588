//! What an owner wants done: the commands that the engine decides on, and what came of them.

use crate::clock::TimestampMs;
use crate::error::{ErrorCode, Refusal};
use crate::id::{AlertId, ClientOrderId, OrderId, PositionId, Symbol};
use crate::json::Object;
use crate::money::{Price, Quantity, Ratio};
use crate::order::{Exit, OrderReason, OrderStatus, OrderType, Side, TimeInForce};
use crate::risk::RiskLimits;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Not;

pub use crate::alert::CreateAlert;

/// The word that lifts a pause or a stop of the risk guard, typed by a person.
pub const RESUME_WORD: &str = "RESUME";

/// Writes out, for every instruction, its variant, its `action`, and how its frame is written and read.
macro_rules! instructions {
    ($($(#[doc = $doc:literal])* $name:ident $(($body:ty))? = $action:literal,)+) => {
        /// A command that changes an account. Each is answered by exactly one `ACK` or `ERROR`.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Instruction {
            $($(#[doc = $doc])* $name $(($body))?,)+
        }

        impl Instruction {
            /// The `action` of every one of them.
            pub const ACTIONS: &'static [&'static str] = &[$($action),+];

            /// The `action` of the command's frame.
            pub const fn action(&self) -> &'static str {
                match self {
                    $(instructions!(@any $name $(, $body)?) => $action,)+
                }
            }

            pub(super) fn put_into(&self, fields: &mut Object) {
                match self {
                    $(instructions!(@bind body, $name $(, $body)?) => instructions!(@put body, fields $(, $body)?),)+
                }
            }

            /// `None` for an unknown action.
            pub(super) fn read(action: &str, text: &str) -> Result<Option<Instruction>, Refusal> {
                Ok(Some(match action {
                    $($action => instructions!(@read text, $name $(, $body)?),)+
                    _ => return Ok(None),
                }))
            }

            /// Of every one: its `action`, what it does, and the schema of its fields, of those that have any.
            #[cfg(feature = "schema")]
            pub(crate) fn schemas(
                generator: &mut schemars::SchemaGenerator,
            ) -> Vec<(&'static str, &'static str, Option<schemars::Schema>)> {
                vec![$((
                    $action,
                    concat!($($doc),*),
                    instructions!(@schema generator $(, $body)?),
                ),)+]
            }
        }
    };
    (@schema $generator:ident) => { None };
    (@schema $generator:ident, $body:ty) => {
        Some(<$body as schemars::JsonSchema>::json_schema($generator))
    };
    (@any $name:ident) => { Instruction::$name };
    (@any $name:ident, $body:ty) => { Instruction::$name(_) };
    (@bind $bound:ident, $name:ident) => { Instruction::$name };
    (@bind $bound:ident, $name:ident, $body:ty) => { Instruction::$name($bound) };
    (@put $bound:ident, $fields:ident) => { () };
    (@put $bound:ident, $fields:ident, $body:ty) => { $fields.put_all($bound) };
    (@read $text:ident, $name:ident) => { Instruction::$name };
    (@read $text:ident, $name:ident, $body:ty) => {{
        let body = super::body::<$body>($text)?;
        super::fields::check::<$body>($text)?;
        Instruction::$name(body).checked($text)?
    }};
}

instructions! {
    /// Place an order; with `take_profit` or `stop_loss` a bracket.
    PlaceOrder(PlaceOrder) = "place_order",
    /// Place a pair of orders of which one cancels the other.
    PlaceOco(PlaceOco) = "place_oco",
    /// Change an open order.
    AmendOrder(AmendOrder) = "amend_order",
    /// Cancel an open order, and with it the rest of its group.
    CancelOrder(OrderRef) = "cancel_order",
    /// Cancel all open orders, or those of one instrument.
    CancelAllOrders(CancelAllOrders) = "cancel_all_orders",
    /// Close all or part of a position at market.
    ClosePosition(ClosePosition) = "close_position",
    /// Turn a position at market: close it, and open as much on the other side.
    ReversePosition(ReversePosition) = "reverse_position",
    /// Cancel all orders and close all positions at market.
    FlattenAll(FlattenAll) = "flatten_all",
    /// Set the leverage of a perpetual.
    SetLeverage(SetLeverage) = "set_leverage",
    /// Buy spot and sell the perpetual, as one position.
    OpenCarry(OpenCarry) = "open_carry",
    /// Close both legs of such a position.
    CloseCarry(CloseCarry) = "close_carry",
    /// Set the limits of the risk guard, all of them: each is named, `null` lifts it.
    SetRiskLimits(RiskLimits) = "set_risk_limits",
    /// Open no new positions until a person resumes.
    PauseTrading = "pause_trading",
    /// The kill switch: cancel all orders, close all positions, and open nothing until a person resumes.
    StopTrading = "stop_trading",
    /// Lift a pause or a stop. `confirm` must be [`RESUME_WORD`].
    ResumeTrading(ResumeTrading) = "resume_trading",
    /// Have the desk say when a price does something.
    CreateAlert(CreateAlert) = "create_alert",
    /// Withdraw that.
    CancelAlert(CancelAlert) = "cancel_alert",
}

impl Instruction {
    /// Refuses what says too little or too much whatever the state of the account.
    fn checked(self, text: &str) -> Result<Instruction, Refusal> {
        match &self {
            Instruction::CancelOrder(order) => order.check()?,
            Instruction::AmendOrder(amend) => {
                names_one(&amend.order_id, &amend.client_order_id)?;
                keeps_exits(text)?;
            }
            Instruction::SetRiskLimits(_) => {
                super::body::<EveryLimit>(text)?;
            }
            _ => {}
        }
        Ok(self)
    }

    /// Whether a client whose connection was lost before the answer may send it again by itself. What loosens the risk
    /// guard may not: it could undo a stop, or a tighter limit, that came after it.
    pub const fn may_be_repeated(&self) -> bool {
        !matches!(
            self,
            Instruction::ResumeTrading(_) | Instruction::SetRiskLimits(_)
        )
    }

    /// The id under which a repetition does nothing, of instructions that would do something twice.
    pub fn client_order_id(&self) -> Option<&ClientOrderId> {
        match self {
            Instruction::PlaceOrder(body) => body.client_order_id.as_ref(),
            Instruction::PlaceOco(body) => body.client_order_id.as_ref(),
            Instruction::ClosePosition(body) => body.client_order_id.as_ref(),
            Instruction::ReversePosition(body) => body.client_order_id.as_ref(),
            Instruction::FlattenAll(body) => body.client_order_id.as_ref(),
            Instruction::OpenCarry(body) => body.client_order_id.as_ref(),
            Instruction::CloseCarry(body) => body.client_order_id.as_ref(),
            Instruction::CreateAlert(body) => body.client_order_id.as_ref(),
            Instruction::AmendOrder(_)
            | Instruction::CancelOrder(_)
            | Instruction::CancelAllOrders(_)
            | Instruction::SetLeverage(_)
            | Instruction::SetRiskLimits(_)
            | Instruction::PauseTrading
            | Instruction::StopTrading
            | Instruction::ResumeTrading(_)
            | Instruction::CancelAlert(_) => None,
        }
    }

    /// Where that id is to be put, of instructions that can have one.
    pub fn client_order_id_mut(&mut self) -> Option<&mut Option<ClientOrderId>> {
        match self {
            Instruction::PlaceOrder(body) => Some(&mut body.client_order_id),
            Instruction::PlaceOco(body) => Some(&mut body.client_order_id),
            Instruction::ClosePosition(body) => Some(&mut body.client_order_id),
            Instruction::ReversePosition(body) => Some(&mut body.client_order_id),
            Instruction::FlattenAll(body) => Some(&mut body.client_order_id),
            Instruction::OpenCarry(body) => Some(&mut body.client_order_id),
            Instruction::CloseCarry(body) => Some(&mut body.client_order_id),
            Instruction::CreateAlert(body) => Some(&mut body.client_order_id),
            Instruction::AmendOrder(_)
            | Instruction::CancelOrder(_)
            | Instruction::CancelAllOrders(_)
            | Instruction::SetLeverage(_)
            | Instruction::SetRiskLimits(_)
            | Instruction::PauseTrading
            | Instruction::StopTrading
            | Instruction::ResumeTrading(_)
            | Instruction::CancelAlert(_) => None,
        }
    }
}

/// What came of an instruction that was carried out: the fields of its `ACK`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// The owner's id of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<ClientOrderId>,
    /// The order placed, amended or cancelled (of a pair: the take-profit), or placed before under the same
    /// `client_order_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// All orders placed or cancelled, where there are more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order_ids: Vec<OrderId>,
    /// Where the order stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<OrderStatus>,
    /// Why it stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<OrderReason>,
    /// Whether it had been done before and this command did nothing; there for instructions that have a
    /// `client_order_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<bool>,
    /// The cash-and-carry position opened or closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position_id: Option<PositionId>,
    /// The alert set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_id: Option<AlertId>,
}

/// An order to place. Which of the optional fields an order type needs is in PROTOCOL.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaceOrder {
    /// The owner's id: the same one again places nothing, so that a retry does no harm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<ClientOrderId>,
    /// The instrument.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// How it is executed; lower or upper case.
    #[cfg_attr(
        feature = "schema",
        schemars(schema_with = "crate::schema::order_type_of_a_command")
    )]
    pub order_type: OrderType,
    /// How much.
    pub quantity: Quantity,
    /// The limit price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The last price that triggers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_price: Option<Price>,
    /// How far a trailing stop stays behind the best last price, as a difference of prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail_distance: Option<Price>,
    /// The same in percent of the best last price. One of the two, not both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail_percent: Option<Ratio>,
    /// The last price from which on a trailing stop follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation_price: Option<Price>,
    /// How long it works.
    #[serde(default, skip_serializing_if = "TimeInForce::is_default")]
    pub time_in_force: TimeInForce,
    /// When it expires (GTD only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<TimestampMs>,
    /// Only rest, never take: refused where it would be filled at once.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub post_only: bool,
    /// Only reduce a position: never open, add to or turn one.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub reduce_only: bool,
    /// Makes it the entry of a bracket: takes the profit of what it fills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take_profit: Option<Exit>,
    /// Makes it the entry of a bracket: limits the loss of what it fills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_loss: Option<Exit>,
}

impl PlaceOrder {
    /// A market order, of which everything else can be told by struct update.
    pub const fn market(symbol: Symbol, side: Side, quantity: Quantity) -> PlaceOrder {
        PlaceOrder {
            client_order_id: None,
            symbol,
            side,
            order_type: OrderType::Market,
            quantity,
            price: None,
            trigger_price: None,
            trail_distance: None,
            trail_percent: None,
            activation_price: None,
            time_in_force: TimeInForce::Gtc,
            expires_at: None,
            post_only: false,
            reduce_only: false,
            take_profit: None,
            stop_loss: None,
        }
    }
}

/// A pair of orders on the same side, of which one cancels the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaceOco {
    /// The owner's id of the pair; it names the take-profit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<ClientOrderId>,
    /// The instrument.
    pub symbol: Symbol,
    /// Buy or sell, both of them.
    pub side: Side,
    /// How much, each of them.
    pub quantity: Quantity,
    /// The order on the better side of the market: above it for a sell, below it for a buy.
    pub take_profit: Exit,
    /// The order on the worse side of the market: below it for a sell, above it for a buy.
    pub stop_loss: Exit,
    /// Only reduce a position.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub reduce_only: bool,
    /// How long the pair works: GTC or GTD.
    #[serde(default, skip_serializing_if = "TimeInForce::is_default")]
    pub time_in_force: TimeInForce,
    /// When it expires (GTD only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<TimestampMs>,
}

/// Names an order: by the venue's id or by its owner's, one of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("oneOf" = crate::schema::named_by_one_id())))]
pub struct OrderRef {
    /// The venue's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The owner's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<ClientOrderId>,
}

impl OrderRef {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        names_one(&self.order_id, &self.client_order_id)
    }
}

fn names_one(order_id: &Option<OrderId>, client_order_id: &Option<ClientOrderId>) -> Result<(), Refusal> {
    if order_id.is_some() != client_order_id.is_some() {
        return Ok(());
    }
    Err(Refusal::new(
        ErrorCode::InvalidField,
        "name the order by `order_id` or by `client_order_id`, one of the two",
    ))
}

/// Refuses an exit that is `null`: who sends it means to take the exit off, and must not be told that this was done.
fn keeps_exits(text: &str) -> Result<(), Refusal> {
    let fields: BTreeMap<String, Option<IgnoredAny>> = super::body(text)?;
    let is_null = |name: &&&str| matches!(fields.get(**name), Some(None));
    let Some(name) = ["take_profit", "stop_loss"].iter().find(is_null) else {
        return Ok(());
    };
    let message = format!(
        "`{name}` is null, but an exit can be changed and not taken off: leave it out to keep it, or cancel the order and place \
         it anew without"
    );
    Err(Refusal::new(ErrorCode::InvalidField, message))
}

/// The limits that a `set_risk_limits` has to name, so that a misspelt one is refused and not lifted.
#[derive(Deserialize)]
#[expect(dead_code, reason = "only whether the fields are there is looked at")]
struct EveryLimit {
    soft_drawdown_pct: IgnoredAny,
    hard_drawdown_pct: IgnoredAny,
    soft_daily_loss_pct: IgnoredAny,
    hard_daily_loss_pct: IgnoredAny,
    max_exposure: IgnoredAny,
    max_position_value: IgnoredAny,
    max_orders_per_minute: IgnoredAny,
}

/// A change of an open order: what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("oneOf" = crate::schema::named_by_one_id())))]
pub struct AmendOrder {
    /// The order, by the venue's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The order, by its owner's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<ClientOrderId>,
    /// The whole quantity, what is filled included: above that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// The limit price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The trigger price; not once it was triggered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_price: Option<Price>,
    /// How far a trailing stop stays behind; takes the place of a percentage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail_distance: Option<Price>,
    /// How far a trailing stop stays behind, in percent; takes the place of a distance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail_percent: Option<Ratio>,
    /// The take-profit of a bracket's entry; that of what is filled already is an order of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take_profit: Option<Exit>,
    /// The stop-loss of a bracket's entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_loss: Option<Exit>,
}

/// Which orders to cancel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CancelAllOrders {
    /// Those of this instrument; all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<Symbol>,
}

/// A position to close at market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClosePosition {
    /// The owner's id of the closing order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<ClientOrderId>,
    /// The instrument whose position is meant.
    pub symbol: Symbol,
    /// How much of it, in percent above 0 to 100; all of it where absent. Rounded down to the step size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Ratio>,
}

/// A position to turn at market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReversePosition {
    /// The owner's id of the order that turns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<ClientOrderId>,
    /// The instrument whose position is meant.
    pub symbol: Symbol,
}

/// Everything to close.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FlattenAll {
    /// Under which a repetition does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<ClientOrderId>,
}

/// The leverage of a perpetual, for positions open and to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SetLeverage {
    /// The perpetual.
    pub symbol: Symbol,
    /// 1 to its `max_leverage`.
    pub leverage: u32,
}

/// A cash-and-carry position to open at market: both legs, or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OpenCarry {
    /// Under which a repetition opens nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<ClientOrderId>,
    /// The perpetual to sell, or the spot instrument to buy; the other one follows from it.
    pub symbol: Symbol,
    /// How much of each.
    pub quantity: Quantity,
}

/// A cash-and-carry position to close at market: both legs, or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CloseCarry {
    /// Under which a repetition closes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<ClientOrderId>,
    /// The position.
    pub position_id: PositionId,
}

/// The confirmation that lifts a pause or a stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ResumeTrading {
    /// Must be [`RESUME_WORD`].
    #[cfg_attr(feature = "schema", schemars(extend("const" = RESUME_WORD)))]
    pub confirm: String,
}

/// An alert to withdraw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CancelAlert {
    /// The alert.
    pub alert_id: AlertId,
}
