//! What the desk says, as frames of an older kind.

use super::incoming::{Request, Then};
use super::{Dialect, Translator, s0, s2, s3, s4};
use std::collections::BTreeSet;
use tickwire_protocol::clock::TimestampMs;
use tickwire_protocol::error::ErrorCode;
use tickwire_protocol::message::{Body, ErrorBody, Message};
use tickwire_protocol::session::server::Outgoing;
use tickwire_protocol::topic::Topic;

impl Translator {
    /// The text frames to send in place of one of the desk's own.
    pub fn outgoing(&mut self, outgoing: &Outgoing) -> Vec<String> {
        match outgoing {
            Outgoing::Text(text) => {
                // The machine wrote it a moment ago, so it can be read.
                let message = std::str::from_utf8(text)
                    .ok()
                    .and_then(|text| Message::decode(text).ok());
                message.map_or_else(Vec::new, |message| self.said(&message))
            }
            // An older kind has no words for a part of a value, so it gets the whole.
            Outgoing::Frame(frame) | Outgoing::Changes { frame, .. } => self.told(frame.message()),
            Outgoing::Answer(frame, id) if self.pending.contains_key(id) => self.told(frame.message()),
            Outgoing::Answer(frame, id) => {
                let mut message = frame.message().clone();
                message.head.id = Some(id.clone());
                vec![message.encode()]
            }
            Outgoing::Ping | Outgoing::Fetch(_) | Outgoing::Engine(_) | Outgoing::Close(_) => Vec::new(),
        }
    }

    /// A message that was made for this connection.
    fn said(&mut self, message: &Message) -> Vec<String> {
        let at = message.head.timestamp;
        match (message.head.topic, &message.body) {
            (Some(topic), Body::Subscribed(_)) => _ = self.flowing.insert(topic),
            (Some(topic), Body::Unsubscribed(_)) => _ = self.flowing.remove(&topic),
            _ => {}
        }
        let Some(id) = &message.head.id else {
            return match &message.body {
                Body::Error(error) => self.refusal(error, &Request::default(), at),
                _ => self.told(message),
            };
        };
        if !self.pending.contains_key(id) {
            // Whoever sends the desk's own commands under an id gets the desk's own answers.
            return vec![message.encode()];
        }
        match &message.body {
            Body::Ack(_) | Body::AuthOk(_) => {
                let then = self.pending.remove(id).unwrap_or(Then::Nothing);
                self.carried_out(then, at)
            }
            Body::Error(error) => match self.pending.remove(id) {
                // Asked by the translator itself; the topic tells it as soon as it is there.
                Some(Then::Nothing) if error.code == ErrorCode::Unavailable => Vec::new(),
                Some(
                    Then::Pong(request)
                    | Then::Subscribed(_, request)
                    | Then::Unsubscribed(_, request)
                    | Then::LoggedIn(request)
                    | Then::Refused(_, request),
                ) => self.refusal(error, &request, at),
                _ => self.refusal(error, &Request::default(), at),
            },
            _ => self.told(message),
        }
    }

    fn carried_out(&mut self, then: Then, at: TimestampMs) -> Vec<String> {
        match then {
            Then::Nothing => Vec::new(),
            Then::PlainPong => vec!["pong".to_owned()],
            Then::Pong(request) => vec![match self.dialect {
                Dialect::S0 => s0::pong(),
                Dialect::S2 => s2::pong(at),
                Dialect::S3 => s3::pong(&request, &self.session, at),
                Dialect::S4 => s4::pong(at),
            }],
            Then::Subscribed(topics, request) => {
                if topics.contains(&Topic::Positions) {
                    self.positions.tell_again();
                }
                let wanted = self.wanted.get_or_insert_with(BTreeSet::new);
                wanted.extend(topics);
                self.confirmed(&request)
            }
            Then::Unsubscribed(topics, request) => {
                let dialect = self.dialect;
                let wanted = self.wanted.get_or_insert_with(|| dialect.topics());
                wanted.retain(|topic| !topics.contains(topic));
                self.confirmed(&request)
            }
            Then::LoggedIn(request) => self.confirmed(&request),
            Then::Refused(reason, request) => {
                let error = ErrorBody {
                    code: ErrorCode::UnknownTopic,
                    message: reason,
                    retryable: false,
                    retry_after_ms: None,
                    client_order_id: None,
                    outcome: None,
                };
                self.refusal(&error, &request, at)
            }
        }
    }

    /// Only the venue's stream confirms what was asked for; the data are the answer of the others.
    fn confirmed(&self, request: &Request) -> Vec<String> {
        match self.dialect {
            Dialect::S3 => vec![s3::confirmed(request, &self.session)],
            Dialect::S0 | Dialect::S2 | Dialect::S4 => Vec::new(),
        }
    }

    fn refusal(&self, error: &ErrorBody, request: &Request, at: TimestampMs) -> Vec<String> {
        vec![match self.dialect {
            Dialect::S0 => s0::refused(error),
            Dialect::S2 => s2::refused(error, at),
            Dialect::S3 => s3::refused(error, request, &self.session),
            Dialect::S4 => s4::refused(error, at),
        }]
    }

    /// A message that others get too, or the greeting.
    pub(super) fn told(&mut self, message: &Message) -> Vec<String> {
        let topic = match message.head.topic {
            Some(topic) => Some(topic),
            None => subject(&message.body),
        };
        let at = message.head.timestamp;
        match topic {
            Some(topic) if self.wants(topic) => match self.dialect {
                Dialect::S0 => self.in_s0(&message.body),
                Dialect::S2 => self.in_s2(message),
                Dialect::S3 => self.in_s3(message),
                Dialect::S4 => s4::frames(&message.body, at),
            },
            // The desk sends these to everybody, and the older server had them not.
            Some(topic) if Topic::UNASKED.contains(&topic) => Vec::new(),
            Some(topic) if self.dialect.topics().contains(&topic) => Vec::new(),
            // It was asked for by one of the desk's own commands.
            Some(_) if message.head.topic.is_some() && is_data(&message.body) => vec![message.encode()],
            Some(_) => Vec::new(),
            None => match (&message.body, self.dialect) {
                (Body::ConnectionEstablished(greeting), Dialect::S2) => {
                    vec![s2::greeting(&greeting.message, at)]
                }
                _ => Vec::new(),
            },
        }
    }
}

/// What a message without a topic is about, where that is a topic.
fn subject(body: &Body) -> Option<Topic> {
    Some(match body {
        Body::PositionUpdate(_) => Topic::Positions,
        Body::OrderUpdate(_) | Body::Orders(_) => Topic::Orders,
        Body::Executions(_) => Topic::Executions,
        Body::RiskStatusUpdate(_) => Topic::Risk,
        Body::Alerts(_) => Topic::Alerts,
        Body::Logs(_) => Topic::Logs,
        _ => return None,
    })
}

fn is_data(body: &Body) -> bool {
    !matches!(
        body,
        Body::Subscribed(_) | Body::Unsubscribed(_) | Body::Resumed(_) | Body::Reset(_)
    )
}
