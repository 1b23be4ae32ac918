/** docs/errors.md has a section and a code for every error that vit8 throws on purpose. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as errors from "../../src/errors/errors.ts";

test("every class has a section, and every section a class", () => {
  const sections = [...readFileSync("docs/errors.md", "utf8").matchAll(/^## `?(\w+Error)`?$/gm)];
  expect(sections.map(([, name]) => name).sort()).toEqual(Object.keys(errors).sort());
});

test("the table has the code of every class", () => {
  const rows = [...readFileSync("docs/errors.md", "utf8").matchAll(/^\| `([A-Z\d_]+)` \| \[`(\w+)`\]/gm)];
  const classes = Object.entries(errors) as [string, typeof errors.Vit8Error][];
  expect(Object.fromEntries(rows.map(([, code, name]) => [name, code]))).toEqual(
    Object.fromEntries(classes.map(([name, type]) => [name, new type("words").code])),
  );
});
