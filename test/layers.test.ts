/** Imports have one direction: a module may use its own layer and the layers that this table allows, without cycles. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

/** The layers that each may use: those above it. */
const ARROWS = {
  errors: "",
  tensor: "errors",
  format: "errors tensor",
  quant: "",
  image: "errors",
  network: "errors tensor format",
  onnx: "errors tensor format quant network",
  gpu: "errors",
  kernels: "tensor quant image gpu",
  scheduler: "errors gpu",
  cpu: "errors tensor quant image kernels scheduler",
  wasm: "errors tensor quant image gpu kernels scheduler cpu",
  lower: "errors tensor format quant network gpu kernels scheduler",
  classifier: "errors format quant image network gpu kernels scheduler cpu wasm lower",
  calibration: "errors format quant network gpu lower classifier",
  text: "errors tensor format quant network lower classifier",
  worker: "errors format image wasm lower classifier text",
  zeroshot: "errors format classifier text worker",
  "index.ts": "errors format image gpu lower classifier worker",
  node: "errors format image wasm classifier text",
  jobs: "errors format classifier text node",
  element: "errors classifier index.ts zeroshot",
  bench: "errors tensor format quant image network onnx gpu kernels scheduler lower classifier index.ts",
  cli: "errors tensor format quant image network onnx gpu kernels scheduler lower classifier calibration node jobs bench",
} as const;
const rooms = Object.keys(ARROWS);
const allowed = new Map<string, readonly string[]>(
  Object.entries(ARROWS).map(([room, others]) => [room, others.split(" ").filter(Boolean)]),
);
/** Types only, for users of React. */
const reactTypes = "src/element/react.ts > react";
/** Fetched where texts are read. */
const tokenizers = "src/text/tokenizer.ts > @huggingface/tokenizers";
const firstGpuRoom = rooms.indexOf("gpu");
/** Rooms that run in Node only, and may use its modules and packages. */
const nodeRooms = ["node", "jobs", "cli"];

type Sources = Record<string, string>;

/** One line for every import or name that a file may not use; `sources` maps paths such as src/gpu/gpu.ts to their text. */
function violations(sources: Sources): string[] {
  return Object.entries(sources).flatMap(([file, text]) => {
    if (isTest(file)) return [];
    const code = withoutComments(text);
    const faults = importsOf(code).map((specifier) => faultOfImport(file, specifier));
    if (file.startsWith("src/") && rooms.indexOf(roomOf(file)) < firstGpuRoom)
      faults.push(faultOfGpuName(code));
    return faults.filter((fault) => fault !== undefined).map((fault) => `${file}: ${fault}`);
  });
}

function faultOfImport(file: string, specifier: string): string | undefined {
  const from = roomOf(file);
  if (!specifier.startsWith(".")) {
    if ([reactTypes, tokenizers].includes(`${file} > ${specifier}`)) return undefined;
    if (file.startsWith("src/") && !nodeRooms.includes(from))
      return `imports ${specifier}, which a page lacks`;
    return undefined;
  }
  const target = targetOf(file, specifier);
  if (isTest(target) && !/^(?:demo|src)\/bench\//.test(file)) return `imports ${target}, which is for tests`;
  if (!target.startsWith("src/") || isTest(target)) return undefined;
  const to = roomOf(target);
  if (!file.startsWith("src/"))
    return mayUse(file, target) ? undefined : `imports ${target}, not the public API`;
  if (!rooms.includes(to)) return `imports ${to}, which is no room`;
  return to === from || allowed.get(from)?.includes(to) ? undefined : `${from} imports ${to}`;
}

function faultOfGpuName(code: string): string | undefined {
  const name = /\bGPU[A-Z]\w*|\bnavigator\.gpu\b/.exec(code)?.[0];
  return name && `says ${name} below the room gpu`;
}

const targetOf = (file: string, specifier: string) => path.posix.join(path.posix.dirname(file), specifier);

/** A walk along imports that ends where it began, such as `a.ts > b.ts > a.ts`. */
function circleIn(sources: Sources): string | undefined {
  const importsIn = (file: string) =>
    importsOf(withoutComments(sources[file])).map((specifier) => targetOf(file, specifier));
  const clean = new Set<string>();
  const from = (file: string, way: readonly string[]): string | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file].join(" > ");
    if (clean.has(file) || !(file in sources) || isTest(file)) return undefined;
    for (const target of importsIn(file)) {
      const circle = from(target, [...way, file]);
      if (circle) return circle;
    }
    clean.add(file);
    return undefined;
  };
  for (const file of Object.keys(sources)) {
    const circle = from(file, []);
    if (circle) return circle;
  }
  return undefined;
}

/** Tests, and what serves only them and the bench page: cases, what cases share, and src/testing. */
const isTest = (file: string) => /\.(test|cases|shared)\.ts$|^src\/testing\/|^e2e\/|^test\//.test(file);
const isPublic = (file: string) =>
  /^src\/(index\.ts|zeroshot\/index\.ts|calibration\/index\.ts|element\/|worker\/)/.test(file);
/** The page that measures reaches what it measures, and how. */
const mayUse = (page: string, target: string) =>
  isPublic(target) || (page.startsWith("demo/bench/") && !nodeRooms.includes(roomOf(target)));
const roomOf = (file: string) => file.split("/")[1];
const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");

