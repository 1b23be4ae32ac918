import path from "node:path";
import { defineConfig } from "vite";
import { assembly } from "../../build/assembly-plugin.ts";
import { chunks } from "../../build/chunks.ts";
import { wgsl } from "../../build/wgsl-plugin.ts";

const shaders = path.resolve(import.meta.dirname, "../../shaders");

/** The page of the race, minified as for a site; race.mjs sets the output folder. */
export default defineConfig({
  root: import.meta.dirname,
  logLevel: "warn",
  plugins: [wgsl(shaders), assembly()],
  // In one file, as the package has it.
  worker: {
    format: "es",
    rolldownOptions: { output: { codeSplitting: false } },
    plugins: () => [wgsl(shaders), assembly()],
  },
  build: {
    target: "es2022",
    emptyOutDir: true,
    rolldownOptions: { output: { codeSplitting: { groups: chunks } } },
  },
});
