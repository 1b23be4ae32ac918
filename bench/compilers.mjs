/** `npm run -s bench:compilers`: what the compilers of real GPUs make of every kernel, on a machine that has none of them. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runnerImport } from "vite";
import { readOptions } from "../scripts/options.mjs";
import { root, setUpDependencies } from "../scripts/setup.mjs";

setUpDependencies();
const values = readOptions(
  `npm run -s bench:compilers -- [options]
Compiles the kernels with the compilers of AMD's and Intel's drivers, without their GPUs, and prints what they make of them.
Times are predicted from counts, not measured. docs/gpu-compilers.md explains the tables.

  --gpu LIST       navi21, navi31, gfx1201, vega20, tgl, dg2, mtl, lnl; default all
  --model LIST     ti, s, b, l; default ti,s,b
  --batch LIST     images in one submit; default 1,8,32
  --program LIST   int8, half, float32, ibert, ivit, cases; default int8,float32,ibert
  --kernel PART    only kernels whose name contains PART
  --chosen         only the variants that an adapter uses before it has measured any
  --matrix-units   also int8 matrices, which browsers offer behind a flag
  --steps          the predicted time of every step
  --against FILE   the changes since FILE, an earlier result of -o
  -o, --output FILE  write the result as JSON
  -h, --help       show this text`,
  {
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
);
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
