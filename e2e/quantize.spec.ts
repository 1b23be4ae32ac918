/** Quantizing in the page: a synthetic float model, a few images, and the result. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { unzipSync } from "fflate";
import sharp from "sharp";
import { texts, page as words } from "../demo/classify/texts.ts";
import { madeUpTensors, PLAIN, timmFiles } from "../src/classifier/made-up-vit.shared.ts";
import { lookAt, names, openFolder, openPage, watchLongTasks } from "./demo-page.ts";
import { expectAccessible } from "./pages.ts";

const float = timmFiles(PLAIN, madeUpTensors(PLAIN));

const pictureOf = (seed: number): Promise<Buffer> => {
  const bytes = Buffer.alloc(48 * 40 * 3);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (Math.imul(i + 1, 7919 + seed * 104_729) >>> 7) & 255;
  return sharp(bytes, { raw: { width: 48, height: 40, channels: 3 } })
    .png()
    .toBuffer();
};

const fileOf = async (seed: number) => ({
  name: `${seed}.png`,
  mimeType: "image/png",
  buffer: await pictureOf(seed),
});

const status = (page: Page) => page.locator("#quantize-status");
const run = (page: Page) => page.getByRole("button", { name: words.quantizeRun, exact: true });
const cancel = (page: Page) => page.locator("#quantize-cancel");
const result = (page: Page) => page.locator("#quantize-result");

async function openForm(page: Page): Promise<void> {
  await openPage(page);
  await openFolder(page, float);
  await page.getByText(words.quantize).click();
}

/** The saved files by name, without the folder's name. */
async function saved(page: Page): Promise<{ folder: string; files: Record<string, Uint8Array> }> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Save as a ZIP file" }).click(),
  ]);
  const contents = Object.entries(unzipSync(readFileSync(await download.path())));
  const [folder] = contents[0][0].split("/");
  expect(download.suggestedFilename()).toBe(`${folder}.zip`);
  return { folder, files: Object.fromEntries(contents.map(([name, bytes]) => [name.split("/")[1], bytes])) };
}

test("quantises with three pictures, as the command line does; the folder saved loads again", async ({
  page,
}) => {
  const pictures = await Promise.all([0, 1, 2].map(fileOf));
  const longTasks = await watchLongTasks(page);
  await openForm(page);
  await longTasks();
  await page.getByLabel(words.quantizePictures).setInputFiles(pictures);
  await expect(page.locator("#quantize-chosen")).toHaveText("3: 0.png, 1.png, 2.png");
  // Its weights do not depend on what was seen, its levels on the rows that the seed chose.
  await page.getByLabel("Method").selectOption("percentile");
  await page.getByLabel("Bits: weights").selectOption("w4a4");
  await page.getByLabel("Seed").fill("5");
  await run(page).click();
  await expect(status(page)).toContainText(
    /^Weights: 0\.2 MB instead of 1\.2 MB\. Same top-1 label as float for \d of 3 images\. Cosine with the float logits: mean 0\.\d{4}, minimum 0\.\d{4}\.$/,
  );
  expect(await longTasks()).toEqual([]); // a worker does it
  const rows = page.locator("#quantize-table tbody tr");
  await expect(rows.getByRole("rowheader")).toHaveText(["0.png", "1.png", "2.png"]);
  for (const cosine of await rows.locator("td:last-child").allInnerTexts()) {
    // Random weights; of wrong levels it would be near 0.
    expect(Number(cosine)).toBeGreaterThan(0.9);
    expect(Number(cosine)).toBeLessThan(1);
  }
  await expectAccessible(page);
  const { folder, files } = await saved(page);
  expect(folder).toBe("my-model-percentile-w4a4");
  expectSame(files, byCommandLine(pictures, ["--method", "percentile", "--bits", "w4a4", "--seed", "5"]));

  await page.getByRole("button", { name: "Use this model" }).click();
  await expect(page.locator("#quantize-why")).toContainText("already has int8 weights");
  await expect(run(page)).toBeDisabled();
  await lookAt(page, "pizza");
  const answers = await names(page).allInnerTexts();
  await openFolder(page, files, folder);
  await lookAt(page, "orange");
  await lookAt(page, "pizza");
  expect(await names(page).allInnerTexts()).toEqual(answers);
});

/** The folder that `vit8 quantize` writes. */
function byCommandLine(pictures: { name: string; buffer: Buffer }[], options: string[]) {
  const parent = mkdtempSync(path.join(tmpdir(), "vit8-quantize-"));
  const at = (...parts: string[]) => path.join(parent, ...parts);
  try {
    for (const folder of ["my-model", "pictures"]) mkdirSync(at(folder));
    for (const [name, bytes] of Object.entries(float)) writeFileSync(at("my-model", name), bytes);
    for (const { name, buffer } of pictures) writeFileSync(at("pictures", name), buffer);
    const command = ["scripts/vit8.mjs", "quantize", at("my-model"), "-o", at("out")];
    const calibration = pictures.length > 0 ? ["--calibrate", at("pictures")] : [];
    execFileSync(process.execPath, [...command, ...calibration, ...options]);
    return {
      config: readFileSync(at("out/config.json"), "utf8"),
      weights: readFileSync(at("out/model.safetensors")),
    };
  } finally {
    rmSync(parent, { recursive: true });
  }
}

interface Level {
  readonly scale: number;
  readonly zero: number;
}

