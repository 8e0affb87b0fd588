//! Commands out of rows and heads: a button, what became of it, and the question before it where a slip costs money.
//!
//! A command that was sent never goes silently: it is pending, done, refused with the server's sentence, or not known
//! yet because the connection was lost; then it is asked again.

mod confirm;

pub use confirm::{ConfirmDialog, Question, Risky, provide_questions};

use leptos::prelude::*;
use tickwire_protocol::command::{Command, Instruction};
use tickwire_protocol::message::Outcome;
use tickwire_protocol::session::client::Link;

use crate::derived::{Text, derived};
use crate::realtime::{Answer, UseRealtime, use_realtime};
use crate::widgets::order_ticket::outcome::capitalised;
use confirm::use_questions;

/// The last command out of a row, or out of the head of a panel.
#[derive(Clone, Copy)]
pub struct Deed {
    realtime: UseRealtime,
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

impl Deed {
    /// Nothing was sent yet.
    pub fn new() -> Deed {
        Deed {
            realtime: use_realtime(),
            sent: RwSignal::new(None),
        }
    }

    /// Sends a command.
    pub fn send(&self, action: Action, instruction: Instruction) -> Answer {
        let answer = self.realtime.send(Command::Instruct(instruction));
        self.sent.set(Some((action, answer.clone())));
        answer
    }

    /// Whether a command waits for its answer.
    pub fn is_pending(&self) -> bool {
        self.sent
            .with(|sent| sent.as_ref().is_some_and(|sent| sent.1.with(Option::is_none)))
    }

    /// Whether it was carried out.
    pub fn is_done(&self) -> bool {
        self.kind() == "done"
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
        let is_connected = matches!(self.realtime.status.link.get(), Link::Live | Link::Lagging { .. });
        self.sent.with(|sent| match sent {
            None => String::new(),
            Some((action, answer)) => answer.with(|answer| match answer {
                None if is_connected => action.doing.to_owned(),
                None => [
                    action.label,
                    ": not known yet, the connection was lost; asking again as soon as it is back.",
                ]
                .concat(),
                Some(Ok(_)) => action.done.to_owned(),
                Some(Err(error)) if error.outcome == Some(Outcome::Unknown) => {
                    ["Outcome unknown: ", &error.message, "."].concat()
                }
                Some(Err(error)) => capitalised(&error.message),
            }),
        })
    }

    /// [`Deed::kind`] and [`Deed::text`] as signals.
    pub fn told(self) -> (Memo<&'static str>, Text) {
        (derived(move || self.kind()), derived(move || self.text()))
    }
}

impl Default for Deed {
    fn default() -> Deed {
        Deed::new()
    }
}

/// What to send; nothing where it cannot be said at the moment.
pub type Make = Box<dyn Fn() -> Option<Instruction> + Send + Sync>;

/// Hears the answer of what was sent.
pub type Heard = Option<Callback<Answer>>;

/// A button that sends a command, after a question where there is one.
pub fn act(
    deed: Deed,
    action: Action,
    name: String,
    question: Option<Question>,
    make: Make,
) -> impl IntoView {
    act_heard(deed, action, name, question, make, None)
}

/// The same, and somebody hears the answer.
pub fn act_heard(
    deed: Deed,
    action: Action,
    name: String,
    question: Option<Question>,
    make: Make,
    heard: Heard,
) -> impl IntoView {
    let questions = use_questions();
    let is_mine = move || {
        deed.sent
            .with(|sent| sent.as_ref().is_some_and(|sent| sent.0 == action))
    };
    let is_off = derived(move || deed.is_pending() || !deed.realtime.is_live());
    let label = derived(move || match deed.is_pending() && is_mine() {
        true => action.doing,
        false => action.label,
    });
    let click = move |_| {
        let Some(instruction) = make() else {
            return;
        };
        let go = Callback::new(move |()| {
            let answer = deed.send(action, instruction.clone());
            if let Some(heard) = heard {
                heard.run(answer);
            }
        });
        match &question {
            Some(question) => questions.ask(question, go),
            None => go.run(()),
        }
    };
    view! {
        <button type="button" class=["button act ", action.class].concat() disabled=is_off aria-label=name on:click=click>
            {label}
        </button>
    }
}

/// What became of the last command, said aloud.
#[component]
pub fn Notice(
    /// The command.
    deed: Deed,
) -> impl IntoView {
    let (kind, text) = deed.told();
    view! { <p class="notice" role="status" aria-live="polite" data-kind=kind>{text}</p> }
}
