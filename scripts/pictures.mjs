/**
 * `npm run pictures`: takes the screenshots of the pages for the documents again, in Chromium on its software adapter. They show times, so
 * run it on an idle machine.
 */
import path from "node:path";
import sharp from "sharp";
import { openChromium, runToItsEnd } from "../bench/in-chromium.mjs";
import { root } from "./setup.mjs";

/** @typedef {import("@playwright/test").Page} Page */

const chromium = await openChromium();
try {
  await classify("classify.png", "ladybug", { width: 1440, height: 900 }, "light", whereItLooks);
  await classify("classify-dark.png", "ladybug", { width: 1024, height: 1600 }, "dark", async (page) => {
    await whereItLooks(page);
    await page.getByText("Time per pass").click();
    await page.locator("#times-table").waitFor();
  });
  await classify("classify-narrow.png", "pizza", { width: 360, height: 1080 }, "light");
  await measure("bench-roofline.png", "page=roofline", 1660, "light");
  await measure("bench-kernels.png", "page=kernels&kernel=attention", 1330, "dark");
} finally {
  await chromium.close();
}

/**
 * @param {string} file @param {string} picture
 * @param {{ width: number, height: number }} viewport @param {"light" | "dark"} colorScheme
 * @param {(page: Page) => Promise<void>} [further] what else to do on the page
 */
async function classify(file, picture, viewport, colorScheme, further) {
  const page = await chromium.open("", { viewport, colorScheme });
  await page.getByText("Ready. Choose an image.").waitFor();
  // The first run of a page waits for the drivers.
  for (const name of ["penguin", "orange", picture]) {
    await page.locator("#samples").getByRole("button", { name }).click();
    await page.locator(`#preview[alt*="${name}"]`).waitFor();
    await page.locator("#status", { hasText: "Done in" }).waitFor();
  }
  await further?.(page);
  await take(page, file);
}

/** @param {Page} page */
async function whereItLooks(page) {
  await page.getByRole("button", { name: "Show attention" }).click();
  await page.locator("#map").waitFor();
}

/** @param {string} file @param {string} query @param {number} height @param {"light" | "dark"} colorScheme */
async function measure(file, query, height, colorScheme) {
  const page = await chromium.open(`demo/bench/?${query}`, {
    viewport: { width: 1200, height },
    colorScheme,
  });
  await runToItsEnd(page);
  await take(page, file);
}

/** Takes a screenshot of the visible part, in a palette of 256 colors. @param {Page} page @param {string} file */
async function take(page, file) {
  const png = await page.screenshot();
  await sharp(png)
    .png({ palette: true, effort: 10 })
    .toFile(path.join(root, "docs", file));
  await page.close();
}
