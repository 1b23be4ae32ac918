/** `npm run check:release`: checks of the package before it is published, in addition to `npm test`. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { root, setUpAdapter, setUpChromium, setUpDependencies } from "./setup.mjs";
import { run, step } from "./steps.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-release-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const chromium = step("Set-up", () => {
  setUpDependencies();
  setUpAdapter();
  return setUpChromium();
});
step("Nothing unused", () => run("knip", ["--no-progress"]));
step("Known vulnerabilities", audit);
const tarball = step("Package", pack);
step("Entries of the package", () => run("publint", ["run", "--strict", tarball]));
step("Types of the package", () => run("attw", [tarball, "--profile", "esm-only", "--format", "ascii"]));
step("Size", () => run(process.execPath, ["scripts/size.mjs"]));
step("API reference", () => run(process.execPath, ["scripts/api.mjs"]));
step("Apps that install it", () =>
  run("playwright", ["test", "-c", "test/consumers/playwright.config.ts", "--reporter=list"], {
    CHROME_PATH: chromium,
    VIT8_TARBALL: tarball,
  }),
);
// Needs Slurm, and takes some minutes.
if (process.argv.includes("--jobs")) {
  step("A job of 10,000 pictures", () => run(process.execPath, ["test/jobs/long.mjs"]));
  step("Jobs that are killed", () => run(process.execPath, ["test/jobs/kill.mjs"]));
  step("Jobs on Slurm", () => run(process.execPath, ["test/jobs/slurm.mjs"]));
}
console.log("\nReady to publish");

/** Not every registry keeps a list of vulnerabilities. */
function audit() {
  const { stdout } = spawnSync("npm", ["audit", "--json"], { cwd: root, encoding: "utf8", shell: true });
  const { metadata, message } = JSON.parse(stdout);
  if (!metadata) return console.log(`Left out: the registry gives no answer (${message})`);
  const { total } = metadata.vulnerabilities;
  console.log(`${total} in ${metadata.dependencies.total} packages`);
  if (total > 0) run("npm", ["audit"]);
}

/** The package as npm would publish it. */
function pack() {
  run("npm", ["pack", "--loglevel=error", "--pack-destination", folder]);
  return path.join(folder, readdirSync(folder)[0]);
}
