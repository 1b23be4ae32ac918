import path from "node:path";
import { defineConfig } from "vite";
import manifest from "../package.json" with { type: "json" };
import { wgsl } from "./wgsl-plugin.ts";

const root = path.resolve(import.meta.dirname, "..");
const core = { vit8: "src/index.ts" };
const edges = { node: "src/node/index.ts", cli: "src/cli/main.ts" };

/** The package: one ES module per entry of `exports`, and the command line. Mode "size" builds the core alone, minified. */
export default defineConfig(({ mode }) => ({
  root,
  plugins: [wgsl()],
  publicDir: false,
  build: {
    target: "es2022",
    sourcemap: mode !== "size",
    minify: mode === "size",
    lib: { entry: mode === "size" ? core : { ...core, ...edges }, formats: ["es"] },
    rolldownOptions: { external: [/^node:/, ...Object.keys(manifest.peerDependencies)] },
  },
}));
