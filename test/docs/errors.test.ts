/** docs/errors.md has a section for every error that vit8 throws on purpose. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as errors from "../../src/errors/errors.ts";

test("every class has a section, and every section a class", () => {
  const sections = [...readFileSync("docs/errors.md", "utf8").matchAll(/^## `?(\w+Error)`?$/gm)];
  expect(sections.map(([, name]) => name).sort()).toEqual(Object.keys(errors).sort());
});
