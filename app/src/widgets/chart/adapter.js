// Owns the chart library: loads it when the page is idle, draws what the wasm hands over, and takes its colours from the
// css, so that the chart follows the theme. Bars come as flat numbers: time, open, high, low, close, volume.

const BAR = 6;
// The library lies beside the glue, which lies two or more folders above this file.
const LIBRARY = new URL("lightweight-charts.js", import.meta.url.replace(/\/snippets\/.*$/, "/"));
const COLOURS = ["text-2", "line", "grid", "up", "down", "up-soft", "down-soft", "long", "short", "panel"];

export class ChartAdapter {
  constructor(place, tell) {
    this.place = place;
    this.tell = tell;
    this.positions = [];
    this.attempt = 0;
    this.gone = false;
  }

  load() {
    const idle = globalThis.requestIdleCallback ?? ((run) => setTimeout(run, 50));
    idle(async () => {
      try {
        // A failed import is remembered by the browser under its address, so a retry needs another one.
        const address = this.attempt++ ? `${LIBRARY}?retry=${this.attempt}` : LIBRARY;
        this.library = await import(address);
        if (this.gone) return;
        this.build();
        this.tell(true);
      } catch (error) {
        console.error("The chart library could not be loaded:", error);
        if (!this.gone) this.tell(false);
      }
    });
  }

  build() {
    const { createChart, CandlestickSeries, HistogramSeries } = this.library;
    this.chart = createChart(this.place, {
      autoSize: true,
      layout: { attributionLogo: true, fontSize: 11, fontFamily: getComputedStyle(this.place).fontFamily },
      timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 6, borderVisible: false },
      rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.08, bottom: 0.24 } },
      crosshair: { mode: 0 },
      localization: { priceFormatter: (price) => this.written(price) },
    });
    this.candles = this.chart.addSeries(CandlestickSeries, { borderVisible: false });
    this.volume = this.chart.addSeries(HistogramSeries, {
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    this.paint();
    this.themes = new MutationObserver(() => this.paint());
    this.themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    this.system = matchMedia("(prefers-color-scheme: light)");
    this.system.addEventListener("change", (this.repaint = () => this.paint()));
  }

  written(price) {
    const [whole, fraction] = price.toFixed(this.precision ?? 2).split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
    return fraction ? `${grouped}.${fraction}` : grouped;
  }

  // The library wants plain colours, the css has them behind variables and light-dark(): a probe resolves them.
  colours() {
    const probe = this.place.appendChild(document.createElement("i"));
    const found = {};
    for (const name of COLOURS) {
      probe.style.color = `var(--${name})`;
      found[name] = getComputedStyle(probe).color;
    }
    probe.remove();
    return found;
  }

  paint() {
    const c = (this.palette = this.colours());
    this.chart.applyOptions({
      layout: { background: { type: "solid", color: "transparent" }, textColor: c["text-2"] },
      grid: { vertLines: { color: c.grid }, horzLines: { color: c.grid } },
      crosshair: {
        vertLine: { color: c["text-2"], labelBackgroundColor: c.line },
        horzLine: { color: c["text-2"], labelBackgroundColor: c.line },
      },
    });
    this.candles.applyOptions({ upColor: c.up, downColor: c.down, wickUpColor: c.up, wickDownColor: c.down });
    if (this.bars) this.volume.setData(this.bars.map((bar) => this.volumeOf(bar)));
    const lines = this.positions;
    this.clearLines();
    lines.forEach(({ price, isLong, title }) => this.addLine(price, isLong, title));
  }

  snapshot(numbers, precision, tick, fit) {
    this.precision = precision;
    const minMove = tick > 0 ? tick : 0.01;
    this.candles.applyOptions({ priceFormat: { type: "price", precision, minMove } });
    this.bars = read(numbers);
    this.candles.setData(this.bars);
    this.volume.setData(this.bars.map((bar) => this.volumeOf(bar)));
    if (fit) {
      const count = this.bars.length;
      const shown = Math.min(count, Math.max(60, Math.floor(this.place.clientWidth / 9)));
      this.chart.timeScale().setVisibleLogicalRange({ from: count - shown, to: count + 5 });
      this.candles.priceScale().applyOptions({ autoScale: true });
    }
  }

  update(numbers) {
    for (const bar of read(numbers)) {
      const last = this.bars.at(-1);
      if (last && bar.time < last.time) continue;
      if (last && bar.time === last.time) this.bars.pop();
      this.bars.push(bar);
      this.candles.update(bar);
      this.volume.update(this.volumeOf(bar));
    }
  }

  volumeOf({ time, open, close, volume }) {
    return { time, value: volume, color: this.palette[close >= open ? "up-soft" : "down-soft"] };
  }

  clearLines() {
    this.positions.forEach(({ line }) => this.candles.removePriceLine(line));
    this.positions = [];
  }

  addLine(price, isLong, title) {
    const color = this.palette[isLong ? "long" : "short"];
    const line = this.candles.createPriceLine({ price, title, color, lineWidth: 1, lineStyle: 2, axisLabelVisible: true });
    this.positions.push({ line, price, isLong, title });
  }

  dispose() {
    this.gone = true;
    this.themes?.disconnect();
    this.system?.removeEventListener("change", this.repaint);
    this.chart?.remove();
  }
}

function read(numbers) {
  const bars = [];
  for (let at = 0; at + BAR <= numbers.length; at += BAR) {
    const [time, open, high, low, close, volume] = numbers.subarray(at, at + BAR);
    bars.push({ time, open, high, low, close, volume });
  }
  return bars;
}
