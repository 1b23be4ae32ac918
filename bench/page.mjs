/** `npm run bench:page`: runs a page of demo/bench in Chromium and writes the JSON that its button saves. */
import { writeFileSync } from "node:fs";
import { readOptions } from "../scripts/options.mjs";
import { openChromium, runToItsEnd, savedJson } from "./in-chromium.mjs";

const values = readOptions(
  `npm run -s bench:page -- [options]
Runs a page of demo/bench in Chromium and prints the JSON that its button saves.

  --query QUERY      what the page is to run, as in its address; default page=kernels&preset=quick
                     page is kernels, gemm, roofline, model, nonlinear or race; docs/benchmarking.md has the others
  -o, --output FILE  write the JSON to a file instead
  --gpu              on this machine's GPU, not on Chromium's software adapter
  -h, --help         show this text`,
  {
    query: { type: "string", default: "page=kernels&preset=quick" },
    output: { type: "string", short: "o" },
    gpu: { type: "boolean" },
  },
);
const chromium = await openChromium({ gpu: values.gpu });
try {
  const page = await chromium.open(`demo/bench/?${values.query}`);
  await runToItsEnd(page);
  const json = await savedJson(page);
  if (values.output) writeFileSync(values.output, json);
  else process.stdout.write(json);
} finally {
  await chromium.close();
}
