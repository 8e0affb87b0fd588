// Where things are on the screen: what lies over what, what is cut off.
import type { Page } from "@playwright/test";

const OVERLAP_PX_MIN = 2;

/** Pairs of texts or controls in the top bar that lie over each other. */
export const overlapsInTopBar = (page: Page): Promise<string[]> =>
  page.evaluate((least) => {
    const bar = document.querySelector("header") as Element;
    type Piece = { what: string; owner: Element; box: DOMRect };
    const pieces: Piece[] = [];
    const texts = document.createTreeWalker(bar, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const owner = texts.currentNode.parentElement as Element;
      const what = texts.currentNode.textContent?.trim();
      if (!what || !owner.checkVisibility() || owner.closest("details > :not(summary)")) continue;
      const range = document.createRange();
      range.selectNodeContents(texts.currentNode);
      pieces.push({ what, owner, box: range.getBoundingClientRect() });
    }
    for (const control of bar.querySelectorAll("button, summary, [class*=badge]")) {
      pieces.push({ what: `<${control.tagName.toLowerCase()}>`, owner: control, box: control.getBoundingClientRect() });
    }
    const found: string[] = [];
    pieces.forEach((a, at) => {
      for (const b of pieces.slice(at + 1)) {
        if (a.owner.contains(b.owner) || b.owner.contains(a.owner)) continue;
        const width = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
        const height = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
        // Lines of text reach a little into each other where the line is lower than the font.
        if (width >= least && height >= least * 2) found.push(`${a.what} / ${b.what}`);
      }
    });
    return found;
  }, OVERLAP_PX_MIN);

/** Visible texts and controls that are cut off, by an ancestor that hides what overflows or by the edge of the page. */
export const clipped = (page: Page): Promise<string[]> =>
  page.evaluate((least) => {
    const found = new Set<string>();
    const check = (what: string, owner: Element, box: DOMRect) => {
      if (box.width < 1 || box.height < 1) return;
      let [across, down] = [true, true];
      for (let one: Element | null = owner; one && one !== document.body; one = one.parentElement) {
        const style = getComputedStyle(one);
        if (style.clipPath !== "none" || style.position === "fixed") return;
        const edge = one.getBoundingClientRect();
        if (/auto|scroll/.test(style.overflowX)) across = false;
        if (/auto|scroll/.test(style.overflowY)) down = false;
        const cutX = /hidden|clip/.test(style.overflowX) && across;
        const cutY = /hidden|clip/.test(style.overflowY) && down;
        if (cutX && (box.right > edge.right + least || box.left < edge.left - least)) found.add(`${what} (width)`);
        if (cutY && (box.bottom > edge.bottom + least || box.top < edge.top - least)) found.add(`${what} (height)`);
      }
      if (across && box.right > document.documentElement.clientWidth + least) found.add(`${what} (page)`);
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const owner = texts.currentNode.parentElement as Element;
      const what = texts.currentNode.textContent?.trim();
      if (!what || !owner.checkVisibility() || owner.closest("noscript, script, .skip")) continue;
      const range = document.createRange();
      range.selectNodeContents(texts.currentNode);
      check(what, owner, range.getBoundingClientRect());
    }
    for (const control of document.querySelectorAll("button, input, canvas")) {
      if (control.checkVisibility()) check(control.tagName, control, control.getBoundingClientRect());
    }
    return [...found];
  }, OVERLAP_PX_MIN);

/** By how much the page is larger than the window. */
export const overflow = (page: Page): Promise<{ right: number; down: number }> =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.documentElement;
    return { right: scrollWidth - clientWidth, down: scrollHeight - clientHeight };
  });
