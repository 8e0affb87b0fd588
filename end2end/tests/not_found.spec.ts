// A path that is no page, with JavaScript and without.
import { DESKTOP, expect, test } from "../fixtures";
import { region } from "../regions";

test("an unknown path is a page of its own, with status 404, and leads back", DESKTOP, async ({ page }) => {
  const response = await page.goto("/no-such-page");
  expect(response?.status()).toBe(404);
  await page.getByRole("link", { name: "Back to the desk" }).click();
  await expect(page).toHaveURL(/\/$/);
  await expect(region(page, "Watchlist")).toBeVisible();
});
