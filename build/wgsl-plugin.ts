import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Plugin } from "vite";
import { link } from "wesl/core";

/**
 * `import wgsl from "./x.wgsl?dot4&TILE=4&wgsl"` returns linked, tree-shaken WGSL text; a bare query word is a condition for `@if(word)`,
 * `NAME=value` a constant in `constants::NAME`. With `texts` instead of `wgsl`, `inner=dot4,f32` is an axis, and there is a text for each
 * combination: `texts["dot4"]`. A value on an axis may be several words, `groups+add`, or none. The linker runs at build time only: it adds
 * no bytes to the page.
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
      const subgroupSize = /@subgroup_size\(\w+\)/.exec(readFileSync(file, "utf8"))?.[0];
      const { isTable, axes, conditions, constants } = readQuery(query);
      const textOf = async (words: readonly string[]) => {
        const all = { ...conditions, ...conditionsOf(words) };
        const linked = await link({ weslSrc: sources, rootModuleName, conditions: all, constants });
        const text = overridesFirst(withoutStandIns(stripComments(linked.dest)));
        // The linker drops an attribute that it does not know.
        return subgroupSize ? text.replace("@workgroup_size", `${subgroupSize} @workgroup_size`) : text;
      };
      const table: Record<string, string> = {};
      for (const words of combinations(axes)) table[words.join(" ")] = await textOf(words);
      return { code: `export default ${JSON.stringify(isTable ? table : table[""])};`, map: null };
    },
  };
}

/** One place of each axis, as words. */
function combinations([first, ...rest]: readonly string[]): string[][] {
  if (first === undefined) return [[]];
  const others = combinations(rest);
  return first.split(",").flatMap((place) => {
    const words = place.split(" ").filter((word) => word !== "");
    return others.map((more) => [...words, ...more]);
  });
}

const conditionsOf = (words: readonly string[]) => Object.fromEntries(words.map((word) => [word, true]));

function readSources(directory: string, watch: (name: string) => void): Record<string, string> {
  const sources: Record<string, string> = {};
  for (const name of readdirSync(directory, { recursive: true }) as string[]) {
    if (!name.endsWith(".wgsl")) continue;
    watch(path.join(directory, name));
    sources[name.split(path.sep).join("/")] = readFileSync(path.join(directory, name), "utf8");
  }
  return sources;
}

interface Query {
  /** Whether the query requests a table of texts, or one text. */
  readonly isTable: boolean;
  readonly axes: string[];
  readonly conditions: Record<string, boolean>;
  readonly constants: Record<string, string>;
}

function readQuery(query = ""): Query {
  const words = new URLSearchParams(query);
  const entries = [...words].filter(([key]) => key !== "wgsl" && key !== "texts");
  const valued = entries.filter(([, value]) => value !== "");
  return {
    isTable: words.has("texts"),
    axes: valued.filter(([key]) => /[a-z]/.test(key)).map(([, value]) => value),
    conditions: conditionsOf(entries.filter(([, value]) => value === "").map(([key]) => key)),
    constants: Object.fromEntries(valued.filter(([key]) => !/[a-z]/.test(key))),
  };
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

/** An otherwise unused alias of bool is a placeholder for a declaration of the browser that the linker does not support yet. */
function withoutStandIns(code: string): string {
  return code.replace(/^alias \w+ = bool;\n/gm, "");
}

/**
 * naga 29, in wgpu and Firefox, fails on an `override` after an array whose length is derived from another one. Directives are before them,
 * because WGSL requires them at the top.
 */
function overridesFirst(code: string): string {
  const order = [/^(?:enable|requires|diagnostic)\b/, /^(?:@id\(\d+\) )?override /, /^/];
  const placeOf = (line: string) => order.findIndex((kind) => kind.test(line));
  return code
    .split("\n")
    .sort((a, b) => placeOf(a) - placeOf(b))
    .join("\n");
}
