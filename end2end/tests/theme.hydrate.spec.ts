// Dark and light: the system's choice, or the reader's, from the first paint on.
import type { Page } from "@playwright/test";
import { lightness, paleTexts } from "../colours";
import { DESKTOP, expect, test } from "../fixtures";
import { openLive, place, position, region } from "../regions";

// Old numbers are dimmed on purpose: they keep the contrast that WCAG asks of large text.
const DIMMED_MIN = 3;

const toggle = (page: Page) => page.getByRole("button", { name: /dark and light|theme/i });

test("the toggle turns the theme, which outlives a reload and is there before the first paint", DESKTOP, async ({
  page,
  complaints,
}) => {
  await page.emulateMedia({ colorScheme: "dark" });
  // The element is there before its style could be painted: what it says at that moment is what is painted first.
  await page.addInitScript(() => {
    const seen = new MutationObserver(() => {
      if (!document.body) return;
      seen.disconnect();
      sessionStorage.setItem("first", document.documentElement.dataset.theme ?? "none");
    });
    seen.observe(document, { childList: true, subtree: true });
  });
  const first = () => page.evaluate(() => sessionStorage.getItem("first"));
  await openLive(page);
  expect(await first()).toBe("none");
  expect(await lightness(page)).toBeLessThan(0.2);
  await toggle(page).click();
  await expect.poll(() => lightness(page)).toBeGreaterThan(0.8);
  await page.reload();
  expect(await first()).toBe("light");
  expect(await lightness(page)).toBeGreaterThan(0.8);
  await toggle(page).click();
  await expect.poll(() => lightness(page)).toBeLessThan(0.2);
  await page.reload();
  expect(await first()).toBe("dark");
  expect(await lightness(page)).toBeLessThan(0.2);
  expect(complaints).toEqual([]);
});

test("without a choice, the theme is the system's, as soon as it changes", DESKTOP, async ({ page }) => {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.goto("/");
    const isLight = async () => (await lightness(page)) > 0.5;
    expect(await isLight()).toBe(colorScheme === "light");
    await page.emulateMedia({ colorScheme: colorScheme === "light" ? "dark" : "light" });
    await expect.poll(isLight).toBe(colorScheme !== "light");
  }
});

test("every text can be read in both themes, and an old number still well enough", async ({ page, desk }) => {
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await openLive(page);
  await place(page, "Buy", "0.01");
  await expect(position(page, "BTCUSDT")).toHaveCount(1);
  expect.soft(await paleTexts(page), "light").toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect.soft(await paleTexts(page), "dark").toEqual([]);
  await desk.kill();
  for (const name of ["Watchlist", "Portfolio"] as const) {
    await expect(region(page, name).getByText(/ old$/)).toBeVisible();
  }
  expect.soft(await paleTexts(page, DIMMED_MIN), "dark and old").toEqual([]);
  await page.emulateMedia({ colorScheme: "light" });
  expect.soft(await paleTexts(page, DIMMED_MIN), "light and old").toEqual([]);
});
