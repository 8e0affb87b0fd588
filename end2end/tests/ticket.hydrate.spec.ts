// The order ticket: from a quantity to a position, to nothing again, and everything that stands against an order.
import type { Page } from "@playwright/test";
import { DESKTOP, expect, test } from "../fixtures";
import {
  fact,
  market,
  numberIn,
  openLive,
  place,
  position,
  priceOf,
  quantityField,
  region,
  sideButton,
} from "../regions";
import { Wire } from "../wire";

const told = (page: Page) => region(page, "Order ticket").getByRole("status");
const reason = (page: Page, text: RegExp) => page.locator("#ticket-trouble").filter({ hasText: text });
const figure = async (page: Page, row: string, side: "Buy" | "Sell") => {
  const cells = region(page, "Order ticket").getByRole("row").filter({ hasText: row }).getByRole("cell");
  return numberIn((await cells.nth(side === "Buy" ? 0 : 1).textContent()) ?? "");
};

test("buy, then close: the position comes and goes, and the fees are booked", async ({ page, desk, complaints }) => {
  await openLive(page);
  await expect(region(page, "Positions").getByText(/No open positions/)).toBeVisible();
  await expect(fact(page, "Portfolio", "Fees paid")).toHaveText("0.00");
  await quantityField(page).fill("0.1");
  await expect(sideButton(page, "Buy")).toHaveText("Buy 0.1 BTC");
  await expect(async () => {
    const [price, cost, fee] = await Promise.all(
      ["Est. price", "Est. cost", "Fee"].map((row) => figure(page, row, "Buy")),
    );
    expect(cost).toBeCloseTo(price * 0.1, 1);
    expect(fee).toBeCloseTo(cost * 0.001, 2);
  }).toPass({ timeout: 5_000 });
  await sideButton(page, "Buy").click();

  await expect(told(page)).toHaveText(/^Bought 0\.1 BTC at [\d,]+\.\d\d · fee \d+\.\d\d$/);
  const cells = position(page, "BTCUSDT").getByRole("cell");
  await expect(cells.nth(0)).toHaveText("LONG");
  await expect(cells.nth(1)).toHaveText(/^0\.10*$/);
  await expect(cells.nth(2)).toHaveText(/^[\d,]+\.\d\d$/);
  const wire = await Wire.open(desk.url);
  const [{ positions }] = await wire.ask({ action: "get_positions" });
  expect(numberIn((await cells.nth(2).textContent()) ?? "")).toBe(positions[0].entry_price);
  expect(await told(page).textContent()).toContain(await cells.nth(2).textContent());
  await expect(fact(page, "Portfolio", "Open positions")).toHaveText("1");
  await expect(fact(page, "Portfolio", "Fees paid")).not.toHaveText("0.00");
  const feesOfOne = numberIn((await fact(page, "Portfolio", "Fees paid").textContent()) ?? "");
  await expect(cells.nth(3), "the mark lives").not.toHaveText((await cells.nth(3).textContent()) ?? "");

  await position(page, "BTCUSDT").getByRole("button", { name: "Close BTCUSDT" }).click();
  await expect(position(page, "BTCUSDT")).toHaveCount(0);
  await expect(region(page, "Positions").getByRole("status").first()).toHaveText(/^Sold 0\.1 BTC at /);
  await expect(fact(page, "Portfolio", "Open positions")).toHaveText("0");
  await expect
    .poll(async () => numberIn((await fact(page, "Portfolio", "Fees paid").textContent()) ?? ""))
    .toBeGreaterThan(feesOfOne);
  wire.close();
  expect(complaints).toEqual([]);
});

test("sell short in another market, in its own decimals", DESKTOP, async ({ page }) => {
  await openLive(page, "/?symbol=DOGEUSDT");
  await place(page, "Sell", "3000");
  await expect(told(page)).toHaveText(/^Sold 3,000 DOGE at 0\.\d{5} · fee 0\.\d{4}$/);
  const cells = position(page, "DOGEUSDT").getByRole("cell");
  await expect(cells.nth(0)).toHaveText("SHORT");
  await expect(cells.nth(1)).toHaveText(/^3,000(\.0+)?$/);
  await expect(cells.nth(2)).toHaveText(/^0\.\d{5}$/);
});

test("the share buttons take that much of what is available", async ({ page }) => {
  await openLive(page);
  const share = (percent: number) => region(page, "Order ticket").getByRole("button", { name: `${percent}%` });
  for (const percent of [50, 25, 100]) {
    await share(percent).click();
    const quantity = Number(await quantityField(page).inputValue());
    expect(quantity * numberIn(await priceOf(page, "BTCUSDT"))).toBeCloseTo((10_000 * percent) / 100 / 1.001, -2);
  }
  await share(50).click();
  await sideButton(page, "Buy").click();
  await expect(told(page)).toHaveText(/^Bought /);
  const available = fact(page, "Order ticket", "Available");
  await expect.poll(async () => Number.parseFloat((await available.innerText()).replace(",", ""))).toBeLessThan(5_010);
});