function importsOf(code: string): string[] {
  const statement =
    /\b(?:import|export)\b[^"'`;()]*?\bfrom\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/g;
  return [...code.matchAll(statement)]
    .map(([, named, bare]) => named ?? bare)
    .filter((specifier) => !specifier.includes(".wgsl"));
}

function readTree(...folders: string[]): Sources {
  const names = folders.flatMap((folder) =>
    (readdirSync(folder, { recursive: true }) as string[]).map((name) => path.posix.join(folder, name)),
  );
  const files = names.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"));
  return Object.fromEntries(files.map((file) => [file, readFileSync(file, "utf8")]));
}

test("imports go one way", () => {
  const sources = readTree("src", "demo");
  expect(Object.keys(sources).length).toBeGreaterThan(5);
  expect(violations(sources)).toEqual([]);
});

test("rooms are in the order in which they may use each other, and none is allowed what it does not use", () => {
  const sources = readTree("src");
  for (const [room, others] of allowed) {
    for (const other of others)
      expect(rooms.indexOf(other), `${room} > ${other}`).toBeLessThan(rooms.indexOf(room));
    const used = Object.entries(sources)
      .filter(([file]) => roomOf(file) === room && !isTest(file))
      .flatMap(([file, text]) =>
        importsOf(withoutComments(text)).map((target) => roomOf(targetOf(file, target))),
      );
    expect(
      others.filter((other) => !used.includes(other)),
      room,
    ).toEqual([]);
  }
});

describe("no module comes back to itself, types and lazy imports included", () => {
  test("in src", () => expect(circleIn(readTree("src"))).toBeUndefined());

  test("a planted circle is found by name", () => {
    const circle = {
      "src/gpu/a.ts": 'import type { B } from "./b.ts";',
      "src/gpu/b.ts": 'const c = await import("../kernels/c.ts");',
      "src/kernels/c.ts": 'export * from "../gpu/a.ts";',
    };
    expect(circleIn(circle)).toBe("src/gpu/a.ts > src/gpu/b.ts > src/kernels/c.ts > src/gpu/a.ts");
    expect(circleIn({ ...circle, "src/kernels/c.ts": "" })).toBeUndefined();
  });
});

test("every folder of src is a room", () => {
  const known = [...rooms, "testing", "wgsl.d.ts", "assembly.d.ts"];
  expect(readdirSync("src").filter((name) => !known.includes(name))).toEqual([]);
});

describe("a planted violation is found", () => {
  test.each([
    ["a room before that the table leaves out", "src/gpu/a.ts", 'import { a } from "../format/a.ts";'],
    ["a lower room imports a higher one", "src/gpu/gpu.ts", 'import { vit } from "../lower/steps.ts";'],
    ["a type import counts", "src/errors/errors.ts", 'import type { A } from "../tensor/a.ts";'],
    ["a re-export counts", "src/quant/a.ts", 'export * from "../kernels/a.ts";'],
    ["a lazy import counts", "src/format/a.ts", 'const a = await import("../classifier/a.ts");'],
    ["an import over several lines counts", "src/lower/a.ts", 'import {\n  a,\n} from "../classifier/a.ts";'],
    ["a bare import counts", "src/lower/a.ts", 'import "../index.ts";'],
    ["the core uses no Node module", "src/classifier/a.ts", 'import { readFile } from "node:fs/promises";'],
    ["the core uses no package", "src/image/a.ts", 'import sharp from "sharp";'],
    [
      "the core does not reach the Node adapters",
      "src/classifier/a.ts",
      'import { a } from "../node/gpu.ts";',
    ],
    ["cases are for tests", "src/scheduler/a.ts", 'import cases from "../kernels/gemm.cases.ts";'],
    ["src/testing is for tests", "src/kernels/a.ts", 'import { seeded } from "../testing/cases.ts";'],
    ["pure rooms name no device", "src/image/a.ts", "export function upload(device: GPUDevice) {}"],
    [
      "a page uses the public API",
      "demo/classify/a.ts",
      'import { a } from "../../src/classifier/classifier.ts";',
    ],
    ["a page needs no Node", "demo/bench/a.ts", 'import { a } from "../../src/cli/machine.ts";'],
    ["a folder that is no room", "src/lower/a.ts", 'import { a } from "../utils/a.ts";'],
  ])("%s", (_, file, text) => expect(violations({ [file]: text })).toHaveLength(1));
});

describe("what is allowed passes", () => {
  test.each([
    ["a room before that the table allows", "src/lower/a.ts", 'import { a } from "../scheduler/a.ts";'],
    ["the own room", "src/lower/a.ts", 'import { a } from "./b.ts";'],
    ["Node at the edge", "src/node/a.ts", 'import { readFile } from "node:fs/promises"; import "sharp";'],
    ["a shader", "src/kernels/a.ts", 'import wgsl from "../../shaders/gemm.wgsl?dot4&wgsl";'],
    ["a device in the room gpu", "src/gpu/a.ts", "export let device: GPUDevice;"],
    ["a device in a comment", "src/image/a.ts", "/** No GPUDevice here. */\n// nor a GPUBuffer\nexport {};"],
    ["tests use what they need", "src/errors/a.test.ts", 'import { a } from "../cli/main.ts";'],
    ["the harness reads the cases", "src/bench/a.ts", 'import c from "../testing/cases.ts";'],
    ["the bench page reads the cases", "demo/bench/a.ts", 'import c from "../../src/kernels/gemm.cases.ts";'],
    ["the bench page uses the harness", "demo/bench/a.ts", 'import { a } from "../../src/bench/race.ts";'],
    ["a page uses the public API", "demo/classify/a.ts", 'import { a } from "../../src/index.ts";'],
  ])("%s", (_, file, text) => expect(violations({ [file]: text })).toEqual([]));
});
