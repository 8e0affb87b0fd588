// Choosing a market: by keyboard and by address, the whole desk turns to it.
import { DESKTOP, expect, test } from "../fixtures";
import {
  linkState,
  MARKETS,
  market,
  openLive,
  priceOf,
  pricesMove,
  quantityField,
  region,
  SYMBOLS,
  sideButton,
} from "../regions";

test("the keyboard turns chart, ticket, title and address to a market, and back goes back", async ({
  page,
  complaints,
}) => {
  await openLive(page);
  await expect(market(page, "BTCUSDT")).toHaveAttribute("aria-current", "true");
  await market(page, "BTCUSDT").focus();
  for (let step = 0; step < 4; step++) await page.keyboard.press("Tab");
  await expect(market(page, "DOGEUSDT")).toBeFocused();
  await page.keyboard.press("Enter");

  await expect(market(page, "DOGEUSDT")).toHaveAttribute("aria-current", "true");
  await expect(market(page, "BTCUSDT")).not.toHaveAttribute("aria-current");
  await expect(page.getByRole("img", { name: /^Candles of DOGEUSDT: last 0\.\d{5}, / })).toBeVisible();
  await expect(region(page, "Order ticket").getByText(/^DOGEUSDT/)).toBeVisible();
  await expect(sideButton(page, "Buy")).toHaveText("Buy DOGE");
  await expect(quantityField(page)).toHaveAccessibleName(/DOGE/);
  await expect(page).toHaveTitle(/^0\.\d{5} DOGEUSDT · Tickwire$/);
  await expect(page).toHaveURL(/\?symbol=DOGEUSDT$/);
  await expect(linkState(page)).toHaveText("Live");

  await page.goBack();
  await expect(market(page, "BTCUSDT")).toHaveAttribute("aria-current", "true");
  await expect(page).toHaveTitle(/ BTCUSDT · /);
  expect(complaints).toEqual([]);
});

test("an address names the market, before and after hydration", DESKTOP, async ({ page, complaints }) => {
  await openLive(page, "/?symbol=DOTUSDT");
  await expect(market(page, "DOTUSDT")).toHaveAttribute("aria-current", "true");
  await expect(page).toHaveTitle(/^\d\.\d{4} DOTUSDT · Tickwire$/);
  await openLive(page, "/?symbol=NOSUCH");
  await expect(market(page, "BTCUSDT")).toHaveAttribute("aria-current", "true");
  expect(complaints).toEqual([]);
});

test.describe("a fast market", () => {
  test.use({ deskEnv: { TICKWIRE_REPLAY_SPEED: "60" } });

  test("moving prices keep the decimals of their tick and the width of their digits", DESKTOP, async ({ page }) => {
    await openLive(page);
    const rightEdge = async () => {
      const price = market(page, "BTCUSDT").getByText(/^[\d,]+\.\d\d$/);
      const box = await price.boundingBox();
      return [Math.round((box?.x ?? 0) * 2), Math.round((box?.width ?? 0) * 2), (await price.innerText()).length];
    };
    const before = await rightEdge();
    for (let time = 0; time < 4; time++) {
      await pricesMove(page, "BTCUSDT");
      for (const symbol of SYMBOLS) {
        expect(await priceOf(page, symbol)).toMatch(new RegExp(`^[\\d,]+\\.\\d{${MARKETS[symbol]}}$`));
      }
      const now = await rightEdge();
      if (now[2] === before[2]) expect(now, "digits have one width").toEqual(before);
    }
    for (const text of [market(page, "BTCUSDT"), region(page, "Portfolio"), region(page, "Positions")]) {
      await expect(text).toHaveCSS("font-variant-numeric", /tabular-nums/);
    }
  });
});
