// What changes flashes, at most three times a second; what does not change is not touched.
import type { Page } from "@playwright/test";
import { DESKTOP, expect, test } from "../fixtures";
import { openLive, pricesMove } from "../regions";

type Flash = { cell: string; at: number };
type Watched = Window & { flashes: Flash[]; idle: string[]; writes: number };

test.use({ deskEnv: { TICKWIRE_REPLAY_SPEED: "20" } });

const watched = <K extends "flashes" | "idle" | "writes">(page: Page, what: K): Promise<Watched[K]> =>
  page.evaluate((what) => (window as unknown as Watched)[what], what);

async function watchFlashes(page: Page): Promise<void> {
  await page.evaluate(() => {
    const found: Flash[] = [];
    (window as unknown as Watched).flashes = found;
    document.addEventListener("animationstart", (event) => {
      const row = (event.target as Element).closest("[aria-label=Watchlist] li");
      const cell = row?.textContent?.replace(/USDT.*/s, "");
      if (cell) found.push({ cell, at: event.timeStamp });
    });
  });
}

test("a price that changes flashes, and no more than three times a second", DESKTOP, async ({ page }) => {
  await openLive(page);
  await watchFlashes(page);
  await pricesMove(page, "BTCUSDT", 4);
  await expect.poll(async () => (await watched(page, "flashes")).length).toBeGreaterThan(5);
  const flashes = await watched(page, "flashes");
  for (const cell of new Set(flashes.map((flash) => flash.cell))) {
    const times = flashes.filter((flash) => flash.cell === cell).map((flash) => flash.at);
    for (const [at, time] of times.entries()) {
      const third = times[at + 3];
      if (third) expect(third - time, `${cell}: four flashes`).toBeGreaterThan(900);
    }
  }
});

test("nothing flashes for those who asked for less motion", DESKTOP, async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await openLive(page);
  await watchFlashes(page);
  await pricesMove(page, "BTCUSDT", 4);
  expect(await watched(page, "flashes")).toEqual([]);
});

test("only changed cells are written, and rows stay the same elements", DESKTOP, async ({ page }) => {
  await openLive(page);
  await page.evaluate(() => {
    const log = Object.assign(window as unknown as Watched, { idle: [], writes: 0 });
    const list = document.querySelector("[aria-label=Watchlist] ul") as Element;
    new MutationObserver((records) => {
      for (const record of records) {
        log.writes++;
        const same = record.type === "characterData" && record.oldValue === record.target.textContent;
        if (same) log.idle.push(`written again: ${record.oldValue}`);
        if (record.type === "childList" && record.target === list) log.idle.push("a row was replaced");
      }
    }).observe(list, { subtree: true, childList: true, characterData: true, characterDataOldValue: true });
  });
  await Promise.all((["BTCUSDT", "ETHUSDT", "SOLUSDT"] as const).map((symbol) => pricesMove(page, symbol, 2)));
  expect(await watched(page, "writes")).toBeGreaterThan(0);
  expect(await watched(page, "idle")).toEqual([]);
});
