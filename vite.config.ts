import { defineConfig } from "vitest/config";
import { wgsl } from "./build/wgsl-plugin.ts";

export default defineConfig({
  plugins: [wgsl()],
  test: { include: ["src/**/*.test.ts", "build/**/*.test.ts", "test/**/*.test.ts"] },
});
