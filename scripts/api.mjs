/** `npm run build:api`: the API reference from docstrings, into `site/api`; a broken link in them is an error. */
import { existsSync } from "node:fs";
import path from "node:path";
import { root } from "./setup.mjs";
import { run } from "./steps.mjs";

// A folder with its own dependencies: typedoc needs an older TypeScript than the project has.
const folder = path.join(root, "docs/api");
const program = path.join(folder, "node_modules/typedoc/bin/typedoc");
if (!existsSync(program)) run("npm", ["ci", "--prefix", folder, "--ignore-scripts", "--loglevel=error"]);
run(process.execPath, [program, "--options", path.join(folder, "typedoc.json")]);