/** Weights to the byte; levels as far as the float sums of two drivers agree. */
function expectSame(files: Record<string, Uint8Array>, other: ReturnType<typeof byCommandLine>): void {
  expect(other.weights.equals(files["model.safetensors"])).toBe(true);
  const parse = (text: string) => JSON.parse(text).quantization_config.vit8;
  // The command line also records which images calibrated the model, by the hashes of their files.
  const [{ activations, ...rest }, { activations: others, pictures: _, ...otherRest }] = [
    parse(new TextDecoder().decode(files["config.json"])),
    parse(other.config),
  ];
  expect(rest).toEqual(otherRest);
  expect(Object.keys(activations)).toEqual(Object.keys(others));
  for (const [name, { scale, zero }] of Object.entries<Level>(activations)) {
    // f32 sums of 256 products in another order differ by 256 x 2^-24 at most; two layers of them.
    expect(Math.abs(scale / others[name].scale - 1), name).toBeLessThan(2 * 256 * 2 ** -24);
    // -min / scale may lie on the other side of a half.
    expect(Math.abs(zero - others[name].zero), name).toBeLessThanOrEqual(1);
  }
}

test("the same seed gives the same bytes, and another picture others", async ({ page }) => {
  await openForm(page);
  const bytesOf = async (seed: number) => {
    await page.getByLabel(words.quantizePictures).setInputFiles([await fileOf(seed)]);
    await run(page).click();
    await expect(status(page)).toContainText("instead of");
    const { files } = await saved(page);
    return Buffer.concat([files["config.json"], files["model.safetensors"]]).toString("hex");
  };
  await page.getByLabel("Bits: weights").selectOption("w4a4");
  const first = await bytesOf(1);
  expect((await bytesOf(1)) === first).toBe(true);
  expect((await bytesOf(2)) === first).toBe(false);
});

test("keeps layers in float, as the command line does, where the method can; a wrong name is told", async ({
  page,
}) => {
  await openForm(page);
  const keep = page.getByLabel(words.quantizeKeep);
  await expect(keep).toBeDisabled(); // the default method settles every level
  await expect(keep).toHaveAccessibleDescription(words.quantizeKeepHelp);
  await page.getByLabel(words.quantizePictures).setInputFiles([await fileOf(1)]);
  await page.getByLabel("Method").selectOption("dynamic");
  await page.getByLabel("Seed").focus();
  await page.keyboard.press("Tab");
  await expect(keep).toBeFocused();
  await page.keyboard.type("blocks.0.fc9");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText(
    "keep: expected a layer of the model, got blocks.0.fc9. Choose from blocks.N.qkv",
  );
  await keep.fill("blocks.0.fc1, head");
  await keep.press("Enter");
  await expect(status(page)).toContainText("instead of");
  await expectAccessible(page);
  const { files } = await saved(page);
  const { config, weights } = byCommandLine([], ["--keep", "blocks.0.fc1=float,head=float"]);
  expect(weights.equals(files["model.safetensors"])).toBe(true);
  const quantizationOf = (text: string) => JSON.parse(text).quantization_config;
  const made = quantizationOf(new TextDecoder().decode(files["config.json"]));
  expect(made).toEqual(quantizationOf(config));
  expect(made.ignore).toHaveLength(2);
});

test("by keyboard; cancelled at once, and then done again", async ({ page }) => {
  await openForm(page);
  const file = await fileOf(3);
  const many = Array.from({ length: 70 }, (_, i) => ({ ...file, name: `${i}.png` }));
  await page.getByLabel(words.quantizePictures).setInputFiles(many);
  await expect(page.locator("#quantize-chosen")).toContainText("64 of 70: 0.png, 1.png");
  await run(page).focus();
  await page.keyboard.press("Enter");
  await expect(cancel(page)).toBeFocused();
  await expect(status(page)).toHaveText("Running the float model on the images:");
  await expect(page.locator("#quantize-count")).toHaveText(/^\d+ of 64$/);
  await page.keyboard.press("Enter");
  await expect(status(page)).toHaveText(texts.cancelled(undefined));
  await expect(run(page)).toBeFocused();
  await expect(page.getByRole("progressbar")).toBeHidden();
  await expect(result(page)).toBeHidden();
  await page.getByLabel(words.quantizePictures).setInputFiles([file]);
  await run(page).click();
  await expect(status(page)).toContainText("instead of");
});

test("takes pictures that are dropped on it, not as one to name", async ({ page }) => {
  await openForm(page);
  const transfer = await page.evaluateHandle(
    (url) =>
      fetch(url)
        .then((response) => response.blob())
        .then((blob) => {
          const transfer = new DataTransfer();
          for (const name of ["a.png", "b.png"])
            transfer.items.add(new File([blob], name, { type: "image/png" }));
          return transfer;
        }),
    `data:image/png;base64,${(await pictureOf(1)).toString("base64")}`,
  );
  await page.locator("#quantize").dispatchEvent("drop", { dataTransfer: transfer });
  await expect(page.locator("#quantize-chosen")).toHaveText("2: a.png, b.png");
  await expect(page.locator("#preview")).toBeHidden();
});

test("says what cannot be quantised, and why", async ({ page }) => {
  await openPage(page);
  await page.getByText(words.quantize).click();
  const why = page.locator("#quantize-why");
  await expect(why).toContainText("already has int8 weights. Load a float checkpoint");
  await expect(run(page)).toBeDisabled();
  await openFolder(page, float);
  await expect(why).toContainText("can be quantized");
  const buffer = (await pictureOf(1)).subarray(0, 60);
  await page
    .getByLabel(words.quantizePictures)
    .setInputFiles({ name: "cut.png", mimeType: "image/png", buffer });
  await run(page).click();
  await expect(page.getByRole("alert")).toContainText("cut.png: damaged, truncated");
  await expect(run(page)).toBeEnabled();
  // Scales made at run time have 8 bits.
  await page.getByLabel("Bits: weights").selectOption("w4a4");
  await page.getByLabel("Method").selectOption("dynamic");
  await expect(page.getByLabel("Bits: weights")).toHaveValue("w8a8");
});
