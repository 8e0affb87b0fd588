//! The canvas where there is no browser: nothing is drawn.

use leptos::prelude::*;
use leptos::web_sys::HtmlDivElement;

use super::drawing::Loading;

/// Where the reader dropped a line: its key, and the price in the market's decimals.
pub type Dropped = (String, String);

/// The twin of the browser's canvas.
#[derive(Clone, Copy, Debug)]
pub struct Canvas;

impl Canvas {
    /// Nothing.
    pub fn new(_loading: RwSignal<Loading>, _dropped: RwSignal<Option<Dropped>>) -> Canvas {
        Canvas
    }

    /// Nothing.
    pub fn mount(&self, _place: &HtmlDivElement) {}

    /// Nothing.
    pub fn retry(&self) {}

    /// Nothing.
    pub fn snapshot(&self, _bars: &[f64], _scale: u32, _tick: f64, _is_new_market: bool) {}

    /// Nothing.
    pub fn update(&self, _bars: &[f64]) {}

    /// Nothing.
    pub fn lines(&self, _rows: &str) {}

    /// Nothing.
    pub fn dispose(&self) {}
}
