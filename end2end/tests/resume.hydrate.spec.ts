// What happened while the page was cut off is brought once, and the page itself proves that nothing is missing.
import type { Page } from "@playwright/test";
import { DESKTOP, expect, test } from "../fixtures";
import { fact, linkState, openLive, region } from "../regions";
import { Wire } from "../wire";

type Cuttable = Window & { sockets: WebSocket[]; isCut: boolean };

/** Makes the page's connections cuttable. Before the first `goto`. */
const beCuttable = (page: Page): Promise<void> =>
  page.addInitScript(() => {
    const cuttable = Object.assign(window as unknown as Cuttable, { sockets: [], isCut: false });
    window.WebSocket = class extends WebSocket {
      constructor(...address: ConstructorParameters<typeof WebSocket>) {
        if (cuttable.isCut) throw new DOMException("no network", "SecurityError");
        super(...address);
        cuttable.sockets.push(this);
      }
    };
  });

/** Cuts the page off, or lets it dial again. */
const cut = (page: Page, isCut: boolean): Promise<void> =>
  page.evaluate((isCut) => {
    const cuttable = window as unknown as Cuttable;
    cuttable.isCut = isCut;
    if (isCut) for (const socket of cuttable.sockets.splice(0)) socket.close(4000);
  }, isCut);

/** How many events the page says that its last resume brought. */
async function brought(page: Page): Promise<number> {
  const text = (await fact(page, "Connection", "Brought by the last resume").textContent()) ?? "";
  return Number(/^(\d+) events?$/.exec(text)?.[1] ?? Number.NaN);
}

test.beforeEach(({ page }) => beCuttable(page));

test("cut off while others trade: what was missed is brought, without a gap, and the page says how much", async ({
  page,
  desk,
}) => {
  await openLive(page);
  await region(page, "Connection").locator("summary").click();
  await expect(fact(page, "Connection", "Gaps in the stream")).toHaveText(/^0 gaps since \d\d:\d\d$/);
  const other = await Wire.open(desk.url);
  const orders = 6;
  await cut(page, true);
  await expect(linkState(page)).toHaveText("Reconnecting");
  for (let order = 0; order < orders; order++) await other.order("BTCUSDT", "buy", 0.01);
  await cut(page, false);
  await expect(linkState(page)).toHaveText("Live", { timeout: 10_000 });
  // Each order is at least one message of `orders` and one of `executions`.
  await expect.poll(() => brought(page)).toBeGreaterThanOrEqual(2 * orders);
  await expect(fact(page, "Connection", "Gaps in the stream")).toHaveText(/^0 gaps since \d\d:\d\d$/);
  other.close();
});

test("a resume over the server's own crash brings what was missed too", DESKTOP, async ({ page, desk }) => {
  await openLive(page);
  await region(page, "Connection").locator("summary").click();
  await cut(page, true);
  await expect(linkState(page)).toHaveText("Reconnecting");
  const other = await Wire.open(desk.url);
  for (let order = 0; order < 3; order++) await other.order("BTCUSDT", "buy", 0.01);
  other.close();
  await desk.restart("kill");
  await cut(page, false);
  await expect(linkState(page)).toHaveText("Live", { timeout: 10_000 });
  await expect.poll(() => brought(page)).toBeGreaterThanOrEqual(6);
  // The log of the server is in no journal, so a restart begins it anew, which is told; nothing else is lost.
  await expect(fact(page, "Connection", "Gaps in the stream")).toHaveText(/^0 gaps(, 1 lost)? since \d\d:\d\d$/);
});
