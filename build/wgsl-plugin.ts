import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Plugin } from "vite";
import { link } from "wesl/core";

/**
 * `import wgsl from "./x.wgsl?dot4&TILE=4"` gives linked, tree-shaken WGSL text; a bare query word is a condition for
 * `@if(word)`, `NAME=value` a constant in `constants::NAME`. The linker runs at build time only: zero bytes in the page.
 */
export function wgsl(root = "shaders"): Plugin {
  return {
    name: "vit8:wgsl",
    enforce: "pre",
    async load(id) {
      const [file, query] = id.split("?");
      if (!file.endsWith(".wgsl")) return null;
      const directory = path.resolve(root);
      const sources = readSources(directory, (name) => this.addWatchFile(name));
      const rootModuleName = path
        .relative(directory, file)
        .replace(/\.wgsl$/, "")
        .split(path.sep)
        .join("/");
      const { conditions, constants } = readQuery(query);
      const linked = await link({ weslSrc: sources, rootModuleName, conditions, constants });
      return {
        code: `export default ${JSON.stringify(overridesFirst(withoutStandIns(stripComments(linked.dest))))};`,
        map: null,
      };
    },
  };
}

function readSources(directory: string, watch: (name: string) => void): Record<string, string> {
  const sources: Record<string, string> = {};
  for (const name of readdirSync(directory, { recursive: true }) as string[]) {
    if (!name.endsWith(".wgsl")) continue;
    watch(path.join(directory, name));
    sources[name.split(path.sep).join("/")] = readFileSync(path.join(directory, name), "utf8");
  }
  return sources;
}

function readQuery(query = ""): { conditions: Record<string, boolean>; constants: Record<string, string> } {
  const conditions: Record<string, boolean> = {};
  const constants: Record<string, string> = {};
  for (const [key, value] of new URLSearchParams(query)) {
    if (key === "wgsl") continue;
    if (value === "") conditions[key] = true;
    else constants[key] = value;
  }
  return { conditions, constants };
}

/** Comments and blank lines stay in the repository; lines stay lines, so a compiler message still points at one. */
function stripComments(code: string): string {
  return code
    .replace(/\/\/.*$/gm, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");
}

/** An alias of bool, which nobody needs, stands for what a browser declares and the linker does not know yet. */
function withoutStandIns(code: string): string {
  return code.replace(/^alias \w+ = bool;\n/gm, "");
}

/**
 * naga 29, in wgpu and Firefox, fails on an `override` that comes after an array whose length is made of another one. Before
 * them come directives, which WGSL wants at the top.
 */
function overridesFirst(code: string): string {
  const order = [/^(?:enable|requires|diagnostic)\b/, /^(?:@id\(\d+\) )?override /, /^/];
  const placeOf = (line: string) => order.findIndex((kind) => kind.test(line));
  return code
    .split("\n")
    .sort((a, b) => placeOf(a) - placeOf(b))
    .join("\n");
}
