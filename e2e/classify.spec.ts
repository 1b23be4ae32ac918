/** The page as a person uses it, with every network but the page's own server blocked. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test as base, expect, type Page } from "@playwright/test";
import sharp from "sharp";
import { texts, page as words } from "../demo/classify/texts.ts";
import { chooser, loadModel, lookAt, names, openPage, sample, status, watchLongTasks } from "./demo-page.ts";

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
const drawing = (name: string) => sharp(`demo/classify/samples/${name}.svg`).png().toBuffer();

const tabOrder = [
  ...["file", "camera", "address", "Show"],
  ...["king penguin", "ladybug", "orange", "pizza", "school bus"].map((name) => `Drawing: ${name}`),
  ...["boats", "mountains", "airplane", "flower"].map((name) => texts.photograph(name)),
  ...["attention", "keep", words.times, words.ran],
  ...[
    "model",
    "Load",
    words.knownModels,
    "open-folder",
    "device",
    "precision",
    "nonlinear",
    words.quantize,
    "HTML",
    "React",
    "Vue",
    words.ownClasses,
    words.match,
    words.bench,
  ],
];

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
  await sample(page, "ladybug").click();
  await expect(names(page).first()).toContainText("ladybug");
  await expect(names(page)).toHaveCount(5);
  await expect(status(page)).toHaveText(/^Done in \d+(\.\d)? ms$/);
  const scores = (await names(page).allInnerTexts()).map((text) => Number(/([\d.]+)%/.exec(text)?.[1]));
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  expect(scores.reduce((sum, score) => sum + score)).toBeLessThanOrEqual(100.5); // five that may read 0.1 too much
  await expect(page.getByRole("group").filter({ hasText: words.ran })).toBeVisible();
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
  await expect(alert).toHaveText(texts.noPicture);
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
  await sample(page, "pizza").click();
  await expect(names(page).first()).toContainText("pizza");
});

test("switches to a float checkpoint, made int8 as it arrives", async ({ page }) => {
  test.skip(
    !existsSync(`../shared/models/${deit}`),
    "needs ../shared/models, which is no part of the project",
  );
  await openPage(page);
  await sample(page, "king penguin").click();
  await expect(names(page)).toHaveCount(5);
  await loadModel(page, `/models-dev/${deit}/`);
  await expect(page.getByText(texts.otherModel)).toBeVisible();
  await expect(status(page)).toContainText("Done in");
  await expect(names(page).first()).toContainText("king penguin, Aptenodytes");
});

test("a download can be cancelled", async ({ page }) => {
  await page.route("**/model.safetensors", () => {}); // never responds
  await page.goto("/");
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(status(page)).toHaveText(texts.cancelled(undefined));
  await expect(page.getByRole("progressbar")).toBeHidden();
  await page.unroute("**/model.safetensors");
  await page.getByRole("button", { name: "Load" }).click();
  await expect(status(page)).toHaveText(texts.readyForPicture);
});

test("works by keyboard alone, in the order of the page", async ({ page }) => {
  await openPage(page);
  await sample(page, "pizza").focus();
  await page.keyboard.press("Enter");
  await expect(names(page).first()).toContainText("pizza");
  await expect(page.getByRole("button", { name: words.keep })).toBeEnabled();
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  const order: string[] = [];
  for (let presses = 0; presses < 2 * tabOrder.length; presses++) {
    await page.keyboard.press("Tab");
    order.push(
      await page.evaluate(() => {
        const { id, textContent, firstElementChild, localName } = document.activeElement as HTMLElement;
        return id || firstElementChild?.getAttribute("alt") || textContent || localName;
      }),
    );
  }
  const first = order.indexOf("file");
  expect(order.slice(first, first + tabOrder.length)).toEqual(tabOrder);
  await page.getByLabel("Hugging Face id").focus();
  await page.keyboard.press("Enter");
  await expect(names(page).first()).toContainText("pizza");
});

test("fits a narrow screen, and nothing moves when the names come", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await openPage(page);
  const top = () => page.locator("#model-heading").evaluate((it) => it.getBoundingClientRect().top + scrollY);
  const before = await top();
  await sample(page, "orange").click();
  await expect(names(page)).toHaveCount(5);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  expect(await top()).toBe(before);
});

test("says how good the bundled model is, as its card does", async ({ page }) => {
  await openPage(page);
  const card = readFileSync("models/everyday80/README.md", "utf8");
  const top1 = Number(/int8, this model \| ([\d.]+)%/.exec(card)?.[1]);
  await expect(page.getByText(`a top-1 accuracy of about ${Math.round(top1)}%`)).toBeVisible();
});

test("names a photograph, and shows what the model sees of it", async ({ page }) => {
  await openPage(page);
  await sample(page, texts.photograph("boats")).click();
  await expect(names(page)).toHaveCount(5);
  await expect(page.getByText(texts.seen(64, 64, 80, 64))).toBeVisible();
  const spread = await page.getByRole("img", { name: words.seen }).evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const { data } = (canvas as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height);
    const reds = data.filter((_, i) => i % 4 === 0);
    return [width, height, Math.max(...reds) - Math.min(...reds) > 100];
  });
  expect(spread).toEqual([64, 64, true]);
});

test("compares two pictures", async ({ page }) => {
  await openPage(page);
  const pizza = sample(page, "pizza");
  await pizza.click();
  await page.getByRole("button", { name: words.keep }).click();
  await expect(page.getByText("Kept.")).toBeVisible();
  const cosine = async () =>
    Number(/cosine ([\d.-]+)/.exec(await page.locator("#likeness").innerText())?.[1]);
  await pizza.click();
  await expect.poll(cosine).toBe(1);
  await sample(page, "school bus").click();
  await expect.poll(cosine).toBeLessThan(0.9);
});

