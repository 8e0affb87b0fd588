//! The Tickwire interface, compiled twice: `ssr` renders it to HTML inside the server, `hydrate` makes it live in the
//! browser. It knows the protocol only, never the engine.
//!
//! # Layout
//!
//! - [`boot`]: what the server tells a page at birth, and how the browser takes it over.
//! - [`realtime`]: socket, store and hooks: from a frame to a signal.
//! - [`widgets`]: from a signal to the screen, one folder per region of the desk.
//! - [`pages`]: one file per page.
//! - [`address`], [`selection`]: the page and the instrument that the desk is turned to.
//! - [`age`], [`mod@format`]: how old data are, how numbers are written; pure.
//! - [`plain`]: elements said as data.
//! - [`derived`]: derived signals that keep the wasm small.
//! - `shell` (server only): the HTML document around the app.

pub mod address;
pub mod age;
pub mod boot;
pub mod derived;
pub mod format;
pub mod pages;
pub mod plain;
pub mod realtime;
pub mod selection;
#[cfg(feature = "ssr")]
mod shell;
pub mod widgets;

#[cfg(feature = "ssr")]
pub use shell::shell;

use leptos::either::Either;
use leptos::prelude::*;

use crate::pages::{desk::DeskPage, not_found::NotFoundPage};

/// The root of the interface: contexts, then the page. Links between pages load them anew; only the desk is long-lived.
#[component]
pub fn App() -> impl IntoView {
    boot::provide_boot();
    let address = address::provide_address();
    if !address.is_desk() {
        return Either::Left(view! { <main><NotFoundPage /></main> });
    }
    realtime::provide_realtime();
    Either::Right(view! { <main><DeskPage /></main> })
}
