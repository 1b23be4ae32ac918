import { expect, test } from "vitest";
import { PictureError } from "./errors.ts";
import { inLine, visible } from "./visible.ts";

test.each([
  ["ESC, BEL, CR and NUL", "\x1b[2J\x07a\rb\0", "\\x1b[2J\\x07a\\x0db\\x00"],
  ["C1 and DEL", "\x9b31m\x85\x7f", "\\x9b31m\\x85\\x7f"],
  ["overrides of the direction", "a\u202egnp.\u2066b\u2069", "a\\u202egnp.\\u2066b\\u2069"],
  ["half a letter", "\ud83d a", "\\ud83d a"],
  ["line and paragraph separators", "a\u2028b\u2029", "a\\u2028b\\u2029"],
])("%s are shown by their numbers", (_, text, shown) => expect(visible(text)).toBe(shown));

test("letters of all kinds stay, and lines where they may", () => {
  const text = "naïve 猫 🐈 חתול \u200f é\n\t|";
  expect(visible(text)).toBe(text);
  expect(inLine("a\nb\tc")).toBe("a\\nb\\tc");
});

test("an error's message has no control signs, wherever they came from", () => {
  expect(new PictureError("\x1b]0;x\x07.png: \u202e").message).toBe("\\x1b]0;x\\x07.png: \\u202e");
});
