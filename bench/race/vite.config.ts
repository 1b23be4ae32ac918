import path from "node:path";
import { defineConfig } from "vite";
import { wgsl } from "../../build/wgsl-plugin.ts";

const shaders = path.resolve(import.meta.dirname, "../../shaders");

/** The race's page, minified as a site would have it; race.mjs says where to. */
export default defineConfig({
  root: import.meta.dirname,
  logLevel: "warn",
  plugins: [wgsl(shaders)],
  worker: { format: "es", plugins: () => [wgsl(shaders)] },
  build: { target: "es2022", emptyOutDir: true },
});
