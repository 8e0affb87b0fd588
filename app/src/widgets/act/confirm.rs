//! The question before what cannot be taken back: one native dialog for the whole desk, which holds the focus and goes
//! away by Escape. Closing or cancelling one thing never asks; what asks can be switched off, save resuming.

use leptos::html;
use leptos::prelude::*;
use tickwire_protocol::command::RESUME_WORD;

use crate::derived::{derived, react};

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
    /// A market order that is large for the account.
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
            Risky::LargeOrder => "Large market order",
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

#[derive(Clone)]
struct Asked {
    about: Risky,
    text: String,
    go: Callback<()>,
}

/// The questions of the desk.
#[derive(Clone, Copy)]
pub struct Questions(RwSignal<Option<Asked>>);

impl Questions {
    /// Asks, and goes on where the answer is yes; at once where the reader does not want to be asked.
    pub fn ask(&self, question: &Question, go: Callback<()>) {
        let about = question.about;
        if about.asks() {
            let text = (question.text)();
            self.0.set(Some(Asked { about, text, go }));
        } else {
            go.run(());
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
#[component]
pub fn ConfirmDialog() -> impl IntoView {
    let asked = use_questions().0;
    let typed = RwSignal::new(String::new());
    let place = NodeRef::<html::Dialog>::new();
    react(move || {
        let is_open = asked.with(Option::is_some);
        let Some(dialog) = place.get() else {
            return;
        };
        if is_open && !dialog.open() {
            typed.set(String::new());
            // It is in the page and not open, so it can be shown.
            let _ = dialog.show_modal();
        } else if !is_open && dialog.open() {
            dialog.close();
        }
    });
    let about = move || asked.with(|asked| asked.as_ref().map(|asked| asked.about));
    let title = derived(move || about().map_or("", Risky::title));
    let text = derived(move || {
        asked.with(|asked| {
            asked
                .as_ref()
                .map_or_else(String::new, |asked| asked.text.clone())
        })
    });
    let is_wordless = derived(move || about() != Some(Risky::Resume));
    let is_off = derived(move || !is_wordless.get() && typed.with(|typed| typed != RESUME_WORD));
    let yes = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if is_off.get_untracked() {
            return;
        }
        let go = asked.with_untracked(|asked| asked.as_ref().map(|asked| asked.go));
        asked.set(None);
        if let Some(go) = go {
            go.run(());
        }
    };
    view! {
        <dialog class="confirm" aria-labelledby="confirm-title" node_ref=place on:close=move |_| asked.set(None)>
            <form on:submit=yes>
                <h2 id="confirm-title">{title}</h2>
                <p>{text}</p>
                <label class="small-field" hidden=is_wordless>
                    <span>"Type RESUME"</span>
                    <input
                        type="text"
                        autocomplete="off"
                        prop:value=typed
                        on:input:target=move |event| typed.set(event.target().value())
                    />
                </label>
                <div class="confirm-choice">
                    <button type="button" class="button" on:click=move |_| asked.set(None)>"Keep as it is"</button>
                    <button type="submit" class="button danger" disabled=is_off>{title}</button>
                </div>
            </form>
        </dialog>
    }
}
