//! The canvas in the browser: a thin hand on `adapter.js`, which owns the chart library.

use leptos::prelude::*;
use leptos::web_sys::HtmlDivElement;
use wasm_bindgen::prelude::*;

use super::drawing::{Line, Loading};

#[wasm_bindgen(module = "/src/widgets/chart/adapter.js")]
extern "C" {
    #[derive(Clone)]
    type ChartAdapter;

    #[wasm_bindgen(constructor)]
    fn new(place: &HtmlDivElement, tell: &Closure<dyn Fn(bool)>) -> ChartAdapter;
    #[wasm_bindgen(method)]
    fn load(this: &ChartAdapter);
    #[wasm_bindgen(method)]
    fn snapshot(this: &ChartAdapter, bars: &[f64], precision: u32, tick: f64, fit: bool);
    #[wasm_bindgen(method)]
    fn update(this: &ChartAdapter, bars: &[f64]);
    #[wasm_bindgen(method, js_name = clearLines)]
    fn clear_lines(this: &ChartAdapter);
    #[wasm_bindgen(method, js_name = addLine)]
    fn add_line(this: &ChartAdapter, price: f64, is_long: bool, title: &str);
    #[wasm_bindgen(method)]
    fn dispose(this: &ChartAdapter);
}

/// A chart on the page, once it is mounted.
#[derive(Clone, Copy)]
pub struct Canvas {
    loading: RwSignal<Loading>,
    adapter: StoredValue<Option<Mounted>, LocalStorage>,
}

struct Mounted {
    adapter: ChartAdapter,
    /// Called by the adapter for as long as it lives.
    _tell: Closure<dyn Fn(bool)>,
}

impl Canvas {
    /// A canvas that is not on the page yet; `loading` says how far the library is.
    pub fn new(loading: RwSignal<Loading>) -> Canvas {
        Canvas {
            loading,
            adapter: StoredValue::new_local(None),
        }
    }

    /// Puts it into its place and starts to load the library.
    pub fn mount(&self, place: &HtmlDivElement) {
        let loading = self.loading;
        let tell = Closure::<dyn Fn(bool)>::new(move |is_there: bool| {
            loading.set(if is_there { Loading::Done } else { Loading::Failed });
        });
        let adapter = ChartAdapter::new(place, &tell);
        adapter.load();
        self.adapter.set_value(Some(Mounted { adapter, _tell: tell }));
    }

    /// Tries to load the library again.
    pub fn retry(&self) {
        self.loading.set(Loading::Library);
        self.with(ChartAdapter::load);
    }

    /// Draws these bars and no others. `is_new_market`: the view starts anew as well.
    pub fn snapshot(&self, bars: &[f64], scale: u32, tick: f64, is_new_market: bool) {
        self.with(|adapter| adapter.snapshot(bars, scale, tick, is_new_market));
    }

    /// Draws bars that replace the last one or follow it.
    pub fn update(&self, bars: &[f64]) {
        self.with(|adapter| adapter.update(bars));
    }

    /// Draws these lines and no others.
    pub fn lines(&self, lines: &[Line]) {
        self.with(|adapter| {
            adapter.clear_lines();
            for line in lines {
                adapter.add_line(line.price, line.is_long, &line.title);
            }
        });
    }

    /// Takes it off the page.
    pub fn dispose(&self) {
        if let Some(Some(mounted)) = self.adapter.try_update_value(Option::take) {
            mounted.adapter.dispose();
        }
    }

    fn with(&self, act: impl FnOnce(&ChartAdapter)) {
        self.adapter.try_with_value(|mounted| {
            if let Some(mounted) = mounted {
                act(&mounted.adapter);
            }
        });
    }
}
