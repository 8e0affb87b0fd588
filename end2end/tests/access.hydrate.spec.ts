// For those who do not see the page, or do not use a mouse.
import type { Page } from "@playwright/test";
import { DESKTOP, expect, PHONE, test } from "../fixtures";
import { openLive, place, position, quantityField, region, sideButton } from "../regions";

/** Where the focus is, in words. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const one = document.activeElement as HTMLElement;
    const label = one.getAttribute("aria-label") ?? one.closest("label")?.textContent ?? one.textContent ?? "";
    return `${one.closest("section")?.getAttribute("aria-label") ?? "page"}: ${label.replace(/\s+/g, " ").trim()}`;
  });

test("every control has a name, every heading its level", async ({ page }) => {
  await openLive(page);
  await place(page, "Buy", "0.01");
  await expect(position(page, "BTCUSDT")).toHaveCount(1);
  for (const role of ["button", "link", "textbox"] as const) {
    const controls = await page.getByRole(role).all();
    expect(controls.length).toBeGreaterThan(0);
    for (const control of controls) await expect(control).toHaveAccessibleName(/\w/);
  }
  const levels = await page.evaluate(() =>
    [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((heading) => Number(heading.tagName.slice(1))),
  );
  expect(levels.filter((level) => level === 1)).toHaveLength(1);
  expect(levels[0]).toBe(1);
  for (const [at, level] of levels.entries()) expect(level - (levels[at - 1] ?? 0)).toBeLessThanOrEqual(1);
  for (const name of ["Watchlist", "Chart", "Order ticket", "Positions", "Portfolio"]) {
    await expect(page.getByRole("heading", { level: 2, name })).toHaveCount(1);
  }
  await expect(page.getByRole("main")).toHaveCount(1);
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  for (const column of ["Symbol", "Side", "Quantity", "Entry", "Mark", "P&L"]) {
    await expect(region(page, "Positions").getByRole("columnheader", { name: column, exact: true })).toHaveCount(1);
  }
});

test("Tab walks through the desk in the order of its regions, and shows where it is", DESKTOP, async ({ page }) => {
  await openLive(page);
  await place(page, "Buy", "0.01");
  await expect(position(page, "BTCUSDT")).toHaveCount(1);
  await page.reload();
  await expect(region(page, "Chart").getByText(/Candles appear/)).toBeHidden();
  const walked: string[] = [];
  for (;;) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement === document.body)) break;
    const place = await focused(page);
    walked.push(place);
    expect(walked.length, "a way out").toBeLessThan(60);
    const isShown = await page.evaluate(() => {
      const one = document.activeElement as HTMLElement;
      const border = one.parentElement as HTMLElement;
      const box = one.getBoundingClientRect();
      const isMarked = getComputedStyle(one).outlineStyle !== "none" || border.matches(".field-box:focus-within");
      return isMarked && box.width > 0 && box.right > 0 && box.left < innerWidth;
    });
    expect.soft(isShown, `focus shows on ${place}`).toBe(true);
  }
  const order = [
    /^page: Skip to/,
    /^Connection: /,
    /^page: .*dark and light/,
    /^Watchlist: BTC/,
    /^Watchlist: DOT/,
    /^Chart: 1m/,
    /^Chart: 1h/,
    /^Order ticket: Quantity/,
    /^Order ticket: 25%/,
    /^Positions: BTCUSDT/,
    /^Positions: Close BTCUSDT/,
  ].map((name) => walked.findIndex((place) => name.test(place)));
  expect(order, walked.join("\n")).not.toContain(-1);
  expect(order, walked.join("\n")).toEqual([...order].sort((a, b) => a - b));
});

test("the first link skips to the order ticket", DESKTOP, async ({ page }) => {
  await openLive(page);
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to the order ticket" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport({ ratio: 1 });
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(region(page, "Order ticket").getByRole("combobox", { name: "Order type" })).toBeFocused();
});

test("changes of the link and of an order are spoken", async ({ page }) => {
  await openLive(page);
  for (const name of ["Connection", "Order ticket", "Positions"] as const) {
    const spoken = await region(page, name).getByRole("status").all();
    expect(spoken.length, name).toBeGreaterThan(0);
    for (const place of spoken) await expect(place).toHaveAttribute("aria-live", "polite");
  }
});

test("a finger hits what it aims at", PHONE, async ({ page }) => {
  await openLive(page);
  await place(page, "Buy", "0.01");
  await expect(position(page, "BTCUSDT")).toHaveCount(1);
  const primary = [
    sideButton(page, "Buy"),
    sideButton(page, "Sell"),
    quantityField(page),
    ...(await position(page, "BTCUSDT").getByRole("button").all()),
    ...(await region(page, "Watchlist").getByRole("link").all()),
    ...(await page.getByRole("navigation").getByRole("link").all()),
  ];
  for (const target of primary) {
    const box = await target.boundingBox();
    expect.soft(Math.min(box?.width ?? 0, box?.height ?? 0), String(target)).toBeGreaterThanOrEqual(40);
  }
  for (const target of await page.getByRole("button").all()) {
    const box = await target.boundingBox();
    expect.soft(Math.min(box?.width ?? 0, box?.height ?? 0), await target.innerText()).toBeGreaterThanOrEqual(24);
  }
});

test("the tab bar of a phone leads to each part", PHONE, async ({ page }) => {
  await openLive(page);
  for (const [tab, name] of [
    ["Trade", "Order ticket"],
    ["Account", "Portfolio"],
    ["Positions", "Positions"],
    ["Orders", "Orders"],
    ["Risk", "Risk"],
    ["Markets", "Watchlist"],
  ] as const) {
    await page.getByRole("navigation").getByRole("link", { name: tab }).click();
    await expect(region(page, name).getByRole("heading", { level: 2 }).or(region(page, name)).first()).toBeInViewport();
  }
});
