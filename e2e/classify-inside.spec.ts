/** The page's views of the model: where it looks, where the time goes, what ran, and in which arithmetic. */
import { existsSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";
import { texts, page as words } from "../demo/classify/texts.ts";
import { madeUpTensors, PLAIN, timmFiles } from "../src/classifier/made-up-vit.shared.ts";
import type { AttentionMap } from "../src/index.ts";
import { loadModel, lookAt, names, openFolder, openPage, status } from "./demo-page.ts";

const deit = "deit-tiny-patch16-224";

/** Opacity of the black layer by patch, 0 to 255; and what it is laid over. */
const overlay = (page: Page) =>
  page.locator("#map").evaluate((node) => {
    const { width, height } = node as HTMLCanvasElement;
    const { data } = (node as HTMLCanvasElement).getContext("2d")!.getImageData(0, 0, width, height);
    const box = ({ x, y, width, height }: DOMRect) => [x, y, width, height].map(Math.round);
    return {
      grid: [width, height],
      alpha: [...data].filter((_, i) => i % 4 === 3),
      colours: [...data].filter((value, i) => i % 4 !== 3 && value > 0),
      box: box(node.getBoundingClientRect()),
      under: box(document.querySelector("#seen")!.getBoundingClientRect()),
    };
  });

/** Those of the library itself for a sample, in the page. */
const attentionOf = (page: Page, src: string) =>
  page.evaluate(async (src) => {
    const { ImageClassifier } = await import("/src/index.ts" as string);
    const classifier = await ImageClassifier.load("/models/everyday80/", { device: "webgpu" });
    const image = new Image();
    image.src = src;
    await image.decode();
    const { width, height, heads, rollout }: AttentionMap = await classifier.attention(image);
    await classifier.dispose();
    return { width, height, maps: [rollout, ...heads].map((map) => [...map]) };
  }, src);

test("shows where the model looks, over what it sees, map by map, by keyboard too", async ({ page }) => {
  await openPage(page);
  await lookAt(page, "ladybug");
  const { width, height, maps } = await attentionOf(page, "/demo/classify/samples/ladybug.svg");
  const button = page.getByRole("button", { name: words.attention });
  await button.focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#map")).toBeVisible();
  const radios = page.getByRole("group", { name: "Attention of the class token" }).getByRole("radio");
  await expect(radios).toHaveCount(maps.length);
  await page.keyboard.press("Tab"); // the button to compare
  await page.keyboard.press("Tab");
  for (const [i, map] of maps.entries()) {
    const { grid, alpha, colours, box, under } = await overlay(page);
    expect([grid, colours, box]).toEqual([[width, height], [], under]);
    const greatest = Math.max(...map);
    // One step of a byte each for the rounding of the layer and of what the canvas keeps.
    for (const [patch, value] of map.entries())
      expect(Math.abs(alpha[patch] - 225 * (1 - value / greatest)), `map ${i}, patch ${patch}`).toBeLessThan(
        2,
      );
    expect(alpha[map.indexOf(greatest)]).toBe(0);
    await expect(radios.nth(i)).toBeChecked();
    await expect(page.locator("#map-words")).toContainText(`${(100 * greatest).toFixed(1)}%`);
    await page.keyboard.press("ArrowRight");
  }
  // Another image, another map of the same kind, without pressing anything.
  const before = (await overlay(page)).alpha;
  await lookAt(page, "pizza");
  await expect.poll(async () => (await overlay(page)).alpha).not.toEqual(before);
  await button.click();
  await expect(page.locator("#map")).toBeHidden();
  await expect(radios.first()).toBeHidden();
});

test("tells where the time goes, as a bar and as a table", async ({ page }) => {
  await openPage(page);
  await lookAt(page, "pizza");
  await page.getByText(words.times).focus();
  await page.keyboard.press("Enter");
  const rows = page.getByRole("table").locator("tbody tr");
  const passes = ["preprocess", "patch embedding", "LayerNorm", "QKV", "attention"];
  passes.push("projection", "FC1", "FC2", "head");
  await expect(rows).toHaveCount(passes.length);
  expect((await rows.locator("th").allInnerTexts()).sort()).toEqual(passes.sort());
  await expect(
    page.getByText(/ms on the GPU, by GPU timestamps|GPU timestamps are not available/),
  ).toBeVisible();
  const numbers = async (column: number) =>
    (await rows.locator(`td:nth-of-type(${column})`).allInnerTexts()).map(Number.parseFloat);
  const shares = await numbers(2);
  expect(Math.abs(shares.reduce((sum, share) => sum + share) - 100)).toBeLessThan(0.5); // nine roundings of 0.05
  const parts = await page
    .locator("#times-bar span")
    .evaluateAll((spans) => spans.map((span) => [span.clientWidth, getComputedStyle(span).backgroundColor]));
  const whole = parts.reduce((sum, [width]) => sum + Number(width), 0);
  for (const [i, [width]] of parts.entries())
    expect(Math.abs((100 * Number(width)) / whole - shares[i])).toBeLessThan(1.5); // pixels are whole, and one at least
  const swatches = await rows
    .locator("th")
    .evaluateAll((heads) => heads.map((head) => getComputedStyle(head, "::before").backgroundColor));
  expect(parts.map(([, colour]) => colour)).toEqual(swatches);
  expect(new Set(swatches).size).toBe(9);
  const before = await numbers(1);
  await page.getByRole("button", { name: "Measure again" }).click();
  await expect.poll(() => numbers(1)).not.toEqual(before);
});

test("says what ran: adapter, arithmetic, bytes, self-test, and every kernel with its reason", async ({
  page,
}) => {
  await openPage(page);
  await lookAt(page, "pizza");
  await page.getByText(words.ran).click();
  const facts = page.locator("#facts");
  await expect(facts).toContainText(/swiftshader/i);
  await expect(facts).toContainText(
    /int8, non-linear operations exact; \d+ dispatches per image; \d+\.\d MB/,
  );
  await expect(facts).toContainText("Self-test passed");
  const kernels = page.locator("#kernels li");
  expect(await kernels.count()).toBeGreaterThan(4);
  for (const text of await kernels.allInnerTexts()) expect(text).toMatch(/^\w+\n× \d+\n\S+; \S/);
});

test("computes otherwise when asked; what this model has not is not offered, with the reason", async ({
  page,
}) => {
  await openPage(page);
  await lookAt(page, "pizza");
  const precision = page.getByLabel("Weights and activations");
  const nonlinear = page.getByLabel("GELU, softmax, LayerNorm");
  await page.getByText(words.ran).click();
  await nonlinear.focus();
  for (const name of ["fast", "ibert", "ivit"]) {
    await page.keyboard.press("ArrowDown");
    await expect(page.locator("#facts")).toContainText(`non-linear operations ${name}`);
    await expect(names(page).first()).toContainText("pizza");
  }
  await nonlinear.selectOption("exact");
  await expect(page.locator("#facts")).toContainText("non-linear operations exact");
  const float = precision.getByRole("option", { name: "32-bit float" });
  await expect(float).toBeDisabled();
  await expect(float).toHaveText(texts.noFloat32);
});

test("float32 where there is float; what does not go together is refused, and nothing changes", async ({
  page,
}) => {
  await openPage(page);
  await openFolder(page, timmFiles(PLAIN, madeUpTensors(PLAIN)));
  const precision = page.getByLabel("Weights and activations");
  const nonlinear = page.getByLabel("GELU, softmax, LayerNorm");
  await precision.selectOption("float32");
  await page.getByText(words.ran).click();
  await expect(page.locator("#facts")).toContainText("float32, non-linear operations exact");
  await nonlinear.selectOption("ivit");
  await expect(page.getByRole("alert")).toContainText("precision int8");
  await expect(nonlinear).toHaveValue("exact");
  // The bundled model has none.
  await loadModel(page, "everyday80");
  await expect(page.locator("#facts")).toContainText("int8, non-linear operations exact");
  await expect(precision).toHaveValue("int8");
  await expect(precision.getByRole("option", { name: "32-bit float" })).toBeDisabled();
});

test("float where there is float, and int8 against it", async ({ page }) => {
  test.skip(
    !existsSync(`../shared/models/${deit}`),
    "needs ../shared/models, which is no part of the project",
  );
  await openPage(page);
  await loadModel(page, `/models-dev/${deit}/`);
  await expect(page).toHaveURL(/[?&]model=/);
  await expect(page.getByText(texts.otherModel)).toBeVisible();
  await lookAt(page, "king penguin");
  const int8 = await names(page).allInnerTexts();
  await page.getByLabel("Weights and activations").selectOption("float32");
  await page.getByText(words.ran).click();
  await expect(page.locator("#facts")).toContainText("float32, non-linear");
  await expect(status(page)).toContainText("Done in");
  await expect(names(page).first()).toContainText("king penguin, Aptenodytes");
  expect(await names(page).allInnerTexts()).not.toEqual(int8);
  await page.getByRole("button", { name: "Compare int8 with float" }).click();
  await expect(page.locator("#agreement")).toContainText("the same top-1 label");
});
