/**
 * The second half of `npm run pictures`: docs/drop.gif, an image that is dropped on the demo page and classified, recorded in Chromium. It
 * shows times, so run it on an idle machine.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { openChromium } from "../bench/in-chromium.mjs";
import { root } from "./setup.mjs";

/** @typedef {import("@playwright/test").Page} Page */

const picture = "king-penguin";
const svg = readFileSync(path.join(root, `demo/classify/samples/${picture}.svg`), "utf8");
const viewport = { width: 1280, height: 880 };
const width = 960;
const steps = 14;

/** @type {{ image: Buffer, delay: number }[]} */
const frames = [];
const chromium = await openChromium();
try {
  const page = await chromium.open("?device=webgpu", { viewport, colorScheme: "light" });
  await film(page);
} finally {
  await chromium.close();
}
await sharp(
  frames.map(({ image }) => image),
  { join: { animated: true } },
)
  .gif({ delay: frames.map(({ delay }) => delay), loop: 0, effort: 10, dither: 0, interFrameMaxError: 4 })
  .toFile(path.join(root, "docs/drop.gif"));

/** @param {Page} page */
async function film(page) {
  await page.getByText("Ready. Choose an image.").waitFor();
  await take(page, 900);
  await hold(page);
  for (let step = 0; step <= steps; step++) {
    await carry(page, step / steps);
    await take(page, step === steps ? 500 : 60);
  }
  await drop(page);
  await page.locator("#status", { hasText: "Done in" }).waitFor();
  // The first run of a page waits for the drivers.
  await page.evaluate(() => document.querySelector("#status")?.replaceChildren());
  await drop(page);
  await page.locator("#status", { hasText: "Done in" }).waitFor();
  await take(page, 2500);
  await page.getByRole("button", { name: "Show attention" }).dispatchEvent("click"); // a click would scroll
  await page.locator("#map").waitFor();
  await take(page, 3000);
}

/** @param {Page} page @param {number} delay in milliseconds, which is how long it is seen */
async function take(page, delay) {
  const image = await sharp(await page.screenshot())
    .resize({ width })
    .png()
    .toBuffer();
  frames.push({ image, delay });
}

/** The image in a hand, as a browser shows it while a person drags a file. @param {Page} page */
async function hold(page) {
  await page.evaluate((svg) => {
    const held = document.createElement("div");
    held.id = "held";
    held.style.cssText = "position: fixed; left: 0; top: 0; z-index: 1";
    held.innerHTML = `<img width="120" alt="" style="border-radius: 8px; opacity: 0.85" />
      <svg width="22" height="30" viewBox="0 0 22 30" style="position: absolute; left: 60px; top: 60px">
        <path d="M2 2v22l6-5 4 9 4-2-4-9h8z" fill="#000" stroke="#fff" stroke-width="2" />
      </svg>`;
    held.querySelector("img")?.setAttribute("src", `data:image/svg+xml,${encodeURIComponent(svg)}`);
    document.body.append(held);
  }, svg);
  await page.waitForFunction(() => document.querySelector("#held img")?.matches(":not([src=''])"));
}

/** From the lower right corner to the middle of the field. @param {Page} page @param {number} share of the way */
async function carry(page, share) {
  const box = await page.locator("#drop").boundingBox();
  if (!box) throw new Error("animation: the page has no field to drop on");
  const [from, to] = [
    [viewport.width + 20, viewport.height],
    [box.x + box.width / 2 - 60, box.y + box.height / 2 - 60],
  ];
  const eased = share * share * (3 - 2 * share);
  const [x, y] = from.map((start, i) => Math.round(start + (to[i] - start) * eased));
  await page.evaluate(
    ({ x, y, over }) => {
      const held = document.querySelector("#held");
      if (held instanceof HTMLElement) held.style.translate = `${x}px ${y}px`;
      if (over) document.dispatchEvent(new DragEvent("dragover", { cancelable: true }));
    },
    { x, y, over: x < box.x + box.width - 60 },
  );
}

/** @param {Page} page */
async function drop(page) {
  await page.evaluate(
    ({ svg, name }) => {
      document.querySelector("#held")?.remove();
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([svg], name, { type: "image/svg+xml" }));
      document.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
    },
    { svg, name: `${picture}.svg` },
  );
}
