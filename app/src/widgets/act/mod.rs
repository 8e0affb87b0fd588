//! Commands out of rows and heads: a button, what became of it, and the question before it where a slip costs money.
//!
//! A command that was sent never goes silently: it is pending, done, refused with the server's sentence, or not known
//! yet because the connection was lost; then it is asked again.

mod confirm;

pub use confirm::{Question, Risky, confirm_dialog, provide_questions, use_questions};

use std::sync::Arc;

use leptos::prelude::*;
use tickwire_protocol::command::{Command, Instruction};
use tickwire_protocol::message::Outcome;
use tickwire_protocol::session::client::Link;

use crate::plain::{Plain, el};
use crate::realtime::{Answer, Store, UseRealtime, use_realtime};
use crate::widgets::order_ticket::outcome::capitalised;

/// The last command out of a row, or out of the head of a panel.
#[derive(Clone, Copy)]
pub struct Deed {
    realtime: UseRealtime,
    is_idle: fn(&Store) -> bool,
    sent: RwSignal<Option<(Action, Answer)>>,
}

/// What a button does, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// On the button: `Cancel`.
    pub label: &'static str,
    /// While it waits for its answer: `Cancelling…`.
    pub doing: &'static str,
    /// Once it is done; empty where the desk shows it anyway.
    pub done: &'static str,
    /// What the css tells buttons apart by.
    pub class: &'static str,
}

/// What to send; nothing where it cannot be said at the moment.
pub type Make = Box<dyn Fn() -> Option<Instruction> + Send + Sync>;

/// Hears the answer of what was sent.
pub type Heard = Option<Arc<dyn Fn(Answer) + Send + Sync>>;

impl Deed {
    /// Nothing was sent yet.
    pub fn new() -> Deed {
        Deed {
            realtime: use_realtime(),
            is_idle: |_| false,
            sent: RwSignal::new(None),
        }
    }

    /// The same, and off as long as there is nothing to do.
    pub fn idle_where(self, is_idle: fn(&Store) -> bool) -> Deed {
        Deed { is_idle, ..self }
    }

    /// Sends a command.
    pub fn send(&self, action: Action, instruction: Instruction) -> Answer {
        let answer = self.realtime.send(Command::Instruct(instruction));
        self.sent.set(Some((action, answer.clone())));
        answer
    }

    /// Whether a command of a row or a head cannot be sent: the reader may only see, one waits for its answer, the desk is
    /// not live, or there is nothing to do.
    pub fn is_off(&self) -> bool {
        !self.realtime.may_act
            || self.kind() == "pending"
            || !self.realtime.is_live()
            || (self.is_idle)(&self.realtime.store)
    }

    fn label_of(&self, action: Action) -> &'static str {
        let is_doing = self.kind() == "pending"
            && self
                .sent
                .with(|sent| sent.as_ref().is_some_and(|sent| sent.0 == action));
        if is_doing { action.doing } else { action.label }
    }

    /// `pending`, `done`, `failed` or `unknown`; empty where nothing was sent.
    pub fn kind(&self) -> &'static str {
        self.sent.with(|sent| match sent {
            None => "",
            Some((_, answer)) => answer.with(|answer| match answer {
                None => "pending",
                Some(Ok(_)) => "done",
                Some(Err(error)) if error.outcome == Some(Outcome::Unknown) => "unknown",
                Some(Err(_)) => "failed",
            }),
        })
    }

    /// What became of it, as a sentence.
    pub fn text(&self) -> String {
        let link = self.realtime.status.link.get();
        self.sent.with(|sent| match sent {
            None => String::new(),
            Some((action, answer)) => answer.with(|answer| match answer {
                None if matches!(link, Link::Live | Link::Lagging { .. }) => action.doing.to_owned(),
                None => [
                    action.label,
                    ": not known yet, the connection was lost; asking again as soon as it is back.",
                ]
                .concat(),
                Some(Ok(_)) => action.done.to_owned(),
                Some(Err(error)) => {
                    let sentence = capitalised(&error.message);
                    match error.outcome {
                        Some(Outcome::Unknown) => ["Outcome unknown: ", &sentence].concat(),
                        _ => sentence,
                    }
                }
            }),
        })
    }

    /// What became of it, said aloud; it takes no room while there is nothing to say.
    pub fn notice(self) -> Plain {
        el("p")
            .class("notice")
            .attr("role", "status")
            .attr("aria-live", "polite")
            .live("data-kind", move || Some(self.kind().to_owned()))
            .says(move || self.text())
    }

    /// A button that sends a command, after a question where there is one.
    pub fn button(self, action: Action, name: &str, question: Option<Question>, make: Make) -> Plain {
        self.heard_button(action, name, question, make, None)
    }

    /// The same, and somebody hears the answer.
    pub fn heard_button(
        self,
        action: Action,
        name: &str,
        question: Option<Question>,
        make: Make,
        heard: Heard,
    ) -> Plain {
        let questions = use_questions();
        let click = move || {
            let Some(instruction) = make() else {
                return;
            };
            let heard = heard.clone();
            let go = Arc::new(move || {
                let answer = self.send(action, instruction.clone());
                if let Some(heard) = &heard {
                    heard(answer);
                }
            });
            match &question {
                Some(question) => questions.ask(question, go),
                None => go(),
            }
        };
        el("button")
            .attr("type", "button")
            .class(&["button act ", action.class].concat())
            .attr("aria-label", name)
            .flag("disabled", move || self.is_off())
            .on("click", move |_| click())
            .says(move || self.label_of(action).to_owned())
    }
}

impl Default for Deed {
    fn default() -> Deed {
        Deed::new()
    }
}
