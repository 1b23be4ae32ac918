import { expect, test } from "vitest";
import { UnsupportedModelError } from "../errors/errors.ts";
import type { Attention } from "../network/op.ts";
import { seeded } from "../testing/cases.ts";
import { attentionMap, qkvReader } from "./attention-map.ts";
import { columnsOf } from "./padding.ts";

const out = { name: "attention", rows: 5, width: 64, parts: 2 };
const qkv = { name: "qkv", rows: 5, width: 192, parts: 6 };
const op: Attention = { kind: "attention", name: "attention", reads: [qkv], out };
const layout = { grid: { width: 2, height: 2 }, before: 1 };
const width = columnsOf(qkv);
const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0);

/** One block in which every query of every head attends to token `key` alone. */
function pointingAt(key: number) {
  return (row: number, column: number) => {
    const part = Math.floor(column / columnsOf(out));
    return part === 0 ? 100 : row === key ? 1 : -1;
  };
}

test("heads and rollout follow attention that points at one token", () => {
  const map = attentionMap(
    [2, 4].map((key) => ({ op, read: pointingAt(key) })),
    layout,
  );
  for (const head of map.heads) expect([...head]).toEqual([0, 0, 0, 1]);
  // (A1 + I)/2 after (A2 + I)/2 from the class token: a quarter stays, a quarter on 2, of the half on 4 half moves to 2.
  expect([...map.rollout]).toEqual([0, 0.5, 0, 0.25]);
});

test("the share of patches and class token is a whole", () => {
  const values = seeded(3).f32(qkv.rows * width, 0.3);
  const read = qkvReader(values.buffer as ArrayBuffer, undefined, width);
  const map = attentionMap(
    [
      { op, read },
      { op, read },
    ],
    layout,
  );
  for (const head of map.heads) expect(sum(head)).toBeGreaterThan(0.5);
  for (const head of map.heads) expect(sum(head)).toBeLessThan(1);
  expect(sum(map.rollout)).toBeLessThan(1);
});

test("int8 Q, K and V are read with the scale of their row and group", () => {
  const values = Int8Array.from({ length: 2 * width }, (_, i) => (i % 255) - 127);
  const scales = Float32Array.from({ length: (2 * width) / 64 }, (_, i) => i + 1);
  const read = qkvReader(values.buffer, scales.buffer, width);
  expect(read(1, 130)).toBe(values[width + 130] * scales[Math.floor((width + 130) / 64)]);
});

test("patches are found before detection tokens, and no class token is no map", () => {
  const blocks = [{ op: { ...op, reads: [{ ...qkv, rows: 8 }] as const }, read: pointingAt(4) }];
  expect([...attentionMap(blocks, layout).heads[0]]).toEqual([0, 0, 0, 1]);
  expect(() => attentionMap(blocks, { ...layout, before: 0 })).toThrow(UnsupportedModelError);
});
