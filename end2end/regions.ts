// The desk as its reader finds it: regions by their names, markets by their links, the state of the connection.
import { expect, type Locator, type Page } from "@playwright/test";

/** The markets of the recorded day, with the decimals that their tick sizes ask for. */
export const MARKETS = {
  BTCUSDT: 2,
  ETHUSDT: 2,
  SOLUSDT: 2,
  ADAUSDT: 4,
  DOGEUSDT: 5,
  DOTUSDT: 4,
} as const;
export type Market = keyof typeof MARKETS;
export const SYMBOLS = Object.keys(MARKETS) as Market[];

/** The regions that hold data, and so say how old they are. */
export const PANELS = ["Watchlist", "Chart", "Order ticket", "Positions", "Portfolio"] as const;
export type Region = (typeof PANELS)[number] | "Connection";

export const region = (page: Page, name: Region): Locator => page.getByRole("region", { name, exact: true });

/** The word for the link: Live, Lagging, Reconnecting, … */
export const linkState = (page: Page): Locator => region(page, "Connection").getByRole("status");

/** The row of a market in the watchlist; its perpetual has one of its own. */
export const market = (page: Page, symbol: Market): Locator =>
  region(page, "Watchlist")
    .getByRole("link")
    .and(page.locator(`[href="/?symbol=${symbol}"]`));

/** The price that the watchlist shows for a market, as written. */
export async function priceOf(page: Page, symbol: Market): Promise<string> {
  const text = (await market(page, symbol).textContent()) ?? "";
  const price = /USDT\s*([\d,]+(?:\.\d+)?)/.exec(text)?.[1];
  if (!price) throw new Error(`no price of ${symbol} in "${text}"`);
  return price;
}

/** A number as the page writes it, grouped and with a real minus. */
export const numberIn = (text: string): number => Number(text.replaceAll(",", "").replace("\u2212", "-"));

/** A number as the page is to write it. */
export const written = (value: number, decimals: number): string =>
  value
    .toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
    .replace("-", "\u2212");

/** A named figure of a region, e.g. `Fees paid`. */
export const fact = (page: Page, name: Region, term: string): Locator =>
  region(page, name)
    .getByRole("term")
    .filter({ hasText: new RegExp(`^${term}$`) })
    .locator("xpath=following-sibling::dd[1]");

/** The row of an open position. */
export const position = (page: Page, symbol: Market): Locator =>
  region(page, "Positions").getByRole("row").filter({ has: page.getByRole("rowheader", { name: symbol }) });

export const quantityField = (page: Page): Locator =>
  region(page, "Order ticket").getByRole("textbox", { name: /^Quantity/ });

export const sideButton = (page: Page, side: "Buy" | "Sell"): Locator =>
  region(page, "Order ticket").getByRole("button", { name: new RegExp(`^${side}\\b`) });

/** Opens the desk and waits until it is live. */
export async function openLive(page: Page, path = "/"): Promise<void> {
  await page.goto(path);
  await expect(linkState(page)).toHaveText("Live");
}

/** Waits until the price of a market has changed so many times. */
export async function pricesMove(page: Page, symbol: Market = "BTCUSDT", times = 1): Promise<void> {
  for (let time = 0; time < times; time++) {
    const before = await priceOf(page, symbol);
    // The recording has quiet seconds, too.
    await expect.poll(() => priceOf(page, symbol), { message: `${symbol} moves`, timeout: 15_000 }).not.toBe(before);
  }
}

/** Types a quantity and waits for the button, then presses it. */
export async function place(page: Page, side: "Buy" | "Sell", quantity: string): Promise<void> {
  await quantityField(page).fill(quantity);
  await sideButton(page, side).click();
}
