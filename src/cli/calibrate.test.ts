// A calibrated folder is the same every time it is created, loads, and is as accurate as its bits allow.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ImageClassifier } from "../node/index.ts";
import { vit8 } from "./run.shared.ts";
import { writeTinyModel } from "./tiny-model.shared.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-calibrate-"));
const at = (...names: string[]) => path.join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

const quantize = (to: string, ...options: string[]) =>
  vit8("quantize", at("tiny"), "-o", at(to), "--calibrate", at("pictures"), "--images", "3", ...options);

async function logits(model: string, precision: "int8" | "float32" = "int8") {
  const classifier = await ImageClassifier.load(at(model), { precision });
  const rows = [
    await classifier.logits(at("pictures", "0.png")),
    await classifier.logits(at("pictures", "1.png")),
  ];
  const together = await classifier.logits([at("pictures", "0.png"), at("pictures", "1.png")]);
  expect(together).toEqual(rows);
  await classifier.dispose();
  return [...rows[0], ...rows[1]];
}

/** Length of the difference over the length of the reference. */
function distance(came: number[], reference: number[]): number {
  return Math.hypot(...came.map((value, i) => value - reference[i])) / Math.hypot(...reference);
}

let float: number[];

beforeAll(async () => {
  writeTinyModel(at("tiny"));
  mkdirSync(at("pictures"));
  for (let seed = 0; seed < 4; seed++) {
    const bytes = Buffer.alloc(48 * 40 * 3);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (Math.imul(i + 1, 7919 + seed * 104_729) >>> 7) & 255;
    await sharp(bytes, { raw: { width: 48, height: 40, channels: 3 } })
      .png()
      .toFile(at("pictures", `${seed}.png`));
  }
  float = await logits("tiny", "float32");
});

test("the same pictures and seed give the same bytes, and the folder the same logits", async () => {
  expect((await quantize("once", "--method", "repq")).code).toBe(0);
  expect((await quantize("again", "--method", "repq")).code).toBe(0);
  for (const file of ["config.json", "model.safetensors"])
    expect(readFileSync(at("again", file)).equals(readFileSync(at("once", file)))).toBe(true);
  expect(await logits("again")).toEqual(await logits("once"));
  const { quantization_config } = JSON.parse(readFileSync(at("once", "config.json"), "utf8"));
  expect(quantization_config.vit8).toMatchObject({ method: "repq", images: 3, seed: 1 });
});

test("inspect says what was done to a quantized folder", async () => {
  await quantize("static", "--method", "repq", "--bits", "w4a4");
  await quantize("by-group", "--method", "gptq", "--bits", "w4a8");
  const words = async (name: string) => {
    const { stdout } = await vit8("inspect", at(name));
    return stdout.replaceAll(/ +/g, " ");
  };
  expect(await words("static")).toContain(
    [
      " quantization 4-bit weights in the file: one scale per output channel; int8 in memory",
      "4-bit activations: static, calibrated",
      "method repq: RepQ-ViT (Li et al. 2023)",
    ].join("\n "),
  );
  expect(await words("by-group")).toContain(
    [
      "4-bit weights in the file: one scale per output channel, times a multiple for each 16 inputs; int8 in memory",
      "8-bit activations: one scale per token, computed at run time (dynamic)",
      "method gptq: GPTQ (Frantar et al. 2023), activations scaled at run time",
      "calibrated on 3 images, seed 1",
    ].join("\n "),
  );
  const facts = JSON.parse((await vit8("inspect", at("static"), "--json")).stdout);
  expect(facts.quantization).toMatchObject({
    bits: "w4a4",
    activations: "static",
    method: "repq",
    images: 3,
  });
  expect(await words("tiny")).toContain("float file, weights are quantized to int8 at load");
});

test("the card of a calibrated folder says the same", () => {
  const card = readFileSync(at("static", "README.md"), "utf8");
  for (const words of ["# tiny, w4a4\n", "- 4-bit weights in the file", "- Calibrated on 3 images, seed 1."])
    expect(card).toContain(words);
});

