/**
 * `npm run -s bench:compilers -- [--gpu navi31,tgl] [--model ti,s,b] [--batch 1,8,32] [--program int8] [--kernel PART] [--chosen] [--steps]
 * [--against FILE] [-o FILE]`: what the compilers of real GPUs make of every kernel, on a machine that has none of them. docs/gpu-compilers.md says how
 * to read it. Times in it are predicted from counts, never measured.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { runnerImport } from "vite";
import { root, setUpDependencies } from "../scripts/setup.mjs";

setUpDependencies();
const { values } = parseArgs({
  options: {
    gpu: { type: "string" },
    model: { type: "string", default: "ti,s,b" },
    batch: { type: "string", default: "1,8,32" },
    program: { type: "string", default: "int8,float32,ibert" },
    kernel: { type: "string", default: "" },
    chosen: { type: "boolean", default: false },
    "matrix-units": { type: "boolean", default: false },
    steps: { type: "boolean", default: false },
    against: { type: "string" },
    output: { type: "string", short: "o" },
  },
});
const { compared, GPUS, printed, runCompilers } = /** @type {typeof import("./compilers/index.ts")} */ (
  (await runnerImport(path.join(root, "bench", "compilers", "index.ts"))).module
);

let lastLine = 0;
const before = values.against && JSON.parse(readFileSync(values.against, "utf8"));
const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());
const everyName = GPUS.map(({ name }) => name);
try {
  const names = listed("gpu", values.gpu ?? everyName.join(), everyName);
  const report = await runCompilers({
    root,
    gpus: GPUS.filter(({ name }) => names.includes(name)),
    selection: {
      models: listed("model", values.model, ["ti", "s", "b", "l"]),
      batches: values.batch.split(",").map(Number),
      programs: listed("program", values.program, ["int8", "half", "float32", "ibert", "ivit", "cases"]),
      kernel: values.kernel,
      chosenOnly: values.chosen,
      matrixUnits: values["matrix-units"],
    },
    signal: interrupted.signal,
    onProgress: progress,
  });
  progress("");
  console.log(before ? compared(before, report, values.steps) : printed(report, values.steps));
  if (values.output) writeFileSync(values.output, `${JSON.stringify(report)}\n`);
} catch (error) {
  progress("");
  if (!interrupted.signal.aborted) console.error(error instanceof Error ? error.message : error);
  process.exitCode = interrupted.signal.aborted ? 130 : 1;
}

/** @template {string} T @param {string} option @param {string} text @param {readonly T[]} known @returns {T[]} */
function listed(option, text, known) {
  return text.split(",").map((name) => {
    const found = known.find((each) => each === name);
    if (found) return found;
    throw new RangeError(
      `--${option}: expected some of ${known.join(", ")}, got ${name}. Separate them by commas.`,
    );
  });
}

/** One line that is written over in a terminal, else a line every ten seconds. @param {string} line */
function progress(line) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line.slice(0, process.stderr.columns - 1)}`);
  else if (line && performance.now() - lastLine > 10_000) {
    lastLine = performance.now();
    console.error(line);
  }
}
