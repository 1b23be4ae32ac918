/** Sets up what `npm start` and `npm test` need on a bare machine; runs before node_modules exists, so plain Node only. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { canInstall, installChromium, installCompiler, installSoftwareVulkan } from "./apt.mjs";
import { findChromium } from "./chromium.mjs";

export const root = path.resolve(import.meta.dirname, "..");

/** Something is missing that only a person can install: the message names it. */
export class SetupError extends Error {}

/** Installs node_modules if they are missing or differ from package-lock.json. npm's output is printed on stderr. */
export function setUpDependencies() {
  if (dependenciesAreInstalled()) return;
  console.error("vit8: installing dependencies");
  // No package here needs its install script, so none is run.
  const npm = "npm ci --ignore-scripts --no-audit --no-fund --loglevel=error";
  const { status } = spawnSync(npm, { cwd: root, stdio: ["ignore", 2, 2], shell: true });
  if (status !== 0) process.exit(status ?? 1);
}

/** The path of a Chromium, installed through apt where that is possible. */
export function setUpChromium() {
  const remedy = "install chromium or Google Chrome, or set CHROME_PATH to its program";
  ensure("a Chromium for the browser tests", () => findChromium() !== undefined, installChromium, remedy);
  return /** @type {string} */ (findChromium());
}

/** Makes sure that Node finds a WebGPU adapter: the machine's GPU, or else Mesa's software Vulkan driver. */
export function setUpAdapter() {
  const remedy =
    "install a Vulkan driver and its loader (Debian: mesa-vulkan-drivers 23 or newer, and libvulkan1)";
  ensure("a WebGPU adapter for the kernel tests", adapterAnswers, installSoftwareVulkan, remedy);
}

/** Makes sure that there is a C compiler, which the tests of real GPUs' compilers build a Vulkan layer with: on Linux alone. */
export function setUpCompiler() {
  if (process.platform !== "linux") return;
  const answers = () => spawnSync("cc", ["--version"]).status === 0;
  ensure(
    "a C compiler for the tests of GPUs' compilers",
    answers,
    installCompiler,
    "install gcc or clang, and libc's headers",
  );
}

/** @param {string} what @param {() => boolean} present @param {() => void} install @param {string} remedy */
function ensure(what, present, install, remedy) {
  if (present()) return;
  if (canInstall()) {
    console.error(`vit8: installing ${what}`);
    try {
      install();
    } catch (error) {
      console.error(`vit8: ${error instanceof Error ? error.message : error}`);
    }
    if (present()) return;
  }
  throw new SetupError(`There is no ${what.replace(/^an? /, "")}: ${remedy}.`);
}

function dependenciesAreInstalled() {
  const installed = path.join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return false;
  const present = JSON.parse(readFileSync(installed, "utf8")).packages;
  const { "": _, ...locked } = JSON.parse(
    readFileSync(path.join(root, "package-lock.json"), "utf8"),
  ).packages;
  // An optional package may be the binary of another platform, and missing.
  return Object.entries(locked).every(([name, { version, optional }]) =>
    present[name] ? present[name].version === version : optional,
  );
}

/** Checked in a process of its own, because a broken Vulkan driver may crash the process that loads it. */
function adapterAnswers() {
  const ask = `const { create } = await import("webgpu"); process.exit((await create([]).requestAdapter()) ? 0 : 1);`;
  const node = spawnSync(process.execPath, ["--input-type=module", "-e", ask], {
    cwd: root,
    timeout: 60_000,
  });
  return node.status === 0;
}
