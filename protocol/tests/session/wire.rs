//! One connection's frames as they leave the server, checked one by one: nothing of a topic outside its subscription
//! (I7), one answer that ends each command (I8).

use std::collections::{BTreeMap, BTreeSet};
use tickwire_protocol::command::Envelope;
use tickwire_protocol::id::CommandId;
use tickwire_protocol::message::{Body, Message};
use tickwire_protocol::topic::Topic;

#[derive(Debug)]
pub struct Wire {
    subscribed: BTreeSet<Topic>,
    /// Commands that were read, and how many answers have ended each.
    commands: BTreeMap<CommandId, u32>,
    greeted: bool,
    pub frames: u64,
}

impl Wire {
    pub fn new() -> Wire {
        let subscribed = [Topic::Positions, Topic::Portfolio, Topic::Balance].into();
        Wire {
            subscribed,
            commands: BTreeMap::new(),
            greeted: false,
            frames: 0,
        }
    }

    /// The server reads a frame.
    pub fn read(&mut self, text: &str) {
        let id = match Envelope::decode(text) {
            Ok(envelope) => envelope.id,
            Err(bad) => bad.id,
        };
        if let Some(id) = id {
            // The same id may be used again once it is answered, as a desk does that was told to come again.
            self.commands.insert(id, 0);
        }
    }

    /// The server sends a frame.
    pub fn sent(&mut self, message: &Message) {
        self.frames += 1;
        assert_eq!(
            matches!(message.body, Body::ConnectionEstablished(_)),
            !self.greeted,
            "one greeting, and first"
        );
        self.greeted = true;
        if let Some(id) = &message.head.id {
            let ended = self
                .commands
                .get_mut(id)
                .unwrap_or_else(|| panic!("nobody asked {id}"));
            assert_eq!(
                *ended,
                0,
                "I8: {} comes after {id} had its answer",
                message.body.kind()
            );
            if matches!(message.body, Body::Ack(_) | Body::Error(_) | Body::Pong(_)) {
                *ended += 1;
            }
        }
        let Some(topic) = message.head.topic else {
            return;
        };
        match message.body {
            Body::Subscribed(_) => {
                self.subscribed.insert(topic);
            }
            Body::Unsubscribed(_) => {
                assert!(self.subscribed.remove(&topic), "{topic} was not subscribed");
            }
            _ => {
                let is_answer = message.head.id.is_some();
                assert!(
                    is_answer || self.subscribed.contains(&topic),
                    "I7: {topic} is not subscribed"
                );
            }
        }
    }

    /// Nothing is under way any more: every command that was read has its answer.
    pub fn settled(&self) {
        for (id, ended) in &self.commands {
            assert_eq!(*ended, 1, "I8: {id} has no answer");
        }
    }

    pub fn is_subscribed(&self, topic: Topic) -> bool {
        self.subscribed.contains(&topic)
    }
}
