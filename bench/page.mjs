/**
 * `npm run bench:page -- [--query QUERY] [--output FILE] [--gpu]`: runs a page of demo/bench in Chromium and writes the JSON
 * that its button saves. QUERY is the page's own, such as `page=model&preset=standard`. Without `--gpu` on Chromium's software GPU.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { openBenchPages } from "./in-chromium.mjs";

const { values } = parseArgs({
  options: {
    query: { type: "string", default: "page=kernels&preset=quick" },
    output: { type: "string", short: "o" },
    gpu: { type: "boolean" },
  },
});
const pages = await openBenchPages({ gpu: values.gpu });
const json = await pages.measured(values.query).finally(() => pages.close());
if (values.output) writeFileSync(values.output, json);
else process.stdout.write(json);
