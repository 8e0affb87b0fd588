// Without JavaScript: the server's HTML is a complete picture of the desk, and says of when it is.
import { DESKTOP, expect, test } from "../fixtures";
import {
  fact,
  MARKETS,
  market,
  numberIn,
  PANELS,
  position,
  priceOf,
  region,
  SYMBOLS,
  sideButton,
  written,
} from "../regions";
import { type Frame, Wire } from "../wire";

const tickers = SYMBOLS.map((symbol) => `ticker:${symbol}`);
const AGE = /^as of (\d\d):(\d\d):(\d\d) UTC$/;
const AGE_S_MAX = 10;

test("all six regions and the PAPER badge are there; trading is off, and the page says why", async ({ page }) => {
  await page.goto("/");
  for (const name of [...PANELS, "Connection"] as const) await expect(region(page, name)).toBeVisible();
  await expect(page.getByText("PAPER", { exact: true })).toBeInViewport({ ratio: 1 });
  await expect(page.getByRole("heading", { level: 1, name: "Tickwire" })).toBeVisible();
  for (const side of ["Buy", "Sell"] as const) await expect(sideButton(page, side)).toBeDisabled();
  await expect(region(page, "Order ticket").getByText(/needs JavaScript/)).toBeVisible();
});

test("the prices of all six markets are the server's own of this moment, in the decimals of their ticks", async ({
  page,
  desk,
}) => {
  const wire = await Wire.open(desk.url);
  await wire.ask({ action: "subscribe", topics: tickers });
  for (const _ of ["once", "and after they have moved"]) {
    const asked = Date.now();
    await page.goto("/");
    for (const symbol of SYMBOLS) {
      const shown = await priceOf(page, symbol);
      expect(shown, symbol).toMatch(new RegExp(`^[\\d,]+\\.\\d{${MARKETS[symbol]}}$`));
      const isTicker = (frame: Frame) => frame.type === "MARKET_UPDATE" && frame.symbol === symbol;
      // The page may be of a moment that the socket passed over, but of none outside of what it told around it.
      const told = () => wire.since(asked - 3_000, isTicker).map((frame) => frame.price);
      await expect.poll(() => Math.min(...told()), { message: symbol }).toBeLessThanOrEqual(numberIn(shown));
      await expect.poll(() => Math.max(...told()), { message: symbol }).toBeGreaterThanOrEqual(numberIn(shown));
      await expect(market(page, symbol)).toContainText(/[+\u2212]?\d+\.\d\d%/);
    }
    const last = wire.frames.length;
    for (const symbol of ["BTCUSDT", "ETHUSDT", "SOLUSDT"]) {
      await wire.first((frame) => frame.symbol === symbol && wire.frames.indexOf(frame) >= last);
    }
  }
  wire.close();
});

test("positions and portfolio are the account's", async ({ page, desk }) => {
  const wire = await Wire.open(desk.url);
  await wire.order("BTCUSDT", "buy", 0.05);
  await wire.order("DOGEUSDT", "sell", 2000);
  const asked = Date.now();
  await page.goto("/");

  const [positions] = await wire.ask({ action: "get_positions" });
  const [long, short] = ["BTCUSDT", "DOGEUSDT"].map((symbol) =>
    positions.positions.find((one: Frame) => one.symbol === symbol),
  );
  const cells = (symbol: "BTCUSDT" | "DOGEUSDT") => position(page, symbol).getByRole("cell");
  await expect(cells("BTCUSDT").nth(0)).toHaveText("LONG");
  await expect(cells("BTCUSDT").nth(1)).toHaveText(/^0\.050*$/);
  await expect(cells("BTCUSDT").nth(2)).toHaveText(written(long.entry_price, 2));
  await expect(cells("DOGEUSDT").nth(0)).toHaveText("SHORT");
  await expect(cells("DOGEUSDT").nth(1)).toHaveText(/^2,000(\.0+)?$/);
  await expect(cells("DOGEUSDT").nth(2)).toHaveText(written(short.entry_price, 5));

  const [{ portfolio }] = await wire.ask({ action: "get_portfolio" });
  await expect(fact(page, "Portfolio", "Fees paid")).toHaveText(written(portfolio.fees, 2));
  await expect(fact(page, "Portfolio", "Open positions")).toHaveText("2");
  const shown = numberIn((await fact(page, "Portfolio", "Total P&L").textContent()) ?? "");
  // The page may be of a moment that the socket passed over, but of none outside of what it told around it.
  const told = () =>
    wire.since(asked, (frame) => frame.type === "PORTFOLIO_UPDATE").map((frame) => frame.portfolio.total_pnl);
  await expect.poll(() => Math.min(...told())).toBeLessThanOrEqual(shown + 0.0051);
  await expect.poll(() => Math.max(...told())).toBeGreaterThanOrEqual(shown - 0.0051);
  wire.close();
});

const DAY_S = 86_400;

test("each panel says of when it is", async ({ page }) => {
  await page.goto("/");
  const now = Math.floor(Date.now() / 1000) % DAY_S;
  for (const name of PANELS) {
    const age = region(page, name).getByText(AGE);
    await expect.soft(age, name).toBeVisible();
    await age.scrollIntoViewIfNeeded({ timeout: 500 }).catch(() => {});
    await expect.soft(age, `${name}, unclipped`).toBeInViewport({ ratio: 0.99, timeout: 1_000 });
    const [hours, minutes, seconds] = (AGE.exec((await age.textContent()) ?? "") ?? []).slice(1).map(Number);
    expect((now - (hours * 3600 + minutes * 60 + seconds) + DAY_S) % DAY_S).toBeLessThan(AGE_S_MAX);
  }
});

test("a market is chosen by its link", DESKTOP, async ({ page }) => {
  await page.goto("/");
  await market(page, "ADAUSDT").click();
  await expect(page).toHaveURL(/symbol=ADAUSDT/);
  await expect(market(page, "ADAUSDT")).toHaveAttribute("aria-current", "true");
  await expect(region(page, "Order ticket").getByText(/^ADAUSDT/)).toBeVisible();
  await expect(page.getByRole("img", { name: /^Candles of ADAUSDT: last \d\.\d{4}/ })).toBeVisible();
});
