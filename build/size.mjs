/** `npm run size`: gzip sizes of the core, which is src/index.ts with every kernel, and of what the element adds to it. */
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { root } from "./setup.mjs";

const limitKilobytes = { core: 45, element: 10 };

const library = { root, configFile: `${root}/build/library.ts`, mode: "size", build: { write: false } };
const [{ output }] = /** @type {import("vite").Rolldown.RolldownOutput[]} */ (
  await build({ ...library, logLevel: "warn" })
);
const chunks = new Map(output.map((file) => [file.fileName, file.type === "chunk" ? file : undefined]));

const core = kilobytesOf("vit8.js");
report("core", core);
report("element", kilobytesOf("vit8.js", "element.js") - core);

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
