//! The canvas in the browser: a thin hand on `adapter.js`, which owns the chart library.

use leptos::prelude::*;
use leptos::web_sys::HtmlDivElement;
use wasm_bindgen::prelude::*;

use super::drawing::Loading;

#[wasm_bindgen(module = "/src/widgets/chart/adapter.js")]
extern "C" {
    #[derive(Clone)]
    type ChartAdapter;

    #[wasm_bindgen(constructor)]
    fn new(
        place: &HtmlDivElement,
        tell: &Closure<dyn Fn(bool)>,
        moved: &Closure<dyn Fn(String, String)>,
    ) -> ChartAdapter;
    #[wasm_bindgen(method)]
    fn load(this: &ChartAdapter);
    #[wasm_bindgen(method)]
    fn snapshot(this: &ChartAdapter, bars: &[f64], precision: u32, tick: f64, fit: bool);
    #[wasm_bindgen(method)]
    fn update(this: &ChartAdapter, bars: &[f64]);
    #[wasm_bindgen(method, js_name = setLines)]
    fn set_lines(this: &ChartAdapter, rows: &str);
    #[wasm_bindgen(method)]
    fn dispose(this: &ChartAdapter);
}

/// Where the reader dropped a line: its key, and the price in the market's decimals.
pub type Dropped = (String, String);

/// A chart on the page, once it is mounted.
#[derive(Clone, Copy)]
pub struct Canvas {
    loading: RwSignal<Loading>,
    dropped: RwSignal<Option<Dropped>>,
    adapter: StoredValue<Option<Mounted>, LocalStorage>,
}

struct Mounted {
    adapter: ChartAdapter,
    /// Called by the adapter for as long as it lives.
    _tell: Closure<dyn Fn(bool)>,
    /// The same.
    _moved: Closure<dyn Fn(String, String)>,
}

impl Canvas {
    /// A canvas that is not on the page yet; `loading` says how far the library is, `dropped` where a line was dropped.
    pub fn new(loading: RwSignal<Loading>, dropped: RwSignal<Option<Dropped>>) -> Canvas {
        Canvas {
            loading,
            dropped,
            adapter: StoredValue::new_local(None),
        }
    }

    /// Puts it into its place and starts to load the library.
    pub fn mount(&self, place: &HtmlDivElement) {
        let loading = self.loading;
        let tell = Closure::<dyn Fn(bool)>::new(move |is_there: bool| {
            loading.set(if is_there { Loading::Done } else { Loading::Failed });
        });
        let dropped = self.dropped;
        let moved = Closure::<dyn Fn(String, String)>::new(move |key, price| dropped.set(Some((key, price))));
        let adapter = ChartAdapter::new(place, &tell, &moved);
        adapter.load();
        self.adapter.set_value(Some(Mounted {
            adapter,
            _tell: tell,
            _moved: moved,
        }));
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

    /// Draws these lines and no others, as [`lines::written`](super::lines::written) has them.
    pub fn lines(&self, rows: &str) {
        self.with(|adapter| adapter.set_lines(rows));
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
