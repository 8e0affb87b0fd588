//! Instructions of a busy day that are not about single orders: leverages, carries, the risk guard, alerts.

use super::busy::{listed, named};
use proptest::prelude::*;
use rust_decimal::Decimal;
use tickwire_engine::Fact;
use tickwire_protocol::alert::{AlertCondition, CreateAlert};
use tickwire_protocol::command::{
    CancelAlert, CloseCarry, Instruction, OpenCarry, RESUME_WORD, ResumeTrading, SetLeverage,
};
use tickwire_protocol::id::{AlertId, PositionId, Symbol};
use tickwire_protocol::money::{Amount, Price, Quantity, Ratio};
use tickwire_protocol::order::OrderReason;
use tickwire_protocol::risk::RiskLimits;

fn symbol() -> impl Strategy<Value = Symbol> {
    proptest::sample::select(listed()).prop_map(|instrument| instrument.symbol)
}

fn limits() -> impl Strategy<Value = RiskLimits> {
    let percent = |least: i64, most: i64| {
        let percent = (least..most).prop_map(|percent| Ratio::new(Decimal::new(percent, 2)));
        proptest::option::weighted(0.4, percent)
    };
    let amount = || {
        let amount = (200i64..3000).prop_map(|amount| Amount::new(Decimal::from(amount)));
        proptest::option::weighted(0.3, amount)
    };
    let rate = proptest::option::weighted(0.1, 5u32..60);
    (
        (
            percent(1, 150),
            percent(150, 900),
            percent(1, 150),
            percent(150, 900),
        ),
        (amount(), amount(), rate),
    )
        .prop_map(
            |((soft, hard, soft_day, hard_day), (exposure, position, rate))| RiskLimits {
                soft_drawdown_pct: soft,
                hard_drawdown_pct: hard,
                soft_daily_loss_pct: soft_day,
                hard_daily_loss_pct: hard_day,
                max_exposure: exposure,
                max_position_value: position,
                max_orders_per_minute: rate,
            },
        )
}

fn alert() -> impl Strategy<Value = CreateAlert> {
    (symbol(), 9_900i64..10_100, 0u8..3).prop_map(|(symbol, price, kind)| CreateAlert {
        client_order_id: None,
        symbol,
        condition: match kind {
            0 => AlertCondition::CrossAbove,
            1 => AlertCondition::CrossBelow,
            _ => AlertCondition::PercentMove,
        },
        price: (kind < 2).then(|| Price::new(Decimal::new(price, 2))),
        percent: (kind == 2).then(|| Ratio::new(Decimal::new(price % 100 + 1, 2))),
        note: None,
    })
}

/// Any of them.
pub fn deed() -> impl Strategy<Value = Instruction> {
    let name = || proptest::option::weighted(0.2, (0u8..12).prop_map(named));
    let resume = ResumeTrading {
        confirm: RESUME_WORD.to_owned(),
    };
    prop_oneof![
        2 => (symbol(), 1u32..22).prop_map(|(symbol, leverage)| Instruction::SetLeverage(SetLeverage { symbol, leverage })),
        4 => (name(), symbol(), 5i64..500).prop_map(|(client_order_id, symbol, steps)| Instruction::OpenCarry(OpenCarry {
            client_order_id, symbol, quantity: Quantity::new(Decimal::new(steps, 2)),
        })),
        3 => (name(), 1u64..40).prop_map(|(client_order_id, id)| Instruction::CloseCarry(CloseCarry {
            client_order_id, position_id: PositionId(id),
        })),
        3 => limits().prop_map(Instruction::SetRiskLimits),
        1 => Just(Instruction::PauseTrading),
        1 => Just(Instruction::StopTrading),
        12 => Just(Instruction::ResumeTrading(resume)),
        2 => alert().prop_map(Instruction::CreateAlert),
        1 => (1u64..20).prop_map(|id| Instruction::CancelAlert(CancelAlert { alert_id: AlertId(id) })),
    ]
}

/// Whether a fact may come of a request that was refused, or had been done before: time has passed, somebody was looked at,
/// and what the desk does by itself came of that.
pub fn is_of_the_desk(fact: &Fact) -> bool {
    match fact {
        Fact::OrderChanged(order) => matches!(
            order.reason,
            Some(
                OrderReason::Liquidation
                    | OrderReason::HardStop
                    | OrderReason::RiskPaused
                    | OrderReason::NothingToReduce
                    | OrderReason::SiblingCancelled
                    | OrderReason::Delisted
            )
        ),
        Fact::AccountOpened { .. }
        | Fact::LeverageSet { .. }
        | Fact::EquityRebased { .. }
        | Fact::AlertRuleChanged(_)
        | Fact::Done { .. } => false,
        Fact::DayOpened { .. }
        | Fact::Executed(_)
        | Fact::Funded(_)
        | Fact::RiskChanged(_)
        | Fact::EquityMarked { .. }
        | Fact::Alerted(_) => true,
    }
}
