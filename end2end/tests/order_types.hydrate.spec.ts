// Every type of order, from the ticket to its end: placed, seen, amended in each way, cancelled, filled. The server is the
// real one, and so are its answers.
import type { Page } from "@playwright/test";
import { DESKTOP, expect, test } from "../fixtures";
import { numberIn, written } from "../regions";
import {
  amend,
  atMarket,
  cancel,
  drag,
  ended,
  type Fill,
  fillTicket,
  fills,
  handle,
  held,
  near,
  openCell,
  openOrder,
  openSim,
  place,
  placed,
  SIM,
  SPOT,
  show,
  side,
  told,
  valueOf,
} from "../trading";

test.use({ deskEnv: SIM });
// Each is a whole life of an order, on a machine that may be busy.
test.setTimeout(90_000);

type Kind = {
  name: string;
  way: "Buy" | "Sell";
  words: string;
  status: string;
  line: "price" | "trigger" | "trail";
  label: string;
  /** What is typed for one that rests far from the market, and its prices in percent from it. */
  far: Record<string, number>;
  /** The field and the column of what its line stands for. */
  field: "Price" | "Trigger";
};

const KINDS: Kind[] = [
  {
    name: "Limit", way: "Buy", words: "Limit", status: "Working", line: "price", label: "BUY 0.1 LIMIT",
    far: { Price: -0.2 }, field: "Price",
  },
  {
    name: "Stop", way: "Buy", words: "Stop market", status: "Waits for trigger", line: "trigger", label: "BUY 0.1 STOP",
    far: { "Trigger price": 0.2 }, field: "Trigger",
  },
  {
    name: "Stop limit", way: "Buy", words: "Stop limit", status: "Waits for trigger", line: "trigger",
    label: "BUY 0.1 STOP", far: { "Trigger price": 0.2, "Limit price": 0.4 }, field: "Trigger",
  },
  {
    name: "Take profit", way: "Sell", words: "Take profit", status: "Waits for trigger", line: "trigger",
    label: "SELL 0.1 TP", far: { "Trigger price": 0.2 }, field: "Trigger",
  },
];

async function typed(page: Page, percents: Record<string, number>): Promise<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (const [name, percent] of Object.entries(percents)) fields[name] = await near(page, percent);
  return fields;
}

const TAKE_PROFIT = "Take profit (limit order)";

/** A take-profit above the market and a stop-loss below it, as they are typed. */
const exits = (page: Page) => typed(page, { [TAKE_PROFIT]: 0.2, "Stop loss": -0.2 });

/** Puts a price of a resting order at the market, again and again until the market has come. */
async function untilFilled(page: Page, number: string, field: Kind["field"], percent: number): Promise<void> {
  await show(page, "Orders");
  await expect(async () => {
    if ((await openOrder(page, number).count()) > 0) {
      await amend(page, number, { [field]: await near(page, percent) });
    }
    await expect(openOrder(page, number)).toHaveCount(0, { timeout: 4_000 });
  }).toPass({ timeout: 60_000 });
}

/** What a filled order leaves behind on every list. */
async function seenFilled(page: Page, words: string, way: "Buy" | "Sell", quantity = "0.1"): Promise<void> {
  await show(page, "Orders");
  const row = ended(page).filter({ hasText: words }).filter({ hasText: "Filled" }).first();
  await expect(row.getByRole("cell").nth(2)).toHaveText(way.toUpperCase());
  await expect(row.getByRole("cell").nth(5)).toHaveText(`${quantity} / ${quantity}`);
  const average = numberIn((await row.getByRole("cell").nth(6).textContent()) ?? "");
  await expect(row.getByRole("cell").nth(7)).toHaveText(/^Filled/);
  await show(page, "Trades");
  await expect(fills(page).first().getByRole("cell").nth(2)).toHaveText(way.toUpperCase());
  await expect(fills(page).first().getByRole("cell").nth(1)).toHaveText(SPOT);
  const prices = await fills(page).locator("td:nth-child(5)").allTextContents();
  expect(Math.min(...prices.map(numberIn))).toBeLessThanOrEqual(average);
  await show(page, "Positions");
  await expect(held(page).getByRole("cell").nth(0)).toHaveText(way === "Buy" ? "LONG" : "SHORT");
  await expect(held(page).getByRole("cell").nth(1)).toHaveText(quantity);
}

