//! A region whose content is said as data.

use leptos::prelude::*;

use crate::age::Age;
use crate::plain::{Plain, el};
use crate::realtime::lists::Entry;
use crate::realtime::use_account_age;

/// A labelled region of the account: `aside` stands behind the heading.
pub fn panel(name: &'static str, id: &'static str, aside: Vec<Plain>, body: Vec<Plain>) -> Plain {
    let age = use_account_age();
    let mut head = vec![el("h2").text(name)];
    head.extend(aside);
    head.push(
        el("span")
            .class("age")
            .says(move || age.with(Age::text).unwrap_or_default()),
    );
    el("section")
        .attr("id", id)
        .attr("aria-label", name)
        .live("class", move || {
            let class = if age.with(Age::is_stale) {
                "panel is-stale"
            } else {
                "panel"
            };
            Some(class.to_owned())
        })
        .with(vec![
            el("header").class("panel-head").with(head),
            el("div").class("panel-body").with(body),
        ])
}

/// How many there are of something.
pub fn count(count: impl Fn() -> usize + Send + Sync + 'static) -> Plain {
    el("span").class("count").says(move || count().to_string())
}

/// How many rows a list has, and by a plus whether there are others.
pub fn count_at_hand(rows: RwSignal<Vec<Entry>>, has_more: RwSignal<bool>) -> Plain {
    el("span").class("count").says(move || {
        let plus = if has_more.get() { "+" } else { "" };
        rows.with(Vec::len).to_string() + plus
    })
}

/// A named figure.
pub fn fact(name: &'static str, text: impl Fn() -> String + Send + Sync + 'static) -> Plain {
    el("div")
        .class("fact")
        .with(vec![el("dt").text(name), el("dd").class("num").says(text)])
}
