// Apps as a user of the package has them: each in a folder of its own, with the packed package and its own dependencies.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");

/** The path of the built package as npm would publish it; `VIT8_TARBALL` names one that is packed already. */
export function packVit8(): string {
  if (process.env.VIT8_TARBALL) return process.env.VIT8_TARBALL;
  const folder = mkdtempSync(path.join(tmpdir(), "vit8-pack-"));
  npm(root, "pack", "--pack-destination", folder);
  return path.join(folder, readdirSync(folder)[0]);
}

/** Copies the app of this name, installs it and vit8, and puts the bundled model and a picture where it serves them. */
export function installApp(name: string, tarball: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `vit8-${name}-`));
  const here = import.meta.dirname;
  cpSync(path.join(here, "main.js"), path.join(folder, "main.js"));
  cpSync(path.join(here, name), folder, { recursive: true });
  npm(folder, "install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", tarball);
  const published = path.join(folder, "public");
  cpSync(path.join(folder, "node_modules/vit8/models"), path.join(published, "models"), { recursive: true });
  cpSync(path.join(root, "demo/classify/samples/pizza.svg"), path.join(published, "pizza.svg"));
  return folder;
}

/** What `npm ARGS` prints in a folder; throws with what it prints of errors. */
export function npm(folder: string, ...args: string[]): string {
  return execFileSync("npm", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
