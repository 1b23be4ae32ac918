/** Integer-only: Chromium on SwiftShader and Node on its own adapter give bit-identical logits. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, type Page, test } from "@playwright/test";
import sharp from "sharp";

const root = path.resolve(import.meta.dirname, "..");
const shared = path.resolve(root, "../shared");
/** Photographs for the larger model; a software GPU takes some ten seconds for each. */
const count = Number(process.env.PICTURES ?? 1);

let folder = "";
test.beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "vit8-integers-"));
});
test.afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the bundled model, on drawings", async ({ page }) => {
  const drawings = ["king-penguin", "pizza"].map((name) => `demo/classify/samples/${name}.svg`);
  await expectEqual(page, "/models/everyday80/", "models/everyday80", await pixelsOf(drawings));
});

test("a larger model, on photographs", async ({ page }) => {
  test.skip(!existsSync(shared), "needs ../shared");
  test.setTimeout(60_000 + count * 60_000);
  const rows = readFileSync(path.join(shared, "images/labels.tsv"), "utf8").trimEnd().split("\n");
  const files = rows.slice(1, count + 1).map((row) => {
    return path.join(shared, "images/imagenet-sample", path.basename(row.split("\t")[3]));
  });
  const name = "deit-tiny-patch16-224";
  const pictures = await pixelsOf(files);
  await expectEqual(page, `/models-dev/${name}`, path.join(shared, "models", name), pictures);
});

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Buffer;
}

function pixelsOf(files: readonly string[]): Promise<Pixels[]> {
  const decoded = files.map(async (file) => {
    const image = sharp(path.resolve(root, file)).flatten({ background: "white" }).toColourspace("srgb");
    const { data, info } = await image.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, rgba: data };
  });
  return Promise.all(decoded);
}

/** The command line compares its own logits with the page's, and finds no difference. */
async function expectEqual(page: Page, address: string, model: string, pictures: readonly Pixels[]) {
  const logits = path.join(folder, "logits.f32");
  writeFileSync(logits, new Uint8Array((await logitsOf(page, address, pictures)).buffer));
  const lines = pictures.map((_, i) => `0\tn0\tany\t${i}.png`);
  writeFileSync(path.join(folder, "labels.tsv"), ["index\twnid\tlabel\tfile", ...lines, ""].join("\n"));
  for (const [i, { width, height, rgba }] of pictures.entries())
    await sharp(rgba, { raw: { width, height, channels: 4 } })
      .png()
      .toFile(path.join(folder, `${i}.png`));
  const args = ["scripts/vit8.mjs", "eval", model, folder, "--integer-only", "--logits", logits, "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  const { agreement, worstLogitError, integerOnly, images } = JSON.parse(stdout);
  const expected = { agreement: 1, worstLogitError: 0, integerOnly: true, images: pictures.length };
  expect({ agreement, worstLogitError, integerOnly, images }).toEqual(expected);
}

/** Row after row, of the page's own GPU. */
async function logitsOf(page: Page, address: string, pictures: readonly Pixels[]): Promise<Float32Array> {
  await page.route("**/blank.html", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>test</title>" }),
  );
  await page.goto("/blank.html");
  const sent = pictures.map(({ rgba, ...size }) => ({ ...size, base64: rgba.toString("base64") }));
  const rows = await page.evaluate(
    async ({ address, sent }) => {
      const library = "/src/index.ts";
      const { ImageClassifier } = (await import(library)) as typeof import("../src/index.ts");
      const classifier = await ImageClassifier.load(address, { device: "webgpu", integerOnly: true });
      const rows: number[][] = [];
      for (const { width, height, base64 } of sent) {
        const rgba = Uint8ClampedArray.from(atob(base64), (byte) => byte.charCodeAt(0));
        rows.push([...(await classifier.logits(new ImageData(rgba, width, height)))]);
      }
      await classifier.dispose();
      return rows;
    },
    { address, sent },
  );
  expect(new Set(rows.flat()).size).toBeGreaterThan(rows.length * 10);
  return Float32Array.from(rows.flat());
}
