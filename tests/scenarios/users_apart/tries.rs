//! What bob tries with each command of the protocol: the ids, names and markets of ann.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::{Ann, TAINT};

/// The fields of a command, and the code of its refusal; without one it is carried out, within bob's own account.
type Try = (Value, Option<&'static str>);

/// What is tried with an action, in the order of the protocol's lists: questions first. `token` is an access token of ann's.
pub fn of(action: &str, ann: &Ann, token: &str) -> Result<Vec<Try>> {
    let Ann {
        order,
        position,
        execution,
        alert,
        market,
    } = ann;
    let perp = format!("{market}-PERP");
    let named = format!("{TAINT}-2");
    let refused = |fields: Value, code: &'static str| (fields, Some(code));
    let own = |fields: Value| vec![(fields, None)];
    Ok(match action {
        "subscribe_ticker" | "unsubscribe_ticker" => own(json!({"symbol": market})),
        "subscribe" => vec![
            (json!({"topics": ["orders", "alerts"]}), None),
            refused(json!({"topics": ["orders:acct-2"]}), "UNKNOWN_TOPIC"),
            refused(json!({"topics": ["positions:ann"]}), "UNKNOWN_TOPIC"),
        ],
        "unsubscribe" => own(json!({"topics": ["logs"]})),
        "set_rate" => own(json!({"interval_ms": 100})),
        // An account that is named is not looked at.
        "get_positions" | "get_portfolio" | "get_balance" | "get_dashboard" | "get_equity"
        | "get_performance" | "get_instruments" | "get_risk" | "get_alerts" | "get_logs" => {
            own(json!({"account": "acct-2", "user": "ann"}))
        }
        "get_candles" => own(json!({"symbol": market, "interval": "1m"})),
        "get_orders" | "get_executions" => own(json!({"symbol": market, "account": "acct-2"})),
        "get_order_status" => vec![
            refused(json!({"order_id": order}), "ORDER_NOT_FOUND"),
            refused(json!({"client_order_id": named}), "ORDER_NOT_FOUND"),
            // An execution is named by no command; as an order it is none.
            refused(
                json!({"order_id": execution.replace("exec", "order")}),
                "ORDER_NOT_FOUND",
            ),
        ],
        "get_position" => vec![refused(json!({"symbol": market}), "NO_POSITION")],
        "authenticate" => vec![refused(json!({"token": token}), "UNAUTHORIZED")],
        "ping" => own(json!({})),
        "place_order" => {
            let fields = json!({"client_order_id": "bobs-1", "symbol": market, "side": "sell", "order_type": "market",
                "quantity": 1});
            let mut of_ann = fields.clone();
            of_ann["account"] = "acct-2".into();
            let mut reducing = fields;
            reducing["reduce_only"] = true.into();
            vec![refused(of_ann, "INVALID_FIELD"), refused(reducing, "NO_POSITION")]
        }
        "place_oco" => vec![refused(
            json!({"client_order_id": "bobs-2", "symbol": market, "side": "sell", "quantity": 1, "reduce_only": true,
                "take_profit": {"price": 1_000_000}, "stop_loss": {"trigger_price": 1}}),
            "NO_POSITION",
        )],
        "amend_order" => vec![
            refused(json!({"order_id": order, "quantity": 1}), "ORDER_NOT_FOUND"),
            refused(
                json!({"client_order_id": named, "quantity": 1}),
                "ORDER_NOT_FOUND",
            ),
        ],
        "cancel_order" => vec![
            refused(json!({"order_id": order}), "ORDER_NOT_FOUND"),
            refused(json!({"client_order_id": named}), "ORDER_NOT_FOUND"),
        ],
        // What needs no id is of the own account.
        "cancel_all_orders" => vec![(json!({}), None), (json!({"symbol": market}), None)],
        "close_position" | "reverse_position" => vec![refused(json!({"symbol": market}), "NO_POSITION")],
        "flatten_all" => own(json!({"client_order_id": "bobs-3"})),
        "set_leverage" => own(json!({"symbol": perp, "leverage": 7})),
        "open_carry" => vec![refused(
            json!({"client_order_id": "bobs-4", "symbol": perp, "quantity": 1, "account": "acct-2"}),
            "INVALID_FIELD",
        )],
        "close_carry" => vec![refused(json!({"position_id": position}), "NOT_FOUND")],
        "set_risk_limits" => own(
            json!({"soft_drawdown_pct": 1, "hard_drawdown_pct": 2, "soft_daily_loss_pct": 1, "hard_daily_loss_pct": 2,
                "max_exposure": 100, "max_position_value": 100, "max_orders_per_minute": 1}),
        ),
        "pause_trading" | "stop_trading" => own(json!({})),
        "resume_trading" => own(json!({"confirm": "RESUME"})),
        "create_alert" => own(
            json!({"client_order_id": "bobs-5", "symbol": market, "condition": "percent_move", "percent": 90}),
        ),
        "cancel_alert" => vec![refused(json!({"alert_id": alert}), "NOT_FOUND")],
        new => bail!("{new} is a command that nobody has tried for another's account: say here with what"),
    })
}
