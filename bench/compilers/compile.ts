// A process of its own: opens the one adapter that its environment offers and compiles every pipeline, one at a time, each
// behind a mark in what the driver prints.

import { writeFileSync, writeSync } from "node:fs";
import { openGpu } from "../../src/gpu/gpu.ts";
import { nodeGpu } from "../../src/node/gpu.ts";
import { markOf } from "./marks.ts";
import { pipelinesFor, type Selection } from "./pipelines.ts";

const [selection, out] = process.argv.slice(2);
const STDERR = 2;

const selected = JSON.parse(selection) as Selection;
const gpu = await openGpu({ gpu: await (selected.matrixUnits ? gpuWithMatrices() : nodeGpu()) });
const pipelines = await pipelinesFor(gpu.capabilities, selected);
const compiled = [];
for (const [i, { compile, ...pipeline }] of pipelines.entries()) {
  writeSync(STDERR, markOf(i));
  const start = performance.now();
  let error: string | undefined;
  await gpu.pipeline(compile.kernel, pipeline.variant, compile.problem).catch((cause) => {
    error = String(cause);
  });
  compiled.push({ ...pipeline, compileMs: performance.now() - start, error });
  console.log(`${i + 1} of ${pipelines.length}: ${pipeline.kernel}/${pipeline.variant}`);
}
const { adapter, capabilities } = gpu;
const machine = {
  ...adapter,
  features: [...capabilities.features],
  int8Matrices: [...capabilities.int8Matrices],
};
writeFileSync(out, JSON.stringify({ machine, pipelines: compiled }));
// A driver without hardware may hang or crash where it is torn down.
process.kill(process.pid, "SIGKILL");

/** As behind the browser's flag. */
async function gpuWithMatrices(): Promise<GPU> {
  const dawn = await import("webgpu");
  const gpu = dawn.create(["enable-dawn-features=allow_unsafe_apis"]) as GPU;
  // Dawn's instance must stay reachable, or the process dies when it is collected.
  Object.assign(globalThis, dawn.globals, { gpu });
  return gpu;
}
