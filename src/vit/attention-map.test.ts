import { expect, test } from "vitest";
import type { VitArchitecture } from "../format/config.ts";
import { seeded } from "../testing/cases.ts";
import { attentionMap, qkvReader } from "./attention-map.ts";
import type { VitShape } from "./shape.ts";

const architecture = { heads: 2, headDim: 32, prefixTokens: 1, depth: 2 } as VitArchitecture;
const shape = { tokens: 5, headStride: 64, attentionWidth: 128 } as VitShape;
const grid = { width: 2, height: 2 };
const width = 3 * shape.attentionWidth;
const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0);

/** One block in which every query of every head attends to token `key` alone. */
function pointingAt(key: number) {
  return (row: number, column: number) => {
    const part = Math.floor(column / shape.attentionWidth);
    return part === 0 ? 100 : row === key ? 1 : -1;
  };
}

test("heads and rollout follow attention that points at one token", () => {
  const map = attentionMap(architecture, shape, [pointingAt(2), pointingAt(4)], grid);
  for (const head of map.heads) expect([...head]).toEqual([0, 0, 0, 1]);
  // (A1 + I)/2 after (A2 + I)/2 from the class token: a quarter stays, a quarter on 2, of the half on 4 half moves to 2.
  expect([...map.rollout]).toEqual([0, 0.5, 0, 0.25]);
});

test("the share of patches and class token is a whole", () => {
  const qkv = seeded(3).f32(shape.tokens * width, 0.3);
  const read = qkvReader(qkv.buffer as ArrayBuffer, undefined, width);
  const map = attentionMap(architecture, shape, [read, read], grid);
  for (const head of map.heads) expect(sum(head)).toBeGreaterThan(0.5);
  for (const head of map.heads) expect(sum(head)).toBeLessThan(1);
  expect(sum(map.rollout)).toBeLessThan(1);
});

test("int8 Q, K and V are read with the scale of their row and group", () => {
  const qkv = Int8Array.from({ length: 2 * width }, (_, i) => (i % 255) - 127);
  const scales = Float32Array.from({ length: (2 * width) / 64 }, (_, i) => i + 1);
  const read = qkvReader(qkv.buffer, scales.buffer, width);
  expect(read(1, 130)).toBe(qkv[width + 130] * scales[Math.floor((width + 130) / 64)]);
});
