// What is painted on the chart, read back from its canvas: there is nothing else to hold on to in a picture.
import type { Page } from "@playwright/test";

export type Painted = {
  /** Share of the pane's columns that have a candle or a bar of volume in them. */
  columns: number;
  /** The tallest run of coloured pixels at the pane's right edge: a hairline, or the label of a position's line. */
  label: number;
  /** Changes whenever a pixel does. */
  print: number;
};

/** Reads the pane of the chart; all zero while there is none. */
export const painted = (page: Page): Promise<Painted> =>
  page.evaluate(() => {
    const all = [...document.querySelectorAll<HTMLCanvasElement>("[aria-label=Chart] canvas")];
    const width = Math.max(0, ...all.map((canvas) => canvas.width));
    const height = Math.max(0, ...all.map((canvas) => canvas.height));
    const panes = all.filter((canvas) => canvas.width === width && canvas.height === height && width > 0);
    const result = { columns: 0, label: 0, print: 0 };
    for (const pane of panes) {
      const { data } = (pane.getContext("2d") as CanvasRenderingContext2D).getImageData(0, 0, width, height);
      const isColoured = (x: number, y: number) => {
        const at = (y * width + x) * 4;
        const [red, green, blue, alpha] = data.subarray(at, at + 4);
        return alpha > 40 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60;
      };
      let columns = 0;
      for (let x = 0; x < width; x++) {
        let count = 0;
        for (let y = 0; y < height; y++) count += isColoured(x, y) ? 1 : 0;
        if (count > 4) columns++;
      }
      let run = 0;
      let tallest = 0;
      for (let y = 0; y < height; y++) {
        run = isColoured(width - 2, y) ? run + 1 : 0;
        tallest = Math.max(tallest, run);
      }
      result.columns = Math.max(result.columns, columns / width);
      result.label = Math.max(result.label, tallest);
      for (let at = 0; at < data.length; at += 4) {
        result.print = (result.print * 31 + data[at] + data[at + 1] * 3 + data[at + 3] * 7) % 1_000_003;
      }
    }
    return result;
  });
