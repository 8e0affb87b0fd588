// Every width between a small phone and a large screen, and the longest words of the top bar.
import { DESKTOP, expect, test } from "../fixtures";
import { clipped, overflow, overlapsInTopBar } from "../geometry";
import { linkState, openLive, place, position } from "../regions";

const softly = expect.configure({ soft: true });

test("no width breaks the desk, live or not", DESKTOP, async ({ page, desk }) => {
  await openLive(page);
  await place(page, "Buy", "0.05");
  await expect(position(page, "BTCUSDT")).toHaveCount(1);
  for (const state of ["Live", "Reconnecting"]) {
    if (state === "Reconnecting") await desk.kill();
    await expect(linkState(page)).toHaveText(state);
    for (const width of [360, 390, 430, 600, 768, 1024, 1180, 1280, 1440, 1920]) {
      await page.setViewportSize({ width, height: width < 720 ? 800 : 900 });
      const where = `${state} at ${width}`;
      expect.soft((await overflow(page)).right, `${where}: scrolls sideways`).toBe(0);
      expect.soft(await overlapsInTopBar(page), `${where}: overlaps`).toEqual([]);
      // The chart is as wide as its place a moment after that has changed.
      await softly.poll(() => clipped(page), { message: `${where}: is cut off`, timeout: 3_000 }).toEqual([]);
    }
  }
});

test("nothing moves when the link is lost", async ({ page, desk }) => {
  await openLive(page);
  const boxes = () =>
    page.evaluate(() =>
      ["h1", "header strong", "[aria-label=Chart]", "[aria-label='Order ticket']", "main"].map((part) => {
        const { x, y, width, height } = document.querySelector(part)?.getBoundingClientRect() ?? new DOMRect();
        return `${part} at ${x} ${y}, ${width} by ${height}`;
      }),
    );
  const before = await boxes();
  await desk.kill();
  await expect(linkState(page)).toHaveText("Reconnecting");
  expect(await boxes()).toEqual(before);
});
