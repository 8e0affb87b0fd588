//! What the server tells a page at birth. The server puts a [`Boot`] into the context of each render; the value travels
//! inside the HTML, so that the browser hydrates with exactly what was rendered and asks for nothing.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use tickwire_protocol::access::Role;
use tickwire_protocol::clock::TimestampMs;

/// The facts that a page is rendered from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// The release of the server, for example `0.1.0`.
    pub release: String,
    /// The version of the site assets that this page runs, as it stands in the asset URLs. A server that reports
    /// another one has been upgraded: the page should be loaded again.
    pub site_version: String,
    /// When the desk was looked at for this page, on the server's clock.
    pub taken_at: TimestampMs,
    /// Where the market data come from, e.g. `replay`.
    pub market: String,
    /// `paper`, or the venue of a real account.
    pub account_kind: String,
    /// Who reads it; absent where nobody has to log in.
    pub reader: Option<Reader>,
    /// The desk as it stood then: the very frames that the WebSocket sends (instruments, tickers, positions, portfolio,
    /// balance, dashboard, status), so that one function applies both.
    pub frames: Vec<String>,
}

/// Somebody who logged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    /// The name.
    pub name: String,
    /// What the user may do.
    pub role: Role,
}

impl Boot {
    /// Whether the reader may act, and not only see.
    pub fn may_act(&self) -> bool {
        self.reader.as_ref().is_none_or(|reader| reader.role.may_act())
    }
}

/// Makes the [`Boot`] of this page available to every component: on the server from the context of the render, in the
/// browser from the HTML. Called once, by `App`, on both sides in the same place.
pub fn provide_boot() {
    let from_server = || use_context::<Boot>().unwrap_or_default();
    provide_context(SharedValue::new(from_server).into_inner());
}

/// The [`Boot`] of this page.
pub fn use_boot() -> Boot {
    expect_context::<Boot>()
}
