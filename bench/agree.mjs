/** `npm run -s bench:agree`: whether the page in Chromium and `vit8 bench` in Node measure the same times on one adapter. */
import { spawn } from "node:child_process";
import path from "node:path";
import { text } from "node:stream/consumers";
import { runnerImport } from "vite";
import { findChromium, findSwiftShader } from "../scripts/chromium.mjs";
import { readOptions } from "../scripts/options.mjs";
import { root } from "../scripts/setup.mjs";
import { openChromium, runToItsEnd, savedJson } from "./in-chromium.mjs";

/** @typedef {import("../src/bench/agree.ts").RunsAgree} RunsAgree */
/** @typedef {import("../src/bench/kernels.ts").KernelRow} KernelRow */
/** @typedef {import("../src/bench/models.ts").ModelRow} ModelRow */

const values = readOptions(
  `npm run -s bench:agree -- [options]
Whether the benchmark page in Chromium and vit8 bench in Node measure the same times on one adapter, Chromium's SwiftShader.
Runs alternate between the two.

  --rounds N       runs of each; default 3
  --kernel PART    only kernels whose name contains PART
  --json           print JSON
  -h, --help       show this text`,
  {
    rounds: { type: "string", default: "3" },
    kernel: { type: "string", default: "" },
    json: { type: "boolean" },
  },
);
const { module: agree } = /** @type {{ module: typeof import("../src/bench/agree.ts") }} */ (
  await runnerImport(path.join(root, "src/bench/agree.ts"))
);
const driver = findSwiftShader(findChromium() ?? "");
const environment = { ...process.env, VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver };

const [pages, commands] = [[], []].map((none) => /** @type {Map<string, readonly number[]>[]} */ (none));
process.on("SIGINT", () => process.exit(130));
for (let round = 1; round <= Number(values.rounds); round++) {
  pages.push(samplesOf(await onPage()));
  commands.push(samplesOf(await onCommandLine()));
  console.error(`${round} of ${values.rounds} rounds: ${summaryOf(agree.agreementOfRuns(pages, commands))}`);
}
const result = agree.agreementOfRuns(pages, commands);
console.log(values.json ? JSON.stringify(result, null, 2) : tableOf(result));

/** @returns {Promise<(KernelRow | ModelRow)[]>} */
async function onPage() {
  const chromium = await openChromium();
  try {
    const queries = [
      `page=kernels&kernel=${values.kernel}`,
      ...(values.kernel ? [] : ["page=model&batch=1&device=webgpu"]),
    ];
    const rows = [];
    for (const query of queries) {
      const page = await chromium.open(`demo/bench/?${query}`);
      await runToItsEnd(page);
      rows.push(...JSON.parse(await savedJson(page)).rows);
      await page.close();
    }
    return rows;
  } finally {
    await chromium.close();
  }
}

/**
 * In a session of its own, as Chromium is started: Linux shares a busy machine among sessions (sched(7), autogroup).
 * @returns {Promise<(KernelRow | ModelRow)[]>}
 */
async function onCommandLine() {
  const only = values.kernel ? ["--kernel", values.kernel] : [];
  const child = spawn(process.execPath, ["scripts/vit8.mjs", "bench", "--quick", "--json", ...only], {
    cwd: root,
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  process.once("exit", () => child.kill());
  const { kernels, models } = JSON.parse(await text(child.stdout));
  return [...kernels, ...models];
}

/** @param {(KernelRow | ModelRow)[]} rows */
function samplesOf(rows) {
  return new Map(
    rows.flatMap((row) => (row.ms ? [/** @type {const} */ ([nameOf(row), row.ms.samples])] : [])),
  );
}

/** @param {KernelRow | ModelRow} row */
function nameOf(row) {
  return "kernel" in row
    ? `${row.kernel} ${row.variant}, ${row.step}`
    : `model ${row.model}, batch ${row.batch}`;
}

/** @param {RunsAgree} result */
function tableOf(result) {
  const cells = result.rows.map(({ name, first, second, ratio, overlap }) =>
    [name, ...[first, second].flatMap(spreadCells), ratio.toFixed(3), overlap ? "yes" : "no"].join(" | "),
  );
  return [
    "| row | page, ms | p10-p90 | command, ms | p10-p90 | ratio | overlap |",
    "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ...cells.map((line) => `| ${line} |`),
    "",
    summaryOf(result),
  ].join("\n");
}

/** @param {RunsAgree} result */
function summaryOf({ rows, overlapping, ratio }) {
  const [middle, low, high] = [ratio.ratio, ratio.low, ratio.high].map((value) => value.toFixed(3));
  const count = rows.filter(({ overlap }) => overlap).length;
  const share = (100 * overlapping).toFixed(0);
  return `${count} of ${rows.length} rows overlap (${share}%); median ratio page / command ${middle}, 95% between ${low} and ${high}`;
}

/** @param {import("../src/bench/statistics.ts").Spread} spread */
function spreadCells({ median, p10, p90 }) {
  return [median, [p10, p90]].map((value) =>
    [value]
      .flat()
      .map((ms) => ms.toPrecision(3))
      .join("-"),
  );
}
