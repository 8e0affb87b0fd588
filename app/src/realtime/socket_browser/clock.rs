//! What the pump takes from the browser beside the socket: the time, and chance.

use leptos::prelude::window;
use tickwire_protocol::clock::TimestampMs;

/// A clock that never steps: the moment the page was opened, and the time since.
pub fn now() -> TimestampMs {
    let ms = window()
        .performance()
        .map_or(0.0, |clock| clock.time_origin() + clock.now());
    TimestampMs(ms as i64)
}

/// Without one, the clock has to do: it is enough to keep two desks apart.
pub fn random_seed() -> u64 {
    let mut bytes = [0; 8];
    let drawn = window()
        .crypto()
        .and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes));
    if drawn.is_ok() {
        u64::from_le_bytes(bytes)
    } else {
        now().0 as u64
    }
}
