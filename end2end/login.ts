// A desk that asks who is there: its settings, and its form as a reader fills it in.
import type { Page } from "@playwright/test";
import { SIM } from "./trading";

/** Settings of a desk with the synthetic market and with users. */
export const USERS = { ...SIM, TICKWIRE_AUTH: "required" };

/** The password of every user. */
export const PASSWORD = "correct horse battery";

/** Sends the form of the login page. */
export async function logIn(page: Page, name: string, password = PASSWORD): Promise<void> {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in", exact: true }).click();
}

/** Opens the settings, which need no script, and sends the form in them. */
export async function logOut(page: Page): Promise<void> {
  await page.locator("summary[aria-label=Settings]").click();
  await page.getByRole("button", { name: "Log out", exact: true }).click();
}
