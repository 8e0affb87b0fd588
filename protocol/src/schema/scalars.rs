//! Schemas of what travels as one number or one text: exact decimals, ids, names, points in time.

use crate::clock::TimestampMs;
use crate::id::{
    AccountId, AlertId, ClientOrderId, CommandId, Epoch, ExecutionId, GroupId, OrderId, PositionId, Seq,
    Symbol,
};
use crate::market::Interval;
use crate::money::{Amount, Price, Quantity, Ratio};
use crate::order::OrderType;
use crate::topic::Topic;
use schemars::generate::Contract;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use std::borrow::Cow;

/// What the text of a symbol may hold, without the anchors of a pattern.
const SYMBOL: &str = "[A-Z0-9._-]{1,23}";

/// No control character, as `char::is_control` has it.
pub(crate) const PRINTABLE: &str = "^[^\\x00-\\x1f\\x7f-\\x9f]*$";

/// Gives each of these types a name and a schema, which may differ between what is read and what is written.
macro_rules! scalars {
    ($($type:ty as $name:literal = $schema:expr;)+) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let schema: fn(&Contract) -> Schema = $schema;
                schema(generator.contract())
            }
        }
    )+};
}

scalars! {
    Price as "Price" = |contract| decimal(contract, "Quote currency per unit of the base.");
    Quantity as "Quantity" = |contract| decimal(contract, "A quantity of the base currency.");
    Amount as "Amount" = |contract| decimal(contract, "An amount of the account's currency.");
    Ratio as "Ratio" = |contract| decimal(contract, "A pure number: a rate, a ratio, a percentage.");
    TimestampMs as "Timestamp" = |_| json_schema!({"type": "integer", "description": "Unix milliseconds, UTC."});
    IsoTime as "IsoTime" = |_| text(
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$",
        "ISO 8601 in UTC, to the second, without a zone.",
    );
    Seq as "Seq" = |_| whole("A place in a topic: 1, 2, 3, …; 0 is before the first.");
    Epoch as "Epoch" = |_| whole("The history that places count in.");
    Symbol as "Symbol" = |_| text(&format!("^{SYMBOL}$"), "The name of an instrument.");
    CommandId as "CommandId" = |_| chosen(CommandId::LENGTH_MAX, "Chosen by the client for one command.");
    ClientOrderId as "ClientOrderId" = |_| chosen(
        ClientOrderId::LENGTH_MAX,
        "Chosen by the client, used once in the life of an account: what has it is done once, however often it is sent.",
    );
    OrderId as "OrderId" = |_| numbered(&OrderId(0), "An order.");
    PositionId as "PositionId" = |_| numbered(&PositionId(0), "A position, from its opening to its close.");
    ExecutionId as "ExecutionId" = |_| numbered(&ExecutionId(0), "One fill of one order; never repeated.");
    GroupId as "GroupId" = |_| numbered(&GroupId(0), "Orders that stand and fall together.");
    AlertId as "AlertId" = |_| numbered(&AlertId(0), "An alert.");
    AccountId as "AccountId" = |_| numbered(&AccountId(0), "An account.");
    Interval as "Interval" = |_| json_schema!({
        "type": "string",
        "enum": Interval::ALL.map(Interval::as_str),
        "description": "The length of a candle.",
    });
    Topic as "Topic" = topic;
}

/// A moment as ISO 8601 text, of fields that are written so.
#[derive(Debug)]
pub struct IsoTime;

/// `order_type` in commands: in lower case, or in upper case as in messages.
pub(crate) fn order_type_of_a_command(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<String> = OrderType::ALL
        .iter()
        .flat_map(|order_type| [order_type.as_str().to_owned(), order_type.as_str().to_uppercase()])
        .collect();
    json_schema!({"type": "string", "enum": names})
}

/// Of commands that name an order: by one of its ids, not by both.
pub(crate) fn named_by_one_id() -> Value {
    let named_by = |id: &str| json!({"required": [id], "properties": {id: {"type": "string"}}});
    json!([named_by("order_id"), named_by("client_order_id")])
}

/// Money is written as a number, and read from a text too.
fn decimal(contract: &Contract, about: &str) -> Schema {
    let about = format!("{about} Exact: up to 15 digits before and 12 after the point.");
    match contract {
        Contract::Serialize => json_schema!({"type": "number", "description": about}),
        _ => json_schema!({
            "type": ["number", "string"],
            "pattern": "^-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?$",
            "description": about,
        }),
    }
}

fn text(pattern: &str, about: &str) -> Schema {
    json_schema!({"type": "string", "pattern": pattern, "description": about})
}

fn whole(about: &str) -> Schema {
    json_schema!({"type": "integer", "minimum": 0, "description": about})
}

fn chosen(length_max: usize, about: &str) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": length_max,
        "pattern": PRINTABLE,
        "description": format!("{about} Printable characters."),
    })
}

/// The pattern comes from how the first id of its kind is written.
fn numbered(first: &dyn std::fmt::Display, about: &str) -> Schema {
    let first = first.to_string();
    text(&format!("^{}[0-9]+$", first.trim_end_matches('0')), about)
}

fn topic(contract: &Contract) -> Schema {
    let intervals = Interval::ALL.map(Interval::as_str).join("|");
    let mut names: Vec<String> = vec![
        format!("ticker:{SYMBOL}"),
        format!("candles:{SYMBOL}:({intervals})"),
    ];
    names.extend(Topic::PLAIN.map(|topic| topic.to_string()));
    if contract.is_deserialize() {
        names.push("trades".to_owned());
    }
    text(
        &format!("^({})$", names.join("|")),
        "What can be subscribed to: see `x-topics`.",
    )
}
