// The chart: loaded late, full at once, alive, attributed, and with a line for each open position.
import { painted } from "../canvas";
import { DESKTOP, expect, test } from "../fixtures";
import { market, openLive, place, position, region } from "../regions";

const LIBRARY = /lightweight-charts/;
const SUMMARY =
  /^Candles of BTCUSDT: last [\d,]+\.\d\d, 24 hour change [+\u2212]?\d+\.\d\d%, high [\d,]+\.\d\d, low [\d,]+\.\d\d/;

test("the library comes after hydration; the chart is full at once, and said in words", async ({
  page,
  complaints,
}) => {
  const order: string[] = [];
  page.on("requestfinished", (request) => order.push(new URL(request.url()).pathname));
  await openLive(page);
  const note = region(page, "Chart").getByText(/Candles appear/);
  await expect(note).toBeHidden();
  await expect(page.locator("canvas").first()).toBeVisible();
  await expect(page.getByRole("img", { name: SUMMARY }), "in words").toBeVisible();
  await expect.poll(async () => (await painted(page)).columns, { timeout: 1_000 }).toBeGreaterThan(0.5);
  const wasm = order.findIndex((path) => path.endsWith(".wasm"));
  expect(order.filter((path) => LIBRARY.test(path))).toHaveLength(1);
  expect(order.findIndex((path) => LIBRARY.test(path))).toBeGreaterThan(wasm);
  const html = await (await page.request.get("/")).text();
  expect(html, "nothing preloads it").not.toMatch(LIBRARY);
  expect(complaints).toEqual([]);
});

// What is inside a picture does not exist for a screen reader.
test("TradingView is named with a link, which is not inside a picture", DESKTOP, async ({ page }) => {
  await openLive(page);
  const link = region(page, "Chart").locator('a[href*="tradingview.com"]');
  await expect(link).toBeInViewport({ ratio: 0.99 });
  await expect(link).toHaveAttribute("title", /TradingView/);
  await expect(page.locator("[role=img]").filter({ has: page.locator("a") })).toHaveCount(0);
});

test("the last bar moves, and the interval changes", DESKTOP, async ({ page }) => {
  const sent: string[] = [];
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(String(payload))));
  await openLive(page);
  await expect.poll(async () => (await painted(page)).columns).toBeGreaterThan(0.5);
  const { print } = await painted(page);
  await expect.poll(async () => (await painted(page)).print, { message: "alive" }).not.toBe(print);

  const interval = (name: string) => region(page, "Chart").getByRole("button", { name, exact: true });
  await expect(interval("1m")).toHaveAttribute("aria-pressed", "true");
  await interval("15m").click();
  await expect(interval("15m")).toHaveAttribute("aria-pressed", "true");
  await expect(interval("1m")).toHaveAttribute("aria-pressed", "false");
  await expect.poll(() => sent.some((frame) => /"subscribe".*candles:BTCUSDT:15m/.test(frame))).toBe(true);
  await expect
    .poll(() => sent.some((frame) => /unsubscribe.*candles:BTCUSDT:1m/.test(frame)), { message: "let go of the old" })
    .toBe(true);
  await expect(region(page, "Chart").getByText(/Candles appear/)).toBeHidden();
  await expect.poll(async () => (await painted(page)).columns).toBeGreaterThan(0.3);
});

test("a position has a line, its own market only, and no longer than it lives", async ({ page }) => {
  await openLive(page);
  await expect.poll(async () => (await painted(page)).columns).toBeGreaterThan(0.5);
  const label = async () => (await painted(page)).label;
  expect(await label(), "a hairline for the last price").toBeLessThan(5);
  await place(page, "Buy", "0.05");
  await expect.poll(label, { message: "LONG 0.05" }).toBeGreaterThan(8);
  await market(page, "ETHUSDT").click();
  await expect.poll(label, { message: "none in another market" }).toBeLessThan(5);
  await market(page, "BTCUSDT").click();
  await expect.poll(label, { message: "there again" }).toBeGreaterThan(8);
  await position(page, "BTCUSDT").getByRole("button", { name: "Close BTCUSDT", exact: true }).click();
  await expect(position(page, "BTCUSDT")).toHaveCount(0);
  await expect.poll(label, { message: "gone with the position" }).toBeLessThan(5);
});

test("without the library, the desk says so, works, and tries again", DESKTOP, async ({ page }) => {
  await page.route(LIBRARY, (route) => route.abort());
  await openLive(page);
  const alert = region(page, "Chart").getByRole("alert");
  await expect(alert).toContainText("could not be loaded");
  await place(page, "Buy", "0.01");
  await expect(position(page, "BTCUSDT")).toHaveCount(1);
  await page.unroute(LIBRARY);
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect.poll(async () => (await painted(page)).columns).toBeGreaterThan(0.5);
  await expect(alert).toBeHidden();
});
