// Packed 4-bit weights load as the int8 tensors that they encode, and never as anything else.

import { expect, test } from "vitest";
import { ModelFormatError } from "../errors/errors.ts";
import { openFilesFolder } from "./files-folder.ts";
import { openUnpacked, pack, packMultiples, type UnpackingOptions, unpackedEntries } from "./packed.ts";
import { type StoredTensor, writeSafetensors } from "./safetensors.ts";
import type { Wanted } from "./safetensors-stream.ts";
import { listWeights } from "./weights.ts";

const [OUT, INPUTS, GROUP] = [3, 64, 16];
const levels = Int8Array.from({ length: OUT * INPUTS }, (_, i) => (i % 16) - 8);
const factors = Uint8Array.from({ length: (OUT * INPUTS) / GROUP }, (_, i) => 16 - (i % 16));
const products = levels.map((level, i) => level * factors[Math.floor(i / GROUP)]);

const packed: StoredTensor = {
  name: "a.weight_packed",
  dtype: "I32",
  shape: [OUT, INPUTS / 8],
  bytes: pack(levels),
};
const shape: StoredTensor = {
  name: "a.weight_shape",
  dtype: "I64",
  shape: [2],
  bytes: new Uint8Array(new BigInt64Array([3n, 64n]).buffer),
};
const multiples: StoredTensor = {
  name: "a.weight_multiples",
  dtype: "U8",
  shape: [OUT, INPUTS / GROUP / 2],
  bytes: packMultiples(factors),
};
const other: StoredTensor = { name: "b", dtype: "U8", shape: [2], bytes: Uint8Array.of(5, 6) };

const folderOf = (...tensors: StoredTensor[]) =>
  openFilesFolder({ "model.safetensors": Buffer.concat(writeSafetensors(tensors)) });

async function loaded(tensors: StoredTensor[], options?: UnpackingOptions, wanted?: Wanted) {
  const came = new Map<string, number[]>();
  const weights = await openUnpacked(folderOf(...tensors), options);
  for await (const { entry, bytes } of weights.tensors(wanted)) {
    expect(bytes.length).toBe(entry.shape.reduce((a, b) => a * b));
    came.set(entry.name, [...(entry.dtype === "I8" ? new Int8Array(bytes) : bytes)]);
  }
  return came;
}

test("levels times the multiples of their groups, whichever comes first", async () => {
  for (const tensors of [
    [multiples, other, packed, shape],
    [shape, packed, other, multiples],
  ]) {
    const came = await loaded(tensors, { groupSize: GROUP });
    expect(came.get("a.weight")).toEqual([...products]);
    expect([...came.keys()].sort()).toEqual(["a.weight", "b"]);
  }
  // both ends of int8 are reached, and nothing beyond
  expect([Math.min(...products), Math.max(...products)]).toEqual([-128, 112]);
});

test("without multiples the levels alone; what is not wanted does not come", async () => {
  expect((await loaded([packed, shape])).get("a.weight")).toEqual([...levels]);
  const came = await loaded([multiples, packed, other], {}, ({ name }) => name === "b");
  expect([...came.keys()]).toEqual(["b"]);
  const { entries } = await openUnpacked(folderOf(multiples, packed, other));
  expect(entries.map(({ name, dtype }) => `${name} ${dtype}`)).toEqual(["a.weight I8", "b U8"]);
  expect(
    unpackedEntries(await listWeights(folderOf(multiples, packed, other))).map(({ name }) => name),
  ).toEqual(["a.weight", "b"]);
});

test.each<[string, Partial<StoredTensor> | undefined, number | undefined]>([
  ["groups of another size than config.json says", {}, 32],
  ["no multiples where config.json says groups", undefined, GROUP],
  ["multiples of another type", { dtype: "I8" }, undefined],
  ["multiples of fewer channels", { shape: [2, 3] }, undefined],
  ["groups that do not divide the inputs", { shape: [3, 3], bytes: new Uint8Array(9) }, undefined],
  ["no groups at all", { shape: [3, 0], bytes: new Uint8Array() }, undefined],
])("%s are refused", async (_, change, groupSize) => {
  const coming = loaded([packed, ...(change ? [{ ...multiples, ...change }] : [])], { groupSize });
  await expect(coming).rejects.toThrow(ModelFormatError);
  await expect(coming).rejects.toThrow(/a\.weight_multiples: expected U8 \[3, /);
});
