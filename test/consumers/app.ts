// Apps as a user of the package has them: each in a folder of its own, with the packed package and its own dependencies.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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

/** Copies the app of this name, installs it and vit8, and puts the bundled model and an image where it serves them. */
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

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

/** A server for what Playwright's routes do not reach, such as a service worker: each file from the first folder that has it. */
export async function serveFolders(...folders: string[]): Promise<{ address: string; close(): void }> {
  const server = createServer(({ url = "/" }, response) => {
    const name = decodeURIComponent(new URL(url, "http://localhost").pathname);
    const file = folders.map((folder) => path.join(folder, name)).find(existsSync);
    if (!file) return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": TYPES[path.extname(file)] ?? "application/octet-stream" });
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://localhost:${port}/`, close: () => server.close() };
}
