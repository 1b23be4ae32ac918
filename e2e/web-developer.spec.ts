/** What a page's layout, its network panel and a screen reader see of the element. */
import { readFileSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";

const model = "/models/everyday80/";
const samples = "/demo/classify/samples";
const names = ["pizza", "ladybug", "orange", "school-bus", "king-penguin"];
const element = (id: string, src: string, more = "") =>
  `<vit-classifier id="${id}" src="${src}" model="${model}" device="webgpu" ${more}></vit-classifier>`;

/** `blocking=render`, as in the documents: the first paint waits for the class. */
async function openPage(page: Page, body: string, style = ""): Promise<void> {
  await page.addInitScript(watchShifts);
  await page.route("**/blank.html", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>test</title><style>${style}</style>
        <script type="module" blocking="render" src="/src/element/define.ts"></script><body>${body}`,
    }),
  );
  await page.goto("/blank.html");
}

/** Runs in the page, before its scripts. */
function watchShifts(): void {
  const shifts: number[] = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
  }).observe({ type: "layout-shift", buffered: true });
  Object.assign(globalThis, { shifts });
}

const layoutShift = (page: Page) =>
  page.evaluate(async () => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { shifts } = globalThis as unknown as { shifts: number[] };
    return shifts.reduce((sum, value) => sum + value, 0);
  });

const sizeOf = (page: Page, selector: string) =>
  page.locator(selector).evaluate((node) => {
    const { width, height } = node.getBoundingClientRect();
    return [width, height];
  });

/** Images arrive one after another, a fifth of a second apart. */
async function delayPictures(page: Page): Promise<void> {
  let asked = 0;
  await page.route(`**${samples}/*.svg*`, async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 200 * ++asked));
    await route.continue();
  });
}

const answers = (page: Page, count: number) =>
  expect(page.locator("vit-classifier [part=result]")).toHaveCount(count);

for (const [sized, attributes, style] of [
  ["width and height", 'width="200" height="100"', ""],
  ["CSS", "", "vit-classifier { inline-size: 200px; aspect-ratio: 2 }"],
])
  test(`a gallery of 12 with its size by ${sized} shifts nothing`, async ({ page }) => {
    await delayPictures(page);
    const gallery = Array.from({ length: 12 }, (_, i) =>
      element(`e${i}`, `${samples}/${names[i % 5]}.svg?${i}`, `top-k="1" ${attributes}`),
    );
    const columns = ".gallery { display: grid; grid-template-columns: repeat(4, 210px); gap: 1rem }";
    await openPage(page, `<div class="gallery">${gallery.join("")}</div><p>below</p>`, `${columns} ${style}`);
    await answers(page, 12);
    expect(await layoutShift(page)).toBeLessThanOrEqual(0.01);
  });

test("width and height are the picture's as with <img>, and give way to the page's CSS", async ({ page }) => {
  await openPage(
    page,
    element("a", `${samples}/pizza.svg`, 'top-k="1" width="200" height="100"') +
      `<div style="width: 120px">${element("narrow", `${samples}/pizza.svg`, 'width="200" height="100"')}</div>` +
      element("css", `${samples}/pizza.svg`, 'width="200" height="100" style="width: 300px"') +
      element("high", `${samples}/pizza.svg`, 'height="50"'),
  );
  await answers(page, 16);
  const sizes = await page.locator("vit-classifier").evaluateAll((nodes) =>
    nodes.map((node) => {
      const { width, height } = node.shadowRoot!.querySelector("img")!.getBoundingClientRect();
      return [node.getBoundingClientRect().width, width, height];
    }),
  );
  expect(sizes.slice(0, 3)).toEqual([
    [200, 200, 100],
    [120, 120, 60],
    [300, 300, 150],
  ]);
  expect(sizes[3].slice(1)).toEqual([50, 50]);
});

test("an answer is as high as its rows before it comes, and a long label takes one line", async ({
  page,
}) => {
  await page.route(`**${model}config.json`, async (route) => {
    const config = await (await route.fetch()).json();
    const labels = Object.keys(config.id2label ?? config.label_names);
    config.id2label = Object.fromEntries(labels.map((_, i) => [i, `${"a very long label ".repeat(9)}${i}`]));
    Object.assign(config, { label_names: Object.values(config.id2label), label2id: undefined });
    await route.fulfill({ json: config });
  });
  await openPage(
    page,
    `${element("a", `${samples}/pizza.svg`, 'width="200" height="100" top-k="4"')}<p>below</p>
      <vit-classifier id="file" model="${model}" device="webgpu" top-k="3" style="width: 200px"><input type="file"></vit-classifier>`,
  );
  const before = await page.evaluate(async () => {
    await customElements.whenDefined("vit-classifier");
    return ["a", "file"].map((id) => document.querySelector(`#${id}`)!.getBoundingClientRect().height);
  });
  await page.locator("input").setInputFiles("demo/classify/samples/pizza.svg");
  await answers(page, 7);
  const after = [(await sizeOf(page, "#a"))[1], (await sizeOf(page, "#file"))[1]];
  expect(after).toEqual(before);
  expect((await sizeOf(page, "#a [part=label] >> nth=0"))[1]).toBeLessThan(30);
  const gap = await page.locator("#a").evaluate(({ shadowRoot }) => {
    const [image, label] = ["img", "[part=label]"].map((name) =>
      shadowRoot!.querySelector(name)!.getBoundingClientRect(),
    );
    return label.top - image.bottom;
  });
  expect(gap).toBeLessThan(12); // half an em, and no line of a status that is over
});

/** What a screen reader finds: the role and the name of each node that is not ignored. */
async function accessibleNodes(page: Page): Promise<{ role: string; name: string; isLive: boolean }[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  return nodes
    .filter(({ ignored, role }) => !ignored && role?.value !== "InlineTextBox")
    .map(({ role, name, properties = [] }) => ({
      role: role?.value,
      name: String(name?.value ?? ""),
      isLive: properties.some((property) => property.name === "live" && property.value.value !== "off"),
    }));
}

test("a screen reader is told of the only element's answer once, and reads it once", async ({ page }) => {
  await openPage(page, element("a", `${samples}/pizza.svg`));
  await expect(page.getByRole("status")).toHaveText(/^pizza, \d+\.\d%$/);
  await expect(page.getByRole("status")).toHaveText("", { timeout: 10_000 });
  const nodes = await accessibleNodes(page);
  expect(nodes.filter(({ name }) => name.includes("pizza")).map(({ role }) => role)).toEqual(["StaticText"]);
  expect(nodes.filter(({ isLive }) => isLive)).toHaveLength(1);
});

test("of 12 elements none speaks by itself, unless it is to", async ({ page }) => {
  const elements = Array.from({ length: 12 }, (_, i) =>
    element(`e${i}`, `${samples}/pizza.svg`, 'top-k="1"'),
  );
  await openPage(page, elements.join(""));
  await answers(page, 12);
  const nodes = await accessibleNodes(page);
  expect(nodes.filter(({ name }) => name.includes("pizza"))).toHaveLength(12);
  expect(nodes.filter(({ isLive }) => isLive)).toEqual([]);
  const live = () => page.getByRole("status");
  const set = (id: string, announce: string) =>
    page.locator(`#${id}`).evaluate((node, value) => node.setAttribute("announce", value), announce);
  await set("e3", "polite");
  await expect(live()).toHaveCount(1);
  await set("e3", "off");
  await expect(live()).toHaveCount(0);
  await page.evaluate(() => document.body.replaceChildren(document.querySelector("#e0")!));
  await expect(live()).toHaveCount(1);
});

test("an image has the label for its alternative where no list says it", async ({ page }) => {
  const src = `${samples}/pizza.svg`;
  await openPage(
    page,
    `${element("list", src)}${element("named", src, 'alt="Lunch"')}
      <vit-classifier id="bare" src="${src}" model="${model}" device="webgpu"><p slot="results"></p></vit-classifier>`,
  );
  const alt = (id: string) => page.locator(`#${id} img`).getAttribute("alt");
  await expect.poll(() => alt("bare")).toBe("pizza");
  await answers(page, 15);
  expect([await alt("list"), await alt("named")]).toEqual(["", "Lunch"]);
});

test("no request is canceled, neither of the first load nor of one whose files are kept", async ({
  context,
}) => {
  const canceled: string[] = [];
  const asked: string[] = [];
  context.on("requestfailed", (request) => canceled.push(request.url()));
  context.on("requestfinished", (request) =>
    asked.push(`${request.method()} ${new URL(request.url()).pathname}`),
  );
  for (const load of ["first", "second"]) {
    asked.length = 0;
    const page = await context.newPage();
    await openPage(page, element("a", `${samples}/pizza.svg`));
    await answers(page, 5);
    const files = ["config.json", "model.safetensors", "preprocessor_config.json"].map(
      (name) => `GET ${model}${name}`,
    );
    await expect.poll(() => asked.filter((line) => line.includes(model)).sort(), load).toEqual(files);
  }
  expect(canceled).toEqual([]);
});

test("elements use the classifier of the page, and leave it to the page", async ({ page }) => {
  const fetched: string[] = [];
  page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
  const bare = (id: string) =>
    `<vit-classifier id="${id}" src="${samples}/pizza.svg" top-k="1"></vit-classifier>`;
  await openPage(page, bare("a") + bare("b"));
  const answer = await page.evaluate(async (model) => {
    const { ImageClassifier } = await import("/src/index.ts" as string);
    const loading = ImageClassifier.load(model, { device: "webgpu" });
    const elements = [...document.querySelectorAll("vit-classifier")];
    const labels = await Promise.all(
      elements.map(async (element) => {
        element.classifier = loading;
        return (await element.classify())[0].label;
      }),
    );
    const classifier = await loading;
    elements[0].classifier = classifier;
    labels.push((await elements[0].classify())[0].label);
    document.body.replaceChildren();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const rgba = new Uint8ClampedArray(32 * 32 * 4).fill(255);
    const still = await classifier.classify({ width: 32, height: 32, rgba }, { topK: 1 });
    return [...labels, still.length];
  }, model);
  expect(answer).toEqual(["pizza", "pizza", "pizza", 1]);
  expect(fetched.filter((path) => path === `${model}model.safetensors`)).toHaveLength(1);
});

test("the whole page of docs/element.md classifies its image", async ({ page }) => {
  const [, body] = /```html\n(<!doctype[\s\S]*?)```/.exec(readFileSync("docs/element.md", "utf8"))!;
  const serve = (
    address: string,
    answer: Parameters<Parameters<Parameters<Page["route"]>[1]>[0]["fulfill"]>[0],
  ) => page.route(address, (route) => route.fulfill(answer));
  await serve("**/whole.html", { contentType: "text/html", body });
  await serve("**/cat.jpg", { path: "demo/classify/samples/pizza.svg", contentType: "image/svg+xml" });
  // In place of the package: its sources.
  const define = 'export * from "/src/element/define.ts";';
  await serve("**/vit8/dist/element-define.js", { contentType: "text/javascript", body: define });
  await page.route("**/vit8/models/everyday80/*", (route) =>
    route.fulfill({ path: `models/everyday80/${route.request().url().split("/").at(-1)}` }),
  );
  await page.goto("/whole.html");
  await expect(page.getByRole("listitem").first()).toContainText("pizza");
  await expect(page.locator("vit-classifier [part=image]")).toHaveCSS("aspect-ratio", "320 / 240");
});

test("with the attribute worker, the page's own thread opens no device", async ({ page }) => {
  await page.addInitScript(() => {
    const { requestDevice } = GPUAdapter.prototype;
    Object.assign(globalThis, { devices: 0 });
    GPUAdapter.prototype.requestDevice = function (...given) {
      Object.assign(globalThis, { devices: 1 });
      return requestDevice.apply(this, given);
    };
  });
  await openPage(page, element("a", `${samples}/pizza.svg`, "worker"));
  await answers(page, 5);
  expect(page.workers().length).toBeGreaterThan(0);
  expect(await page.evaluate(() => (globalThis as unknown as { devices: number }).devices)).toBe(0);
});
