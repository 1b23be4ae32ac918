import { expect, test } from "vitest";
import { actionOf, type ChipKey, labelsOf, splitPasted } from "./chips.ts";

const press = (key: string, value: string, at = value.length, over: Partial<ChipKey> = {}) =>
  actionOf({ key, index: 1, count: 3, value, selectionStart: at, selectionEnd: at, ...over });

test("Enter adds a class behind this one", () => {
  expect(press("Enter", "cat")).toEqual({ kind: "add", index: 2, caret: "end" });
});

test("Backspace removes an empty class, and leaves the last one and any text", () => {
  expect(press("Backspace", "")).toEqual({ kind: "remove", index: 0, caret: "end" });
  expect(press("Backspace", "", 0, { index: 0 })).toEqual({ kind: "remove", index: 0, caret: "end" });
  expect(press("Backspace", "c")).toBeUndefined();
  expect(press("Backspace", "", 0, { index: 0, count: 1 })).toBeUndefined();
});

test("arrows leave a field at its ends, and the list nowhere", () => {
  expect(press("ArrowLeft", "cat", 0)).toEqual({ kind: "move", index: 0, caret: "end" });
  expect(press("ArrowLeft", "cat", 1)).toBeUndefined();
  expect(press("ArrowRight", "cat", 3)).toEqual({ kind: "move", index: 2, caret: "start" });
  expect(press("ArrowRight", "cat", 2)).toBeUndefined();
  expect(press("ArrowRight", "cat", 3, { selectionStart: 0 })).toBeUndefined(); // it ends a selection
  expect(press("ArrowUp", "cat", 1)).toMatchObject({ index: 0 });
  expect(press("ArrowDown", "cat", 1)).toMatchObject({ index: 2 });
  expect(press("ArrowDown", "cat", 3, { index: 2 })).toBeUndefined();
  expect(press("ArrowUp", "cat", 0, { index: 0 })).toBeUndefined();
});

test("each class counts once, and an empty one not at all", () => {
  expect(labelsOf(["cat", " cat ", "", "dog", "  "])).toEqual(["cat", "dog"]);
});

test("a pasted list becomes classes, by lines or else by commas", () => {
  expect(splitPasted("cat\r\ndog, wet\n\n")).toEqual(["cat", "dog, wet"]);
  expect(splitPasted("cat, dog,")).toEqual(["cat", "dog"]);
  expect(splitPasted("a cat")).toBeUndefined();
});
