/** `npm run size`: the gzip size of the core, which is src/index.ts with every kernel, without what loads lazily. */
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { root } from "./setup.mjs";

const limitKilobytes = 45;

const library = { root, configFile: `${root}/build/library.ts`, mode: "size", build: { write: false } };
const [{ output }] = /** @type {import("vite").Rolldown.RolldownOutput[]} */ (
  await build({ ...library, logLevel: "warn" })
);
const chunks = new Map(output.map((file) => [file.fileName, file.type === "chunk" ? file : undefined]));

const core = new Set(["vit8.js"]);
for (const name of core) for (const imported of chunks.get(name)?.imports ?? []) core.add(imported);
const code = [...core].map((name) => chunks.get(name)?.code ?? "").join("");
const kilobytes = gzipSync(code, { level: 9 }).length / 1000;
console.log(`core: ${kilobytes.toFixed(1)} kB gzip of at most ${limitKilobytes}`);
if (kilobytes > limitKilobytes) process.exit(1);
