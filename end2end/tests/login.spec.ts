// Logging in and out, with a script and without one: the form is all that it takes.
import { expect, test } from "../fixtures";
import { logIn, logOut, PASSWORD, USERS } from "../login";
import { SPOT } from "../trading";

test.use({ deskEnv: USERS });

test("the form leads to the page that was asked for, and its button out again", async ({ page, desk }) => {
  desk.user(["add", "ann"], PASSWORD);
  await page.goto(`/?symbol=${SPOT}`);
  await expect(page).toHaveURL(/\/login\?next=/);
  await expect(page.getByText("PAPER", { exact: true })).toHaveCount(0);
  await logIn(page, "ann");
  await expect(page).toHaveURL(new RegExp(`/\\?symbol=${SPOT}$`));
  await expect(page.getByText("PAPER", { exact: true })).toBeVisible();
  await logOut(page);
  await expect(page).toHaveURL(/\/login$/);
  expect(await page.context().cookies()).toEqual([]);
  await page.goto("/");
  await expect(page, "the way back is the form").toHaveURL(/\/login$/);
});

test("a wrong password is told in one sentence, which tells nobody who there is", async ({ page, desk }) => {
  desk.user(["add", "ann"], PASSWORD);
  await page.goto("/login");
  for (const [name, password] of [["ann", "wrong horse"], ["nobody", PASSWORD]] as const) {
    await logIn(page, name, password);
    await expect(page.getByRole("alert")).toHaveText("The name or the password is wrong.");
    await expect(page.getByLabel("Name", { exact: true })).toHaveValue(name);
    await expect(page.getByLabel("Password", { exact: true })).toHaveValue("");
    await expect(page.getByLabel("Password", { exact: true })).toBeFocused();
  }
  expect(await page.context().cookies()).toEqual([]);
  await logIn(page, "ann");
  await expect(page).toHaveURL(`${desk.url}/`);
});
