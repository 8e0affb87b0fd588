//! Commands that were not carried out, or of which nobody knows.

use tickwire_protocol::error::ErrorCode;
use tickwire_protocol::id::ClientOrderId;
use tickwire_protocol::message::{ErrorBody, Outcome};

/// Why a command has no `ACK`.
///
/// Of what changes an account [`Refused::outcome`] is always there. Where it is [`Outcome::Unknown`] the command may have
/// been carried out: send it again with the same `client_order_id`, or look at what the topic `orders` says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
#[non_exhaustive]
pub struct Refused {
    /// The stable code.
    pub code: ErrorCode,
    /// What is wrong and what to do, for people.
    pub message: String,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// Whether the same command may succeed later, unchanged.
    pub retryable: bool,
    /// The id that the command was sent under, of those that can have one.
    pub client_order_id: Option<ClientOrderId>,
}

impl Refused {
    /// A command that is not known to have been carried out, because the desk was shut down first.
    pub(crate) fn gone(outcome: Outcome) -> Refused {
        Refused {
            code: ErrorCode::Unavailable,
            message: "the desk was shut down, or the server closed it for good, before the answer came"
                .to_owned(),
            outcome: Some(outcome),
            retryable: false,
            client_order_id: None,
        }
    }

    /// A question that has no answer but its `ACK`.
    pub(crate) fn no_data() -> Refused {
        Refused {
            code: ErrorCode::InvalidField,
            message: "nothing but an ACK answers this command; use `request` for it".to_owned(),
            outcome: None,
            retryable: false,
            client_order_id: None,
        }
    }

    /// Whether it may have been carried out all the same.
    pub fn is_unknown(&self) -> bool {
        self.outcome == Some(Outcome::Unknown)
    }
}

impl From<ErrorBody> for Refused {
    fn from(error: ErrorBody) -> Refused {
        Refused {
            code: error.code,
            message: error.message,
            outcome: error.outcome,
            retryable: error.retryable,
            client_order_id: error.client_order_id,
        }
    }
}