test("market: bought at once, and sold again", async ({ page, complaints }) => {
  await openSim(page);
  await atMarket(page, "Buy", "0.2");
  await seenFilled(page, "Market", "Buy", "0.2");
  await atMarket(page, "Sell", "0.2");
  await expect(held(page)).toHaveCount(0);
  await show(page, "Trades");
  await expect(fills(page).first().getByRole("cell").nth(7), "what it made").toHaveText(/^[+\u2212]\d+\.\d\d$/);
  expect(complaints).toEqual([]);
});

for (const kind of KINDS) {
  const { name, way, words, status, line, label, far, field } = kind;
  const column = field === "Price" ? "price" : "trigger";

  test(`${name}: placed, seen, amended by drag, form and keys, cancelled`, DESKTOP, async ({ page, complaints }) => {
    await openSim(page);
    const fields = await typed(page, far);
    const [number] = await placed(page, way, { kind: name, fields });
    const first = numberIn(Object.values(fields)[0]);
    await show(page, "Orders");
    const shown = openCell(page, number, column);
    await expect(openCell(page, number, "type")).toHaveText(words);
    await expect(openCell(page, number, "side")).toHaveText(way.toUpperCase());
    await expect(openCell(page, number, "status")).toHaveText(status);
    await expect(openCell(page, number, "filled")).toHaveText("0 / 0.1");
    await expect(shown).toHaveText(written(first, 3));
    const one = handle(page, number, line);
    await expect(one).toHaveText(label);
    expect(await valueOf(one)).toBe(first);

    const dropped = await drag(page, one, first > 1_000 && far[Object.keys(far)[0]] > 0 ? 12 : -12);
    await expect(shown, "amended by drag").toHaveText(written(dropped, 3));

    const second = numberIn(await near(page, far[Object.keys(far)[0]] * 0.9));
    await amend(page, number, { [field]: String(second), Quantity: "0.2" });
    await expect(shown, "amended by the row's form").toHaveText(written(second, 3));
    await expect(openCell(page, number, "filled")).toHaveText("0 / 0.2");
    await expect(one).toHaveText(label.replace("0.1", "0.2"));

    await one.focus();
    await one.press("ArrowUp");
    await one.press("Shift+ArrowUp");
    await one.press("Enter");
    await expect(shown, "amended by keys").toHaveText(written(second + 0.011, 3));

    await cancel(page, number);
    await expect(one).toHaveCount(0);
    await expect(ended(page)).toHaveCount(1);
    await expect(ended(page).getByRole("cell").nth(7)).toHaveText("Cancelled: by you");
    expect(complaints).toEqual([]);
  });

  test(`${name}: filled as the market comes, and seen in every list`, DESKTOP, async ({ page, complaints }) => {
    await openSim(page);
    const [number] = await placed(page, way, { kind: name, fields: await typed(page, far) });
    // A limit is taken where the market is; a trigger lies just ahead of it.
    await untilFilled(page, number, field, name === "Limit" ? 0.1 : 0.002);
    await seenFilled(page, words, way);
    expect(complaints).toEqual([]);
  });
}

