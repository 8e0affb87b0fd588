//! What an older client says, as a command of the desk's own protocol.

use super::Dialect;
use serde_json::{Map, Value};
use tickwire_protocol::access::AccessToken;
use tickwire_protocol::command::{Authenticate, Command, Subscribe};
use tickwire_protocol::topic::Topic;

/// The longest `req_id` that is echoed, in characters.
const REQUEST_LENGTH_MAX: usize = 64;

/// What to say when the command that stands for a frame is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Nothing: it was the translator's own.
    Nothing,
    /// The dialect's answer to a ping.
    Pong(Request),
    /// `pong`, to the bare word `ping`.
    PlainPong,
    /// These topics are wanted, too.
    Subscribed(Vec<Topic>, Request),
    /// These topics are not wanted any more.
    Unsubscribed(Vec<Topic>, Request),
    /// The login that the older server asked for: one of the desk's, or else taken as given.
    LoggedIn(Request),
    /// The frame is one of the dialect's but not right, for this reason.
    Refused(String, Request),
}

/// How the answer names the frame that it is to, in dialects where it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    pub op: String,
    pub id: Option<String>,
}

/// Reads a frame: the command of the desk that it stands for, and what to say when that is carried out. `None` for what is
/// none of the dialect's: a command of the desk's own, or none at all.
pub(super) fn read(dialect: Dialect, text: &str) -> Option<(Command, Then)> {
    if text.trim() == "ping" {
        return Some((Command::Pong, Then::PlainPong));
    }
    let Ok(Value::Object(frame)) = serde_json::from_str::<Value>(text) else {
        return None;
    };
    if frame.contains_key("action") {
        return None;
    }
    let key = match dialect {
        Dialect::S3 => "op",
        Dialect::S0 | Dialect::S2 | Dialect::S4 => "type",
    };
    let verb = frame.get(key).and_then(Value::as_str)?;
    let request = Request {
        op: verb.to_owned(),
        id: request_id(&frame),
    };
    Some(match verb {
        "ping" => (Command::Pong, Then::Pong(request)),
        "auth" if dialect == Dialect::S3 => match token(&frame) {
            Some(token) => (
                Command::Authenticate(Authenticate { token }),
                Then::LoggedIn(request),
            ),
            // The key and the signature are of a venue's account, which is nothing to the desk: they are not looked at.
            None => (Command::Pong, Then::LoggedIn(request)),
        },
        "subscribe" | "unsubscribe" => match topics(dialect, &frame) {
            Err(reason) => (Command::Pong, Then::Refused(reason, request)),
            Ok(topics) if verb == "subscribe" => {
                let subscribe = Subscribe {
                    topics: topics.clone(),
                    ..Subscribe::default()
                };
                (Command::Subscribe(subscribe), Then::Subscribed(topics, request))
            }
            Ok(topics) => (
                Command::Unsubscribe(topics.clone()),
                Then::Unsubscribed(topics, request),
            ),
        },
        _ => return None,
    })
}

/// An access token in the place of a venue's key, which has no dots.
fn token(frame: &Map<String, Value>) -> Option<AccessToken> {
    let key = frame.get("args")?.get(0)?.as_str()?;
    (key.split('.').count() == 3).then(|| AccessToken::new(key))
}

fn request_id(frame: &Map<String, Value>) -> Option<String> {
    let id = frame.get("req_id")?.as_str()?;
    Some(id.chars().take(REQUEST_LENGTH_MAX).collect())
}

/// The topics that a frame names, each once.
fn topics(dialect: Dialect, frame: &Map<String, Value>) -> Result<Vec<Topic>, String> {
    let mut topics = Vec::new();
    for name in named(frame).unwrap_or_default() {
        let known = dialect.channels().iter().find(|(known, _)| *known == name);
        let Some((_, topic)) = known else {
            let shown: String = name.chars().take(40).collect();
            return Err(format!("no channel {shown:?}; channels are {}", listed(dialect)));
        };
        if !topics.contains(topic) {
            topics.push(*topic);
        }
    }
    if topics.is_empty() {
        return Err(format!("no channel is named; channels are {}", listed(dialect)));
    }
    Ok(topics)
}

/// The channels that a frame names, wherever the older clients put them: beside the verb, or in `data`.
fn named(frame: &Map<String, Value>) -> Option<Vec<&str>> {
    let value = ["channels", "channel", "topics", "args", "data"]
        .iter()
        .find_map(|key| frame.get(*key))?;
    match value {
        Value::String(name) => Some(vec![name]),
        Value::Array(names) => names.iter().map(Value::as_str).collect(),
        Value::Object(inner) if !inner.contains_key("data") => named(inner),
        _ => None,
    }
}

fn listed(dialect: Dialect) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut seen = Vec::new();
    for (name, topic) in dialect.channels() {
        if !seen.contains(topic) {
            seen.push(*topic);
            names.push(name);
        }
    }
    names.join(", ")
}
