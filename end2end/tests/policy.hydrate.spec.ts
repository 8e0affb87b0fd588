// The page's own policy: nothing that the desk does is refused by it, and what an attacker would do is.
import { DESKTOP, expect, test } from "../fixtures";
import { openLive, place, position } from "../regions";

test("the desk lives within its policy: no violation is reported", async ({ page, complaints }) => {
  const violations: string[] = [];
  await page.exposeFunction("reportViolation", (text: string) => violations.push(text));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      const told = `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`;
      void (globalThis as unknown as { reportViolation(text: string): Promise<void> }).reportViolation(told);
    });
  });
  await openLive(page);
  // The chart library loads, draws, and shows its attribution.
  await expect(page.locator("#tv-attr-logo")).toHaveCSS("position", "absolute");
  await place(page, "Buy", "0.01");
  await expect(position(page, "BTCUSDT")).toHaveCount(1);
  await page.reload();
  await expect(position(page, "BTCUSDT")).toHaveCount(1);
  expect(violations).toEqual([]);
  expect(complaints).toEqual([]);
});

test("a script without the nonce, a handler and a style do not run", DESKTOP, async ({ page }) => {
  await openLive(page);
  const ran = await page.evaluate(async () => {
    const marks = globalThis as unknown as { ran?: string[] };
    marks.ran = [];
    const script = document.createElement("script");
    script.textContent = "globalThis.ran.push('script')";
    document.body.append(script);
    const holder = document.createElement("div");
    holder.innerHTML = `<img src="data:," onerror="globalThis.ran.push('handler')"><b style="color: rgb(1, 2, 3)">x</b>`;
    document.body.append(holder);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const colour = getComputedStyle(holder.querySelector("b") as HTMLElement).color;
    return { ran: marks.ran, colour };
  });
  expect(ran.ran).toEqual([]);
  expect(ran.colour).not.toBe("rgb(1, 2, 3)");
});
