/** `npm run size`: gzip sizes of the core (src/index.ts, kernels that run by default), the element and the chunks that load on demand. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { root } from "./setup.mjs";

const limitKilobytes = {
  core: 45,
  element: 10,
  "zero-shot": 10,
  tokenizer: 12,
  "largest lazy part": 12,
  WebAssembly: 16,
};
/** The package that a page fetches beside zero-shot's own part. */
const tokenizer = `${root}/node_modules/@huggingface/tokenizers/dist/tokenizers.min.mjs`;
/** What inflates WebAssembly, in the one part that has it. */
const MAGIC = "DecompressionStream";

const config = { root, configFile: `${root}/build/library.ts`, mode: "size", build: { write: false } };
const [{ output }] = /** @type {import("vite").Rolldown.RolldownOutput[]} */ (
  await build({ ...config, logLevel: "warn" })
);
const chunks = new Map(output.map((file) => [file.fileName, file.type === "chunk" ? file : undefined]));

const core = kilobytesOf("vit8.js");
report("core", core);
report("element", kilobytesOf("vit8.js", "element.js") - core);
report("zero-shot", kilobytesOf("vit8.js", chunkOf("src/zeroshot/index.ts")) - core);
report("tokenizer", gzipSync(readFileSync(tokenizer), { level: 9 }).length / 1000);
report("largest lazy part", largestPart(false));
report("WebAssembly", largestPart(true));

/** @param {string} module */
function chunkOf(module) {
  for (const [name, chunk] of chunks) if (chunk?.facadeModuleId?.endsWith(module)) return name;
  throw new Error(`${module}: expected a chunk of its own, got none. Look at build/library.ts.`);
}

/** Of what loads lazily, with WebAssembly in it or without. @param {boolean} wasm */
function largestPart(wasm) {
  const parts = [...chunks.values()].flatMap((chunk) => chunk?.dynamicImports ?? []);
  const fitting = parts.filter((name) => chunks.get(name)?.code.includes(MAGIC) === wasm);
  return Math.max(...fitting.map((name) => kilobytesOf("vit8.js", name) - core));
}

/** Of these entries and what they import, without what loads lazily. @param {string[]} entries */
function kilobytesOf(...entries) {
  const names = new Set(entries);
  for (const name of names) for (const imported of chunks.get(name)?.imports ?? []) names.add(imported);
  const code = [...names].map((name) => chunks.get(name)?.code ?? "").join("");
  return gzipSync(code, { level: 9 }).length / 1000;
}

/** @param {keyof typeof limitKilobytes} name @param {number} kilobytes */
function report(name, kilobytes) {
  const limit = limitKilobytes[name];
  console.log(`${name}: ${kilobytes.toFixed(1)} kB gzip of at most ${limit}`);
  if (kilobytes > limit) process.exitCode = 1;
}
