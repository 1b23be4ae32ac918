import type { KnipConfig } from "knip";

/** Files that `npm run check:release` treats as used in addition to imported ones. All others must be imported. */
export default {
  entry: [
    "src/element/{index,define,react}.ts",
    "src/worker/entry.ts",
    "demo/element/{plain,react,vue}.ts", // from HTML
    "bench/*.mjs",
    "bench/compilers/{compile,index}.ts", // by name, from bench/compilers.mjs and the bundle
    "bench/race/vite.config.ts", // by name, from bench/race.mjs
    "build/*.{mjs,ts}",
    "docs/.vitepress/{config,theme/index}.ts",
    "scripts/*.mjs",
    "test/consumers/playwright.config.ts",
    "test/jobs/*.mjs", // by name, from scripts/check-release.mjs
    "test/wgpu/main.ts", // by name, from scripts/wgpu.mjs
  ],
  project: ["{src,build,docs/.vitepress,scripts,demo,bench,e2e,test}/**/*.{ts,mjs}", "*.ts"],
  ignoreExportsUsedInFile: true,
  // The system's, and programs that modules of scripts/ run by name.
  ignoreBinaries: ["apt-get", "cc", "dpkg-query", "mkfifo"],
  ignoreDependencies: ["publint", "@arethetypeswrong/cli", "deno"],
} satisfies KnipConfig;
