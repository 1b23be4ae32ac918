import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { transformWithOxc } from "vite";
import { keeping } from "../kept.ts";

const source = path.resolve(import.meta.dirname, "../../demo/service-worker.ts");

/** The demo's service worker for the docs in `folder`: it keeps every file that they need. */
export async function writeServiceWorker(folder: string): Promise<void> {
  const { code } = await transformWithOxc(readFileSync(source, "utf8"), source);
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(path.join(folder, name)).isFile())
    .map((name) => name.replaceAll(path.sep, "/"))
    .filter((name) => name !== "service-worker.js")
    .sort();
  const kept = names.map((name) => ({ name, content: readFileSync(path.join(folder, name)) }));
  const script = keeping(code.replace(/export \{\};\n?/, ""), "vit8docs-", kept);
  writeFileSync(path.join(folder, "service-worker.js"), script);
}
