import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { VitClassifier } from "./index.ts";

interface Declaration {
  readonly tagName: string;
  readonly attributes: readonly { name: string }[];
  readonly members: readonly { name: string }[];
  readonly events: readonly { name: string }[];
  readonly cssParts: readonly { name: string }[];
  readonly cssProperties: readonly { name: string }[];
}

test("custom-elements.json tells every attribute and event", () => {
  // The analyzer writes below the project only.
  const folder = mkdtempSync("node_modules/.manifest-");
  try {
    const analyzer = "node_modules/@custom-elements-manifest/analyzer/cem.js";
    const options = ["analyze", "--config", "build/elements.mjs", "--outdir", folder, "--quiet"];
    execFileSync(process.execPath, [analyzer, ...options]);
    const { modules } = JSON.parse(readFileSync(path.join(folder, "custom-elements.json"), "utf8"));
    const [element] = modules[0].declarations as Declaration[];
    const names = (list: readonly { name: string }[]) => list.map(({ name }) => name).sort();
    expect(element.tagName).toBe("vit-classifier");
    expect(names(element.attributes)).toEqual([...VitClassifier.observedAttributes, "name"].sort());
    expect(names(element.members)).toEqual(
      expect.arrayContaining(["classify", "crossOrigin", "results", "src", "topK"]),
    );
    expect(names(element.events)).toEqual([
      "abort",
      "error",
      "fallback",
      "load",
      "loadend",
      "loadstart",
      "progress",
      "result",
      "statuschange",
    ]);
    expect(names(element.cssParts)).toContain("bar");
    const document = readFileSync("docs/element.md", "utf8");
    const { attributes, events, cssParts, cssProperties } = element;
    for (const { name } of [...attributes, ...events, ...cssParts, ...cssProperties])
      expect(document).toContain(`\`${name}\``);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
