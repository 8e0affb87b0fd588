// Users on the living page: a trader's account is nobody else's, a viewer sees and cannot act, a login is renewed while the
// page is open, and one that was ended puts its reader out.
import type { Page } from "@playwright/test";
import { DESKTOP, expect, test } from "../fixtures";
import { dials, linkLog, logLink } from "../link_log";
import { logIn, logOut, PASSWORD, USERS } from "../login";
import { linkState } from "../regions";
import { atMarket, held, place, show, side } from "../trading";

test.use({ deskEnv: USERS });
test.setTimeout(60_000);

/** Opens the desk as this user and waits until it is live. */
async function openAs(page: Page, name: string): Promise<void> {
  await page.goto("/");
  await logIn(page, name);
  await expect(linkState(page)).toHaveText("Live", { timeout: 10_000 });
}

test("a trader trades, and the next one to log in finds an account of their own", async ({ page, desk }) => {
  for (const name of ["ann", "bob"]) desk.user(["add", name], PASSWORD);
  await openAs(page, "ann");
  await atMarket(page, "Buy", "0.1");
  await show(page, "Positions");
  await expect(held(page)).toHaveCount(1);
  await logOut(page);
  await openAs(page, "bob");
  await show(page, "Positions");
  await expect(held(page)).toHaveCount(0);
  await logOut(page);
  await openAs(page, "ann");
  await show(page, "Positions");
  await expect(held(page)).toHaveCount(1);
});

test("a viewer sees everything, finds no control that acts, and is told why", DESKTOP, async ({ page, desk }) => {
  desk.user(["add", "vic", "--role", "viewer"], PASSWORD);
  await openAs(page, "vic");
  await expect(page.getByText("vic · viewer", { exact: true })).toBeVisible();
  await place(page, "Order ticket").getByRole("textbox", { name: /^Quantity/ }).fill("0.1");
  for (const way of ["Buy", "Sell"] as const) {
    await expect(side(page, way)).toBeDisabled();
    await expect(side(page, way)).toHaveAccessibleDescription(/You are logged in as a viewer, who sees and cannot act\./);
  }
  for (const name of ["Positions", "Orders", "Trades", "Alerts", "Logs", "Equity", "Risk", "Performance"] as const) {
    await show(page, name);
    const acting = page.locator("button.button:visible");
    expect(await acting.count(), name).toBeGreaterThan(0);
    await expect(acting.and(page.locator(":enabled")), name).toHaveCount(0);
  }
});

test.describe("a login of six seconds", () => {
  test.use({ deskEnv: { ...USERS, TICKWIRE_ACCESS_TOKEN_MINUTES: "0.1" } });

  test("is renewed by the open page, again and again, on the same connection", DESKTOP, async ({ page, desk }) => {
    desk.user(["add", "ann"], PASSWORD);
    await logLink(page);
    const answers: number[] = [];
    page.on("response", (answer) => {
      if (answer.url().endsWith("/api/auth/refresh")) answers.push(answer.status());
    });
    await openAs(page, "ann");
    // The third renewal is later than the first login could last, and the second one too.
    await expect.poll(() => answers.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(3);
    expect(answers.every((status) => status === 200), answers.join()).toBe(true);
    await atMarket(page, "Buy", "0.1");
    expect(await dials(page), "dials").toHaveLength(1);
    const states = (await linkLog(page)).map(({ state }) => state);
    expect(states.slice(states.indexOf("Live")), "the link").not.toContain("Reconnecting");
  });
});

test("a user who is disabled is put out within seconds, and stays out", DESKTOP, async ({ page, desk }) => {
  desk.user(["add", "ann"], PASSWORD);
  await openAs(page, "ann");
  desk.user(["disable", "ann"]);
  await expect(page).toHaveURL(/\/login$/, { timeout: 15_000 });
  await logIn(page, "ann");
  await expect(page.getByRole("alert")).toHaveText("The name or the password is wrong.");
  desk.user(["enable", "ann"]);
  // A desk that runs takes notice within a second or two.
  await expect(async () => {
    await logIn(page, "ann");
    await expect(page).toHaveURL(`${desk.url}/`, { timeout: 2_000 });
  }).toPass({ intervals: [1_500], timeout: 20_000 });
  await expect(linkState(page)).toHaveText("Live", { timeout: 10_000 });
});
