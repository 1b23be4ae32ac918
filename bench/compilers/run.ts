// Compiles for GPU after GPU, and reports.

import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { build } from "vite";
import { type CompiledGpu, compileFor } from "./compiled.ts";
import type { TargetGpu } from "./gpus.ts";
import type { Selection } from "./pipelines.ts";
import { type Report, reportOf } from "./report.ts";
import { environmentFor, mesaVersion } from "./tools.ts";

export interface RunOptions {
  readonly root: string;
  readonly gpus: readonly TargetGpu[];
  readonly selection: Selection;
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
}

/** @throws MissingToolError if a driver, a compiler or Intel's placeholder is missing. */
export async function runCompilers({
  root,
  gpus,
  selection,
  signal,
  onProgress,
}: RunOptions): Promise<Report> {
  const environments = gpus.map((gpu) => environmentFor(gpu, root));
  // Inside the project, where Node finds its packages.
  const outDir = mkdtempSync(path.join(root, "node_modules", ".vit8-compilers-"));
  try {
    await bundle(root, outDir);
    const script = path.join(outDir, "compile.js");
    const results: CompiledGpu[] = [];
    for (const [i, gpu] of gpus.entries()) {
      const report = (line: string) => onProgress?.(`${gpu.name} (${i + 1} of ${gpus.length} GPUs): ${line}`);
      const environment = environments[i];
      results.push(await compileFor(gpu, { script, environment, selection, signal, onProgress: report }));
    }
    return reportOf(results, new Date().toISOString(), mesaVersion());
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

/** compile.ts with the sources and their linked shaders, in one file that Node runs. */
async function bundle(root: string, outDir: string): Promise<void> {
  await build({
    root,
    logLevel: "error",
    publicDir: false,
    build: { ssr: "bench/compilers/compile.ts", outDir, emptyOutDir: false, target: "es2022" },
  });
}