test("trailing stop: placed, seen, amended by drag and keys, cancelled", DESKTOP, async ({ page, complaints }) => {
  await openSim(page);
  const [number] = await placed(page, "Sell", { kind: "Trailing stop", fields: { Trail: "0.6" } });
  await show(page, "Orders");
  await expect(openCell(page, number, "type")).toHaveText("Trailing stop");
  await expect(openCell(page, number, "trigger")).toHaveText(/^[\d,]+\.\d{3} · peak [\d,]+\.\d{3}$/);
  const one = handle(page, number, "trail");
  await expect(one).toHaveText("SELL 0.1 TRAIL");
  const figures = async () => {
    const text = (await openCell(page, number, "trigger").textContent()) ?? "";
    const [stop, peak] = text.split(" · peak ").map(numberIn);
    return { peak, share: ((peak - stop) / peak) * 100 };
  };
  expect((await figures()).share).toBeCloseTo(0.6, 2);
  const before = await valueOf(one);
  await one.scrollIntoViewIfNeeded();
  const box = (await one.boundingBox())!;
  await page.mouse.move(box.x + 20, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + 20, box.y + box.height / 2 + 15, { steps: 4 });
  expect(await valueOf(one)).toBeLessThan(before);
  await page.mouse.up();
  await expect.poll(async () => (await figures()).share, { message: "further away" }).toBeGreaterThan(0.61);
  const after = await valueOf(one);
  const { share } = await figures();
  expect(share * 100, "in hundredths of a percent").toBeCloseTo(Math.round(share * 100), 0);
  await cancel(page, number);
  expect(after).toBeLessThan(before);
  await expect(one).toHaveCount(0);
  await expect(ended(page).getByRole("cell").nth(7)).toHaveText("Cancelled: by you");
  expect(complaints).toEqual([]);
});

test("trailing stop: follows the market, and is filled where it turns", DESKTOP, async ({ page }) => {
  await openSim(page);
  const unit = place(page, "Order ticket").getByRole("button", { name: "Trail in %: change" });
  const fill: Fill = { kind: "Trailing stop", fields: { Trail: "0.01" } };
  await page.getByRole("combobox", { name: "Order type" }).selectOption("Trailing stop");
  await expect(unit).toBeVisible();
  // It may rest for a moment only.
  await fillTicket(page, fill);
  await side(page, "Sell").click();
  await expect(told(page)).toHaveText(/^Sold 0\.1 /, { timeout: 20_000 });
  await seenFilled(page, "Trailing stop", "Sell");
});

test("OCO: both legs seen; amending moves one, cancelling one removes both", async ({ page, complaints }) => {
  await openSim(page);
  const fields = await exits(page);
  const [first, second] = await placed(page, "Sell", { kind: "OCO", fields });
  await show(page, "Orders");
  const types = [await openCell(page, first, "type").textContent(), await openCell(page, second, "type").textContent()];
  expect(types.toSorted()).toEqual(["Limit · OCO TP", "Stop market · OCO SL"]);
  const [profit, loss] = types[0] === "Limit · OCO TP" ? [first, second] : [second, first];
  await expect(openCell(page, profit, "price")).toHaveText(written(numberIn(fields[TAKE_PROFIT]), 3));
  await expect(openCell(page, loss, "trigger")).toHaveText(written(numberIn(fields["Stop loss"]), 3));
  await expect(handle(page, profit, "price")).toHaveText("SELL 0.1 TP");
  await expect(handle(page, loss, "trigger")).toHaveText("SELL 0.1 SL");
  const dropped = await drag(page, handle(page, loss, "trigger"), -10);
  await expect(openCell(page, loss, "trigger")).toHaveText(written(dropped, 3));
  await expect(openCell(page, profit, "price")).toHaveText(written(numberIn(fields[TAKE_PROFIT]), 3));
  await cancel(page, profit);
  await expect(openOrder(page, loss)).toHaveCount(0);
  await expect(ended(page)).toHaveCount(2);
  await expect(ended(page).filter({ hasText: "OCO TP" })).toContainText("Cancelled: by you");
  await expect(ended(page).filter({ hasText: "OCO SL" })).toContainText("Cancelled: the other leg was cancelled");
  expect(complaints).toEqual([]);
});

test("OCO: the leg that the market reaches is filled, the other one goes with it", DESKTOP, async ({ page }) => {
  await openSim(page);
  const fields = await exits(page);
  const numbers = await placed(page, "Sell", { kind: "OCO", fields });
  await show(page, "Orders");
  const isStop = /Stop/.test((await openCell(page, numbers[0], "type").textContent()) ?? "");
  const [loss, profit] = isStop ? numbers : numbers.toReversed();
  await untilFilled(page, loss, "Trigger", -0.002);
  await expect(openOrder(page, profit)).toHaveCount(0);
  await expect(ended(page).filter({ hasText: "OCO SL" })).toContainText("Filled");
  await expect(ended(page).filter({ hasText: "OCO TP" })).toContainText("Cancelled: the other leg was filled");
  await seenFilled(page, "Stop market · OCO SL", "Sell");
});

