// The server goes away and comes back while the page is open: the page says so, and is live again by itself.
import type { Page } from "@playwright/test";
import type { Desk } from "../desk";
import { DESKTOP, expect, test } from "../fixtures";
import { linkLog, logLink } from "../link_log";
import {
  fact,
  linkState,
  openLive,
  PANELS,
  place,
  position,
  priceOf,
  pricesMove,
  quantityField,
  region,
  SYMBOLS,
  sideButton,
} from "../regions";

const BACK_MS_MAX = 2_000;

/** Starts the server and returns how long after its `ready` line the page was live. */
async function backAfter(page: Page, desk: Desk): Promise<number> {
  await desk.start();
  const readyAt = Date.now();
  await expect(linkState(page)).toHaveText("Live", { timeout: BACK_MS_MAX + 3_000 });
  const live = (await linkLog(page)).at(-1);
  const ms = Math.round((live?.at ?? Number.POSITIVE_INFINITY) - readyAt);
  test.info().annotations.push({ type: "live after the server's return", description: `${ms} ms` });
  expect(ms).toBeLessThanOrEqual(BACK_MS_MAX);
  return ms;
}

test.beforeEach(({ page }) => logLink(page));

test("killed three times: stale while it is down, live within 2 s of its return, nothing lost", async ({
  page,
  desk,
  isMobile,
}) => {
  await openLive(page);
  await place(page, "Buy", "0.05");
  await expect(position(page, "BTCUSDT")).toHaveCount(1);
  await expect(fact(page, "Portfolio", "Fees paid")).not.toHaveText("0.00");
  const entry = (await position(page, "BTCUSDT").getByRole("cell").nth(2).textContent()) ?? "";
  const fees = (await fact(page, "Portfolio", "Fees paid").textContent()) ?? "";
  for (let time = 0; time < (isMobile ? 1 : 3); time++) {
    await desk.kill();
    await expect(linkState(page)).toHaveText("Reconnecting");
    for (const name of PANELS) await expect(region(page, name).getByText(/^\d+ s old$|^no data$/)).toBeVisible();
    await backAfter(page, desk);
    for (const name of PANELS) await expect(region(page, name).getByText(/\bold$|^no data$/)).toHaveCount(0);
    await expect(position(page, "BTCUSDT").getByRole("cell").nth(2)).toHaveText(entry);
    await expect(fact(page, "Portfolio", "Fees paid")).toHaveText(fees);
    await Promise.all([pricesMove(page, "BTCUSDT"), pricesMove(page, "ETHUSDT")]);
  }
  expect((await linkLog(page)).map(({ state }) => state)).not.toContain("Closed");
});

test("an outage of six seconds: ages count up, numbers stand still, trading says why it is off", DESKTOP, async ({
  page,
  desk,
}) => {
  await openLive(page);
  await place(page, "Sell", "0.05");
  await expect(position(page, "BTCUSDT")).toHaveCount(1);
  await quantityField(page).fill("0.01");
  await desk.kill();
  await expect(linkState(page)).toHaveText("Reconnecting");
  const frozen = await Promise.all(SYMBOLS.map((symbol) => priceOf(page, symbol)));
  for (const side of ["Buy", "Sell"] as const) await expect(sideButton(page, side)).toBeDisabled();
  await expect(region(page, "Order ticket").getByText("Trading is paused: the desk is reconnecting.")).toBeVisible();
  for (const act of await position(page, "BTCUSDT").getByRole("button").all()) await expect(act).toBeDisabled();
  for (const name of ["Watchlist", "Chart", "Positions", "Portfolio"] as const) {
    await expect(region(page, name).getByText(/^([6-9]|1\d) s old$/)).toBeVisible({ timeout: 9_000 });
  }
  expect(await Promise.all(SYMBOLS.map((symbol) => priceOf(page, symbol)))).toEqual(frozen);
  await backAfter(page, desk);
  await expect(sideButton(page, "Buy")).toBeEnabled();
  await expect(quantityField(page), "what was typed is still there").toHaveValue("0.01");
  await pricesMove(page);
});

test("each panel with old numbers says how old, the order ticket too", async ({ page, desk }) => {
  await openLive(page);
  await desk.kill();
  for (const name of PANELS) {
    const age = region(page, name).getByText(/^\d+ s old$/);
    await expect.soft(age, name).toBeVisible();
    await age.scrollIntoViewIfNeeded({ timeout: 500 }).catch(() => {});
    await expect.soft(age, `${name}, unclipped`).toBeInViewport({ ratio: 0.99, timeout: 1_000 });
  }
});

test("Connection names the attempt and the next try, without a click", async ({ page, desk }) => {
  await openLive(page);
  await desk.kill();
  await expect(region(page, "Connection").getByText(/attempt \d+/i).first()).toBeVisible();
  await expect(region(page, "Connection").getByText(/in \d+(\.\d)? s|now/i).first()).toBeVisible();
});

test("outside of the panels, too, nothing looks live that is not", DESKTOP, async ({ page, desk }) => {
  await openLive(page);
  const equity = page.locator("header").getByRole("term").filter({ hasText: "Equity" }).locator("xpath=..");
  const look = () =>
    equity.evaluate((one) => {
      const parts = [...one.querySelectorAll("dd"), one, one.parentElement as Element];
      const styles = parts.map((part) => getComputedStyle(part));
      return styles.map(({ color, opacity, filter }) => [color, opacity, filter].join());
    });
  const live = await look();
  await expect(page).toHaveTitle(/^[\d,]+\.\d\d BTCUSDT · Tickwire$/);
  await expect(region(page, "Connection")).toContainText(/desk\s*\d+ ms/);
  await desk.kill();
  await expect(region(page, "Portfolio").getByText(/ old$/)).toBeVisible();
  const patient = { timeout: 2_000 };
  await expect.soft(region(page, "Connection"), "desk latency").not.toContainText(/desk\s*\d+ ms/, patient);
  await expect.soft(region(page, "Connection"), "feed state").not.toContainText(/replay · Live/, patient);
  await expect.soft(page, "the title").not.toHaveTitle(/^[\d,]+\.\d\d BTCUSDT · Tickwire$/, patient);
  await expect.poll(look, { message: "the equity of the top bar", ...patient }).not.toEqual(live);
});

test("stopped in good order, as an upgrade does it", DESKTOP, async ({ page, desk }) => {
  await openLive(page);
  await place(page, "Buy", "0.02");
  await expect(position(page, "BTCUSDT")).toHaveCount(1);
  await desk.stop();
  await expect(linkState(page)).toHaveText("Reconnecting");
  await backAfter(page, desk);
  await expect(position(page, "BTCUSDT")).toHaveCount(1);
  await pricesMove(page);
});

test("a server that hangs: the page lags and says so, then is live again", DESKTOP, async ({ page, desk }) => {
  await openLive(page);
  desk.pause();
  await expect(linkState(page)).toHaveText("Lagging", { timeout: 6_000 });
  await expect(region(page, "Watchlist").getByText(/^\d+ s old$/)).toBeVisible();
  desk.resume();
  await expect(linkState(page)).toHaveText("Live", { timeout: BACK_MS_MAX });
  await pricesMove(page);
  expect((await linkLog(page)).map(({ state }) => state)).not.toContain("Reconnecting");
});
