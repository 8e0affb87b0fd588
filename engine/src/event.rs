//! What happened: the facts that the journal keeps, and whose fold is the state of every account.

use serde::{Deserialize, Serialize};
use tickwire_protocol::alert::{Alert, AlertRule};
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::id::{AccountId, ClientOrderId, Symbol};
use tickwire_protocol::money::Amount;
use tickwire_protocol::order::{Execution, Funding, Order};
use tickwire_protocol::risk::Risk;
use tickwire_protocol::topic::Topic;

/// A fact of one account. An event is never changed once written; new kinds are added at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Whose.
    pub account: AccountId,
    /// When the engine took in what caused it.
    pub at: TimestampMs,
    /// What.
    pub fact: Fact,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "orders are the most frequent by far: a box for each would cost more than the room that others leave empty"
)]
pub enum Fact {
    /// The account was opened with a first deposit.
    AccountOpened {
        /// What was paid in.
        deposit: Amount,
    },
    /// A UTC day began with this equity: what the day's profit or loss is measured against.
    DayOpened {
        /// Equity at the beginning of the day.
        equity: Amount,
    },
    /// An order is as told here from now on.
    OrderChanged(Order),
    /// An order filled, wholly or in part: cash, fees and a position follow from it.
    Executed(Execution),
    /// A position paid or got funding: cash follows from it.
    Funded(Funding),
    /// The leverage of a perpetual is as told here from now on.
    LeverageSet {
        /// The perpetual.
        symbol: Symbol,
        /// 1 or above.
        leverage: u32,
    },
    /// The risk guard stands as told here from now on, or has these limits.
    RiskChanged(Risk),
    /// The account was worth this: what peak, drawdown and the equity curve follow from.
    EquityMarked {
        /// Equity then.
        equity: Amount,
    },
    /// A price alert is as told here from now on.
    AlertRuleChanged(AlertRule),
    /// The desk said something.
    Alerted(Alert),
    /// An instruction of which no order bears the id was carried out: a retry of it does nothing.
    Done {
        /// The id that its owner gave it.
        client_order_id: ClientOrderId,
    },
    /// A person resumed trading when the account was worth this: the risk guard measures drawdown and the day's loss from
    /// it.
    EquityRebased {
        /// Equity then.
        equity: Amount,
    },
}

impl Fact {
    /// The lossless topic that tells of it, where there is one. Each such fact is the next message of its topic.
    pub const fn topic(&self) -> Option<Topic> {
        match self {
            Fact::OrderChanged(_) => Some(Topic::Orders),
            Fact::Executed(_) | Fact::Funded(_) => Some(Topic::Executions),
            Fact::RiskChanged(_) => Some(Topic::Risk),
            Fact::AlertRuleChanged(_) | Fact::Alerted(_) => Some(Topic::Alerts),
            Fact::AccountOpened { .. }
            | Fact::DayOpened { .. }
            | Fact::LeverageSet { .. }
            | Fact::EquityMarked { .. }
            | Fact::Done { .. }
            | Fact::EquityRebased { .. } => None,
        }
    }
}
