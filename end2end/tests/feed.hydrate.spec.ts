// The other link, from the server to its market feed, and the moment between connected and up to date.
import { DESKTOP, expect, test } from "../fixtures";
import { linkState, openLive, place, position, quantityField, region, sideButton } from "../regions";

test("a feed that stalls makes market data old and pauses trading, on a live link", DESKTOP, async ({ page }) => {
  let isStalled = false;
  await page.routeWebSocket(/realtime/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((text) => {
      const isStatus = String(text).includes('"STATUS_UPDATE"');
      socket.send(isStalled && isStatus ? String(text).replace('"state":"live"', '"state":"stalled"') : text);
    });
  });
  await openLive(page);
  await quantityField(page).fill("0.01");
  await expect(sideButton(page, "Buy")).toBeEnabled();
  isStalled = true;
  for (const name of ["Watchlist", "Chart", "Order ticket"] as const) {
    await expect(region(page, name).getByText(/^\d+ s old$/)).toBeVisible();
  }
  await expect(linkState(page)).toHaveText("Live");
  await expect(region(page, "Portfolio").getByText(/ s old$/)).toHaveCount(0);
  await expect(sideButton(page, "Buy")).toBeDisabled();
  await expect(region(page, "Order ticket").getByText(/market feed is not live/)).toBeVisible();
  await linkState(page).click();
  await expect(region(page, "Connection").getByText(/Stalled/).first()).toBeVisible();
  isStalled = false;
  await expect(region(page, "Watchlist").getByText(/ s old$/)).toHaveCount(0);
});

test("connected but not yet up to date is resyncing", DESKTOP, async ({ page }) => {
  let isHeld = true;
  const held: (() => void)[] = [];
  await page.routeWebSocket(/realtime/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((text) => {
      const pass = () => socket.send(text);
      if (isHeld && !String(text).includes("CONNECTION_ESTABLISHED")) held.push(pass);
      else pass();
    });
  });
  await page.goto("/");
  await expect(linkState(page)).toHaveText("Resyncing");
  await expect(sideButton(page, "Buy")).toBeDisabled();
  isHeld = false;
  for (const pass of held.splice(0)) pass();
  await expect(linkState(page)).toHaveText("Live");
});

test("an order whose answer is lost with the connection is asked again, and placed once", DESKTOP, async ({ page }) => {
  let isLost = false;
  await page.routeWebSocket(/realtime/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((text) => {
      if (isLost && /"ACK".*"place_order"/.test(String(text))) {
        isLost = false;
        void server.close();
        void socket.close({ code: 1011 });
      } else {
        socket.send(text);
      }
    });
  });
  await openLive(page);
  isLost = true;
  await place(page, "Buy", "0.03");
  await expect(region(page, "Order ticket").getByRole("status")).toHaveText(/^Bought 0\.03 BTC/, { timeout: 8_000 });
  expect(isLost).toBe(false);
  await expect(position(page, "BTCUSDT").getByRole("cell").nth(1)).toHaveText(/^0\.030*$/);
  await expect(linkState(page)).toHaveText("Live");
});
