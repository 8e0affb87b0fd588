// Price alerts: set, given once, and never again.
import type { Page } from "@playwright/test";
import { DESKTOP, expect, test } from "../fixtures";
import { linkState } from "../regions";
import { button, near, openSim, place, SIM, SPOT, show } from "../trading";

test.use({ deskEnv: SIM });
test.setTimeout(60_000);

const toasts = (page: Page) => page.getByRole("region", { name: "New alerts" }).getByRole("listitem");
const waiting = (page: Page) =>
  place(page, "Alerts").getByRole("list", { name: "Price alerts that wait" }).getByRole("listitem");
const given = (page: Page) =>
  place(page, "Alerts").getByRole("table", { name: "Alerts given" }).locator("tbody").getByRole("row");

async function set(page: Page, condition: string, value: string, note: string): Promise<void> {
  const alerts = await show(page, "Alerts");
  await alerts.getByRole("combobox", { name: "Condition" }).selectOption(condition);
  await alerts.getByRole("textbox", { name: "Price or percent" }).fill(value);
  await alerts.getByRole("textbox", { name: "Note" }).fill(note);
  await button(page, "Set the price alert").click();
  await expect(alerts.getByText("The alert is set.")).toBeVisible();
}

test("given once: as a toast and in the list, and not again after a reload or a restart", async ({ page, desk }) => {
  await openSim(page);
  await set(page, "moves by %", "0.01", "look at it");
  await expect(toasts(page)).toHaveCount(1, { timeout: 20_000 });
  await expect(toasts(page)).toContainText(SPOT);
  await expect(given(page)).toHaveCount(1);
  await expect(given(page)).toContainText(SPOT);
  await expect(waiting(page)).toHaveCount(0);
  await toasts(page).getByRole("button", { name: "Dismiss" }).click();
  await expect(toasts(page)).toHaveCount(0);
  await page.reload();
  await expect(linkState(page)).toHaveText("Live");
  await show(page, "Alerts");
  await expect(given(page)).toHaveCount(1);
  await expect(toasts(page)).toHaveCount(0);
  await desk.restart("kill");
  await expect(linkState(page)).toHaveText("Live", { timeout: 10_000 });
  await expect(given(page)).toHaveCount(1);
  await expect(waiting(page)).toHaveCount(0);
});

test("one that waits says so, survives kill -9, and is cancelled", DESKTOP, async ({ page, desk, complaints }) => {
  await openSim(page);
  const price = await near(page, 2);
  await set(page, "rises to", price, "far away");
  await expect(waiting(page)).toHaveCount(1);
  await expect(waiting(page)).toContainText(/SIM001USDT.*rises to 1,49\d\.\d{3}.*far away/);
  await desk.restart("kill");
  await page.reload();
  await expect(linkState(page)).toHaveText("Live");
  await show(page, "Alerts");
  await expect(waiting(page)).toHaveCount(1);
  await button(page, `Cancel the alert on ${SPOT}`).click();
  await expect(waiting(page)).toHaveCount(0);
  await expect(given(page)).toHaveCount(0);
  await page.reload();
  await show(page, "Alerts");
  await expect(waiting(page)).toHaveCount(0);
  expect(complaints.filter((one) => !/WebSocket|ERR_CONNECTION/.test(one))).toEqual([]);
});

test("what cannot be an alert is said, and none is set", DESKTOP, async ({ page }) => {
  await openSim(page);
  await show(page, "Alerts");
  await button(page, "Set the price alert").click();
  await expect(place(page, "Alerts").getByText("Enter a price, or a percentage for a move.")).toBeVisible();
  await expect(waiting(page)).toHaveCount(0);
});
