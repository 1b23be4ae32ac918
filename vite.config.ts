import { defineConfig } from "vitest/config";
import { peers } from "./bench/peers/serve.ts";
import { assembly } from "./build/assembly-plugin.ts";
import { pageTexts } from "./build/page-texts.ts";
import { sharedModels } from "./build/shared-models.ts";
import { wgsl } from "./build/wgsl-plugin.ts";

/** The pages and the tests; the package is built by build/library.ts. */
export default defineConfig({
  // A file that is not there is a 404, not the page: a model folder may lack one.
  appType: "mpa",
  // Not the pages of test/consumers, which import the published package.
  optimizeDeps: { entries: ["index.html", "demo/**/*.html"] },
  plugins: [wgsl(), assembly(), pageTexts(), sharedModels(), peers()],
  worker: { format: "es", plugins: () => [wgsl(), assembly()] },
  test: {
    include: [
      "src/**/*.test.ts",
      "build/**/*.test.ts",
      "bench/**/*.test.ts",
      "demo/**/*.test.ts",
      "test/**/*.test.ts",
    ],
    // Vitest would leave a core free, which is half of the machine that these are sized for.
    maxWorkers: "100%",
    // A software GPU takes seconds to compile the largest kernels.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
