/** The search of "Your own classes": a folder is indexed with a pause and a stop, and searched by words and by images. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@playwright/test";
import type { FileServer } from "../src/testing/file-server.ts";
import {
  addressOf,
  indexed,
  load,
  lookAt,
  makeFolder,
  readIndex,
  results,
  serveHub,
} from "./own-classes-page.ts";

let hub: FileServer;
test.beforeAll(async () => {
  hub = await serveHub();
});
test.afterAll(() => hub.close());

test("a folder is indexed once, and found by words and by its own images", async ({ page }) => {
  const folder = makeFolder(30);
  writeFileSync(path.join(folder, "notes.txt"), "no image");
  writeFileSync(path.join(folder, "broken.png"), "no image either");
  await page.goto(`/${addressOf(hub)}`);
  await page.getByLabel("Folder of images").setInputFiles(folder);
  await expect(page.locator("#index-error")).toHaveText("Load the model before you index images.");
  await load(page);
  await page.getByLabel("Folder of images").setInputFiles(folder);
  await indexed(page, "30 images are");
  await expect(page.locator("#index-error")).toHaveText("1 image cannot be read: photos/broken.png");
  // Again: they are there.
  await page.getByLabel("Folder of images").setInputFiles(folder);
  await indexed(page, "30 images are");
  const query = page.getByLabel("Words to search for");
  await query.fill("a dog on a beach");
  await expect(page.locator("#found")).toHaveText(
    /^The nearest to “a dog on a beach”: 30 images searched in \d+\.\d ms\.$/,
  );
  await expect(results(page)).toHaveCount(24);
  const cosines = (await page.locator(".cosine").allTextContents()).map(Number);
  expect(cosines).toEqual([...cosines].sort((a, b) => b - a));
  // An indexed image is most like itself.
  const second = await results(page).nth(1).getByRole("img").getAttribute("alt");
  await results(page).nth(1).click();
  await expect(results(page).first().getByRole("img", { name: second! })).toBeVisible();
  await expect(page.locator(".cosine").first()).toHaveText("1.000");
  await expect(query).toHaveValue("");
});

test("the image that is looked at finds itself in the index, also from inside a folder", async ({ page }) => {
  const folder = makeFolder(12);
  await page.goto(`/${addressOf(hub)}`);
  await load(page);
  await page.getByLabel("Folder of images").setInputFiles(folder);
  await indexed(page, "12 images are");
  await page
    .getByLabel("Choose an image", { exact: false })
    .first()
    .setInputFiles(path.join(folder, "inside/0.bmp"));
  await page.getByRole("button", { name: "Search with the image above" }).click();
  await expect(page.locator("#found")).toContainText("The nearest to 0.bmp: 12 images");
  await expect(results(page).first().getByRole("img", { name: "photos/inside/0.bmp" })).toBeVisible();
  await page.getByRole("button", { name: "Delete the index" }).click();
  await expect(page.locator("#indexed")).toHaveText("No images are indexed with this model yet.");
  await expect(results(page)).toHaveCount(0);
  await page.reload();
  await expect(page.locator("#indexed")).toHaveText("No images are indexed with this model yet.");
});

test("a dropped folder is indexed, also what is in a folder inside it", async ({ page }) => {
  const folder = makeFolder(6);
  writeFileSync(path.join(folder, "notes.txt"), "no image");
  await page.goto(`/${addressOf(hub)}`);
  await load(page);
  const browser = await page.context().newCDPSession(page);
  const data = { items: [], files: [folder], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await browser.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data });
  await indexed(page, "6 images are");
  const names = await results(page)
    .getByRole("img")
    .evaluateAll((all) => all.map((one) => (one as HTMLImageElement).alt));
  expect(names.sort()).toEqual([
    "photos/1.bmp",
    "photos/2.bmp",
    "photos/3.bmp",
    "photos/4.bmp",
    "photos/5.bmp",
    "photos/inside/0.bmp",
  ]);
  await expect(page.locator("#index-error")).toBeHidden();
});

test("a pause and a stop keep what is indexed, and the same folder goes on from there", async ({ page }) => {
  const folder = makeFolder(120);
  await page.goto(`/${addressOf(hub)}`);
  await load(page);
  await page.getByLabel("Folder of images").setInputFiles(folder);
  const pause = page.getByRole("button", { name: "Pause" });
  await pause.click();
  await expect(pause).toHaveAttribute("aria-pressed", "true");
  const done = async () => Number.parseInt((await page.locator("#index-words").textContent()) || "0", 10);
  // The batch in flight is stored; none after it.
  await page.waitForTimeout(1000);
  const paused = await done();
  expect(paused).toBeLessThan(120);
  await page.waitForTimeout(1000);
  expect(await done()).toBe(paused);
  await lookAt(page, "pizza"); // the model is free meanwhile
  await pause.click();
  await expect.poll(done).toBeGreaterThan(paused);
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.locator("#indexing")).toBeHidden();
  const kept = Number.parseInt((await page.locator("#indexed").textContent())!, 10);
  expect(kept).toBeLessThan(120);
  // After a reload, the index is there without the model, which loads only on request.
  await page.reload();
  await indexed(page, `${kept} images are`);
  await results(page).first().click();
  await expect(page.locator(".cosine").first()).toHaveText("1.000");
  await load(page);
  await page.getByLabel("Folder of images").setInputFiles(folder);
  await indexed(page, "120 images are");
});

test("a device lost in the middle of indexing, twice, and one lost in a search: nothing is lost", async ({
  page,
}) => {
  const folder = makeFolder(60);
  await page.goto(`/${addressOf(hub)}`);
  await load(page);
  await page.getByLabel("Folder of images").setInputFiles(folder);
  await indexed(page, "60 images are");
  const undisturbed = await readIndex(page);
  expect(new Set(undisturbed.map(([name]) => name)).size).toBe(60);
  await page.getByRole("button", { name: "Delete the index" }).click();
  await expect(page.locator("#indexed")).toHaveText("No images are indexed with this model yet.");
  // Both towers are in the worker.
  const [worker] = page.workers();
  await worker.evaluate(loseDevices, [5, 12]);
  await page.getByLabel("Folder of images").setInputFiles(folder);
  await indexed(page, "60 images are");
  expect(await worker.evaluate(lostDevices)).toBe(2);
  expect(await readIndex(page)).toEqual(undisturbed);
  await worker.evaluate(loseDevices, [1]);
  await page.getByLabel("Words to search for").fill("a dog on a beach");
  await expect(page.locator("#found")).toContainText("60 images searched");
  expect(await worker.evaluate(lostDevices)).toBe(1);
  await expect(page.locator("#index-error")).toBeHidden();
});

/** Destroys the device at these of its runs, counted from now. */
function loseDevices(moments: readonly number[]): void {
  let runs = 0;
  Object.assign(globalThis, { lost: 0 });
  const { createCommandEncoder } = GPUDevice.prototype;
  GPUDevice.prototype.createCommandEncoder = function (...args) {
    const encoder = createCommandEncoder.apply(this, args);
    if (moments.includes(++runs)) {
      this.destroy();
      (globalThis as unknown as { lost: number }).lost++;
    }
    return encoder;
  };
}

const lostDevices = () => (globalThis as unknown as { lost: number }).lost;
