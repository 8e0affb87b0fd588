//! A region of the desk: a named landmark with a heading, which says how old its data are and looks it.

mod plain;

pub use plain::{count, count_at_hand, fact, panel};

use leptos::children::TypedChildren;
use leptos::prelude::*;

use crate::age::Age;
use crate::derived::derived;

/// A labelled region. Stale data lose their colour, so that an old number never looks live.
#[component]
pub fn Panel<A: IntoView + 'static, C: IntoView + 'static>(
    /// The name of the region, shown as its heading.
    name: &'static str,
    /// What links jump to, and what the layout places it by.
    id: &'static str,
    /// The age of what it shows.
    age: Memo<Age>,
    /// What stands behind the heading: a count, a choice, nothing.
    aside: A,
    /// The content.
    children: TypedChildren<C>,
) -> impl IntoView {
    let class = derived(move || {
        if age.with(Age::is_stale) {
            "panel is-stale"
        } else {
            "panel"
        }
    });
    let words = derived(move || age.with(Age::text).unwrap_or_default());
    view! {
        <section id=id class=class aria-label=name>
            <header class="panel-head">
                <h2>{name}</h2>
                {aside}
                <span class="age">{words}</span>
            </header>
            <div class="panel-body">{children.into_inner()()}</div>
        </section>
    }
}
