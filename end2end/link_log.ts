// What the page's link went through, to the millisecond, as the page itself saw it: polling from outside would miss it.
import type { Page } from "@playwright/test";

type Moment = { state: string; at: number };
type Logged = Window & { linkLog: Moment[]; dials: number[]; isFrozen: boolean };

/** Logs each word of the Connection region, and each dial, from now on and across reloads. Before the first `goto`. */
export async function logLink(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const log = Object.assign(window as unknown as Logged, { linkLog: [], dials: [], isFrozen: false });
    const at = () => performance.timeOrigin + performance.now();
    window.WebSocket = class extends WebSocket {
      constructor(...address: ConstructorParameters<typeof WebSocket>) {
        log.dials.push(at());
        super(...address);
      }
    };
    // A frozen tab: its timers wait until it is thawed.
    const setTimer = window.setTimeout.bind(window);
    const wait = (run: TimerHandler, ms?: number, ...rest: unknown[]): number =>
      setTimer(() => (log.isFrozen ? wait(run, 50, ...rest) : (run as (...all: unknown[]) => void)(...rest)), ms);
    window.setTimeout = wait as typeof setTimeout;
    const setTicker = window.setInterval.bind(window);
    window.setInterval = ((run: () => void, ms?: number) =>
      setTicker(() => log.isFrozen || run(), ms)) as typeof setInterval;
    addEventListener("DOMContentLoaded", () => {
      const place = document.querySelector("[aria-label=Connection] [role=status]");
      const look = () => {
        const state = place?.textContent ?? "";
        if (log.linkLog.at(-1)?.state !== state) log.linkLog.push({ state, at: at() });
      };
      look();
      if (place) new MutationObserver(look).observe(place, { subtree: true, childList: true, characterData: true });
    });
  });
}

/** The states so far, with the time of each. */
export const linkLog = (page: Page): Promise<Moment[]> => page.evaluate(() => (window as unknown as Logged).linkLog);

/** The moments of all dials so far. */
export const dials = (page: Page): Promise<number[]> => page.evaluate(() => (window as unknown as Logged).dials);

/** Freezes the page's timers, as a browser does with a tab that nobody sees, or lets them go on. */
export const freezeTimers = (page: Page, isFrozen: boolean): Promise<void> =>
  page.evaluate((isFrozen) => {
    (window as unknown as Logged).isFrozen = isFrozen;
  }, isFrozen);

/** How many dials happen within `event` itself, timers aside. */
export const dialsAt = (page: Page, event: "online" | "shown" | "hidden"): Promise<number> =>
  page.evaluate((event) => {
    const { dials } = window as unknown as Logged;
    const before = dials.length;
    if (event === "online") {
      dispatchEvent(new Event("online"));
    } else {
      Object.defineProperty(document, "hidden", { configurable: true, value: event === "hidden" });
      const state = event === "hidden" ? "hidden" : "visible";
      Object.defineProperty(document, "visibilityState", { configurable: true, value: state });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    }
    return dials.length - before;
  }, event);
