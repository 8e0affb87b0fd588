// Without JavaScript the theme is the system's.
import { lightness, paleTexts } from "../colours";
import { DESKTOP, expect, test } from "../fixtures";

test("light or dark, and every text can be read", DESKTOP, async ({ page }) => {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.goto("/");
    expect((await lightness(page)) > 0.5).toBe(colorScheme === "light");
    expect.soft(await paleTexts(page), colorScheme).toEqual([]);
  }
});
