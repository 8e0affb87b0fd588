// When the page dials: within 250 ms of the loss, at most 5 s apart, at once when the network or the reader is back.
import { DESKTOP, expect, test } from "../fixtures";
import { dials, dialsAt, freezeTimers, logLink } from "../link_log";
import { linkState, openLive, pricesMove } from "../regions";

const FIRST_MS_MAX = 250;
const CAP_MS = 5_000;
// A dial is logged a little after the timer that asked for it, on a machine that has other things to do.
const LATE_MS = 250;

test.beforeEach(({ page }) => logLink(page));

test("the first try comes within 250 ms, the others jittered and within the cap", DESKTOP, async ({ page, desk }) => {
  await openLive(page);
  await desk.kill();
  const lostAt = Date.now();
  await expect.poll(async () => (await dials(page)).length, { timeout: 15_000 }).toBeGreaterThan(7);
  const [first, ...later] = (await dials(page)).slice(1);
  expect(first - lostAt).toBeLessThanOrEqual(FIRST_MS_MAX + LATE_MS);
  const gaps = later.map((at, index) => at - [first, ...later][index]);
  for (const gap of gaps) expect(gap).toBeLessThanOrEqual(CAP_MS + LATE_MS);
  expect(new Set(gaps.map((gap) => Math.round(gap / 20))).size, `all alike: ${gaps}`).toBeGreaterThan(2);
});

for (const event of ["online", "shown"] as const) {
  test(`immediately when the page is ${event} again`, DESKTOP, async ({ page, desk }) => {
    await openLive(page);
    if (event === "shown") await dialsAt(page, "hidden");
    await desk.kill();
    await expect(linkState(page)).toHaveText("Reconnecting");
    await freezeTimers(page, true);
    // Whatever dial was under way has failed by the time that the server is back; with its timers frozen, the page
    // cannot try again by itself.
    await desk.start();
    await expect(linkState(page)).toHaveText("Reconnecting");
    expect(await dialsAt(page, event), "dials within the event").toBe(1);
    await expect(linkState(page)).toHaveText("Live", { timeout: 1_000 });
    await freezeTimers(page, false);
    await pricesMove(page);
  });
}

test("a device without network is offline, and back at once with it", DESKTOP, async ({ page, desk, context }) => {
  await openLive(page);
  await context.setOffline(true);
  await desk.kill();
  await expect(linkState(page)).toHaveText(/^(Offline|Reconnecting)$/);
  await expect(linkState(page)).toHaveText("Offline");
  await desk.start();
  await expect(linkState(page)).toHaveText("Offline");
  await context.setOffline(false);
  await expect(linkState(page)).toHaveText("Live", { timeout: 1_000 });
  await pricesMove(page);
});
