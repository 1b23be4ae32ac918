// Rules for the text of every shader.

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const shaders = ["shaders", "shaders/lib"].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".wgsl"))
    .map((name) => `${folder}/${name}`),
);
const UP = /for \(var (\w+) = 0u; \1 < (.+?); \1\+\+\)/g;
/** Literals, constants and `override`s, which are constants once a pipeline is made. */
const CONSTANT = /^[\dA-Z_u\s()+*/,]*$/;

test.each(shaders)("%s counts lengths of run time down, so that Dawn adds no guard", (file) => {
  const lengths = [...readFileSync(file, "utf8").matchAll(UP)].map(([, , length]) =>
    length.replace("max(", "("),
  );
  expect(lengths.filter((length) => !CONSTANT.test(length))).toEqual([]);
});
