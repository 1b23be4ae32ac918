/**
 * `npm run bench:page -- [--query QUERY] [--output FILE] [--gpu]`: runs a page of demo/bench in Chromium and writes the JSON
 * that its button saves. QUERY is the page's own, such as `page=model&preset=standard`. Without `--gpu` on Chromium's software GPU.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { openChromium, runToItsEnd, savedJson } from "./in-chromium.mjs";

const { values } = parseArgs({
  options: {
    query: { type: "string", default: "page=kernels&preset=quick" },
    output: { type: "string", short: "o" },
    gpu: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});
if (values.help) {
  console.log(`npm run -s bench:page -- [--query QUERY] [-o FILE] [--gpu]
Runs a page of demo/bench in Chromium and prints the JSON that its button saves.

  --query QUERY      what the page is to run, as in its address; default page=kernels&preset=quick
                     page is kernels, gemm, roofline, model, nonlinear or race; docs/benchmarking.md has the others
  -o, --output FILE  write the JSON to a file instead
  --gpu              on this machine's GPU, not on Chromium's software adapter
  -h, --help         show this text`);
  process.exit(0);
}
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
