// Trading as a reader does it: the ticket filled in, rows of the blotter, handles on the chart. The market is the
// synthetic one, fast enough that what waits near the price is reached, and never so far within a test as half a percent.
import { expect, type Locator, type Page } from "@playwright/test";
import { linkState, numberIn } from "./regions";

/** Settings of a desk with the synthetic market. */
export const SIM = { TICKWIRE_MARKET: "sim", TICKWIRE_SIM_TICKS_PER_SECOND: "120" };

/** Its first market: a price of some 1,465 in steps of 0.001, quantities in steps of 0.001. */
export const SPOT = "SIM001USDT";
export const PERPETUAL = "SIM001USDT-PERP";

export type Place =
  | "Positions" | "Orders" | "Trades" | "Alerts" | "Logs" | "Portfolio" | "Equity" | "Risk" | "Performance"
  | "Order ticket" | "Chart";

const TABS = ["Positions", "Orders", "Trades", "Alerts", "Logs", "Portfolio", "Equity", "Risk", "Performance"];

/** A region, without turning to it: hidden while another one of its group is shown. */
export const place = (page: Page, name: Place): Locator =>
  page.getByRole("region", { name, exact: true, includeHidden: true });

/** Turns to a region and returns it. */
export async function show(page: Page, name: Place): Promise<Locator> {
  if (TABS.includes(name)) await page.getByRole("tab", { name, exact: true }).click();
  await expect(place(page, name)).toBeVisible();
  return place(page, name);
}

/** Opens the desk at a market of the synthetic feed and waits until it is live. */
export async function openSim(page: Page, symbol = SPOT): Promise<void> {
  await page.goto(`/?symbol=${symbol}`);
  await expect(linkState(page)).toHaveText("Live", { timeout: 10_000 });
}

/** The last price of the market that the desk is turned to. */
export async function last(page: Page): Promise<number> {
  const words = await page.getByRole("img", { name: /^Candles of/ }).getAttribute("aria-label");
  const price = /last ([\d,.]+\d)/.exec(words ?? "")?.[1];
  if (!price) throw new Error(`no last price in "${words}"`);
  return numberIn(price);
}

/** A price so many percent from the last one, on a tick, as it is typed. */
export const near = async (page: Page, percent: number): Promise<string> =>
  ((await last(page)) * (1 + percent / 100)).toFixed(3);

export type Fill = { kind?: string; fields?: Record<string, string>; quantity?: string; ticks?: string[] };

/** Fills the ticket in. */
export async function fillTicket(page: Page, { kind = "Market", fields = {}, quantity = "0.1", ticks = [] }: Fill) {
  const ticket = place(page, "Order ticket");
  await ticket.getByRole("combobox", { name: "Order type" }).selectOption(kind);
  await ticket.getByRole("textbox", { name: /^Quantity/ }).fill(quantity);
  for (const name of ticks) await ticket.getByRole("checkbox", { name }).check();
  for (const [name, value] of Object.entries(fields)) {
    await ticket.getByRole("textbox", { name, exact: true }).fill(value);
  }
}

export const told = (page: Page): Locator => place(page, "Order ticket").getByRole("status");
export const side = (page: Page, name: "Buy" | "Sell"): Locator =>
  place(page, "Order ticket").getByRole("button", { name: new RegExp(`^${name}\\b`) });

/** Places an order and returns the numbers of those that rest now. */
export async function placed(page: Page, way: "Buy" | "Sell", fill: Fill): Promise<string[]> {
  await fillTicket(page, fill);
  await side(page, way).click();
  await expect(told(page)).toHaveText(/^Resting: order-\d+/);
  return [...((await told(page).textContent()) ?? "").matchAll(/order-(\d+)/g)].map((found) => found[1]);
}

/** Buys or sells at market and waits for the fill. */
export async function atMarket(page: Page, way: "Buy" | "Sell", quantity: string): Promise<void> {
  await fillTicket(page, { quantity });
  await side(page, way).click();
  await expect(told(page)).toHaveText(new RegExp(`^${way === "Buy" ? "Bought" : "Sold"} ${quantity} `));
}

/** The columns of an open order. */
export const OPEN = { symbol: 1, side: 2, type: 3, price: 4, trigger: 5, filled: 6, force: 7, status: 8 } as const;

const openTable = (page: Page) =>
  place(page, "Orders").getByRole("table", { name: "Open orders", includeHidden: true });

/** The row of an open order. Turn to the orders first. */
export const openOrder = (page: Page, number: string): Locator =>
  openTable(page).getByRole("row").filter({ has: button(page, `Cancel order ${number}`) });

export const openCell = (page: Page, number: string, column: keyof typeof OPEN): Locator =>
  // By place in the row: a phone does not show all of them.
  openOrder(page, number).locator("td, th").nth(OPEN[column]);

export const button = (page: Page, name: string): Locator => page.getByRole("button", { name, exact: true });

/** Rows of orders that have ended, the last one first: Ended, Symbol, Side, Type, Price, Filled, Average, Outcome. */
export const ended = (page: Page): Locator =>
  place(page, "Orders").getByRole("table", { name: "Recent orders" }).locator("tbody").getByRole("row");

/** Rows of fills, the last one first: Time, Symbol, Side, Quantity, Price, Fee, Role, P&L. */
export const fills = (page: Page): Locator =>
  place(page, "Trades").getByRole("table", { name: "Executions and funding" }).locator("tbody").getByRole("row");

/** The row of an open position: Side, Quantity, Entry, Mark, P&L, P&L %, Value, Margin, Liquidation. */
export const held = (page: Page, symbol = SPOT): Locator =>
  place(page, "Positions").locator(`tr[data-symbol="${symbol}"]`);

/** Changes an open order by the form of its row. */
export async function amend(page: Page, number: string, fields: Record<string, string>): Promise<void> {
  const save = button(page, `Save the changes of order ${number}`);
  if (!(await save.isVisible())) await button(page, `Amend order ${number}`).click();
  const form = openTable(page).getByRole("row").filter({ has: save });
  for (const [name, value] of Object.entries(fields)) {
    await form.getByRole("textbox", { name, exact: true }).fill(value);
  }
  await save.click();
}

export async function cancel(page: Page, number: string): Promise<void> {
  await button(page, `Cancel order ${number}`).click();
  await expect(openOrder(page, number)).toHaveCount(0);
}

/** The handle of an order's line on the chart. */
export const handle = (page: Page, number: string, line: "price" | "trigger" | "trail"): Locator =>
  page.locator(`[data-order-id="order-${number}"][data-line="${line}"]`);

export const valueOf = async (one: Locator): Promise<number> => Number(await one.getAttribute("aria-valuenow"));

/** Drags a handle so many pixels down, and returns the price where it was let go. */
export async function drag(page: Page, one: Locator, by: number): Promise<number> {
  await one.scrollIntoViewIfNeeded();
  const before = await valueOf(one);
  await expect(async () => {
    const box = (await one.boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x, y + by, { steps: 4 });
    // The scale may have moved between the look and the grip.
    if ((await one.getAttribute("data-state")) !== "dragged") await page.mouse.up();
    expect(await one.getAttribute("data-state")).toBe("dragged");
  }).toPass({ timeout: 15_000 });
  const value = await valueOf(one);
  expect(value).not.toBe(before);
  await page.mouse.up();
  await expect(one).toHaveAttribute("data-state", "");
  expect(await valueOf(one)).toBeCloseTo(value, 6);
  return value;
}

