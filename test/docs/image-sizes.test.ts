// The sizes of images that the documents state are those that the code accepts.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkPictureSize } from "../../src/image/picture.ts";
import { MAX_BYTES } from "../../src/node/picture.ts";

const WORDS = /2\sto\s65,535\spixels\son\seach\sside\sand\sat\smost\s100\smegapixels/;

test.each([
  [2, 2],
  [65_535, 2],
  [10_000, 10_000],
])("%i x %i pixels are accepted", (width, height) => checkPictureSize("image", width, height));

test.each([
  [1, 1],
  [1, 100],
  [65_536, 2],
  [10_000, 10_001],
])("%i x %i pixels are refused", (width, height) => {
  expect(() => checkPictureSize("image", width, height)).toThrow(/^image: expected/);
});

test.each(["docs/guide.md", "docs/cli.md", "docs/element.md", "src/classifier/api.ts"])("%s", (file) => {
  expect(readFileSync(file, "utf8")).toMatch(WORDS);
});

test.each(["docs/guide.md", "docs/cli.md"])("%s states the size of a file in Node", (file) => {
  expect(MAX_BYTES).toBe(2 ** 30);
  expect(readFileSync(file, "utf8")).toContain("at most 1 GiB");
});
