// What the desk keeps: trades and their file, performance, equity, the log; and a row's command over a lost connection.
import { readFileSync } from "node:fs";
import { DESKTOP, expect, test } from "../fixtures";
import { linkState, numberIn } from "../regions";
import {
  atMarket, button, ended, fills, handle, held, near, openOrder, openSim, place, placed, SIM, SPOT, show, told,
} from "../trading";
import { type Frame, Wire } from "../wire";

test.use({ deskEnv: SIM });
test.setTimeout(90_000);

test("after a few trades: performance, equity and log say what happened", async ({ page, desk }) => {
  await openSim(page);
  for (const [way, quantity] of [["Buy", "0.2"], ["Sell", "0.2"], ["Sell", "0.1"], ["Buy", "0.1"]] as const) {
    await atMarket(page, way, quantity);
  }
  const wire = await Wire.open(desk.url);
  const [{ data }] = (await wire.ask({ action: "get_performance" })) as Frame[];
  wire.close();
  const figure = (name: "Performance" | "Equity", term: string) =>
    place(page, name).locator("dt", { hasText: new RegExp(`^${term}$`) }).locator("xpath=following-sibling::dd[1]");
  const all = await show(page, "Performance");
  await expect(figure("Performance", "Trades")).toHaveText("2");
  await expect(figure("Performance", "Win rate")).toHaveText(/^(0|50|100)\.00%$/);
  const net = numberIn((await figure("Performance", "Net P&L").textContent()) ?? "");
  expect(net).toBeCloseTo(data.net_pnl, 2);
  expect(net, "the fees at least").toBeLessThan(0.5);
  const row = all.getByRole("table", { name: "By instrument" }).locator("tbody").getByRole("row");
  await expect(row).toHaveCount(1);
  await expect(row).toContainText(SPOT);
  await expect(all.getByRole("table", { name: "By day" }).locator("tbody").getByRole("row")).toHaveCount(1);
  await show(page, "Equity");
  const equity = numberIn((await figure("Equity", "Total equity").textContent()) ?? "");
  expect(equity).toBeCloseTo(10_000 + net, 1);
  await expect(figure("Equity", "Peak")).toHaveText(/^10,00\d\.\d\d$/);
  // A curve needs two points, and there is one a minute.
  await expect(place(page, "Equity").getByText(/UTC · low [\d,.]+ · high [\d,.]+|^The curve begins/).first()).toBeVisible();
  await show(page, "Logs");
  await expect(place(page, "Logs").getByRole("row").filter({ hasText: "info" }).first()).toBeVisible();
  await expect(place(page, "Logs")).not.toContainText(/debug/i);
});

test("the file of trades holds every row with all its digits", DESKTOP, async ({ page, desk }) => {
  await openSim(page);
  await atMarket(page, "Buy", "0.123");
  await atMarket(page, "Sell", "0.05");
  await show(page, "Trades");
  await expect.poll(() => fills(page).count()).toBeGreaterThanOrEqual(2);
  const started = page.waitForEvent("download");
  await place(page, "Trades").getByRole("link", { name: "Export all as CSV" }).click();
  const download = await started;
  expect(download.suggestedFilename()).toBe("tickwire-trades.csv");
  const [head, ...rows] = readFileSync(await download.path(), "utf8").split("\r\n").filter(Boolean);
  const names = head.split(",");
  const wire = await Wire.open(desk.url);
  const [{ executions }] = (await wire.ask({ action: "get_executions" })) as Frame[];
  wire.close();
  const written = rows.map((row) => {
    const one = Object.fromEntries(row.split(",").map((value, at) => [names[at], value.replaceAll('"', "")]));
    return [one.time.slice(0, 19), one.id, one.order_id, one.symbol, one.side, one.quantity, one.price, one.fee, one.realized_pnl]
      .map((value) => (/^-?[\d.]+$/.test(value) ? Number(value) : value));
  });
  const known = executions.map((one: Frame) => [
    new Date(one.timestamp).toISOString().slice(0, 19), one.id, one.order_id, one.symbol, one.side, one.quantity, one.price,
    one.fee, one.realized_pnl,
  ]);
  expect(written, "the oldest first").toEqual(known.reverse());
  await expect(fills(page)).toHaveCount(known.length);
});

test("a command of a row whose answer is lost with the connection: the row says so, and it is done once", DESKTOP, async ({
  page,
}) => {
  let isLost = false;
  let isHeld = false;
  await page.routeWebSocket(/realtime/, (socket) => {
    if (isHeld) return void socket.close({ code: 1011 });
    const server = socket.connectToServer();
    server.onMessage((text) => {
      if (isLost && /"action":"close_position"/.test(String(text))) {
        isLost = false;
        isHeld = true;
        void server.close();
        void socket.close({ code: 1011 });
      } else if (!isHeld) {
        socket.send(text);
      }
    });
  });
  await openSim(page);
  await atMarket(page, "Buy", "0.4");
  await show(page, "Positions");
  isLost = true;
  await button(page, `Close 25% of ${SPOT}`).click();
  await expect(place(page, "Positions").getByText(/not (yet known|known yet)/).first()).toBeVisible();
  await expect(button(page, `Close 25% of ${SPOT}`), "not twice").toBeDisabled();
  isHeld = false;
  await expect(linkState(page)).toHaveText("Live", { timeout: 15_000 });
  await expect(held(page).getByRole("cell").nth(1), "once").toHaveText("0.3");
  await expect(button(page, `Close 25% of ${SPOT}`)).toBeEnabled();
  await show(page, "Trades");
  await expect(fills(page).filter({ hasText: "SELL" })).toHaveCount(1);
});

test("the server is killed under a cancellation: asked again, and cancelled once", DESKTOP, async ({ page, desk }) => {
  await openSim(page);
  const [number] = await placed(page, "Buy", { kind: "Limit", fields: { Price: await near(page, -0.3) } });
  await show(page, "Orders");
  await expect(openOrder(page, number)).toBeVisible();
  desk.pause();
  await button(page, `Cancel order ${number}`).click();
  await expect(place(page, "Orders").getByText("Cancelling…").first()).toBeVisible();
  await desk.kill();
  await expect(place(page, "Orders").getByText(/^Cancel: not known yet, the connection was lost; asking again/)).toBeVisible();
  await expect(handle(page, number, "price")).toHaveCount(1);
  await desk.start();
  await expect(openOrder(page, number)).toHaveCount(0, { timeout: 15_000 });
  await expect(ended(page)).toHaveCount(1);
  await expect(ended(page)).toContainText("Cancelled: by you");
  await expect(told(page)).not.toHaveText(/Sending/);
});
