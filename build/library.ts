import path from "node:path";
import { defineConfig, type Plugin } from "vite";
import manifest from "../package.json" with { type: "json" };
import { assembly } from "./assembly-plugin.ts";
import { chunks } from "./chunks.ts";
import { wgsl } from "./wgsl-plugin.ts";

const root = path.resolve(import.meta.dirname, "..");
const core = { vit8: "src/index.ts" };
const edges = {
  node: "src/node/index.ts",
  "zero-shot": "src/zeroshot/index.ts",
  cli: "src/cli/main.ts",
  "labeler-thread": "src/jobs/labeler-thread.ts",
  element: "src/element/index.ts",
  "element-define": "src/element/define.ts",
  quantize: "src/calibration/index.ts",
};

/** One file each, without lazy parts: a worker starts from one address, and a page without a bundler writes one. */
const singles: Record<string, Record<string, string>> = {
  worker: { worker: "src/worker/entry.ts" },
  cdn: { "vit8.cdn": "build/cdn.ts" },
};

/**
 * The package: one ES module per entry of `exports`, and the command line; with mode "worker" or "cdn", one more file
 * beside them. Mode "size" builds the core and the element alone, minified.
 */
export default defineConfig(({ mode }) => ({
  root,
  plugins: [wgsl(), assembly(), mode === "worker" ? withoutWorkers() : publishedWorker()],
  publicDir: false,
  build: {
    target: "es2022",
    sourcemap: mode !== "size",
    minify: mode === "size" || mode === "cdn",
    emptyOutDir: !(mode in singles),
    lib: { entry: entries(mode), formats: ["es"] },
    rolldownOptions: {
      // The command line of a clone builds itself, and its user did not ask how long that takes.
      checks: { bundlerTimings: false },
      external: [/^node:/, ...Object.keys(manifest.peerDependencies)],
      output: {
        codeSplitting: mode in singles ? false : { groups: chunks },
        // Without a hash: every import of a chunk would carry one, and the version is in the package's address.
        chunkFileNames: "[name].js",
        // Vite leaves the white space in modules; a bundler that uses them does not, nor should a page's one file have it.
        minify: mode === "size" || mode === "cdn",
      },
    },
  },
}));

function entries(mode: string): Record<string, string> {
  if (mode in singles) return singles[mode];
  return mode === "size" ? { ...core, element: edges.element } : { ...core, ...edges };
}

/** Inserts the worker's URL in the package after Vite has processed it, so that the user's bundler finds it. */
function publishedWorker(): Plugin {
  const name = "__VIT8_WORKER__";
  return {
    name: "vit8:published-worker",
    enforce: "pre",
    transform: (code, id) =>
      id.endsWith("/src/worker/spawn.ts") ? { code: code.replace('"./entry.ts"', name), map: null } : null,
    renderChunk: (code) =>
      code.includes(name) ? { code: code.replace(name, '"./worker.js"'), map: null } : null,
  };
}

/** A worker starts no worker. */
function withoutWorkers(): Plugin {
  return {
    name: "vit8:without-workers",
    enforce: "pre",
    load: (id) => (id.endsWith("/src/worker/client.ts") ? "export {}" : null),
  };
}
