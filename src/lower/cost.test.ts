import { beforeAll, describe, expect, test } from "vitest";
import timmVit, { type TimmVitSpec } from "../network/families/timm/vit.ts";
import { networkOf } from "../network/family.ts";
import { fused } from "../network/fused.ts";
import { parametersOf } from "../network/parameters.ts";
import { elementCount } from "../tensor/dtype.ts";
import { type CostGroup, costOf, intensityOf, sumOf } from "./cost.ts";
import { int8Program } from "./int8.ts";

function vit(width: number, heads: number, { pixels = [224, 224], depth = 12 } = {}): TimmVitSpec {
  return {
    ...{ image: { width: pixels[0], height: pixels[1] }, patch: 16, width, depth, heads },
    ...{
      mlpWidth: 4 * width,
      classes: 1000,
      distilled: false,
      qkvBias: true,
      eps: 1e-12,
      activation: "gelu",
    },
  };
}
const vitNetwork = (spec: TimmVitSpec) => networkOf(timmVit, spec);

const blocks = (spec: TimmVitSpec) =>
  costOf(vitNetwork(spec)).operations.filter(({ group }) => group !== "embedding" && group !== "head");

function shareAndIntensity(spec: TimmVitSpec, group: CostGroup) {
  const all = blocks(spec);
  const some = sumOf(all.filter((operation) => operation.group === group));
  const total = sumOf(all);
  const bytes = (some.readBytes + some.writeBytes) / (total.readBytes + total.writeBytes);
  return { share: some.operations / total.operations, bytes, intensity: intensityOf(some) };
}

describe("the method of Kim et al., 2023, table 3", () => {
  test.each<
    [
      string,
      TimmVitSpec,
      number,
      Partial<Record<CostGroup, [share: number, intensity: number]>>,
      number,
      number,
    ]
  >([
    ["DeiT-Ti", vit(192, 3), 2.48, { projections: [28, 129], attention: [14, 78], mlp: [56, 173] }, 38, 85],
    ["ViT-S", vit(384, 6), 9.14, { projections: [31, 194], attention: [8, 78], mlp: [61, 240] }, 32, 133],
    ["ViT-B", vit(768, 12), 35.01, { projections: [32, 260], attention: [4, 78], mlp: [64, 298] }, 24, 195],
    [
      "ViT-B at 384",
      vit(768, 12, { pixels: [384, 384] }),
      110.8,
      { projections: [29, 461], attention: [11, 105], mlp: [59, 595] },
      39,
      226,
    ],
  ])("%s", (_, spec, gops, groups, otherBytes, intensity) => {
    const total = sumOf(blocks(spec));
    expectWithin(total.operations / 1e9, gops, 0.02);
    expectWithin(intensityOf(total), intensity, 0.02);
    for (const [group, [share, groupIntensity]] of Object.entries(groups)) {
      const found = shareAndIntensity(spec, group as CostGroup);
      expectWithin(found.intensity, groupIntensity, 0.02);
      // printed as whole per cent
      expect(Math.abs(100 * found.share - share), group).toBeLessThanOrEqual(0.6);
    }
    expect(Math.abs(100 * shareAndIntensity(spec, "other").bytes - otherBytes)).toBeLessThanOrEqual(0.6);
  });

  test("BERT-base with 512 tokens, which they print", () => {
    // one token and 511 patches, 7 by 73
    const spec = vit(768, 12, { pixels: [7 * 16, 73 * 16] });
    expect(costOf(vitNetwork(spec)).tokens).toBe(512);
    expectWithin(shareAndIntensity(spec, "projections").intensity, 438.9, 0.001);
    expectWithin(shareAndIntensity(spec, "mlp").intensity, 558.5, 0.001);
    expectWithin(shareAndIntensity(spec, "attention").intensity, 101.95, 0.01);
    // non-matrix operations: 0.4% of the operations, 37% of the bytes, 2.7 operations per byte
    const { share, bytes, intensity } = shareAndIntensity(spec, "other");
    expect([share * 100, bytes * 100, intensity].map((value) => value.toPrecision(1))).toEqual([
      "0.4",
      "4e+1",
      "3",
    ]);
    expectWithin(bytes, 0.37, 0.03);
    expectWithin(intensity, 2.7, 0.02);
  });
});