test("which pictures of how many calibrate is told and kept, and eval warns of them", async () => {
  const { stderr } = await quantize("kept", "--method", "minmax");
  expect(stderr).toContain(`vit8: calibrating on 3 of 4 images in ${at("pictures")}\n`);
  const { quantization_config } = JSON.parse(readFileSync(at("kept", "config.json"), "utf8"));
  expect(quantization_config.vit8.pictures).toEqual(Array(3).fill(expect.stringMatching(/^[0-9a-f]{16}$/)));
  const rows = [0, 1, 2, 3].map((i) => `${i}\tn\tclass\t${i}.png`);
  writeFileSync(at("pictures", "labels.tsv"), ["index\twnid\tlabel\tfile", ...rows].join("\n"));
  const evaluated = await vit8("eval", at("kept"), at("pictures"), "--device", "cpu");
  expect(evaluated.stderr).toContain("vit8: 3 of 4 images also calibrated this model");
  expect(evaluated.stdout).toContain("w8a8, static, minmax");
  const other = await vit8("eval", at("once"), at("pictures"), "--device", "cpu", "--json");
  expect(JSON.parse(other.stdout).quantization).toMatchObject({ bits: "w8a8", method: "repq" });
});

describe("every method answers like float, in 8 bits nearer than in 4", () => {
  test.each(["minmax", "ptq4vit", "fqvit", "smoothquant", "erq", "adalog"])("%s", async (method) => {
    await quantize(`${method}-8`, "--method", method, "--norm-inputs");
    await quantize(`${method}-4`, "--method", method, "--bits", "w4a4", "--bias-correction");
    const [eight, four] = [await logits(`${method}-8`), await logits(`${method}-4`)];
    // Random weights; a wrong zero point, scale or fold is off by more than the logits' own length.
    expect(distance(eight, float)).toBeLessThan(0.15);
    expect(distance(four, float)).toBeLessThan(0.9);
    expect(distance(eight, float)).toBeLessThan(distance(four, float));
  });
});

test("4-bit weights take half the bytes, with run-time activations too", async () => {
  const dynamic = await vit8("quantize", at("tiny"), "-o", at("dynamic"), "--bits", "w4a8");
  expect(dynamic.code).toBe(0);
  expect(distance(await logits("dynamic"), float)).toBeLessThan(0.5);
  const size = (name: string) => readFileSync(at(name, "model.safetensors")).length;
  expect(size("dynamic")).toBeLessThan(0.75 * size("once"));
});

test("weights of 4 bits by group are nearer to float than by channel, and nearer still with pictures to round by", async () => {
  const made = async (to: string, ...options: string[]) => {
    expect((await vit8("quantize", at("tiny"), "-o", at(to), "--bits", "w4a8", ...options)).code).toBe(0);
    return distance(await logits(to), float);
  };
  const group = await made("group");
  expect(group).toBeLessThan(await made("channel", "--weights", "channel"));
  expect(await made("gptq", "--method", "gptq", "--calibrate", at("pictures"))).toBeLessThan(group);
  const config = JSON.parse(readFileSync(at("gptq", "config.json"), "utf8")).quantization_config;
  expect(config).toMatchObject({ format: "vit8-pack-quantized", vit8: { method: "gptq", images: 4 } });
  expect(config.config_groups.group_0).toMatchObject({
    weights: { num_bits: 4, strategy: "group", group_size: 16 },
    input_activations: { num_bits: 8, dynamic: true },
  });
});

test.each([
  [["--weights", "row"], "--weights: expected one of tensor, channel, group, got row"],
  [["--weights", "group"], "--bits: expected w4a8 or w4a4 with weights group, got w8a8"],
  [["--method", "gptq", "--bits", "w4a4"], "calibrates activations for bits w4a4, got gptq"],
  [["--method", "best"], "expected dynamic or one of minmax"],
  [["--bits", "w3a3"], "--bits: expected one of w8a8"],
  [["--bits", "w4a4"], "calibrates activations for bits w4a4, got dynamic"],
  [["--method", "repq"], "expected --calibrate FOLDER"],
])("%s is a wrong call", async (options, message) => {
  const { code, stderr } = await vit8("quantize", at("tiny"), "-o", at("never"), ...options);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});
