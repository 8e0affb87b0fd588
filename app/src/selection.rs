//! The instrument that the desk is turned to. It stands in the address (`/?symbol=ETHUSDT`), so that it can be linked
//! to, is kept on reload, and can be changed without JavaScript.

use leptos::prelude::*;
use tickwire_protocol::id::Symbol;
use tickwire_protocol::market::Instrument;

use crate::address::use_address;
use crate::derived::{Text, derived};
use crate::realtime::use_realtime;

/// The selected instrument.
#[derive(Clone, Copy, Debug)]
pub struct Selection {
    /// Its name; absent where there is no instrument at all.
    pub symbol: Memo<Option<Symbol>>,
    /// Its rules.
    pub instrument: Memo<Option<Instrument>>,
}

impl Selection {
    /// Its name as text; empty where there is none.
    pub fn name(&self) -> Text {
        let symbol = self.symbol;
        derived(move || {
            symbol
                .get()
                .map_or_else(String::new, |symbol| symbol.as_str().to_owned())
        })
    }

    /// Decimal places of its prices.
    pub fn price_scale(&self) -> u32 {
        self.instrument
            .with(|one| one.as_ref().map_or(2, Instrument::price_scale))
    }
}

/// Reads the selection off the address: the instrument named there, or the first.
pub fn provide_selection() -> Selection {
    let address = use_address();
    let instruments = use_realtime().store.instruments;
    let instrument = derived(move || {
        let named = address.symbol();
        instruments.with(|all| {
            let found = named.and_then(|symbol| all.iter().find(|one| one.symbol == symbol));
            found.or(all.first()).cloned()
        })
    });
    let symbol = derived(move || instrument.with(|one| one.as_ref().map(|one| one.symbol)));
    let selection = Selection { symbol, instrument };
    provide_context(selection);
    selection
}

/// The selected instrument.
pub fn use_selection() -> Selection {
    expect_context::<Selection>()
}
