/** `npm run -s vit8 -- ARGS` in a clone: the command line of the sources as they are now, built when they changed. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { root, setUpDependencies } from "./setup.mjs";

const inputs = ["src", "shaders", "assembly", "build", "package-lock.json"];
const dist = path.join(root, "dist");
const program = path.join(dist, "cli.js");
const lock = `${dist}.lock`;

setUpDependencies();
if (isStale()) whenNoOtherBuilds(() => isStale() && build());
// npm starts scripts in the project's folder and keeps the user's in INIT_CWD: relative paths are the user's.
if (process.cwd() === root && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
process.argv[1] = program;
await import(pathToFileURL(program).href);

function isStale() {
  return (
    !existsSync(program) || inputs.some((name) => newest(path.join(root, name)) > statSync(program).mtimeMs)
  );
}

/** The latest change below a path; the time of a folder itself changes when files are deleted. @param {string} name @returns {number} */
function newest(name) {
  const stats = statSync(name);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(name).map((entry) => newest(path.join(name, entry))));
}

/** Commands started at once would each replace the program under the other. @param {() => unknown} work */
function whenNoOtherBuilds(work) {
  while (!takeLock()) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  try {
    work();
  } finally {
    rmSync(lock);
  }
}

/** False while the process that the file names is at work. */
function takeLock() {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    if (isOwnerGone()) rmSync(lock, { force: true });
    return false;
  }
}

function isOwnerGone() {
  try {
    process.kill(Number(readFileSync(lock, "utf8")), 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH";
  }
}

/** Built beside dist and moved there whole, so that two commands started at once do not read half a program. */
function build() {
  const outDir = `${dist}.${process.pid}`;
  const vite = path.join(root, "node_modules", "vite", "bin", "vite.js");
  const args = [vite, "build", "--config", "build/library.ts", "--outDir", outDir, "--logLevel", "warn"];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) {
    rmSync(lock);
    process.exit(status ?? 1);
  }
  rmSync(dist, { recursive: true, force: true });
  renameSync(outDir, dist);
}
