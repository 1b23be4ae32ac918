/** The steps of `npm test` and `npm run check:release`: each prints its name and its time, and a failure ends all. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { root } from "./setup.mjs";

/** @template T @param {string} name @param {() => T} work */
export function step(name, work) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const result = work();
  console.log(`== ${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

/** Runs a program of node_modules, or by its path; its failure is ours. @param {string} program @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
export function run(program, args, env) {
  const bin = path.join(root, "node_modules", ".bin");
  const paths = `${bin}${path.delimiter}${process.env.PATH}`;
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env, PATH: paths },
    shell: process.platform === "win32",
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
