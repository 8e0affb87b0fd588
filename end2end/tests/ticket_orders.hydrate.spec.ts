// What the ticket places: every kind of order as it is sent, and the question before a dear one.
import type { Page } from "@playwright/test";
import { DESKTOP, expect, test } from "../fixtures";
import { numberIn, openLive, priceOf, quantityField, region, sideButton } from "../regions";

const ticket = (page: Page) => region(page, "Order ticket");
const field = (page: Page, name: string) => ticket(page).getByRole("textbox", { name, exact: true });
const choose = (page: Page, name: string, option: string) =>
  ticket(page).getByRole("combobox", { name }).selectOption(option);

/** What the page asks for from now on. */
function sentBy(page: Page): Record<string, unknown>[] {
  const sent: Record<string, unknown>[] = [];
  page.on("websocket", (socket) =>
    socket.on("framesent", ({ payload }) => {
      const frame = JSON.parse(String(payload));
      if (/^place/.test(frame.action)) sent.push(frame);
    }),
  );
  return sent;
}

test("each kind of order is sent as it was filled in", DESKTOP, async ({ page, complaints }) => {
  const sent = sentBy(page);
  await openLive(page);
  const last = Math.round(numberIn(await priceOf(page, "BTCUSDT")));
  await quantityField(page).fill("0.01");
  const kinds: [string, Record<string, number>, "Buy" | "Sell", Record<string, unknown>][] = [
    ["Limit", { Price: last - 100 }, "Buy", { order_type: "LIMIT", price: last - 100 }],
    ["Stop", { "Trigger price": last + 100 }, "Buy", { order_type: "STOP_MARKET", trigger_price: last + 100 }],
    [
      "Stop limit",
      { "Trigger price": last - 100, "Limit price": last - 110 },
      "Sell",
      { order_type: "STOP_LIMIT", trigger_price: last - 100, price: last - 110 },
    ],
    ["Take profit", { "Trigger price": last + 100 }, "Sell", { order_type: "TAKE_PROFIT_MARKET" }],
    ["Trailing stop", { Trail: 1.5 }, "Sell", { order_type: "TRAILING_STOP", trail_percent: 1.5 }],
    [
      "OCO",
      { "Take profit": last + 100, "Stop loss": last - 100 },
      "Sell",
      { action: "place_oco", take_profit: { price: last + 100 }, stop_loss: { trigger_price: last - 100 } },
    ],
  ];
  for (const [at, [kind, fields, side, expected]] of kinds.entries()) {
    await choose(page, "Order type", kind);
    for (const [name, value] of Object.entries(fields)) await field(page, name).fill(String(value));
    await sideButton(page, side).click();
    await expect.poll(() => sent.length, { message: kind }).toBe(at + 1);
    expect(sent[at]).toMatchObject({ ...expected, side: side.toLowerCase(), quantity: 0.01 });
    await expect(ticket(page).getByRole("status"), "answered").not.toHaveText(/Sending/);
  }
  expect(complaints).toEqual([]);
});

test("a bracket expands in place and says what it makes", DESKTOP, async ({ page }) => {
  const sent = sentBy(page);
  await openLive(page);
  const last = Math.round(numberIn(await priceOf(page, "BTCUSDT")));
  await quantityField(page).fill("0.1");
  await expect(field(page, "Take profit")).toBeHidden();
  await ticket(page).getByRole("checkbox", { name: "Take profit / Stop loss" }).check();
  await field(page, "Take profit").fill(String(last + 100));
  await field(page, "Stop loss").fill(String(last - 100));
  await expect(ticket(page).getByText(/^After fees: at take profit .\d.*% ?\) · at stop loss .\d/)).toBeVisible();
  await expect(sideButton(page, "Sell"), "those of a long").toBeDisabled();
  await sideButton(page, "Buy").click();
  await expect.poll(() => sent.length).toBe(1);
  expect(sent[0]).toMatchObject({
    order_type: "MARKET",
    take_profit: { price: last + 100 },
    stop_loss: { trigger_price: last - 100 },
  });
});

test("a market order for most of the account is asked about, unless that is switched off", DESKTOP, async ({ page }) => {
  const sent = sentBy(page);
  await openLive(page);
  await ticket(page).getByRole("button", { name: "75%" }).click();
  await sideButton(page, "Buy").click();
  const question = page.getByRole("dialog", { name: "Confirm the order" });
  await expect(question).toContainText(/worth [\d,.]+ USDT, 7\d% of the account\./);
  await page.keyboard.press("Escape");
  await expect(question).toBeHidden();
  expect(sent).toEqual([]);
  await sideButton(page, "Buy").click();
  await question.getByRole("button", { name: /^Buy 0\.\d+ BTC$/ }).click();
  await expect.poll(() => sent.length).toBe(1);
  await expect(question).toBeHidden();
  await expect(ticket(page).getByRole("status")).toHaveText(/^Bought /);
  await page.evaluate(() => localStorage.setItem("tickwire.confirm", "off"));
  await ticket(page).getByRole("checkbox", { name: "Reduce-only" }).check();
  await ticket(page).getByRole("button", { name: "100%" }).click();
  await sideButton(page, "Sell").click();
  await expect.poll(() => sent.length).toBe(2);
  expect(sent[1]).toMatchObject({ reduce_only: true });
});

test("a quantity in the quote currency, and another market empties the fields", DESKTOP, async ({ page }) => {
  await openLive(page);
  await ticket(page).getByRole("button", { name: "Quantity in BTC: change" }).click();
  await quantityField(page).fill("1000");
  await expect(sideButton(page, "Buy")).toHaveText(/^Buy 0\.\d+ BTC$/);
  await region(page, "Watchlist").getByRole("link").nth(1).click();
  await expect(quantityField(page)).toHaveValue("");
});