test("compares int8 with float, where there is float", async ({ page }) => {
  const check = async (expected: string) => {
    await page.getByText(words.ran).click();
    await page.getByRole("button", { name: "Compare int8 with float" }).click();
    await expect(page.locator("#agreement")).toContainText(expected);
  };
  await openPage(page);
  await sample(page, "pizza").click();
  await expect(status(page)).toContainText("Done in");
  await check("no float weights");
  test.skip(!existsSync(`../shared/models/${deit}`), "the rest needs ../shared/models");
  await loadModel(page, `/models-dev/${deit}/`);
  await expect(page.getByText(texts.otherModel)).toBeVisible();
  await expect(status(page)).toContainText("Done in");
  await page.getByText(words.ran).click(); // closes, to be opened again
  await check("the same top-1 label");
  const agreement = await page.locator("#agreement").innerText();
  expect(Number(/cosine ([\d.]+)/.exec(agreement)?.[1])).toBeGreaterThan(0.99);
});

test("fetches a picture by its address, and says why it could not", async ({ page }) => {
  await page.route("https://pictures.example/pizza.png", async (route) =>
    route.fulfill({
      body: await drawing("pizza"),
      contentType: "image/png",
      headers: { "Access-Control-Allow-Origin": "*" },
    }),
  );
  await openPage(page);
  const address = page.getByLabel(words.address);
  await address.fill("https://pictures.example/pizza.png");
  await address.press("Enter");
  await expect(names(page).first()).toContainText("pizza");
  await address.fill("https://elsewhere.example/a.png");
  await address.press("Enter");
  await expect(page.getByRole("alert")).toContainText("https://elsewhere.example/a.png: cannot be fetched");
});

test("loads a model folder from the disk", async ({ page }) => {
  await openPage(page);
  await page.getByLabel("Model folder", { exact: true }).setInputFiles("models/everyday80");
  await expect(page.getByText(texts.otherModel)).toBeVisible();
  await sample(page, "ladybug").click();
  await expect(names(page).first()).toContainText("ladybug");
});

test("nothing moves while the model and the answers come", async ({ page }) => {
  await page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(globalThis, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
    }).observe({ type: "layout-shift", buffered: true });
  });
  for (const width of [360, 768, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    await openPage(page);
    for (const name of ["pizza", texts.photograph("mountains")]) {
      // Pressed by script: a shift soon after a real press does not count.
      await page.getByRole("button", { name }).evaluate((button) => (button as HTMLElement).click());
      await expect(status(page)).toContainText("Done in");
    }
    const sum = await page.evaluate(() =>
      (globalThis as unknown as { shifts: number[] }).shifts.reduce((total, shift) => total + shift, 0),
    );
    expect(sum, `${width} px wide`).toBeLessThanOrEqual(0.05);
  }
});

test("the page's own thread has no long task while it answers", async ({ page }) => {
  const longTasks = await watchLongTasks(page);
  await openPage(page);
  await page.evaluate(() =>
    setTimeout(() => {
      const start = performance.now();
      while (performance.now() - start < 120);
    }),
  );
  expect((await longTasks()).filter((ms) => ms >= 120)).toHaveLength(1); // an error would be shown
  await page.getByRole("button", { name: words.attention }).click();
  for (const name of ["pizza", texts.photograph("mountains"), "ladybug", texts.photograph("boats")])
    await lookAt(page, name);
  expect(await longTasks()).toEqual([]);
});

test("moves nothing for those who asked for less motion", async ({ page }) => {
  const moving = () =>
    page.evaluate(() =>
      [...document.querySelectorAll("*")]
        .filter((node) => {
          const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(node);
          return transitionDuration !== "0s" || animationName !== "none" || scrollBehavior !== "auto";
        })
        .map(({ className }) => className),
    );
  await openPage(page);
  await lookAt(page, "pizza");
  await page.emulateMedia({ reducedMotion: "reduce" });
  expect(await moving()).toEqual([]);
  await page.emulateMedia({ reducedMotion: "no-preference" });
  expect(await moving()).toEqual(["bar", "bar", "bar", "bar", "bar"]);
});

test("gives the command line's names to photographs", async ({ page }) => {
  const folder = "../shared/images/everyday80-val/img";
  if (!existsSync(folder)) console.log(`left out: ${folder} is no part of the project`);
  test.skip(!existsSync(folder), `needs ${folder}`);
  const all = readdirSync(folder).sort();
  const twenty = Array.from({ length: 20 }, (_, i) =>
    path.join(folder, all[i * Math.floor(all.length / 20)]),
  );
  const command = ["scripts/vit8.mjs", "classify", "--json", "--top-k", "1", ...twenty];
  const answers = JSON.parse(execFileSync(process.execPath, command, { encoding: "utf8" }));
  await openPage(page);
  const named: string[] = [];
  for (const file of twenty) {
    await chooser(page).setInputFiles(file);
    // The result belongs to this image once the page shows its name and status.
    await expect(page.locator("#preview")).toHaveAttribute("alt", path.basename(file));
    await expect(status(page)).toContainText("Done in");
    named.push(await names(page).first().locator(".label").innerText());
  }
  expect(named).toEqual(answers.map(({ classes }: { classes: { label: string }[] }) => classes[0].label));
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
