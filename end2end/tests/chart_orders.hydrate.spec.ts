// Lines of open orders on the chart: only their handles move them, and the server has the last word. The venue's side of
// the orders is played by the test, so that each answer comes when it is to come.
import type { Locator, Page, WebSocketRoute } from "@playwright/test";
import { DESKTOP, expect, PHONE, test } from "../fixtures";
import { numberIn, openLive, priceOf, region } from "../regions";

type Amend = { id: string; order_id: string; price?: number; trigger_price?: number; trail_distance?: number };

/** Plays open orders to the page and takes its amendments. */
class Orders {
  readonly amends: Amend[] = [];
  private socket: WebSocketRoute | undefined;

  static async on(page: Page): Promise<Orders> {
    const orders = new Orders();
    await page.routeWebSocket(/realtime/, (socket) => {
      orders.socket = socket;
      const server = socket.connectToServer();
      socket.onMessage((text) => {
        const frame = JSON.parse(String(text));
        if (frame.action === "amend_order") orders.amends.push(frame);
        else server.send(text);
      });
    });
    return orders;
  }

  /** Tells of an open order. */
  tell(order: Record<string, unknown>): void {
    const at = Date.now();
    const whole = {
      id: "order-900", symbol: "BTCUSDT", side: "buy", order_type: "LIMIT", quantity: 0.5, filled_quantity: 0,
      reduce_only: false, status: "NEW", fee: 0, created_at: at, updated_at: at, ...order,
    };
    this.send({ type: "ORDER_UPDATE", orderType: whole.order_type, order: whole, timestamp: at });
  }

  accept({ id, order_id }: Amend): void {
    this.send({ type: "ACK", id, action: "amend_order", outcome: "executed", order_id, status: "NEW", timestamp: Date.now() });
  }

  refuse({ id }: Amend, message: string): void {
    const refusal = { code: "INSUFFICIENT_BALANCE", message, retryable: false, outcome: "not_executed" };
    this.send({ type: "ERROR", id, ...refusal, timestamp: Date.now() });
  }

  private send(frame: Record<string, unknown>): void {
    this.socket?.send(JSON.stringify(frame));
  }
}

const handle = (page: Page, order: string, line = "price"): Locator =>
  page.locator(`[data-order-id="${order}"][data-line="${line}"]`);
const valueOf = async (one: Locator) => Number(await one.getAttribute("aria-valuenow"));
const told = (page: Page) => region(page, "Chart").getByRole("status");

/** Takes a handle and moves it so many pixels, without letting go. */
async function take(page: Page, one: Locator, by: number): Promise<void> {
  const box = (await one.boundingBox())!;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y + by, { steps: 5 });
}

/** A desk with a resting buy of 0.5 BTC a little below the market. */
async function resting(page: Page): Promise<{ orders: Orders; price: number; one: Locator }> {
  const orders = await Orders.on(page);
  await openLive(page);
  await expect(page.locator("canvas").first()).toBeVisible();
  const price = Math.round(numberIn(await priceOf(page, "BTCUSDT")) * 0.9999);
  orders.tell({ price });
  const one = handle(page, "order-900");
  await expect(one).toHaveText("BUY 0.5 LIMIT");
  return { orders, price, one };
}

test("dragging a handle amends its order; it waits, then stands where the server has it", async ({ page }) => {
  const { orders, price, one } = await resting(page);
  await expect(one, "large enough for a finger").toHaveCSS("touch-action", "none");
  expect((await one.boundingBox())!.height).toBeGreaterThanOrEqual(24);
  await expect(one).toHaveRole("slider");
  await take(page, one, 30);
  await expect(one, "the price goes along").toHaveText(/^BUY 0\.5 LIMIT [\d,]+\.\d\d$/);
  expect(await valueOf(one)).toBeLessThan(price);
  expect(orders.amends, "nothing before it is let go").toEqual([]);
  await page.mouse.up();
  await expect.poll(() => orders.amends.length).toBe(1);
  const [amend] = orders.amends;
  expect(amend.order_id).toBe("order-900");
  expect(amend.price!).toBeLessThan(price);
  expect(amend.price! * 100, "on a tick").toBeCloseTo(Math.round(amend.price! * 100), 6);
  await expect(one).toHaveAttribute("data-state", "pending");
  expect(await valueOf(one), "it waits where it was dropped").toBe(amend.price);
  await take(page, one, 20);
  await page.mouse.up();
  expect(orders.amends, "what waits is not moved").toHaveLength(1);
  orders.accept(amend);
  orders.tell({ price: amend.price });
  await expect(one).toHaveAttribute("data-state", "");
  expect(await valueOf(one)).toBe(amend.price);
  orders.tell({ price: amend.price, status: "CANCELLED", reason: "USER" });
  await expect(one, "gone with the order").toHaveCount(0);
});

