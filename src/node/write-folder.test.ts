import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeFolder } from "./write-folder.ts";

let place = "";
beforeEach(() => {
  place = mkdtempSync(path.join(tmpdir(), "vit8-write-"));
});
afterEach(() => rmSync(place, { recursive: true }));

const text = (...pieces: string[]) => pieces.map((piece) => new TextEncoder().encode(piece));

test("writes files from their pieces, with the folders above them", async () => {
  const target = path.join(place, "models", "new");
  await writeFolder(target, new Map([["a", text("one ", "two")]]));
  expect(readFileSync(path.join(target, "a"), "utf8")).toBe("one two");
  expect(readdirSync(path.join(place, "models"))).toEqual(["new"]);
});

test("an abort or a failed write leaves what was there, and nothing else", async () => {
  const target = path.join(place, "old");
  mkdirSync(target);
  writeFileSync(path.join(target, "a"), "mine");
  const files = new Map([["a", text("new")]]);
  await expect(writeFolder(target, files, AbortSignal.abort())).rejects.toThrow(/abort/i);
  await expect(writeFolder(target, files.set("b/c", text("")))).rejects.toThrow(/ENOENT/);
  expect(readdirSync(place)).toEqual(["old"]);
  expect(readFileSync(path.join(target, "a"), "utf8")).toBe("mine");
});
