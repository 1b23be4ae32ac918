/** `npm run check:release -- --jobs`: a job killed with SIGKILL at 20 random moments and resumed gives the same bytes as an uninterrupted one. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "../../scripts/setup.mjs";
import { writePictures } from "./pictures.mjs";

const KILLS = 20;
const PICTURES = 600;

const folder = mkdtempSync(path.join(tmpdir(), "vit8-kill-"));
const at = (/** @type {string} */ name) => path.join(folder, name);
try {
  await writePictures(at("pictures"), PICTURES);
  const begin = performance.now();
  if ((await label("whole.jsonl")) !== 3) throw new Error("the undisturbed job failed");
  const wholeMs = performance.now() - begin;
  const whole = readFileSync(at("whole.jsonl"));
  for (let kill = 0; kill < KILLS; kill++) {
    const output = `killed-${kill}.jsonl`;
    const afterMs = Math.random() * wholeMs;
    const code = await label(output, afterMs);
    if (code !== 3 && (await label(output)) !== 3)
      throw new Error(`the job killed after ${afterMs | 0} ms does not resume`);
    if (!readFileSync(at(output)).equals(whole))
      throw new Error(`the job killed after ${afterMs | 0} ms has other rows`);
  }
  console.log(`SIGKILL at ${KILLS} random moments: ${PICTURES} rows each time, the same bytes`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The exit code, or null where it was killed. @param {string} output @param {number} [killAfterMs] @returns {Promise<number | null>} */
function label(output, killAfterMs) {
  const program = path.join(root, "dist", "cli.js");
  const args = [program, "label", at("pictures"), "-o", at(output), "--device", "cpu", "--resume"];
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  return new Promise((resolve) =>
    child.on("exit", (code) => {
      clearTimeout(timer);
      resolve(code);
    }),
  );
}
