// Owns the chart library: loads it when the page is idle, draws what the wasm hands over, and takes its colours from the
// css, so that the chart follows the theme. Bars come as flat numbers: time, open, high, low, close, volume. Lines come as
// text, one a row. The line of an open order has a handle over the canvas, the only thing that moves it: by dragging it,
// or by its arrow keys and Enter; Escape puts it back.

const BAR = 6;
// The library lies beside the glue, which lies two or more folders above this file.
const LIBRARY = new URL("lightweight-charts.js", import.meta.url.replace(/\/snippets\/.*$/, "/"));
const COLOURS = ["text-2", "line", "grid", "up", "down", "up-soft", "down-soft", "long", "short", "panel", "warn"];
// A pointer that moves less than this has not meant to drag.
const SLOP = 4;
// Ticks of an arrow key with Shift held.
const TICKS_WITH_SHIFT = 10;

export class ChartAdapter {
  constructor(place, tell, moved) {
    this.place = place;
    this.tell = tell;
    this.moved = moved;
    this.lines = new Map();
    this.rows = "";
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
    this.layer = this.place.appendChild(document.createElement("div"));
    this.layer.className = "chart-handles";
    // The library tells a primitive whenever the scales may have moved.
    this.candles.attachPrimitive({ updateAllViews: () => this.arrangeSoon() });
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
    for (const { tone, mark } of this.lines.values()) mark.applyOptions({ color: c[tone] });
  }

  snapshot(numbers, precision, tick, fit) {
    this.precision = precision;
    const minMove = (this.tick = tick > 0 ? tick : 0.01);
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

  // Draws these lines and no others: key, price, tone, title on the canvas, order, label of the handle, state.
  setLines(rows) {
    this.rows = rows;
    const wanted = new Map();
    for (const row of rows ? rows.split("\n") : []) {
      const [key, price, tone, title, order, label, state] = row.split("\t");
      wanted.set(key, { key, price: Number(price), tone, title, order, label, isPending: state === "pending" });
    }
    for (const [key, line] of this.lines) {
      if (wanted.has(key)) continue;
      // An order that is gone cannot be dragged on.
      if (this.drag?.key === key) this.drag = null;
      this.candles.removePriceLine(line.mark);
      line.handle?.remove();
      this.lines.delete(key);
    }
    for (const [key, next] of wanted) {
      const line = this.lines.get(key) ?? this.addLine(next);
      Object.assign(line, next);
      if (this.drag?.key !== key) this.show(line, line.price);
    }
    this.arrangeSoon();
  }

  addLine(line) {
    line.mark = this.candles.createPriceLine({ price: line.price, lineWidth: 1, lineStyle: line.order ? 1 : 2 });
    if (line.order) line.handle = this.handleOf(line.key, line.order);
    this.lines.set(line.key, line);
    return line;
  }

  show(line, price) {
    const { mark, handle, title, tone, label } = line;
    mark.applyOptions({ price, title, color: this.palette[tone], axisLabelVisible: true });
    if (!handle) return;
    const isDragged = this.drag?.key === line.key;
    const text = this.written(price);
    handle.textContent = isDragged ? `${label} ${text}` : label;
    handle.dataset.tone = tone;
    handle.dataset.state = isDragged ? "dragged" : line.isPending ? "pending" : "";
    handle.setAttribute("aria-label", line.isPending ? `${label}, being changed` : label);
    handle.setAttribute("aria-valuenow", price);
    handle.setAttribute("aria-valuetext", text);
    handle.setAttribute("aria-disabled", line.isPending);
  }

  handleOf(key, order) {
    const handle = this.layer.appendChild(document.createElement("div"));
    handle.className = "chart-handle";
    handle.tabIndex = 0;
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-orientation", "vertical");
    handle.title = "Drag to change. Or: arrow keys, then Enter; Escape puts it back.";
    handle.dataset.orderId = order;
    handle.dataset.line = key.split(":")[1];
    const isMine = () => this.drag?.key === key;
    const on = (name, act) => handle.addEventListener(name, act);
    on("pointerdown", (event) => {
      const line = this.lines.get(key);
      if (!event.isPrimary || event.button !== 0 || !line || line.isPending) return;
      event.preventDefault();
      handle.focus({ preventScroll: true });
      handle.setPointerCapture(event.pointerId);
      const at = this.candles.priceToCoordinate(line.price);
      this.drag = { key, from: event.clientY, grip: event.clientY - at, price: line.price, hasMoved: false };
    });
    on("pointermove", (event) => {
      if (!isMine() || this.drag.grip === undefined) return;
      if (!this.drag.hasMoved && Math.abs(event.clientY - this.drag.from) < SLOP) return;
      this.dragTo(this.candles.coordinateToPrice(event.clientY - this.drag.grip));
    });
    on("pointerup", () => isMine() && this.drop());
    on("pointercancel", () => isMine() && this.putBack());
    on("blur", () => isMine() && this.putBack());
    on("keydown", (event) => {
      const line = this.lines.get(key);
      const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (way && line && !line.isPending) {
        this.drag ??= { key, price: line.price };
        if (isMine()) this.dragTo(this.drag.price + way * this.tick * (event.shiftKey ? TICKS_WITH_SHIFT : 1));
      } else if (isMine() && event.key === "Enter") {
        this.drop();
      } else if (isMine() && event.key === "Escape") {
        this.putBack();
      } else {
        return;
      }
      event.preventDefault();
    });
    return handle;
  }

  dragTo(price) {
    if (price === null) return;
    this.drag.hasMoved = true;
    this.drag.price = Math.max(this.tick, Math.round(price / this.tick) * this.tick);
    this.show(this.lines.get(this.drag.key), this.drag.price);
    this.arrangeSoon();
  }

  // The wasm hears where the line was dropped and says what to draw: the same line there, waiting for the answer.
  drop() {
    const { key, price, hasMoved } = this.drag;
    const before = this.lines.get(key).price;
    this.putBack();
    const text = price.toFixed(this.precision);
    if (hasMoved && text !== before.toFixed(this.precision)) this.moved(key, text);
  }

  putBack() {
    this.drag = null;
    this.setLines(this.rows);
  }

  arrangeSoon() {
    this.arranging ??= requestAnimationFrame(() => {
      this.arranging = undefined;
      if (!this.gone) this.arrange();
    });
  }

  // Handles lie on their lines; those that would cover one another stand side by side.
  arrange() {
    const { height } = this.chart.paneSize();
    let free = { y: -Infinity, x: 0 };
    const placed = [...this.lines.values()]
      .filter(({ handle }) => handle)
      .map((line) => {
        const price = this.drag?.key === line.key ? this.drag.price : line.price;
        return { handle: line.handle, y: this.candles.priceToCoordinate(price) };
      })
      .sort((one, other) => one.y - other.y);
    for (const { handle, y } of placed) {
      handle.hidden = y === null || y < 0 || y > height;
      if (handle.hidden) continue;
      const x = y - free.y < handle.offsetHeight ? free.x : 0;
      handle.style.transform = `translate(${x}px, ${y}px) translateY(-50%)`;
      free = { y, x: x + handle.offsetWidth + 4 };
    }
  }

  dispose() {
    this.gone = true;
    this.themes?.disconnect();
    this.system?.removeEventListener("change", this.repaint);
    cancelAnimationFrame(this.arranging);
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
