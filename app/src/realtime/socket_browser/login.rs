//! The login of the page's connection. The tokens are in cookies that no script reads, so `public/desk.js` has them renewed and
//! hands over the one that the socket needs; a login that was ended leads to the login page.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use tickwire_protocol::access::AccessToken;
use tickwire_protocol::error::CloseReason;

/// The events by which script and desk speak of it.
const RENEW: &str = "tickwire-renew";
const RENEWED: &str = "tickwire-renewed";

/// Whether a close code says that there is no valid login.
pub fn has_ended(code: u16) -> bool {
    [CloseReason::LoginRequired.code(), CloseReason::LoginEnded.code()].contains(&code)
}

/// Has the login renewed.
pub fn ask_for_renewal() {
    if let Ok(event) = web_sys::Event::new(RENEW) {
        let _ = window().dispatch_event(&event);
    }
}

/// Hears of every renewed login.
pub fn on_renewal(hear: impl Fn(AccessToken) + 'static) {
    // The page has one pump for life, so the listener is never taken away.
    let _ = window_event_listener_untyped(RENEWED, move |event| {
        let told = event.dyn_ref::<web_sys::CustomEvent>();
        if let Some(token) = told.and_then(|told| told.detail().as_string()) {
            hear(AccessToken::new(token));
        }
    });
}

/// Goes to the login page.
pub fn leave() {
    // A page that cannot leave says that the connection is closed.
    let _ = location().assign("/login");
}