async function bracket(page: Page): Promise<{ profit: string; loss: string }> {
  // The entry waits below the market, and the stop-loss below the entry.
  const fields = await typed(page, { [TAKE_PROFIT]: 0.2, "Stop loss": -0.6 });
  const ticks = ["Take profit / Stop loss"];
  const [entry] = await placed(page, "Buy", {
    kind: "Limit", ticks, fields: { Price: await near(page, -0.3), ...fields },
  });
  await show(page, "Orders");
  await expect(openCell(page, entry, "type")).toHaveText("Limit · Bracket");
  await expect(held(page)).toHaveCount(0);
  await untilFilled(page, entry, "Price", 0.1);
  const rows = place(page, "Orders").getByRole("button", { name: /^Cancel order \d+$/ });
  await expect(rows, "both legs").toHaveCount(2);
  const names = await rows.evaluateAll((all) => all.map((one) => one.getAttribute("aria-label") ?? ""));
  const numbers = names.map((name) => name.replace("Cancel order ", ""));
  const isStop = /SL/.test((await openCell(page, numbers[0], "type").textContent()) ?? "");
  const [loss, profit] = isStop ? numbers : numbers.toReversed();
  await expect(openCell(page, profit, "type")).toHaveText("Limit · TP");
  await expect(openCell(page, loss, "type")).toHaveText("Stop market · SL");
  await expect(openCell(page, profit, "force")).toContainText("reduce-only");
  for (const number of numbers) await expect(openCell(page, number, "filled")).toHaveText("0 / 0.1");
  await expect(handle(page, profit, "price")).toHaveText("SELL 0.1 TP");
  await expect(handle(page, loss, "trigger")).toHaveText("SELL 0.1 SL");
  return { profit, loss };
}

test("bracket: entry filled, both legs there, one amended by drag, cancelling it removes the other", async ({
  page,
  complaints,
}) => {
  await openSim(page);
  const { profit, loss } = await bracket(page);
  const dropped = await drag(page, handle(page, profit, "price"), 10);
  await expect(openCell(page, profit, "price")).toHaveText(written(dropped, 3));
  await cancel(page, loss);
  await expect(openOrder(page, profit)).toHaveCount(0);
  await expect(ended(page).filter({ hasText: /· TP/ })).toContainText("Cancelled: the other leg was cancelled");
  await show(page, "Positions");
  await expect(held(page), "the position stays").toHaveCount(1);
  expect(complaints).toEqual([]);
});

test("bracket: the leg that is filled closes the position and removes the other", DESKTOP, async ({ page }) => {
  await openSim(page);
  const { profit, loss } = await bracket(page);
  await untilFilled(page, profit, "Price", 0.002);
  await expect(openOrder(page, loss)).toHaveCount(0);
  await expect(ended(page).filter({ hasText: /· TP/ })).toContainText("Filled");
  await expect(ended(page).filter({ hasText: /· SL/ })).toContainText("Cancelled: the other leg was filled");
  await show(page, "Positions");
  await expect(held(page)).toHaveCount(0);
});

test("bracket at market: the legs come with the position", DESKTOP, async ({ page }) => {
  await openSim(page);
  const fields = await exits(page);
  await fillTicket(page, { ticks: ["Take profit / Stop loss"], fields });
  await side(page, "Buy").click();
  await expect(told(page)).toHaveText(/^Bought 0\.1 /);
  await show(page, "Orders");
  await expect(place(page, "Orders").getByRole("button", { name: /^Cancel order \d+$/ })).toHaveCount(2);
  await page.reload();
  await show(page, "Orders");
  await expect(place(page, "Orders").getByRole("button", { name: /^Cancel order \d+$/ })).toHaveCount(2);
});
