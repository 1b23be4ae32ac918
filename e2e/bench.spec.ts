/** The page of measurements, on the software GPU: what it shows is proved, kept, sent and compared. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";

const complaintsOf = (page: Page): string[] => {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  return complaints;
};

const open = (page: Page, query: string) => page.goto(`/demo/bench/?${query}`);
const status = (page: Page) => page.locator("#status");
const rows = (page: Page) => page.locator("#rows tbody tr");
const factsOf = (page: Page) => page.locator("#facts");

async function run(page: Page, query: string): Promise<void> {
  await open(page, query);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(status(page)).toHaveText(/^Done/, { timeout: 60_000 });
}

const FEW = "page=kernels&kernel=layernorm_quantize";

test("the quick preset ends with every kernel checked", async ({ page }) => {
  const complaints = complaintsOf(page);
  await open(page, "page=kernels&preset=quick&size=32&kernel=quantize");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(status(page)).toHaveText(/^Done/, { timeout: 100_000 });
  const kernels = await rows(page).locator("td:nth-child(4)").allTextContents();
  expect(new Set(kernels).size).toBeGreaterThan(8);
  await expect(page.locator(".failed")).toHaveCount(0);
  await expect(factsOf(page)).toContainText(`${kernels.length} checked and timed, 0 failed`);
  await expect(factsOf(page)).toContainText(/int8 dot [\d.]+ GOP\/s/);
  await expect(page.getByRole("img", { name: "Milliseconds of one dispatch" })).toBeVisible();
  expect(complaints).toEqual([]);
});

test("the table compares without scrolling at 1280 px, and a variant opens its WGSL", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await run(page, FEW);
  const heads = page.locator("#rows thead th");
  const right = await page.locator("#rows .scroller").evaluate((box) => box.getBoundingClientRect().right);
  for (const name of ["GOP/s", "GB/s", "% of peak", "% of copy"]) {
    const box = await heads.filter({ hasText: name }).boundingBox();
    expect(box!.x + box!.width, name).toBeLessThanOrEqual(right);
  }
  await rows(page).first().getByRole("button").click();
  const dialog = page.getByRole("dialog", { name: "WGSL of layernorm_quantize/" });
  await expect(dialog.locator("pre")).toContainText("@compute");
  await expect(dialog).toContainText("bench:compilers -- --program cases --kernel layernorm_quantize");
  const { violations } = await new AxeBuilder({ page }).include("dialog").analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
});

test("a result is kept over a reload, in files and in a link", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await run(page, FEW);
  const shown = await rows(page).allTextContents();
  expect(shown.length).toBeGreaterThan(1);
  await page.reload();
  await expect(status(page)).toHaveText("The last run on this page.");
  expect(await rows(page).allTextContents()).toEqual(shown);

  const saved = async (button: string) => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: button, exact: true }).click(),
    ]);
    return readFileSync((await download.path())!, "utf8");
  };
  const json = JSON.parse(await saved("JSON"));
  expect(json).toMatchObject({ format: 1, page: "kernels", settings: { preset: "quick", models: ["ti"] } });
  expect(json.rows).toHaveLength(shown.length);
  expect(json.rows[0].ms.samples).toHaveLength(json.rows[0].ms.n);
  const csv = (await saved("CSV")).trim().split("\r\n");
  expect(csv).toHaveLength(1 + shown.length);
  expect(Number(csv[1].split(",")[csv[0].split(",").indexOf("ms")])).toBe(json.rows[0].ms.median);

  await page.getByRole("button", { name: "Copy as Markdown" }).click();
  await expect(page.locator("#told")).toHaveText("Copied as Markdown.");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(
    /\| layernorm_quantize \| +rows \|/,
  );
  await page.getByRole("button", { name: "Copy a link" }).click();
  await expect(page.locator("#told")).toContainText("Copied a link");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const other = await (await context.browser()!.newContext()).newPage();
  await other.goto(link);
  await expect(status(other)).toContainText("The result in the link");
  await expect(other.locator("#saved").getByRole("checkbox")).toHaveCount(1);
  expect(await rows(other).allTextContents()).toEqual(shown);
  await other.goto("about:blank");
  await other.goto(link.slice(0, -60));
  await expect(other.getByRole("alert").filter({ hasText: "cannot be read" })).toBeVisible();
  await other.context().close();
});

test("two saved runs give a ratio with its interval", async ({ page }) => {
  await run(page, FEW);
  await run(page, FEW);
  const compare = page.getByRole("button", { name: "Compare the two selected runs" });
  await expect(compare).toBeDisabled();
  for (const box of await page.locator("#saved").getByRole("checkbox").all()) await box.check();
  await compare.click();
  const cells = await page.locator("#compared tbody tr").first().locator("td").allTextContents();
  const [first, second, ratio, low, high] = cells.slice(1, 6).map(Number);
  expect(ratio).toBeCloseTo(second / first, 1);
  expect(low).toBeLessThanOrEqual(ratio);
  expect(high).toBeGreaterThanOrEqual(ratio);
});

test("a wrong kernel is shown as wrong and not timed", async ({ page }) => {
  await run(page, `${FEW}&wrong=layernorm_quantize`);
  const failed = page.locator("tr.failed");
  await expect(failed).toHaveCount(await rows(page).count());
  await expect(failed.first()).toContainText("wrong on this driver");
  await expect(failed.first().locator("td")).toHaveCount(7);
  await expect(page.getByRole("img")).toHaveCount(0);
  await expect(factsOf(page)).toContainText("0 checked");
});

test("a run is cancelled, and keeps what there was", async ({ page }) => {
  await open(page, "page=kernels&kernel=attention");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(rows(page).first()).toBeVisible({ timeout: 60_000 });
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(status(page)).toHaveText(/^Canceled/);
  await expect(factsOf(page)).toContainText("these rows were measured before");
  await expect(page.getByRole("button", { name: "Run", exact: true })).toBeEnabled();
});

test("a lost device costs a row, not the run", async ({ page }) => {
  await page.addInitScript(() => {
    const ask = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...how) {
      const device = await ask.apply(this, how);
      Object.assign(globalThis, { device });
      return device;
    };
  });
  await open(page, "page=kernels&kernel=layernorm_quantize");
  await page.evaluate(() => {
    const observer = new MutationObserver(() => {
      if (!document.querySelector("#rows tbody tr")) return;
      observer.disconnect();
      (globalThis as unknown as { device: GPUDevice }).device.destroy();
    });
    observer.observe(document.body, { childList: true, subtree: true });
  });
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(status(page)).toHaveText(/^Done/, { timeout: 60_000 });
  await expect(page.locator("tr.failed")).toHaveCount(1);
  await expect(page.locator("tr.failed")).toContainText("GPU device: lost");
  await expect(factsOf(page)).toContainText(/\d checked and timed, 1 failed/);
});

test("without timestamps the wall's clock serves, and is named; what the address says wrongly is told", async ({
  page,
}) => {
  await run(page, `${FEW}&clock=wall&batch=0&models=ti,xl`);
  await expect(factsOf(page)).toContainText("GPU timestamps are not used or not available");
  await expect(rows(page).first()).toBeVisible();
  await open(page, `${FEW}&batch=0&models=ti,xl`);
  await expect(page.locator("#complaints")).toContainText('got "0"');
  await expect(page.locator("#complaints")).toContainText('got "ti,xl"');
  await run(page, FEW);
  await expect(factsOf(page)).toContainText("kernels by GPU timestamps");
});

test("axe finds nothing, light and dark", async ({ page }) => {
  await run(page, FEW);
  await page.getByText("These numbers as a table").first().click();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  }
});

for (const [query, plots] of Object.entries({
  "page=gemm&kernel=broadcast_groups_add": ["Time over the fastest at the same shape"],
  "page=roofline&kernel=norm&batch=1,2": ["Roofline: operations per second over operations per byte"],
  "page=model&size=32&batch=1,2&device=webgpu": [
    "Images per second by batch size",
    "GPU time of one image by pass, each pass timed separately",
    "From a cold start to the first result",
  ],
}))
  test(`${query}: every plot has its numbers beside it`, async ({ page }) => {
    const complaints = complaintsOf(page);
    await run(page, query);
    await expect(page.locator(".failed")).toHaveCount(0);
    for (const name of plots) {
      const figure = page.getByRole("figure").filter({ has: page.getByRole("img", { name }) });
      await figure.getByText("These numbers as a table").click();
      await expect(figure.getByRole("row").nth(1)).toBeVisible();
    }
    await expect(page.getByRole("img")).toHaveCount(plots.length);
    expect(complaints).toEqual([]);
  });

test("non-linear operations: errors over their inputs, and a model in every form of them", async ({
  page,
}) => {
  await run(page, "page=nonlinear&size=32");
  await expect(page.locator(".failed")).toHaveCount(0);
  const models = rows(page).filter({ hasText: "32 pixels" });
  await expect(models).toHaveCount(5);
  for (const ms of await models.locator("td:nth-child(6)").allTextContents())
    expect(Number(ms)).toBeGreaterThan(0);
  await expect(page.getByRole("img", { name: "GPU time by pass in each form" })).toBeVisible();
  for (const operation of ["GELU", "softmax", "LayerNorm"])
    await expect(page.getByRole("img", { name: `${operation}: error against f64` })).toBeVisible();
  const worst = async (form: string) =>
    Number(
      await rows(page)
        .filter({ has: page.getByRole("cell", { name: "GELU" }) })
        .filter({ has: page.getByRole("cell", { name: form, exact: true }) })
        .locator("td:nth-child(3)")
        .textContent(),
    );
  // f32 against f64, and a published approximation of GELU.
  expect(await worst("f32, this GPU")).toBeLessThan(4e-6);
  expect(await worst("ibert")).toBeGreaterThan(1e-3);
});

test("nothing of a peer is fetched before its race; where it is missing the page says how to add it", async ({
  page,
}) => {
  const fetched: string[] = [];
  page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
  await open(page, "page=race&size=32&runtime=nowhere/");
  await expect(page.getByRole("button", { name: "Run", exact: true })).toBeEnabled();
  expect(fetched.filter((url) => /\b(?:ort|tf)\b|nowhere|onnxruntime|tensorflow/.test(url))).toEqual([]);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.locator("#error")).toContainText("npm i --no-save --ignore-scripts onnxruntime-web");
  expect(fetched.some((url) => url.includes("nowhere/ort.wasm"))).toBe(true);
});

test("a race tells times and answers", async ({ page }) => {
  test.skip(!hasOnnxRuntime(), "onnxruntime-web is not installed");
  await run(page, "page=race&size=32&peers=wasm-fp32,wasm-q8");
  await expect(rows(page)).toHaveCount(3);
  const cosines = await rows(page).locator("td:nth-child(12)").allTextContents();
  for (const cosine of cosines) expect(Number(cosine)).toBeGreaterThan(0.98);
});

test("the weights of a folder race too, named by its path or chosen", async ({ page }) => {
  test.skip(!hasOnnxRuntime(), "onnxruntime-web is not installed");
  const peers = "peers=wasm-fp32";
  await run(page, `page=race&${peers}&model=../../models/everyday80/`);
  const cosines = async () =>
    (await rows(page).locator("td:nth-child(12)").allTextContents()).map((cosine) => Number(cosine));
  const byPath = await cosines();
  for (const cosine of byPath) expect(cosine).toBeGreaterThan(0.98);
  await expect(rows(page).first()).toContainText("everyday80");
  await open(page, `page=race&${peers}`);
  await page.locator("#folder").setInputFiles("models/everyday80");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(status(page)).toHaveText(/^Done/, { timeout: 60_000 });
  await expect(rows(page).first()).toContainText("everyday80");
  expect(await cosines()).toEqual(byPath);
});

test("TensorFlow.js races where it is asked for, and answers alike", async ({ page }) => {
  test.skip(!hasOnnxRuntime() || !isInstalled("@tensorflow/tfjs/dist/tf.min.js"), "peers are not installed");
  await run(page, "page=race&peers=tfjs-webgpu&model=../../models/everyday80/");
  const row = rows(page).filter({ hasText: "tfjs webgpu" });
  // Both compute in f32, in other orders.
  expect(Number(await row.locator("td:nth-child(12)").textContent())).toBe(1);
});

const hasOnnxRuntime = () => isInstalled("onnxruntime-web/webgpu");

function isInstalled(file: string): boolean {
  try {
    return Boolean(createRequire(import.meta.url).resolve(file));
  } catch {
    return false;
  }
}
