//! The risk guard: where it stands against its limits, the limits, and the ways to pause, stop and resume.

mod limits;
mod words;

use leptos::prelude::*;
use rust_decimal::Decimal;
use tickwire_protocol::command::{Instruction, RESUME_WORD, ResumeTrading};
use tickwire_protocol::performance::Equity;
use tickwire_protocol::risk::{RiskLimits, RiskStatus};
use tickwire_protocol::topic::Topic;

use crate::plain::{Plain, el};
use crate::realtime::store::Account;
use crate::realtime::{use_realtime, use_topics};
use crate::widgets::act::{Action, Deed, Question, Risky};
use crate::widgets::panel::panel;

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
pub fn risk() -> Plain {
    let account = use_topics(&[Topic::Risk, Topic::Equity]).account;
    let deed = Deed::new();
    let status = move || account.with(Account::risk_status);
    let message = move || {
        account.with(|all| {
            all.risk
                .as_ref()
                .map_or_else(String::new, |risk| risk.message.clone())
        })
    };
    let since = move || account.with(|all| all.risk.as_ref().map_or_else(String::new, words::since));
    let pause = deed.button(
        PAUSE,
        "Pause trading",
        None,
        Box::new(|| Some(Instruction::PauseTrading)),
    );
    let acts = el("div").class("risk-acts").with(vec![
        el("span")
            .class("acts")
            .flag("hidden", move || status() != Some(RiskStatus::Normal))
            .with(vec![pause]),
        el("span")
            .class("acts")
            .flag("hidden", move || {
                matches!(status(), None | Some(RiskStatus::Normal))
            })
            .with(vec![resume(deed)]),
        stop(deed),
    ]);
    panel(
        "Risk",
        "risk",
        vec![
            el("span")
                .class("risk-badge")
                .live("data-status", move || Some(words::name(status()).to_owned()))
                .says(move || words::badge(status()).to_owned()),
        ],
        vec![
            el("p")
                .class("risk-words")
                .with(vec![el("span").says(message), el("small").says(since)]),
            meter(
                "Drawdown",
                |all| all.drawdown_pct.get(),
                |all| [all.soft_drawdown_pct, all.hard_drawdown_pct].map(|one| one.map(|one| one.get())),
            ),
            meter(
                "Loss today",
                |all| all.daily_loss_pct.get(),
                |all| [all.soft_daily_loss_pct, all.hard_daily_loss_pct].map(|one| one.map(|one| one.get())),
            ),
            acts,
            deed.notice(),
            limits::form(),
        ],
    )
}

fn resume(deed: Deed) -> Plain {
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
    deed.button(RESUME, "Resume trading", Some(question), Box::new(make))
}

/// The kill switch: a button wherever it is wanted.
pub fn stop(deed: Deed) -> Plain {
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
    let name = "STOP: cancel all orders, close all positions";
    deed.button(
        STOP,
        name,
        Some(question),
        Box::new(|| Some(Instruction::StopTrading)),
    )
}

/// A figure against its two limits, as a bar: full at the hard one.
fn meter(
    name: &'static str,
    now: fn(&Equity) -> Decimal,
    limits: fn(&RiskLimits) -> [Option<Decimal>; 2],
) -> Plain {
    let account = use_realtime().store.account;
    let now = move || account.with(|all| all.equity.as_ref().map(now));
    let limits = move || {
        let limits = account.with(|all| all.risk.as_ref().map(|risk| limits(&risk.limits)));
        limits.unwrap_or_default()
    };
    el("div").class("meter").with(vec![
        el("span").text(name),
        el("span")
            .class("num")
            .says(move || words::against(now(), limits())),
        el("i")
            .class("meter-bar")
            .attr("aria-hidden", "true")
            .live("style", move || Some(words::bar(now(), limits()))),
    ])
}

/// Across the top of the page, as long as not everything is allowed.
pub fn risk_banner() -> Plain {
    let account = use_topics(&[Topic::Risk]).account;
    let status = move || account.with(Account::risk_status);
    let text = move || {
        account.with(|all| match &all.risk {
            Some(risk) if risk.status != RiskStatus::Normal => {
                [words::badge(Some(risk.status)), ": ", &risk.message].concat()
            }
            _ => String::new(),
        })
    };
    el("div")
        .class("risk-banner")
        .attr("role", "alert")
        .live("data-status", move || Some(words::name(status()).to_owned()))
        .flag("hidden", move || {
            matches!(status(), None | Some(RiskStatus::Normal))
        })
        .with(vec![
            el("span").says(text),
            el("a").attr("href", "#risk").text("Risk"),
        ])
}
