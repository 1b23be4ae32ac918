import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StoredTensor } from "../format/safetensors.ts";
import type { ErrorReport } from "./error-report.ts";
import { bundledModel } from "./model.ts";
import { run } from "./run.ts";
import { writeTinyModel } from "./tiny-model.shared.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-error-"));
const at = (...names: string[]) => path.join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

async function vit8(...argv: string[]) {
  let output = "";
  const write = (text: string) => {
    output += text;
  };
  const { signal } = new AbortController();
  return { code: await run(argv, { print: write, tell: write, signal }), output };
}

beforeAll(async () => {
  mkdirSync(at("pictures", "below"), { recursive: true });
  for (const [i, name] of ["a.png", "below/b.png"].entries()) {
    const noise = Buffer.from(Array.from({ length: 24 * 24 * 3 }, (_, j) => ((j + i) * 7919) >> 3));
    await sharp(noise, { raw: { width: 24, height: 24, channels: 3 } }).toFile(at("pictures", name));
  }
  writeTinyModel(at("sound"));
  // one weight of one channel is far out, so that the others of its row have few levels left
  writeTinyModel(at("spoilt"), { tensors: (all) => all.map(spoil) });
  // one output of a LayerNorm is far out in every row
  writeTinyModel(at("outlying"), { tensors: (all) => all.map(shift) });
});

const SPOILT = "blocks.1.attn.proj.weight";
const HALF_64 = 0x5400;

function spoil(tensor: StoredTensor): StoredTensor {
  if (tensor.name !== SPOILT) return tensor;
  const halves = new Uint16Array(tensor.bytes.slice().buffer);
  for (let i = 0; i < halves.length; i += 128) halves[i] = HALF_64;
  return { ...tensor, bytes: new Uint8Array(halves.buffer) };
}

function shift(tensor: StoredTensor): StoredTensor {
  if (tensor.name !== "blocks.1.norm2.bias") return tensor;
  const halves = new Uint16Array(tensor.bytes.slice().buffer);
  halves[7] = HALF_64;
  return { ...tensor, bytes: new Uint8Array(halves.buffer) };
}

async function reportOf(model: string, ...options: string[]): Promise<ErrorReport> {
  const argv = ["inspect", "--error", at(model), at("pictures"), "--json", ...options];
  const { code, output } = await vit8(...argv);
  expect(code, output).toBe(0);
  return JSON.parse(output);
}

test("what int8 costs every tensor; a spoilt weight is the first of the list", async () => {
  const sound = await reportOf("sound");
  expect(sound.images).toBe(2);
  // four weights and seven activations of a block, Q, K and V apart, the patch embedding and two heads
  expect(sound.tensors.map(({ name }) => name).sort()).toEqual(
    ["patch.weight", "head.weight", "head_distillation.weight", ...[0, 1].flatMap(namesOf)].sort(),
  );
  for (const { name, ownDb, arrivingDb = 30 } of sound.tensors) {
    // 127 levels of a uniform distribution have 6.02 * 7 + 4.8 = 47 dB; sparser ones less
    expect(ownDb, name).toBeGreaterThan(25);
    expect(ownDb, name).toBeLessThan(55);
    expect(arrivingDb, name).toBeGreaterThan(15);
  }
  expect(sound.stream.map(({ name }) => name)).toEqual([
    "x",
    ...["blocks.0.middle", "blocks.0.x", "blocks.1.middle", "blocks.1.x"],
    ...["embedding", "logits"],
  ]);
  const order = sound.tensors.map(({ ownDb }) => ownDb);
  expect(order).toEqual([...order].sort((a, b) => a - b));
  const spoilt = await reportOf("spoilt");
  expect(spoilt.tensors[0].name).toBe("blocks.1.proj.weight");
  // half a bit below the worst of the sound model
  expect(order[0] - spoilt.tensors[0].ownDb).toBeGreaterThan(3);
});

test("an outlier of LayerNorm costs its row nothing, and arrives", async () => {
  const norm = ({ tensors }: ErrorReport) => tensors.find(({ name }) => name === "blocks.1.norm2")!;
  const [sound, outlying] = [norm(await reportOf("sound")), norm(await reportOf("outlying"))];
  // A value of 64 beside 127 of about 1 is 15 dB more signal, over the same noise. One scale for all of them loses more than that.
  expect(outlying.ownDb).toBeGreaterThan(sound.ownDb + 10);
  expect(outlying.arrivingDb).toBeGreaterThan(sound.arrivingDb! + 10);
});

test("an int8 folder against the float model that it was made from: what quantising at load costs, to the weight", async () => {
  expect((await vit8("quantize", at("sound"), "-o", at("int8"))).code).toBe(0);
  expect((await vit8("quantize", at("sound"), "-o", at("four"), "--bits", "w4a8")).code).toBe(0);
  const [loaded, int8, four] = [
    await reportOf("sound"),
    await reportOf("int8", "--float", at("sound")),
    await reportOf("four", "--float", at("sound")),
  ];
  const linear = (report: ErrorReport) =>
    new Map(report.tensors.map(({ name, ownDb }) => [name, ownDb] as const));
  // The patch embedding's errors are handed on to neighbors: more of them, and less to be seen.
  for (const [name, ownDb] of linear(int8))
    if (name !== "patch.weight") expect(ownDb, name).toBeCloseTo(linear(loaded).get(name)!, 3);
  expect(int8.stream).toEqual(loaded.stream);
  // Four bits fewer are 24 dB; groups recover part of it.
  expect(linear(four).get("blocks.0.fc1.weight")).toBeLessThan(linear(int8).get("blocks.0.fc1.weight")! - 15);
  expect(four.stream.at(-1)!.arrivingDb).toBeLessThan(int8.stream.at(-1)!.arrivingDb);
});