function expectWithin(found: number, expected: number, share: number) {
  expect(Math.abs(found / expected - 1), `${found} for ${expected}`).toBeLessThanOrEqual(share);
}

test("parameters add up to the checkpoint's", () => {
  const spec = vit(192, 3);
  const { operations } = costOf(vitNetwork(spec));
  const parameters = operations.reduce((sum, operation) => sum + operation.parameters, 0);
  // DeiT-Ti as timm has it
  expect(parameters).toBe(5_717_416);
  const distilled = {
    ...spec,
    distilled: true,
    layerScale: true,
    qkvBias: false,
  } as const;
  const tensors = [...parametersOf(vitNetwork(distilled)).values()].reduce(
    (sum, shape) => sum + elementCount(shape),
    0,
  );
  expect(costOf(vitNetwork(distilled)).operations.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(
    tensors,
  );
});

describe("what vit8 moves is what its steps bind", () => {
  // 128 tokens, to which rows are padded in memory
  const spec = vit(192, 3, { pixels: [16, 127 * 16], depth: 3 });
  const program = int8Program(fused(vitNetwork(spec)), { int8Offset: [0, 0, 0] });
  const graph = program.graph(1);
  const weights = new Map<string, number>();
  beforeAll(async () => {
    async function* zeros() {
      for (const [name, shape] of parametersOf(vitNetwork(spec))) {
        const bytes = new Uint8Array(4 * elementCount(shape));
        yield { name, entry: { name, dtype: "F32" as const, shape: [...shape], begin: 0, end: 0 }, bytes };
      }
    }
    for await (const [name, { byteLength }] of program.pack(zeros())) weights.set(name, byteLength);
  });
  const [two, three] = [2, 3].map((depth) => costOf(vitNetwork({ ...spec, depth })).passes);

  test.each(["norm1", "qkv", "attention", "proj", "norm2", "fc1", "fc2"])("%s of a middle block", (name) => {
    const { kernels, buffers, problem } = graph.steps.find(({ label }) => label === `blocks.1.${name}`)!;
    const moved = { read: 0, write: 0 };
    for (const [binding, access] of Object.entries(kernels[0].bindings))
      if (access !== "uniform")
        moved[access as "read"] +=
          graph.tensors.get(buffers[binding])?.byteLength ?? weights.get(buffers[binding])!;
    const [more, less] = [three, two].map((passes) => passes.find((pass) => pass.name === name)!);
    expect(more.readBytes - less.readBytes).toBe(moved.read);
    expect(more.writeBytes - less.writeBytes).toBe(moved.write);
    if (more.macs) expect(more.macs - less.macs).toBe(kernels[0].macs(problem as never));
  });

  test("a layer that is kept in float binds four bytes for each weight, input and output", () => {
    const network = vitNetwork({ ...spec, depth: 1 });
    const passOf = (name: string, float: string[] = []) =>
      costOf(network, float).passes.find((pass) => pass.name === name)!;
    const float = ["query", "key", "value"].map((part) => `blocks.0.${part}`);
    const qkv = passOf("qkv", float);
    expect(qkv.macs).toBe(passOf("qkv").macs);
    expect(qkv.readBytes).toBe(4 * (128 * 192 + 576 * 192 + 576));
    expect(qkv.writeBytes).toBe(4 * 128 * 576);
    expect(passOf("norm1", float).writeBytes).toBe(4 * 128 * 192);
    expect(passOf("fc1", float)).toEqual(passOf("fc1"));
  });

  test("the last block computes one row after K and V", () => {
    const [one] = [costOf(vitNetwork({ ...spec, depth: 1 })).passes];
    const fc1 = one.find(({ name }) => name === "fc1")!;
    expect(fc1.macs).toBe(192 * 768);
    expect(one.find(({ name }) => name === "qkv")!.macs).toBe(128 * 192 * 576);
  });

  test("passes have the names of the steps, in their order", () => {
    const names = graph.steps.map(({ label }) => label.split(".").at(-1));
    expect(three.map(({ name }) => name)).toEqual([...new Set(names)]);
  });
});
