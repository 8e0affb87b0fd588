// Everything has its place in both sizes, with JavaScript and without: nothing overlaps, nothing is cut off.
import { expect, test } from "../fixtures";
import { clipped, overflow, overlapsInTopBar } from "../geometry";
import { linkState, market, region } from "../regions";
import { Wire } from "../wire";

test("the desk fits its window", async ({ page, desk, isMobile, javaScriptEnabled }) => {
  const wire = await Wire.open(desk.url);
  await wire.order("BTCUSDT", "buy", 0.05);
  await wire.order("DOGEUSDT", "sell", 2000);
  wire.close();
  for (const path of ["/", "/?symbol=DOGEUSDT"]) {
    await page.goto(path);
    if (javaScriptEnabled !== false) {
      await expect(linkState(page)).toHaveText("Live");
      await expect(region(page, "Chart").getByText(/Candles appear/)).toBeHidden();
    }
    const { right, down } = await overflow(page);
    expect.soft(right, "scrolls sideways").toBe(0);
    if (!isMobile) expect.soft(down, "scrolls down").toBe(0);
    expect.soft(await overlapsInTopBar(page), "overlaps").toEqual([]);
    expect.soft(await clipped(page), "is cut off").toEqual([]);
  }
});