test("tables, and a plot with a row for each LayerNorm", async () => {
  const plot = at("channels.svg");
  const argv = ["inspect", "--error", at("sound"), at("pictures"), "--limit", "1", "--plot", plot];
  const { output } = await vit8(...argv);
  expect(output).toContain("1 images");
  expect(output).toMatch(/\| blocks\.1\.norm2 +\| +[\d.]+ \|/);
  const svg = readFileSync(plot, "utf8");
  const labels = [...svg.matchAll(/>(blocks\.\d\.norm\d|norm)</g)].map(([, name]) => name);
  expect(labels).toEqual(["blocks.0.norm1", "blocks.0.norm2", "blocks.1.norm1", "blocks.1.norm2", "norm"]);
  expect((await sharp(Buffer.from(svg)).metadata()).width).toBe(800);
});

test("where the plot cannot be written the tables are there all the same", async () => {
  const argv = [
    "inspect",
    "--error",
    at("sound"),
    at("pictures"),
    "--limit",
    "1",
    "--plot",
    at("no", "x.svg"),
  ];
  const { code, output } = await vit8(...argv);
  expect(code).toBe(1);
  expect(output).toMatch(/^\| norm [\s\S]*\nvit8: [^\n]*x\.svg: cannot be written \(ENOENT\)\.\n$/m);
});

test("--layers names the layer whose weights cost the logits most", async () => {
  const { layers, keep } = await reportOf("spoilt", "--layers");
  expect(layers!.map(({ layer }) => layer)).toContain("blocks.0.qkv");
  expect(layers![0].layer).toBe("blocks.1.proj");
  expect(layers![0].answerDb).toBeLessThan(layers![1].answerDb - 6);
  expect(layers!.every(({ answerDb }) => Number.isFinite(answerDb))).toBe(true);
  // `quantize` accepts it, and the layer then costs nothing
  expect(keep).toBe("blocks.1.proj=float");
  expect((await vit8("quantize", at("spoilt"), "-o", at("kept"), "--keep", keep!)).code).toBe(0);
  const kept = await reportOf("kept", "--float", at("spoilt"), "--layers");
  expect(kept.layers!.at(-1)).toEqual({ layer: "blocks.1.proj", answerDb: null });
  expect(kept.stream.at(-1)!.arrivingDb).toBeGreaterThan(
    (await reportOf("spoilt")).stream.at(-1)!.arrivingDb + 1,
  );
});

test("a 4-bit folder is called that, and its layers cost more than in int8", async () => {
  await vit8("quantize", at("sound"), "-o", at("four"), "--bits", "w4a8");
  const four = await reportOf("four", "--float", at("sound"), "--layers");
  expect(four.arithmetic).toBe("w4a8");
  expect(four.keep).toMatch(/^blocks.*=int8$/);
  const eight = await reportOf("sound", "--layers");
  expect(eight.arithmetic).toBe("w8a8");
  const costOf = ({ layers }: ErrorReport, name: string) =>
    layers!.find(({ layer }) => layer === name)!.answerDb;
  expect(costOf(four, "blocks.0.qkv")).toBeLessThan(costOf(eight, "blocks.0.qkv") - 12);
});

test.each<[string, () => string[], RegExp]>([
  [
    "an int8 folder",
    () => [bundledModel(), at("pictures")],
    /expected a float model to compare with, got int8/,
  ],
  [
    "the float model of another",
    () => [bundledModel(), at("pictures"), "--float", at("sound")],
    /expected the sizes of/,
  ],
  ["a folder without pictures", () => [at("sound"), at("sound")], /expected images, got none/],
  ["no folder", () => [at("sound"), at("nowhere")], /cannot be read \(ENOENT: no such/],
])("%s is refused in one line", async (_, argv, message) => {
  const { code, output } = await vit8("inspect", "--error", ...argv());
  expect(code).toBe(1);
  expect(output).toMatch(/^vit8: [^\n]+\n$/);
  expect(output).toMatch(message);
});

function namesOf(block: number): string[] {
  const names = ["query", "key", "value"].flatMap((part) => [part, `${part}.weight`]);
  for (const layer of ["proj", "fc1", "fc2"]) names.push(`${layer}.weight`);
  for (const activation of ["norm1", "attention", "norm2", "fc1"]) names.push(activation);
  return names.map((name) => `blocks.${block}.${name}`);
}

test("one bad picture is told, the others are measured, and the exit code is 1", async () => {
  cpSync(at("pictures"), at("one-bad"), { recursive: true });
  writeFileSync(at("one-bad", "0.png"), "cut");
  const { code, output } = await vit8("inspect", "--error", at("sound"), at("one-bad"));
  expect(code, output).toBe(1);
  expect(output).toMatch(/^vit8: .*0\.png: expected PNG, /);
  expect(output).toMatch(/sound, 2 images, w8a8 against float32/);
});
