//! The wasm entry point: it makes the page that the server rendered live, and does nothing else.

/// Called once by the hydration script in the page.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(tickwire_app::App);
}
