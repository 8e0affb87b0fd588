//! Older clients: the frames of the systems that the desk took over from, spoken at the socket's edge.
//!
//! A [`Dialect`] says whose frames; a [`Translator`] stands between one connection's socket and its session machine.
//! Each frame of the client becomes one command of the desk's own protocol, so that order, rate limit and size limit hold
//! as for everybody; each message of the desk becomes no, one or several frames of the old kind. It decides nothing: what
//! is sent and when stays the machine's.

mod incoming;
mod outgoing;
mod positions;
mod s0;
mod s2;
mod s3;
mod s4;
#[cfg(test)]
mod tests;
mod write;

use incoming::Then;
use positions::Told;
use std::collections::{BTreeMap, BTreeSet};
use tickwire_protocol::command::{Command, Envelope, Subscribe};
use tickwire_protocol::frame::Frame;
use tickwire_protocol::id::CommandId;
use tickwire_protocol::message::Body;
use tickwire_protocol::money::Amount;
use tickwire_protocol::topic::{Topic, TopicClass};
use write::Names;

/// Whose frames a connection speaks, where it does not speak the desk's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Balance and positions every few seconds, from `initial_balance` on.
    S0,
    /// One position a frame, decimals as text, times in ISO 8601.
    S2,
    /// A venue's private stream: `op` frames, topics `order`, `position` and `execution`.
    S3,
    /// `{type, data, timestamp}` by channels, `dashboard` among them.
    S4,
}

/// Where the older servers were reached, and what they spoke there.
pub const PATHS: [(&str, Dialect); 2] = [("/ws", Dialect::S2), ("/v5/private", Dialect::S3)];

/// The names in `?dialect=`. `s1` is what the desk's own protocol grew from, so its frames are the desk's.
const NAMES: [(&str, Option<Dialect>); 5] = [
    ("s0", Some(Dialect::S0)),
    ("s1", None),
    ("s2", Some(Dialect::S2)),
    ("s3", Some(Dialect::S3)),
    ("s4", Some(Dialect::S4)),
];

/// The dialect in the query is none of those that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such dialect; ?dialect= is one of s0, s1, s2, s3 and s4")]
pub struct UnknownDialect;

impl Dialect {
    /// The dialect that a query asks for, or else that of the path.
    pub fn chosen(of_path: Option<Dialect>, query: Option<&str>) -> Result<Option<Dialect>, UnknownDialect> {
        let mut asked = query
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.strip_prefix("dialect="));
        let Some(name) = asked.next() else {
            return Ok(of_path);
        };
        NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, dialect)| *dialect)
            .ok_or(UnknownDialect)
    }

    /// Whether its clients show who they are in a first frame.
    pub fn has_login(self) -> bool {
        self == Dialect::S3
    }

    /// What a frame of a client asks for; nothing where it is none of the dialect's own.
    pub fn command(self, text: &str) -> Option<Command> {
        incoming::read(self, text).map(|(command, _)| command)
    }

    /// The names that its clients know topics by; the first of each topic is the one that errors name.
    const fn channels(self) -> &'static [(&'static str, Topic)] {
        match self {
            Dialect::S0 => s0::CHANNELS,
            Dialect::S2 => s2::CHANNELS,
            Dialect::S3 => s3::CHANNELS,
            Dialect::S4 => s4::CHANNELS,
        }
    }

    fn topics(self) -> BTreeSet<Topic> {
        self.channels().iter().map(|(_, topic)| *topic).collect()
    }
}

/// Speaks a dialect on one connection.
#[derive(Debug)]
pub struct Translator {
    dialect: Dialect,
    /// Names the connection, for dialects that tell it.
    session: String,
    names: Names,
    /// What the client named of the dialect's topics; all of them until it names any.
    wanted: Option<BTreeSet<Topic>>,
    /// The topics that the machine sends.
    flowing: BTreeSet<Topic>,
    /// Commands that stand for frames of the client, until their answer comes. The machine reads no frame while many
    /// answers wait, which bounds them.
    pending: BTreeMap<CommandId, Then>,
    next_id: u64,
    positions: Told,
    equity: Option<(Amount, Amount)>,
    balance_told: bool,
    status_told: bool,
}

impl Translator {
    /// A translator for a connection that has just been accepted. `instruments` is the message that lists them.
    pub fn new(dialect: Dialect, session: String, instruments: &Frame) -> Translator {
        let instruments = match &instruments.message().body {
            Body::Instruments(list) => list.instruments.as_slice(),
            _ => &[],
        };
        Translator {
            dialect,
            session,
            names: Names::new(instruments),
            // The venue's stream is silent until it is asked.
            wanted: (dialect == Dialect::S3).then(BTreeSet::new),
            flowing: BTreeSet::from(Topic::UNASKED),
            pending: BTreeMap::new(),
            next_id: 0,
            positions: Told::default(),
            equity: None,
            balance_told: false,
            status_told: false,
        }
    }

    /// The commands that the older server carried out for every client unasked.
    pub fn opening(&mut self) -> Vec<String> {
        let questions = match self.dialect {
            Dialect::S0 => vec![Command::GetBalance, Command::GetDashboard],
            Dialect::S2 => vec![Command::GetRisk],
            Dialect::S3 => return Vec::new(),
            Dialect::S4 => Vec::new(),
        };
        let topics = self.dialect.topics();
        let subscribe = Subscribe {
            topics: topics.difference(&self.flowing).copied().collect(),
            ..Subscribe::default()
        };
        let commands = questions.into_iter().chain([Command::Subscribe(subscribe)]);
        commands
            .map(|command| self.standing_for(command, Then::Nothing))
            .collect()
    }

    /// A frame of the client as a command of the desk. What is none of the dialect's is handed on as it is: it is a command
    /// of the desk's own, or the machine says what is wrong with it.
    pub fn incoming(&mut self, text: &str, bytes_max: usize) -> String {
        if text.len() > bytes_max {
            return text.to_owned();
        }
        match incoming::read(self.dialect, text) {
            None => text.to_owned(),
            Some((mut command, then)) => {
                if let Command::Subscribe(body) = &mut command {
                    // A lossless topic that is subscribed anew goes on after its last message: what is on its way would
                    // be lost. State is told anew, so that whoever asks has a value at once.
                    body.topics
                        .retain(|topic| topic.class() == TopicClass::State || !self.flowing.contains(topic));
                }
                self.standing_for(command, then)
            }
        }
    }

    /// A command under an id of the translator's own, by which its answer is known.
    fn standing_for(&mut self, command: Command, then: Then) -> String {
        self.next_id += 1;
        let id = CommandId::new(&format!("dialect:{}", self.next_id))
            .expect("a number of 20 digits at most is short and printable");
        self.pending.insert(id.clone(), then);
        Envelope::new(id, command).encode()
    }

    fn wants(&self, topic: Topic) -> bool {
        match &self.wanted {
            Some(wanted) => wanted.contains(&topic),
            None => self.dialect.channels().iter().any(|(_, known)| *known == topic),
        }
    }
}
