// Colours as they come out on the screen: text against what really lies behind it.
import type { Page } from "@playwright/test";

/**
 * Visible text with less contrast than `least`, by default what WCAG AA asks for: 4.5, or 3 where it is large. Disabled
 * controls are exempt.
 */
export const paleTexts = (page: Page, least = 4.5): Promise<string[]> =>
  page.evaluate((least) => {
    type Colour = [number, number, number, number];
    const read = (css: string): Colour => {
      const [red, green, blue, alpha = 1] = (css.match(/[\d.]+/g) ?? ["0", "0", "0", "0"]).map(Number);
      return css.startsWith("color(") ? [red * 255, green * 255, blue * 255, alpha] : [red, green, blue, alpha];
    };
    const over = (top: Colour, under: Colour): Colour => [
      ...([0, 1, 2].map((at) => top[at] * top[3] + under[at] * (1 - top[3])) as [number, number, number]),
      1,
    ];
    const light = ([red, green, blue]: Colour) => {
      const [r, g, b] = [red, green, blue]
        .map((value) => value / 255)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const found = new Set<string>();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const owner = texts.currentNode.parentElement;
      const text = texts.currentNode.textContent?.trim();
      if (!owner || !text || !owner.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
      if (owner.closest("script, noscript, :disabled, [aria-hidden=true], .skip")) continue;
      const stack: Colour[] = [];
      let opacity = 1;
      for (let one: Element | null = owner; one; one = one.parentElement) {
        const style = getComputedStyle(one);
        opacity *= Number(style.opacity);
        stack.unshift(read(style.backgroundColor));
      }
      const ground = stack.reduce((under, top) => over(top, under), [255, 255, 255, 1] as Colour);
      const style = getComputedStyle(owner);
      const ink = read(style.color);
      ink[3] *= opacity;
      const [more, less] = [light(over(ink, ground)), light(ground)].sort((a, b) => b - a);
      const ratio = (more + 0.05) / (less + 0.05);
      const size = Number.parseFloat(style.fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < Math.min(least, isLarge ? 3 : least)) found.add(`"${text}" ${ratio.toFixed(2)}`);
    }
    return [...found];
  }, least);

/** How light the page's ground is: 0 is black, 1 is white. */
export const lightness = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g)?.map(Number) ?? [];
    return (red + green + blue) / 765;
  });
