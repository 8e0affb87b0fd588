// From the server's HTML to a live desk: nothing is complained about, nothing is asked for but one WebSocket.
import { DESKTOP, expect, test } from "../fixtures";
import { linkState, MARKETS, openLive, PANELS, priceOf, pricesMove, region, SYMBOLS } from "../regions";

test("the page hydrates in silence, becomes live and moves by itself", async ({ page, complaints }) => {
  await page.goto("/");
  await expect(page.getByText("PAPER", { exact: true })).toBeInViewport({ ratio: 1 });
  for (const name of [...PANELS, "Connection"] as const) await expect(region(page, name)).toBeVisible();
  await expect(linkState(page)).toHaveText("Live");
  for (const symbol of SYMBOLS) {
    expect(await priceOf(page, symbol)).toMatch(new RegExp(`^[\\d,]+\\.\\d{${MARKETS[symbol]}}$`));
  }
  for (const name of PANELS) await expect(region(page, name).getByText(/\bold$|^as of|^no data/)).toHaveCount(0);
  await expect(page).toHaveTitle(/^[\d,]+\.\d\d BTCUSDT · Tickwire$/);
  const title = await page.title();
  await Promise.all((["BTCUSDT", "ETHUSDT", "SOLUSDT"] as const).map((symbol) => pricesMove(page, symbol)));
  await expect(page).not.toHaveTitle(title);
  // Those of the desk, the link, and the place where notes appear.
  await expect(page.getByRole("region")).toHaveCount(PANELS.length + 2);
  expect(complaints).toEqual([]);
});

test("one WebSocket brings everything: after the load nothing is asked for by HTTP", DESKTOP, async ({ page }) => {
  const sockets: string[] = [];
  const asked: string[] = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  await openLive(page);
  await expect(region(page, "Chart").getByText(/Candles appear/)).toBeHidden();
  await page.waitForLoadState("networkidle");
  page.on("request", (request) => asked.push(request.url()));
  await pricesMove(page, "BTCUSDT", 4);
  expect(asked).toEqual([]);
  expect(sockets).toHaveLength(1);
  expect(sockets[0]).toMatch(/^ws:.*\/api\/ws\/realtime$/);
});

test("both links show their latency", DESKTOP, async ({ page }) => {
  await openLive(page);
  await region(page, "Connection").getByText("Live", { exact: true }).click();
  for (const term of ["Desk round trip", "Feed latency"]) {
    const latency = region(page, "Connection").getByRole("term").filter({ hasText: term });
    await expect(latency.locator("xpath=following-sibling::dd")).toHaveText(/^\d+ ms$/);
  }
  await expect(region(page, "Connection").getByText(/replay · Live/)).toBeVisible();
  await expect(page.getByTestId("release")).toHaveText(/^\d+\.\d+\.\d+/);
});