test("what is against an order is said in a sentence, and the buttons are off", DESKTOP, async ({ page }) => {
  await openLive(page);
  await expect(reason(page, /^Enter a quantity\.$/)).toBeVisible();
  for (const [quantity, sentence] of [
    ["0.0000001", /^The least quantity is 0\.000001 BTC\.$/],
    ["0.0000015", /^The quantity must be a multiple of 0\.000001 BTC\.$/],
    ["0.0001", /^An order must be worth at least 5\.00 USDT; this one is worth [\d.]+\.$/],
    ["9", /This needs [\d,.]+ USDT with the fee; 10,000\.00 is available\./],
    ["lots", /^The quantity must be a number such as 0\.1\.$/],
    ["-1", /^The quantity must be a number such as 0\.1\.$/],
  ] as const) {
    await quantityField(page).fill(quantity);
    await expect(reason(page, sentence)).toBeVisible();
    for (const side of ["Buy", "Sell"] as const) await expect(sideButton(page, side)).toBeDisabled();
    await expect(sideButton(page, "Buy"), "said to screen readers too").toHaveAccessibleDescription(sentence);
  }
  await quantityField(page).fill("0,01");
  for (const side of ["Buy", "Sell"] as const) await expect(sideButton(page, side)).toBeEnabled();
});

test("a refusal of the server is shown as its sentence", DESKTOP, async ({ page, desk }) => {
  // Another client spends the money, and the page does not hear of it before it sends: only the server can refuse then.
  let isDeaf = false;
  const held: (() => void)[] = [];
  await page.addInitScript(() => localStorage.setItem("unasked", "large-order"));
  await page.routeWebSocket(/realtime/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((text) => {
      const isAccount = /"type":"(ACCOUNT_BALANCE_UPDATED|POSITION_UPDATE|PORTFOLIO_UPDATE)"/.test(String(text));
      if (isDeaf && isAccount) held.push(() => socket.send(text));
      else socket.send(text);
    });
  });
  await openLive(page);
  await quantityField(page).fill("0.5");
  await expect(sideButton(page, "Buy")).toBeEnabled();
  isDeaf = true;
  const wire = await Wire.open(desk.url);
  await wire.order("ETHUSDT", "buy", 2.5);
  await sideButton(page, "Buy").click();
  await expect(told(page)).toHaveText(/^[A-Z].*\d.*USDT.*\.$/);
  isDeaf = false;
  held.forEach((late) => late());
  await expect(position(page, "ETHUSDT")).toHaveCount(1);
  await expect(position(page, "BTCUSDT")).toHaveCount(0);
  wire.close();
});

test("by keyboard: arrows step, Enter buys on the button only", DESKTOP, async ({ page }) => {
  await openLive(page);
  await quantityField(page).fill("0.01");
  await quantityField(page).press("ArrowUp");
  await expect(quantityField(page)).toHaveValue("0.010001");
  await quantityField(page).press("Shift+ArrowDown");
  await expect(quantityField(page)).toHaveValue("0.009991");
  await quantityField(page).press("Enter");
  await expect(page).toHaveURL(/\/$/);
  await sideButton(page, "Buy").press("Enter");
  await expect(told(page)).toHaveText(/^Bought 0\.009991 BTC/);
  await expect(fact(page, "Portfolio", "Open positions")).toHaveText("1");
  await expect(position(page, "BTCUSDT").getByRole("cell").nth(1)).toHaveText("0.009991");
});

test("an order of this page and of another client are one account", DESKTOP, async ({ page, desk }) => {
  await openLive(page, "/?symbol=ETHUSDT");
  await place(page, "Buy", "0.5");
  await expect(position(page, "ETHUSDT").getByRole("cell").nth(1)).toHaveText(/^0\.50*$/);
  const wire = await Wire.open(desk.url);
  await wire.order("ETHUSDT", "sell", 0.2);
  await expect(position(page, "ETHUSDT").getByRole("cell").nth(1)).toHaveText(/^0\.30*$/);
  await wire.ask({ action: "close_position", symbol: "ETHUSDT" });
  await expect(position(page, "ETHUSDT")).toHaveCount(0);
  await expect(market(page, "ETHUSDT")).toHaveAttribute("aria-current", "true");
  wire.close();
});
