/** The page "Your own classes": no download without a request, classes by keyboard, and what is computed when one changes. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";
import type { FileServer } from "../src/testing/file-server.ts";
import { addressOf, chip, load, lookAt, MODEL, serveHub, status } from "./own-classes-page.ts";

let hub: FileServer;
test.beforeAll(async () => {
  hub = await serveHub();
});
test.afterAll(() => hub.close());

const fields = (page: Page) => page.getByRole("list", { name: "Classes" }).getByRole("textbox");
const values = (page: Page) =>
  fields(page).evaluateAll((all) => all.map((field) => (field as HTMLInputElement).value));
const scores = (page: Page) =>
  page.locator(".score").evaluateAll((all) => all.map(({ textContent }) => Number.parseFloat(textContent!)));

test("says what it would download, and downloads nothing before Load is pressed", async ({ page }) => {
  await page.goto(`/demo/own-classes/index.html?endpoint=${encodeURIComponent(hub.address)}`);
  const offer = page.locator("#offer");
  await expect(offer).toContainText(
    "TinyCLIP-ViT-8M-16-Text-3M-YFCC15M from the Hugging Face Hub: about 94 MB",
  );
  const field = page.getByLabel("A CLIP or SigLIP model");
  await field.fill("openai/clip-vit-base-patch32");
  await expect(offer).toContainText("about 605 MB");
  await field.fill(MODEL);
  await expect(offer).toContainText(`${MODEL} from the Hugging Face Hub: its size is shown when`);
  await page.getByRole("button", { name: "Drawing: pizza" }).click();
  await page.waitForTimeout(300);
  expect(hub.requests).toEqual([]);
  await load(page);
  await expect(page).toHaveURL(/model=made-up%2Ftiny-clip/);
  await expect(page.locator("#best")).toContainText("%");
  // The next time it is there.
  await page.reload();
  await expect(offer).toHaveText(`${MODEL} is kept in this browser: Load downloads nothing.`);
});

test("a model that is not there leaves the one in use", async ({ page }) => {
  await page.goto(`/${addressOf(hub)}`);
  await load(page);
  await page.getByLabel("A CLIP or SigLIP model").fill("made-up/none");
  await page.getByRole("button", { name: "Load" }).click();
  await expect(page.getByRole("alert")).toContainText("config.json");
  await expect(status(page)).toHaveText(`${MODEL} stays in use.`);
  await lookAt(page, "pizza");
});

test("classes by keyboard: their scores follow, and sum up to one", async ({ page }) => {
  await page.goto(`/${addressOf(hub)}`);
  await load(page);
  await lookAt(page, "ladybug");
  await fields(page).first().focus();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.keyboard.type("a school bus");
  await expect(chip(page, "a school bus").locator(".score")).toHaveText(/%$/);
  expect(await values(page)).toEqual(["a ladybug", "a school bus", "a pizza", "a boat"]);
  const sum = (await scores(page)).reduce((total, score) => total + score, 0);
  expect(Math.abs(sum - 100)).toBeLessThan(0.3);
  await expect(fields(page).nth(1)).toHaveAccessibleName("Class 2 of 4");
  // Backspace removes an empty class, and the caret is at the end of the one before.
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Backspace");
  await expect(fields(page).first()).toBeFocused();
  expect(await values(page)).toEqual(["a ladybug", "a pizza", "a boat"]);
  await page.keyboard.press("ArrowRight");
  await expect(fields(page).nth(1)).toBeFocused();
  await page.keyboard.type("half ");
  expect(await values(page)).toEqual(["a ladybug", "half a pizza", "a boat"]);
  await page.keyboard.press("ArrowDown");
  await expect(fields(page).nth(2)).toBeFocused();
  await page.getByRole("button", { name: "Remove a boat" }).click();
  await page.getByRole("button", { name: "Add a class" }).click();
  await expect(fields(page).nth(2)).toBeFocused();
});

test("a pasted list becomes classes", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(`/${addressOf(hub)}`);
  await page.evaluate(() => navigator.clipboard.writeText("red car\n<b>no</b> car\nسيارة"));
  await page.getByRole("button", { name: "Add a class" }).click();
  await page.keyboard.press("Control+v");
  await expect(fields(page)).toHaveCount(6);
  expect((await values(page)).slice(3)).toEqual(["red car", "<b>no</b> car", "سيارة"]);
  const direction = (field: HTMLElement) => getComputedStyle(field).direction;
  expect(await Promise.all([4, 5].map((i) => fields(page).nth(i).evaluate(direction)))).toEqual([
    "ltr",
    "rtl",
  ]);
  await expect(fields(page).nth(5)).toBeFocused();
});

test("a changed class embeds no image", async ({ page }) => {
  // The image tower is in the worker: its requests are counted here.
  await page.addInitScript(() => {
    const asked: string[] = [];
    Object.assign(globalThis, { asked });
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (message: { method?: string }, ...rest: never[]) {
      if (message.method) asked.push(message.method);
      return postMessage.call(this, message, ...rest);
    };
  });
  const asked = () => page.evaluate(() => (globalThis as unknown as { asked: string[] }).asked);
  await page.goto(`/${addressOf(hub)}`);
  await load(page);
  await lookAt(page, "ladybug");
  expect(await asked()).toEqual(["embed"]);
  const before = await scores(page);
  await fields(page).nth(1).fill("a plate of spaghetti with tomatoes");
  await expect.poll(() => scores(page)).not.toEqual(before);
  expect(await asked()).toEqual(["embed"]);
});

test("a pasted image is looked at, also with the caret in a class", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(`/${addressOf(hub)}`);
  await load(page);
  const png = readFileSync("test/goldens/picture.png").toString("base64");
  await page.evaluate(async (png) => {
    const image = await (await fetch(`data:image/png;base64,${png}`)).blob();
    await navigator.clipboard.write([new ClipboardItem({ "image/png": image })]);
  }, png);
  await fields(page).first().focus();
  await page.keyboard.press("Control+v");
  await expect(page.locator("#preview")).toHaveJSProperty("naturalWidth", 75);
  await expect(page.locator("#best")).toContainText("%");
  expect(await values(page)).toEqual(["a ladybug", "a pizza", "a boat"]);
});

test("images of one's own, and one that is none", async ({ page }) => {
  await page.goto(`/${addressOf(hub)}`);
  await load(page);
  const input = page.getByLabel("Choose an image");
  await input.setInputFiles("test/goldens/picture.png");
  await expect(page.getByRole("img", { name: "picture.png" })).toBeVisible();
  await expect(page.locator("#best")).toContainText("%");
  await input.setInputFiles({ name: "broken.png", mimeType: "image/png", buffer: Buffer.from("no image") });
  await expect(page.getByRole("alert")).toHaveText(
    "broken.png: cannot be read as an image. Choose a JPEG, PNG or WebP file.",
  );
});
