//! The risk guard: where it stands against its limits, the limits, and the ways to pause, stop and resume.

mod limits;
mod words;

use leptos::prelude::*;
use rust_decimal::Decimal;
use tickwire_protocol::command::{Instruction, RESUME_WORD, ResumeTrading};
use tickwire_protocol::performance::Equity;
use tickwire_protocol::risk::{RiskLimits, RiskStatus};
use tickwire_protocol::topic::Topic;

use crate::derived::{Text, derived};
use crate::realtime::{use_account_age, use_realtime, use_topics};
use crate::widgets::act::{Action, Deed, Notice, Question, Risky, act};
use crate::widgets::panel::Panel;
use limits::LimitsForm;

const PAUSE: Action = Action {
    label: "Pause",
    doing: "Pausing…",
    done: "",
    class: "",
};

const STOP: Action = Action {
    label: "STOP",
    doing: "Stopping…",
    done: "",
    class: "danger",
};

const RESUME: Action = Action {
    label: "Resume",
    doing: "Resuming…",
    done: "",
    class: "",
};

/// The region `Risk`.
#[component]
pub fn Risk() -> impl IntoView {
    let risk = use_topics(&[Topic::Risk, Topic::Equity]).risk.value;
    let deed = Deed::new();
    let status = derived(move || risk.with(|risk| risk.as_ref().map(|risk| risk.status)));
    let badge = derived(move || words::badge(status.get()));
    let message = derived(move || {
        risk.with(|risk| {
            risk.as_ref()
                .map_or_else(String::new, |risk| risk.message.clone())
        })
    });
    let since = derived(move || risk.with(|risk| risk.as_ref().map_or_else(String::new, words::since)));
    let is_normal = derived(move || status.get() == Some(RiskStatus::Normal));
    view! {
        <Panel
            name="Risk"
            id="risk"
            age=use_account_age()
            aside=view! { <span class="risk-badge" data-status=derived(move || words::name(status.get()))>{badge}</span> }
        >
            <p class="risk-words">{message} " " <small>{since}</small></p>
            <Meter
                name="Drawdown"
                now=|all| all.drawdown_pct.get()
                soft=|all| all.soft_drawdown_pct.map(|one| one.get())
                hard=|all| all.hard_drawdown_pct.map(|one| one.get())
            />
            <Meter
                name="Loss today"
                now=|all| all.daily_loss_pct.get()
                soft=|all| all.soft_daily_loss_pct.map(|one| one.get())
                hard=|all| all.hard_daily_loss_pct.map(|one| one.get())
            />
            <div class="risk-acts">
                <span class="acts" hidden=derived(move || status.get() != Some(RiskStatus::Normal))>
                    {act(deed, PAUSE, "Pause trading".to_owned(), None, Box::new(|| Some(Instruction::PauseTrading)))}
                </span>
                <span class="acts" hidden=is_normal>{resume(deed)}</span>
                {stop(deed)}
            </div>
            <Notice deed=deed />
            <LimitsForm />
        </Panel>
    }
}

fn resume(deed: Deed) -> impl IntoView {
    let question = Question {
        about: Risky::Resume,
        text: Box::new(|| {
            "New positions may be opened again, and the limits are watched from here on.".to_owned()
        }),
    };
    let make = || {
        Some(Instruction::ResumeTrading(ResumeTrading {
            confirm: RESUME_WORD.to_owned(),
        }))
    };
    act(
        deed,
        RESUME,
        "Resume trading".to_owned(),
        Some(question),
        Box::new(make),
    )
}

/// The kill switch: a button wherever it is wanted.
pub fn stop(deed: Deed) -> impl IntoView {
    let store = use_realtime().store;
    let question = Question {
        about: Risky::Stop,
        text: Box::new(move || {
            let orders = store.lists.open.with_untracked(Vec::len).to_string();
            let positions = store.positions.with_untracked(Vec::len).to_string();
            [
                "Cancel all orders (",
                &orders,
                "), close all positions (",
                &positions,
                ") at market, and open nothing until you resume?",
            ]
            .concat()
        }),
    };
    let name = "STOP: cancel all orders, close all positions".to_owned();
    act(
        deed,
        STOP,
        name,
        Some(question),
        Box::new(|| Some(Instruction::StopTrading)),
    )
}

/// A figure against its two limits, as a bar: full at the hard one.
#[component]
fn Meter(
    /// Its name.
    name: &'static str,
    /// The figure, in percent.
    now: fn(&Equity) -> Decimal,
    /// Where openings pause.
    soft: fn(&RiskLimits) -> Option<Decimal>,
    /// Where everything stops.
    hard: fn(&RiskLimits) -> Option<Decimal>,
) -> impl IntoView {
    let store = use_realtime().store;
    let now = derived(move || store.equity.value.with(|all| all.as_ref().map(now)));
    let limits = derived(move || {
        store.risk.value.with(|risk| {
            risk.as_ref()
                .map_or((None, None), |risk| (soft(&risk.limits), hard(&risk.limits)))
        })
    });
    let text: Text = derived(move || words::against(now.get(), limits.get()));
    let bar = derived(move || words::bar(now.get(), limits.get()));
    view! {
        <div class="meter">
            <span>{name}</span>
            <span class="num">{text}</span>
            <i class="meter-bar" style=bar aria-hidden="true"></i>
        </div>
    }
}

/// Across the top of the page, as long as not everything is allowed.
#[component]
pub fn RiskBanner() -> impl IntoView {
    let risk = use_topics(&[Topic::Risk]).risk.value;
    let status = derived(move || risk.with(|risk| risk.as_ref().map(|risk| risk.status)));
    let is_hidden = derived(move || matches!(status.get(), None | Some(RiskStatus::Normal)));
    let text = derived(move || {
        risk.with(|risk| match risk {
            Some(risk) if risk.status != RiskStatus::Normal => {
                [words::badge(Some(risk.status)), ": ", &risk.message].concat()
            }
            _ => String::new(),
        })
    });
    view! {
        <div class="risk-banner" role="alert" data-status=derived(move || words::name(status.get())) hidden=is_hidden>
            <span>{text}</span>
            <a href="#risk">"Risk"</a>
        </div>
    }
}
