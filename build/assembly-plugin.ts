import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { deflateSync } from "node:zlib";
import asc from "assemblyscript/asc";
import type { Plugin } from "vite";

/** 4 GiB, all that 32 bits reach: a model takes as much of it as it needs. */
const MOST_PAGES = 65_536;

/** By file: compiled once for all importers. */
const compiled = new Map<string, { readonly text: string; readonly encoded: Promise<string> }>();

/**
 * `import encoded from "./index.ts?assembly"` returns an AssemblyScript module as WebAssembly, deflated and in base64, with its memory as
 * an import and no start-up code. A string works wherever a script works: in the worker, in the single file for a CDN, and under a policy
 * that allows no further requests. It is deflated first, because base64 hides repetitions from a server's compression.
 */
export function assembly(): Plugin {
  return {
    name: "vit8:assembly",
    enforce: "pre",
    async load(id) {
      const [file, query] = id.split("?");
      if (query !== "assembly") return null;
      const text = readSources(path.dirname(file), (name) => this.addWatchFile(name));
      const known = compiled.get(file);
      const encoded = known?.text === text ? known.encoded : compile(file);
      compiled.set(file, { text, encoded });
      return { code: `export default ${JSON.stringify(await encoded)};`, map: null };
    },
  };
}

function readSources(folder: string, watch: (file: string) => void): string {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => {
      watch(path.join(folder, name));
      return readFileSync(path.join(folder, name), "utf8");
    })
    .join("");
}

/** @throws Error with the compiler's message. */
async function compile(file: string): Promise<string> {
  let binary = new Uint8Array();
  const flags = ["-O3", "--noAssert", "--enable", "simd", "--runtime", "stub"];
  const memory = ["--importMemory", "--initialMemory", "1", "--maximumMemory", String(MOST_PAGES)];
  // Vectors go from file to file, not out of the module.
  const quiet = ["--disableWarning", "112"];
  const args = [path.basename(file), ...flags, ...memory, ...quiet, "--outFile", "module.wasm"];
  const { error, stderr } = await asc.main([...args, "--baseDir", path.dirname(file)], {
    writeFile: (_, contents) => {
      binary = contents as Uint8Array<ArrayBuffer>;
    },
  });
  if (error) throw new Error(`${file}: did not compile:\n${stderr}`);
  // Static data would be written to addresses in use: the importer of the module lays out the memory.
  if (sectionsOf(binary).includes(DATA))
    throw new Error(`${file}: has static data; do without tables and strings`);
  return deflateSync(binary, { level: 9 }).toString("base64");
}

/** The id of the section for static data. */
const DATA = 11;

/** The kinds of sections that a module has: behind eight bytes, each a kind, its length in groups of 7 bits, and so many bytes. */
function sectionsOf(binary: Uint8Array): number[] {
  const kinds: number[] = [];
  for (let at = 8; at < binary.length; ) {
    kinds.push(binary[at++]);
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      length |= (binary[at] & 127) << shift;
      if (binary[at++] < 128) break;
    }
    at += length;
  }
  return kinds;
}
