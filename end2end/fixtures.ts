// What every test starts from: `desk`, a server of its own, and a page that must stay silent on the console.
import { test as base } from "@playwright/test";
import { Desk } from "./desk";

type Fixtures = {
  /** Further TICKWIRE_* settings, by `test.use({ deskEnv: { … } })`. */
  deskEnv: Record<string, string>;
  /** The server of this test, started. */
  desk: Desk;
  /** What the page wrote to the console as a warning or an error, and what it threw. */
  complaints: string[];
};

export const test = base.extend<Fixtures>({
  deskEnv: [{}, { option: true }],

  desk: async ({ deskEnv }, use, info) => {
    const desk = new Desk(deskEnv);
    try {
      await desk.start();
      await use(desk);
      if (info.status !== info.expectedStatus) await info.attach("tickwire.log", { body: desk.log });
    } finally {
      await desk.dispose();
    }
  },

  baseURL: async ({ desk }, use) => use(desk.url),

  complaints: async ({ page }, use) => {
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (["warning", "error"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await use(complaints);
  },
});

/** A test whose subject is the same in every size, or needs a keyboard: it runs on the desktop only. */
export const DESKTOP = { tag: "@desktop" };

/** A test of what only a phone has. */
export const PHONE = { tag: "@phone" };

export { expect } from "@playwright/test";
