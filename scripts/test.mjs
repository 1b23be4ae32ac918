/** `npm test`: sets up, then format, lint, types, layers, unit, kernel, wgpu and browser tests; the first failure stops it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findSwiftShader } from "./chromium.mjs";
import { root, SetupError, setUpAdapter, setUpChromium, setUpCompiler, setUpDependencies } from "./setup.mjs";
import { run, step } from "./steps.mjs";

const reports = mkdtempSync(path.join(tmpdir(), "vit8-test-"));
process.on("exit", () => rmSync(reports, { recursive: true, force: true }));

try {
  testAll();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`vit8: ${error.message}`);
  process.exit(1);
}

function testAll() {
  const chromium = step("Set-up", () => {
    setUpDependencies();
    setUpAdapter();
    setUpCompiler();
    return setUpChromium();
  });
  step("Format and lint", () => run("biome", ["ci", "."]));
  step("Types", () => run("tsc", []));
  let passed = step("Layers, unit and kernel tests", () => vitest("unit", []));
  const swiftShader = findSwiftShader(chromium);
  if (swiftShader) {
    const env = { VK_DRIVER_FILES: swiftShader, VK_ICD_FILENAMES: swiftShader };
    passed += step("Kernel tests on SwiftShader", () =>
      vitest("swiftshader", ["src/kernels", "integer-only"], env),
    );
  } else
    console.log("\nKernel tests on SwiftShader: left out, this Chromium brings no Vulkan driver for Node");
  step("Kernels and a model on wgpu", () => run(process.execPath, ["scripts/wgpu.mjs"]));
  passed += step("Browser tests", () => playwright(chromium));
  if (existsSync(path.join(root, "src/index.ts")))
    step("Size", () => run(process.execPath, ["scripts/size.mjs"]));
  console.log(`\n${passed} passed, 0 failed`);
}

/** @param {string} report @param {string[]} filters @param {NodeJS.ProcessEnv} [env] */
function vitest(report, filters, env) {
  const file = path.join(reports, `${report}.json`);
  run("vitest", ["run", "--reporter=default", "--reporter=json", `--outputFile=${file}`, ...filters], env);
  return readReport(file).numPassedTests;
}

/** @param {string} chromium */
function playwright(chromium) {
  const file = path.join(reports, "browser.json");
  const env = { CHROME_PATH: chromium, PLAYWRIGHT_JSON_OUTPUT_NAME: file };
  run("playwright", ["test", "--reporter=list,json"], env);
  return readReport(file).stats.expected;
}

/** @param {string} file */
function readReport(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}
