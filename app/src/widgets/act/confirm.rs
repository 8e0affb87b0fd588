//! The question before what cannot be taken back: one native dialog for the whole desk, which holds the focus and goes
//! away by Escape. Closing or cancelling one thing never asks; what asks can be switched off, save resuming.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use tickwire_protocol::command::RESUME_WORD;
use web_sys::HtmlDialogElement;

use crate::derived::react;
use crate::plain::{Plain, el};

/// What asks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Risky {
    /// Close all positions and cancel all orders.
    Flatten,
    /// Turn a position.
    Reverse,
    /// Cancel all orders.
    CancelAll,
    /// The kill switch.
    Stop,
    /// Lift a pause or a stop: a word has to be typed.
    Resume,
    /// A market order that is large for the account, or one at a high leverage.
    LargeOrder,
}

impl Risky {
    /// Its name in the settings that `public/desk.js` keeps.
    pub const fn key(self) -> &'static str {
        match self {
            Risky::Flatten => "flatten",
            Risky::Reverse => "reverse",
            Risky::CancelAll => "cancel-all",
            Risky::Stop => "stop",
            Risky::Resume => "resume",
            Risky::LargeOrder => "large-order",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Risky::Flatten => "Flatten all",
            Risky::Reverse => "Reverse",
            Risky::CancelAll => "Cancel all orders",
            Risky::Stop => "Stop trading",
            Risky::Resume => "Resume trading",
            Risky::LargeOrder => "Large order",
        }
    }

    /// What the button of the yes says.
    const fn yes(self) -> &'static str {
        match self {
            Risky::LargeOrder => "Place the order",
            _ => self.title(),
        }
    }

    /// Whether the reader wants to be asked.
    fn asks(self) -> bool {
        let root = document().document_element();
        let off = root.and_then(|root| root.get_attribute("data-unasked"));
        self == Risky::Resume || !off.is_some_and(|off| off.split(' ').any(|key| key == self.key()))
    }
}

/// A question about one command.
pub struct Question {
    /// What it is about.
    pub about: Risky,
    /// The question in words, with the numbers of the moment.
    pub text: Box<dyn Fn() -> String + Send + Sync>,
}

/// Goes on after a yes.
type Go = Arc<dyn Fn() + Send + Sync>;

#[derive(Clone)]
struct Asked {
    about: Risky,
    text: String,
    go: Go,
}

/// The questions of the desk.
#[derive(Clone, Copy)]
pub struct Questions(RwSignal<Option<Asked>>);

impl Questions {
    /// Asks, and goes on where the answer is yes; at once where the reader does not want to be asked.
    pub fn ask(&self, question: &Question, go: Go) {
        let about = question.about;
        if about.asks() {
            let text = (question.text)();
            self.0.set(Some(Asked { about, text, go }));
        } else {
            go();
        }
    }
}

/// Makes the questions available to every component.
pub fn provide_questions() {
    provide_context(Questions(RwSignal::new(None)));
}

/// The questions of the desk.
pub fn use_questions() -> Questions {
    expect_context::<Questions>()
}

/// The one dialog of the desk.
pub fn confirm_dialog() -> Plain {
    let asked = use_questions().0;
    let typed = RwSignal::new(String::new());
    react(move || {
        let is_open = asked.with(Option::is_some);
        let Some(dialog) = document().get_element_by_id("confirm") else {
            return;
        };
        let dialog: HtmlDialogElement = dialog.unchecked_into();
        if is_open && !dialog.open() {
            typed.set(String::new());
            // It is in the page and not open, so it can be shown.
            let _ = dialog.show_modal();
        } else if !is_open && dialog.open() {
            dialog.close();
        }
    });
    let about = move || asked.with(|asked| asked.as_ref().map(|asked| asked.about));
    let title = move || about().map_or("", Risky::title).to_owned();
    let yes_words = move || about().map_or("", Risky::yes).to_owned();
    let is_off = move || about() == Some(Risky::Resume) && typed.with(|typed| typed != RESUME_WORD);
    let yes = move || {
        if untrack(is_off) {
            return;
        }
        let answered = asked.get_untracked();
        asked.set(None);
        if let Some(answered) = answered {
            (answered.go)();
        }
    };
    let word = el("label")
        .class("small-field")
        .flag("hidden", move || about() != Some(Risky::Resume))
        .with(vec![
            el("span").text("Type RESUME"),
            el("input")
                .attr("type", "text")
                .attr("autocomplete", "off")
                .bound(typed),
        ]);
    let choice = el("div").class("confirm-choice").with(vec![
        el("button")
            .attr("type", "button")
            .class("button")
            .on("click", move |_| asked.set(None))
            .text("Keep as it is"),
        el("button")
            .attr("type", "submit")
            .class("button danger")
            .flag("disabled", is_off)
            .says(yes_words),
    ]);
    let text = move || {
        asked.with(|asked| {
            asked
                .as_ref()
                .map_or_else(String::new, |asked| asked.text.clone())
        })
    };
    el("dialog")
        .attr("id", "confirm")
        .class("confirm")
        .attr("aria-labelledby", "confirm-title")
        .on("close", move |_| asked.set(None))
        .with(vec![
            el("form")
                .on("submit", move |event| {
                    event.prevent_default();
                    yes();
                })
                .with(vec![
                    el("h2").attr("id", "confirm-title").says(title),
                    el("p").says(text),
                    word,
                    choice,
                ]),
        ])
}