test("what is refused snaps back and says why", DESKTOP, async ({ page, complaints }) => {
  const { orders, price, one } = await resting(page);
  await take(page, one, 25);
  await page.mouse.up();
  await expect.poll(() => orders.amends.length).toBe(1);
  orders.refuse(orders.amends[0], "needs 5,000.00 USDT, 10.00 available");
  await expect(told(page)).toContainText("Not moved. Needs 5,000.00 USDT, 10.00 available.");
  await expect(one).toHaveAttribute("data-state", "");
  expect(await valueOf(one)).toBe(price);
  await told(page).getByRole("button", { name: "Dismiss" }).click();
  await expect(told(page)).toBeHidden();
  expect(complaints).toEqual([]);
});

test("a slip moves nothing: a click, Escape, and the chart beside the handle", DESKTOP, async ({ page }) => {
  const { orders, price, one } = await resting(page);
  await one.click();
  await take(page, one, 2);
  await page.mouse.up();
  await take(page, one, 40);
  await page.keyboard.press("Escape");
  await page.mouse.up();
  expect(await valueOf(one)).toBe(price);
  const box = (await one.boundingBox())!;
  await page.mouse.move(box.x + box.width + 120, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width + 120, box.y + 60, { steps: 5 });
  await page.mouse.up();
  expect(await valueOf(one)).toBe(price);
  expect(orders.amends).toEqual([]);
});

test("by keyboard: arrows move by ticks, Enter sends, Escape puts back", DESKTOP, async ({ page }) => {
  const { orders, price, one } = await resting(page);
  await one.focus();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Shift+ArrowDown");
  expect(await valueOf(one)).toBeCloseTo(price - 0.09, 6);
  await page.keyboard.press("Escape");
  expect(await valueOf(one)).toBe(price);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect.poll(() => orders.amends.map((amend) => amend.price)).toEqual([Number((price - 0.01).toFixed(2))]);
});

test("each kind of order is amended by the price that its line stands for", DESKTOP, async ({ page }) => {
  const { orders, price } = await resting(page);
  orders.tell({ id: "order-901", side: "sell", order_type: "STOP_LIMIT", trigger_price: price - 3, price: price - 4 });
  orders.tell({
    id: "order-902", side: "sell", order_type: "TRAILING_STOP", trail_distance: 12, peak_price: price + 4,
    current_stop_price: price - 8,
  });
  const trigger = handle(page, "order-901", "trigger");
  await expect(trigger).toHaveText("SELL 0.5 STOP");
  await expect(handle(page, "order-901")).toHaveText("SELL 0.5 LIMIT");
  const trail = handle(page, "order-902", "trail");
  await expect(trail).toHaveText("SELL 0.5 TRAIL");
  for (const one of [trigger, trail]) {
    await one.focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
  }
  await expect.poll(() => orders.amends.length).toBe(2);
  expect(orders.amends[0].trigger_price).toBeCloseTo(price - 3.01, 6);
  expect(orders.amends[0].price).toBeUndefined();
  expect(orders.amends[1].trail_distance).toBeCloseTo(12.01, 6);
});

test("a finger drags a handle too", PHONE, async ({ page }) => {
  const { orders, one } = await resting(page);
  await one.scrollIntoViewIfNeeded();
  const box = (await one.boundingBox())!;
  const client = await page.context().newCDPSession(page);
  const at = (y: number) => [{ x: box.x + 30, y: box.y + box.height / 2 + y }];
  await client.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: at(0) });
  for (const y of [5, 15, 25]) await client.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: at(y) });
  await client.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await expect.poll(() => orders.amends.length).toBe(1);
});
