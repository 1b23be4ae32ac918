/** `npm run -s vit8 -- ARGS` in a clone: the command line of the sources as they are now, built when they changed. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { root, setUpDependencies } from "./setup.mjs";

const inputs = ["src", "shaders", "assembly", "build", "package-lock.json"];
const dist = path.join(root, "dist");
const program = path.join(dist, "cli.js");

setUpDependencies();
if (isStale()) build();
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

/** Built beside dist and moved there whole, so that two commands started at once do not read half a program. */
function build() {
  const outDir = `${dist}.${process.pid}`;
  const vite = path.join(root, "node_modules", "vite", "bin", "vite.js");
  const args = [vite, "build", "--config", "build/library.ts", "--outDir", outDir, "--logLevel", "warn"];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
  rmSync(dist, { recursive: true, force: true });
  renameSync(outDir, dist);
}
