//! The address of the page: its path, and the instrument that it names (`/?symbol=ETHUSDT`). The desk is one page, so
//! this is all the routing there is.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use tickwire_protocol::id::Symbol;

/// The address that the server was asked for; in the context of a render.
#[derive(Clone, Debug, Default)]
pub struct RequestedAddress(pub String);

/// The address of the page, as a signal.
#[derive(Clone, Copy, Debug)]
pub struct Address(RwSignal<String>);

/// Makes the address available to every component, and follows the browser's back and forward.
pub fn provide_address() -> Address {
    let from_server = || use_context::<RequestedAddress>().unwrap_or_default().0;
    let address = Address(RwSignal::new(SharedValue::new(from_server).into_inner()));
    Effect::new(move |_| {
        let _ = window_event_listener_untyped("popstate", move |_| address.read_again());
    });
    provide_context(address);
    address
}

/// The address of the page.
pub fn use_address() -> Address {
    expect_context::<Address>()
}

impl Address {
    /// Whether it is that of the desk.
    pub fn is_desk(&self) -> bool {
        self.0.with(|address| path_of(address) == "/")
    }

    /// The instrument that it names.
    pub fn symbol(&self) -> Option<Symbol> {
        self.0.with(|address| symbol_in(address))
    }

    /// Goes to an address of the desk without loading the page again, as a click on a link asks for.
    pub fn follow(&self, click: &MouseEvent, address: String) {
        if click.ctrl_key() || click.meta_key() || click.shift_key() || click.button() != 0 {
            return;
        }
        click.prevent_default();
        let pushed = window().history().and_then(|history| {
            history.push_state_with_url(&leptos::wasm_bindgen::JsValue::NULL, "", Some(&address))
        });
        // Where the browser keeps no history, the desk turns all the same.
        let _ = pushed;
        self.0.set(address);
    }

    fn read_again(&self) {
        let location = location();
        let (path, query) = (
            location.pathname().unwrap_or_default(),
            location.search().unwrap_or_default(),
        );
        let address = path + &query;
        if self.0.with_untracked(|known| *known != address) {
            self.0.set(address);
        }
    }
}

/// The address that turns the desk to an instrument.
pub fn address_of(symbol: Symbol) -> String {
    ["/?symbol=", symbol.as_str()].concat()
}

fn path_of(address: &str) -> &str {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    if path.is_empty() { "/" } else { path }
}

fn symbol_in(address: &str) -> Option<Symbol> {
    let query = address.split('#').next()?.split_once('?')?.1;
    query
        .split('&')
        .find_map(|pair| Symbol::new(pair.strip_prefix("symbol=")?).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_page_and_an_instrument() {
        for (address, path, symbol) in [
            ("/", "/", None),
            ("", "/", None),
            ("/?symbol=ETHUSDT", "/", Some("ETHUSDT")),
            ("/?a=1&symbol=ETHUSDT#chart", "/", Some("ETHUSDT")),
            ("/?symbol=", "/", None),
            ("/?symbol=<script>", "/", None),
            ("/no-such-page?symbol=ETHUSDT", "/no-such-page", Some("ETHUSDT")),
        ] {
            assert_eq!(path_of(address), path, "{address}");
            assert_eq!(
                symbol_in(address).map(|symbol| symbol.to_string()).as_deref(),
                symbol,
                "{address}"
            );
        }
    }
}
