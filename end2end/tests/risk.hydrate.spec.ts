// The risk guard on the page: pausing, stopping and resuming by hand, limits that trip by themselves, and all of it still
// so after a reload and after the server was killed.
import type { Page } from "@playwright/test";
import type { Desk } from "../desk";
import { DESKTOP, expect, test } from "../fixtures";
import { linkState } from "../regions";
import { atMarket, button, fillTicket, held, near, openOrder, openSim, place, placed, SIM, show, side, told } from "../trading";
import { Wire } from "../wire";

test.use({ deskEnv: SIM });
test.setTimeout(90_000);

const PAUSED = "New position openings stopped. Existing positions remain open.";
const banner = (page: Page) => page.getByRole("alert").filter({ hasText: /^(Soft pause|Hard stop)/ });
const question = (page: Page, name: string) => page.getByRole("dialog", { name });
const STOP = "STOP: cancel all orders, close all positions";

/** Says whether the page refuses what opens, with its sentence. */
async function refusesToOpen(page: Page): Promise<void> {
  await fillTicket(page, { quantity: "0.05" });
  await expect(side(page, "Buy")).toBeDisabled();
  await expect(side(page, "Buy")).toHaveAccessibleDescription(/Reduce-only orders are possible\./);
}

/** Reloads the page, and restarts the server by kill -9; runs the check after each. */
async function stillSo(page: Page, desk: Desk, check: () => Promise<void>): Promise<void> {
  await page.reload();
  await expect(linkState(page)).toHaveText("Live");
  await check();
  await desk.kill();
  await expect(linkState(page)).toHaveText("Reconnecting");
  await desk.start();
  await expect(linkState(page)).toHaveText("Live", { timeout: 10_000 });
  await check();
  await page.reload();
  await expect(linkState(page)).toHaveText("Live");
  await check();
}

async function resume(page: Page): Promise<void> {
  await show(page, "Risk");
  await button(page, "Resume trading").click();
  const asked = question(page, "Resume trading");
  const yes = asked.getByRole("button", { name: "Resume trading" });
  await expect(yes, "without the word").toBeDisabled();
  for (const wrong of ["resume", "RESUM", "yes"]) {
    await asked.getByRole("textbox").fill(wrong);
    await expect(yes, wrong).toBeDisabled();
    await asked.getByRole("textbox").press("Enter");
    await expect(asked).toBeVisible();
  }
  await expect(banner(page)).toBeVisible();
  await asked.getByRole("textbox").fill("RESUME");
  await yes.click();
  await expect(asked).toBeHidden();
  await expect(banner(page)).toBeHidden();
}

test("Pause: nothing opens, closing works, reload and kill -9 leave it so, RESUME lifts it", async ({ page, desk }) => {
  await openSim(page);
  await atMarket(page, "Buy", "0.4");
  await show(page, "Risk");
  await expect(place(page, "Risk").getByText("Normal", { exact: true })).toBeVisible();
  await button(page, "Pause trading").click();
  await expect(banner(page)).toContainText(`Soft pause: ${PAUSED}`);
  await expect(place(page, "Risk").getByText("Soft pause", { exact: true })).toBeVisible();
  await expect(place(page, "Risk")).toContainText(/by hand, since \d\d-\d\d \d\d:\d\d:\d\d UTC/);
  await refusesToOpen(page);
  await stillSo(page, desk, async () => {
    await expect(banner(page)).toContainText(PAUSED);
    await refusesToOpen(page);
    await show(page, "Positions");
    await expect(held(page), "the position stays").toHaveCount(1);
  });
  await button(page, "Close 50% of SIM001USDT").click();
  await expect(held(page).getByRole("cell").nth(1)).toHaveText("0.2");
  await button(page, "Close SIM001USDT").click();
  await expect(held(page)).toHaveCount(0);
  await resume(page);
  await atMarket(page, "Buy", "0.05");
});

