// Which vit8 this is.

import { readFileSync } from "node:fs";
import path from "node:path";
import { packageRoot } from "./model.ts";

export function version(): string {
  return JSON.parse(readFileSync(path.join(packageRoot(), "package.json"), "utf8")).version;
}
