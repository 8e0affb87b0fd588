//! How an `ACK` is read: field by field, where serde's `flatten` would keep all of them aside first, in types of its own
//! that the browser would have to carry.

use super::{Ack, Outcome};
use crate::command::Report;
use crate::id::{AlertId, ClientOrderId, OrderId, PositionId};
use crate::order::{OrderReason, OrderStatus};
use serde::Deserialize;

/// The fields of an [`Ack`] and of its report.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Fields {
    action: String,
    #[serde(default)]
    outcome: Option<Outcome>,
    #[serde(default)]
    client_order_id: Option<ClientOrderId>,
    #[serde(default)]
    order_id: Option<OrderId>,
    #[serde(default)]
    order_ids: Vec<OrderId>,
    #[serde(default)]
    status: Option<OrderStatus>,
    #[serde(default)]
    reason: Option<OrderReason>,
    #[serde(default)]
    duplicate: Option<bool>,
    #[serde(default)]
    position_id: Option<PositionId>,
    #[serde(default)]
    alert_id: Option<AlertId>,
}

impl From<Fields> for Ack {
    fn from(fields: Fields) -> Ack {
        Ack {
            action: fields.action,
            outcome: fields.outcome,
            report: Report {
                client_order_id: fields.client_order_id,
                order_id: fields.order_id,
                order_ids: fields.order_ids,
                status: fields.status,
                reason: fields.reason,
                duplicate: fields.duplicate,
                position_id: fields.position_id,
                alert_id: fields.alert_id,
            },
        }
    }
}
