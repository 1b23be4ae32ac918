// The files are run by ONNX Runtime where it is installed: npm i --no-save --ignore-scripts onnxruntime-node

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { madeUpPicture, normalisedPixels } from "../bench/pixels.ts";
import { agreementOf } from "../bench/score.ts";
import { ImageClassifier } from "../node/index.ts";
import { bundledModel, openChecked } from "./model.ts";
import { openOnnxRuntime } from "./onnx-runtime.ts";
import { run } from "./run.ts";
import { writeTinyModel } from "./tiny-model.shared.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-onnx-"));
const file = path.join(folder, "model.onnx");
afterAll(() => rmSync(folder, { recursive: true }));
const { signal } = new AbortController();

async function vit8(...argv: string[]) {
  let output = "";
  const write = (text: string) => {
    output += text;
  };
  return { code: await run(argv, { print: write, tell: write, signal }), output };
}

const ort = await openOnnxRuntime().catch(() => undefined);
const pictures = [0, 1].map((seed) => madeUpPicture(seed, 64, 48));

async function onnxLogits(model: string, dtype: string): Promise<Float32Array[]> {
  expect(await vit8("export-onnx", model, "-o", file, "--dtype", dtype)).toMatchObject({ code: 0 });
  const session = await ort!.open(readFileSync(file), "cpu", pictures.length);
  return session.run(normalisedPixels(await openChecked(model, signal), pictures));
}

describe.skipIf(!ort)("in ONNX Runtime", () => {
  const tiny = writeTinyModel(path.join(folder, "tiny"));

  // Two heads, layer scale and half floats are in it.
  test.each([
    // Logits reach 5. f32 sums in another order: 8e-6 measured.
    ["fp32", 1e-4, 0.9999999],
    // Eleven bits of mantissa: 0.006 measured.
    ["fp16", 0.03, 0.99999],
    // uint8 activations with one scale for the whole tensor: 0.20 measured.
    ["q8", 0.5, 0.997],
    // Four bits of weight: 1.2 measured.
    ["q4", 2, 0.95],
  ])("%s answers as the float model in vit8", async (dtype, most, least) => {
    const classifier = await ImageClassifier.load(tiny, { precision: "float32" });
    const reference = await classifier.logits(pictures);
    await classifier.dispose();
    const { worstLogitError, cosine } = agreementOf(await onnxLogits(tiny, dtype), reference);
    expect(worstLogitError).toBeLessThan(most);
    expect(cosine).toBeGreaterThan(least);
  });

  test("an int8 folder is exported with its weights made float", async () => {
    const classifier = await ImageClassifier.load(bundledModel());
    const reference = await classifier.logits(pictures);
    await classifier.dispose();
    // int8 activations against float ones: the model card's own cosine.
    expect(agreementOf(await onnxLogits(bundledModel(), "fp32"), reference).cosine).toBeGreaterThan(0.99);
  });

  const deit = path.resolve("../shared/models/deit-tiny-patch16-224");
  test.skipIf(!existsSync(deit))("DeiT-Ti: no logit is 1e-3 from vit8's float arithmetic", async () => {
    const classifier = await ImageClassifier.load(deit, { precision: "float32" });
    const reference = await classifier.logits(pictures);
    await classifier.dispose();
    expect(agreementOf(await onnxLogits(deit, "fp32"), reference).worstLogitError).toBeLessThan(1e-3);
  });
});

/** What a message of protobuf has in its length-delimited fields, by number: enough of a reader to see what was written. */
function fieldsOf(bytes: Uint8Array): [field: number, bytes: Uint8Array][] {
  let at = 0;
  const varint = () => {
    let [value, shift] = [0, 0];
    for (;;) {
      const byte = bytes[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
      shift += 7;
    }
  };
  const found: [number, Uint8Array][] = [];
  while (at < bytes.length) {
    const tag = varint();
    const value = varint();
    if (tag % 8 !== 2) continue;
    found.push([Math.floor(tag / 8), bytes.subarray(at, at + value)]);
    at += value;
  }
  return found;
}

test("the file's metadata has labels and preprocessing, and no path of this machine", async () => {
  expect(await vit8("export-onnx", bundledModel(), "-o", file)).toMatchObject({ code: 0 });
  const props = fieldsOf(readFileSync(file)).filter(([field]) => field === 14);
  const metadata = Object.fromEntries(
    props.map(([, bytes]) => fieldsOf(bytes).map(([, text]) => Buffer.from(text).toString())),
  );
  const model = await openChecked(bundledModel(), signal);
  expect(JSON.parse(metadata.labels)).toEqual(model.labels);
  expect(JSON.parse(metadata.preprocessing)).toEqual(model.preprocessing);
  expect(metadata).toMatchObject({ model: "everyday80", scoring: "softmax" });
});

test("an unknown type, and no file to write, are wrong calls", async () => {
  const dtype = await vit8("export-onnx", bundledModel(), "-o", file, "--dtype", "q2");
  expect(dtype).toMatchObject({ code: 2, output: expect.stringContaining("fp32, fp16, q8, q4") });
  expect(await vit8("export-onnx", bundledModel())).toMatchObject({ code: 2 });
});

test("a file that cannot be written leaves nothing", async () => {
  const { code, output } = await vit8("export-onnx", bundledModel(), "-o", path.join(folder, "no", "x.onnx"));
  expect(code).toBe(1);
  expect(output).toMatch(/^vit8: [^\n]*no\/x\.onnx[^\n]*\n$/);
  expect(readdirSync(folder).filter((name) => name.includes(".tmp"))).toEqual([]);
});
