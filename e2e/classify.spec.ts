/** The page as a person uses it, with every network but the page's own server blocked. */
import { existsSync, readFileSync } from "node:fs";
import { test as base, expect, type Page } from "@playwright/test";
import sharp from "sharp";

const test = base.extend<{ foreignRequests: string[] }>({
  foreignRequests: [
    async ({ context }, use) => {
      const foreign: string[] = [];
      await context.route(
        (url) => url.hostname !== "localhost",
        (route) => {
          foreign.push(route.request().url());
          return route.abort();
        },
      );
      await use(foreign);
    },
    { auto: true },
  ],
});

const deit = "deit-tiny-patch16-224";
const status = (page: Page) => page.getByRole("status");
const names = (page: Page) => page.getByRole("list", { name: "likeliest names" }).getByRole("listitem");
const chooser = (page: Page) => page.getByLabel("Choose a picture");
const drawing = (name: string) => sharp(`demo/classify/samples/${name}.svg`).png().toBuffer();

async function openPage(page: Page): Promise<void> {
  await page.goto("/");
  await expect(status(page)).toHaveText("Ready. Choose a picture.");
}

async function loadModel(page: Page, name: string): Promise<void> {
  await page.getByLabel("A Hugging Face id").fill(name);
  await page.getByRole("button", { name: "Load" }).click();
}

test("names a drawing by the bundled model, with no network and no complaint", async ({
  page,
  foreignRequests,
}) => {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  await openPage(page);
  await page.getByRole("button", { name: "ladybug" }).click();
  await expect(names(page).first()).toContainText("ladybug");
  await expect(names(page)).toHaveCount(5);
  await expect(status(page)).toHaveText(/^Answered in \d+(\.\d)? ms$/);
  const scores = (await names(page).allInnerTexts()).map((text) => Number(/([\d.]+) %/.exec(text)?.[1]));
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  expect(scores.reduce((sum, score) => sum + score)).toBeLessThanOrEqual(100.2); // five roundings of 0.05
  await expect(page.getByRole("group").filter({ hasText: "What ran" })).toBeVisible();
  expect(complaints).toEqual([]);
  expect(foreignRequests).toEqual([]);
});

test("takes a picture that is chosen, dropped or pasted", async ({ page }) => {
  await openPage(page);
  const file = { name: "a.png", mimeType: "image/png", buffer: await drawing("pizza") };
  await chooser(page).setInputFiles(file);
  await expect(names(page).first()).toContainText("pizza");
  await giveByEvent(page, "drop", await drawing("king-penguin"));
  await expect(names(page).first()).toContainText("king penguin");
  await giveByEvent(page, "paste", await drawing("school-bus"));
  await expect(names(page).first()).toContainText("school bus");
  await expect(page.getByRole("alert")).toBeHidden();
});

test("says what is wrong with a picture, and goes on", async ({ page }) => {
  await openPage(page);
  const alert = page.getByRole("alert");
  const png = await drawing("pizza");
  await chooser(page).setInputFiles({ name: "cut.png", mimeType: "image/png", buffer: png.subarray(0, 60) });
  await expect(alert).toContainText(/\S/);
  expect(await alert.innerText()).not.toContain("\n");
  await chooser(page).setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("no") });
  await expect(alert).toHaveText("That is not a picture: choose, drop or paste an image file.");
  await chooser(page).setInputFiles({ name: "a.png", mimeType: "image/png", buffer: png });
  await expect(names(page).first()).toContainText("pizza");
  await expect(alert).toBeHidden();
});

test("keeps its model when another one cannot be loaded", async ({ page }) => {
  await openPage(page);
  await loadModel(page, "/models/there-is-none/");
  await expect(page.getByRole("alert")).toContainText("there-is-none");
  await loadModel(page, "someone/some-model");
  await expect(page.getByRole("alert")).toContainText("some-model");
  await page.getByRole("button", { name: "pizza" }).click();
  await expect(names(page).first()).toContainText("pizza");
});

test("switches to a float checkpoint, made int8 as it arrives", async ({ page }) => {
  test.skip(
    !existsSync(`../shared/models/${deit}`),
    "needs ../shared/models, which is no part of the project",
  );
  await openPage(page);
  await page.getByRole("button", { name: "king penguin" }).click();
  await expect(names(page)).toHaveCount(5);
  await loadModel(page, `/models-dev/${deit}/`);
  await expect(page.getByText("The model's maker says how good it is.")).toBeVisible();
  await expect(status(page)).toContainText("Answered");
  await expect(names(page).first()).toContainText("king penguin, Aptenodytes");
});

test("a download can be cancelled", async ({ page }) => {
  await page.route("**/model.safetensors", () => {}); // never answered
  await page.goto("/");
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(status(page)).toHaveText("Cancelled.");
  await expect(page.getByRole("progressbar")).toBeHidden();
  await page.unroute("**/model.safetensors");
  await page.getByRole("button", { name: "Load" }).click();
  await expect(status(page)).toHaveText("Ready. Choose a picture.");
});

test("without WebGPU it says which browsers have it", async ({ page }) => {
  await page.addInitScript(() =>
    Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined, configurable: true }),
  );
  await page.goto("/");
  await expect(page.getByRole("alert")).toContainText("WebGPU");
  for (const browser of ["Chrome", "Safari", "Firefox"]) {
    await expect(page.getByRole("listitem").filter({ hasText: browser }).first()).toBeVisible();
  }
});

test("works by keyboard alone", async ({ page }) => {
  await openPage(page);
  await page.keyboard.press("Tab");
  await expect(chooser(page)).toBeFocused();
  for (let presses = 0; presses < 4; presses++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(names(page).first()).toContainText("pizza");
  await page.getByLabel("A Hugging Face id").focus();
  await page.keyboard.press("Enter");
  await expect(names(page).first()).toContainText("pizza");
});

test("fits a narrow screen, and nothing moves when the names come", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await openPage(page);
  const top = () =>
    page.getByRole("heading", { name: "Model" }).evaluate((it) => it.getBoundingClientRect().top + scrollY);
  const before = await top();
  await page.getByRole("button", { name: "orange" }).click();
  await expect(names(page)).toHaveCount(5);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  expect(await top()).toBe(before);
});

test("says how good the bundled model is, as its card does", async ({ page }) => {
  await openPage(page);
  const card = readFileSync("models/everyday80/README.md", "utf8");
  const top1 = Number(/int8, this model \| ([\d.]+) %/.exec(card)?.[1]);
  await expect(page.getByText(`right at once for about ${Math.round(top1)} of 100 pictures`)).toBeVisible();
});

/** As a browser hands over a file that is dropped or pasted. */
async function giveByEvent(page: Page, type: "drop" | "paste", bytes: Buffer): Promise<void> {
  await page.evaluate(
    async ({ type, url }) => {
      const blob = await (await fetch(url)).blob();
      const transfer = new DataTransfer();
      transfer.items.add(new File([blob], "a.png", { type: "image/png" }));
      const event =
        type === "drop"
          ? new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true })
          : new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true });
      document.body.dispatchEvent(event);
    },
    { type, url: `data:image/png;base64,${bytes.toString("base64")}` },
  );
}
