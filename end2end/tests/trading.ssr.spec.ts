// Without JavaScript: orders, trades and the risk guard are all in the server's HTML, and no button pretends to work.
import { expect, test } from "../fixtures";
import { fills, held, openCell, place, SIM, SPOT } from "../trading";
import { type Frame, Wire } from "../wire";

test.use({ deskEnv: SIM });

test("orders, trades, positions and risk are shown; buttons are off", async ({ page, desk }) => {
  const wire = await Wire.open(desk.url);
  await wire.order(SPOT, "buy", 0.5);
  const [ack] = (await wire.ask({
    action: "place_order", symbol: SPOT, side: "sell", order_type: "LIMIT", quantity: 0.2, price: 1500.5,
  })).filter((frame: Frame) => frame.type === "ACK");
  await wire.ask({ action: "pause_trading" });
  wire.close();
  await page.goto(`/?symbol=${SPOT}`);

  const number = String(ack.order_id).replace("order-", "");
  await expect(openCell(page, number, "price")).toHaveText("1,500.500");
  await expect(openCell(page, number, "status")).toHaveText("Working");
  await expect(fills(page).first()).toContainText("BUY");
  await expect(held(page).getByRole("cell").nth(1)).toHaveText("0.5");
  await expect(page.getByRole("alert").filter({ hasText: "Soft pause: New position openings stopped." })).toBeVisible();
  await expect(place(page, "Risk")).toContainText(/Drawdown.*pause at 10% · stop at 20%/);
  await expect(place(page, "Risk")).toContainText("by hand, since");
  for (const name of ["Performance", "Equity", "Alerts", "Logs"] as const) await expect(place(page, name)).toBeVisible();

  const working = await page.getByRole("region").locator("button:enabled:visible").allTextContents();
  expect(working, "buttons that look as if they worked").toEqual([]);
});
