// What is done with a position: closed in part, turned, flattened, leveraged, and held as two legs.
import { DESKTOP, expect, test } from "../fixtures";
import { linkState, numberIn } from "../regions";
import {
  atMarket, button, ended, fills, fillTicket, held, last, near, openSim, PERPETUAL, place, placed, SIM, SPOT, show, side,
  told,
} from "../trading";

test.use({ deskEnv: SIM });
test.setTimeout(60_000);

test("closed by a quarter, then turned to the other side after a question", async ({ page, complaints }) => {
  await openSim(page);
  await atMarket(page, "Buy", "0.4");
  await show(page, "Positions");
  const cells = held(page).getByRole("cell");
  await button(page, `Close 25% of ${SPOT}`).click();
  await expect(cells.nth(1)).toHaveText("0.3");
  await expect(place(page, "Positions").getByText(/^Sold 0\.1 SIM001 at /)).toBeVisible();
  await button(page, `Reverse ${SPOT}`).click();
  const asked = page.getByRole("dialog", { name: "Reverse" });
  await expect(asked).toContainText(`Turn ${SPOT} from long 0.3 to short 0.3 at market?`);
  await page.keyboard.press("Escape");
  await expect(asked).toBeHidden();
  await expect(cells.nth(0), "Escape is no").toHaveText("LONG");
  await button(page, `Reverse ${SPOT}`).click();
  await asked.getByRole("button", { name: "Reverse" }).click();
  await expect(cells.nth(0)).toHaveText("SHORT");
  await expect(cells.nth(1)).toHaveText("0.3");
  expect(complaints).toEqual([]);
});

test("flattened after a question, and without one where that is switched off", DESKTOP, async ({ page }) => {
  await openSim(page);
  await atMarket(page, "Buy", "0.2");
  await placed(page, "Buy", { kind: "Limit", fields: { Price: await near(page, -0.3) } });
  await show(page, "Positions");
  const flatten = button(page, "Flatten all: cancel all orders and close all positions");
  const asked = page.getByRole("dialog", { name: "Flatten all" });
  await flatten.click();
  await expect(asked).toContainText("Cancel all open orders (1) and close all positions (1) at market?");
  await asked.getByRole("button", { name: "Keep as it is" }).click();
  await expect(held(page)).toHaveCount(1);
  await flatten.click();
  await asked.getByRole("button", { name: "Flatten all" }).click();
  await expect(held(page)).toHaveCount(0);
  await show(page, "Orders");
  await expect(ended(page).filter({ hasText: "Cancelled" })).toHaveCount(1);
  await expect(place(page, "Orders").getByText(/^No open orders\./)).toBeVisible();

  await page.locator("summary[aria-label=Settings]").click();
  await page.getByRole("checkbox", { name: "Flatten all" }).uncheck();
  await page.reload();
  await expect(linkState(page)).toHaveText("Live");
  await atMarket(page, "Sell", "0.2");
  await show(page, "Positions");
  await expect(held(page)).toHaveCount(1);
  await flatten.click();
  await expect(held(page)).toHaveCount(0);
  await expect(asked).toBeHidden();
});

test("a perpetual: leverage is set, the margin follows, and the liquidation price is shown", async ({ page }) => {
  await openSim(page, PERPETUAL);
  const leverage = place(page, "Order ticket").getByRole("textbox", { name: "Leverage" });
  await leverage.fill("10");
  await place(page, "Order ticket").getByRole("button", { name: "Set 10×" }).click();
  await expect(told(page)).toHaveText("The leverage is set.");
  await fillTicket(page, { quantity: "1" });
  await side(page, "Buy").click();
  await expect(told(page)).toHaveText(/^Bought 1 /);
  await show(page, "Positions");
  const cells = held(page, PERPETUAL).getByRole("cell");
  await expect(cells.nth(7)).toHaveText(/^14\d\.\d\d · 10×$/);
  await expect(cells.nth(8)).toHaveText(/^[\d,]+\.\d{3}$|^—$/);
  await button(page, `Close ${PERPETUAL}`).click();
  await expect(held(page, PERPETUAL)).toHaveCount(0);

  // A short of most of the account can be liquidated in any case: its loss has no end.
  await page.evaluate(() => localStorage.setItem("tickwire.confirm", "off"));
  await page.evaluate(() => localStorage.setItem("unasked", "large-order"));
  await page.reload();
  await expect(linkState(page)).toHaveText("Live", { timeout: 10_000 });
  await show(page, "Positions");
  await fillTicket(page, { quantity: "6" });
  const estimate = place(page, "Order ticket").getByRole("row").filter({ hasText: /liquidation/ }).getByRole("cell");
  await expect(estimate.last(), "said before it is sent").toHaveText(/[\d,]+\.\d+/);
  await side(page, "Sell").click();
  await expect(told(page)).toHaveText(/^Sold 6 /);
  await expect(cells.nth(8)).toHaveText(/^[\d,]+\.\d{3}$/);
  const liquidation = numberIn((await cells.nth(8).textContent()) ?? "");
  expect(liquidation).toBeGreaterThan(await last(page));
});

test("cash and carry: opened as one row of two legs, and closed as one", async ({ page }) => {
  await openSim(page, PERPETUAL);
  await fillTicket(page, { quantity: "0.5" });
  const ticket = place(page, "Order ticket");
  await ticket.getByText("Cash and carry", { exact: true }).click();
  await expect(ticket.getByText(/^Buys 0\.5 SIM001 and sells 0\.5 SIM001USDT-PERP at market\. Expected funding: /)).toBeVisible();
  await ticket.getByRole("button", { name: "Open carry" }).click();
  await show(page, "Positions");
  const close = place(page, "Positions").getByRole("button", { name: /^Close both legs of / });
  await expect(close).toHaveCount(1);
  const row = place(page, "Positions").getByRole("row").filter({ has: page.getByRole("button", { name: /^Close both legs of / }) });
  await expect(row).toContainText("CARRY");
  await expect(row).toContainText(PERPETUAL);
  await expect(row.getByRole("cell").nth(1)).toHaveText("0.5");
  await expect(row.getByRole("cell").nth(2)).toHaveText(/^[\d,]+\.\d{3} \/ [\d,]+\.\d{3}$/);
  await show(page, "Trades");
  await expect(fills(page)).toHaveCount(2);
  await expect(fills(page).first()).toContainText("Carry");
  await show(page, "Positions");
  await close.click();
  await expect(close).toHaveCount(0);
  await show(page, "Trades");
  await expect(fills(page)).toHaveCount(4);
});
