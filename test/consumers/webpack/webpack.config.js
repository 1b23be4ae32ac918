import { cpSync } from "node:fs";
import path from "node:path";

const out = path.resolve("out");
cpSync("public", out, { recursive: true });
cpSync("index.html", path.join(out, "index.html"));

export default {
  mode: "production",
  entry: { bundle: "./main.js", small: "./small.js" },
  output: { path: out },
};