test("STOP: asks, then cancels and closes everything; reload and kill -9 leave it so", async ({ page, desk }) => {
  await openSim(page);
  await atMarket(page, "Buy", "0.2");
  const [number] = await placed(page, "Buy", { kind: "Limit", fields: { Price: await near(page, -0.3) } });
  const stop = place(page, "Risk").getByRole("button", { name: STOP });
  await show(page, "Risk");
  await stop.click();
  const asked = question(page, "Stop trading");
  await expect(asked).toContainText("Cancel all orders (1), close all positions (1) at market");
  await asked.getByRole("button", { name: "Keep as it is" }).click();
  await expect(asked).toBeHidden();
  await expect(banner(page)).toBeHidden();
  await stop.click();
  await asked.getByRole("button", { name: "Stop trading" }).click();
  await expect(banner(page)).toContainText(/^Hard stop: /);
  const flat = async () => {
    await expect(banner(page)).toContainText(/^Hard stop: /);
    await show(page, "Positions");
    await expect(held(page)).toHaveCount(0);
    await show(page, "Orders");
    await expect(openOrder(page, number)).toHaveCount(0);
    await expect(place(page, "Orders").getByRole("row").filter({ hasText: "Cancelled: hard stop" })).toHaveCount(1);
    await refusesToOpen(page);
  };
  await flat();
  const wire = await Wire.open(desk.url);
  await expect(wire.order("SIM001USDT", "buy", 0.1), "no way around the page").rejects.toThrow(/place_order: /);
  await expect(wire.ask({ action: "resume_trading", confirm: "resume" })).rejects.toThrow(/RESUME/);
  wire.close();
  await stillSo(page, desk, flat);
  await resume(page);
  await atMarket(page, "Buy", "0.05");
});

test("the kill switch of the top bar", DESKTOP, async ({ page }) => {
  await openSim(page);
  await atMarket(page, "Sell", "0.2");
  await page.locator("header.top-bar").getByRole("button", { name: STOP }).click();
  await question(page, "Stop trading").getByRole("button", { name: "Stop trading" }).click();
  await expect(banner(page)).toContainText(/^Hard stop: /);
  await expect(held(page)).toHaveCount(0);
});

test.describe("a soft limit that a fee trips", () => {
  test.use({ deskEnv: { ...SIM, TICKWIRE_RISK_SOFT_DRAWDOWN: "0.01", TICKWIRE_RISK_HARD_DRAWDOWN: "2" } });

  test("a drawdown pauses by itself, and says its numbers", async ({ page, desk }) => {
    await openSim(page);
    await fillTicket(page, { quantity: "2" });
    await side(page, "Buy").click();
    await expect(banner(page)).toContainText(/^Soft pause: /);
    const risk = await show(page, "Risk");
    await expect(risk).toContainText(/0\.\d\d% · pause at 0\.01% · stop at 2%/);
    await expect(risk).toContainText(/by the drawdown limit, since /);
    await show(page, "Alerts");
    const said = place(page, "Alerts").getByRole("row").filter({ hasText: "reached the limit of 0.01 %" });
    await expect(said).toContainText(/The loss of 0\.0\d+ % from .* USDT reached the limit/);
    await show(page, "Positions");
    await expect(held(page)).toHaveCount(1);
    await stillSo(page, desk, () => expect(banner(page)).toContainText(PAUSED));
  });

});

test.describe("a hard limit that a fee trips", () => {
  test.use({ deskEnv: { ...SIM, TICKWIRE_RISK_SOFT_DRAWDOWN: "0.01", TICKWIRE_RISK_HARD_DRAWDOWN: "0.05" } });

  test("the hard limit closes everything by itself", DESKTOP, async ({ page }) => {
    await openSim(page);
    const [number] = await placed(page, "Buy", { kind: "Limit", fields: { Price: await near(page, -0.3) } });
    // Six units cost more in fees than the half per mille that stops everything.
    await page.evaluate(() => {
      localStorage.setItem("unasked", "large-order");
      localStorage.setItem("tickwire.confirm", "off");
    });
    await page.reload();
    await expect(linkState(page)).toHaveText("Live");
    await fillTicket(page, { quantity: "6" });
    await side(page, "Sell").click();
    await expect(banner(page)).toContainText(/^Hard stop: /);
    await show(page, "Positions");
    await expect(held(page)).toHaveCount(0);
    await show(page, "Orders");
    await expect(openOrder(page, number)).toHaveCount(0);
    const risk = await show(page, "Risk");
    await expect(risk).toContainText(/0\.\d\d% · pause at 0\.01% · stop at 0\.05%/);
    await expect(told(page)).not.toHaveText(/Sending/);
  });
});

test("limits are changed on the page, and an order beyond one is refused with the numbers", DESKTOP, async ({ page }) => {
  await openSim(page);
  const risk = await show(page, "Risk");
  await risk.getByText("Limits", { exact: true }).click();
  await risk.getByRole("textbox", { name: "Largest position" }).fill("200");
  await button(page, "Save the risk limits").click();
  await expect(risk.getByText("The limits are in force.")).toBeVisible();
  await fillTicket(page, { quantity: "0.2" });
  await side(page, "Buy").click();
  await expect(told(page)).toHaveText(/200/);
  await expect(held(page)).toHaveCount(0);
  await page.reload();
  await show(page, "Risk");
  await place(page, "Risk").getByText("Limits", { exact: true }).click();
  await expect(place(page, "Risk").getByRole("textbox", { name: "Largest position" })).toHaveValue("200");
});
