// A forward pass as its family writes it, and what the rewrites make of it.

import { describe, expect, test } from "vitest";
import { Builder } from "./builder.ts";
import timmVit, { type TimmVitSpec } from "./families/timm/vit.ts";
import { networkOf } from "./family.ts";
import { fused } from "./fused.ts";
import type { FusedOp, Linear, Network, Value } from "./op.ts";

const TINY: TimmVitSpec = {
  ...{ image: { width: 32, height: 16 }, patch: 8, width: 64, depth: 2, heads: 2, mlpWidth: 96 },
  ...{ classes: 5, distilled: false, qkvBias: true, layerScale: false, eps: 1e-6, activation: "gelu" },
};
const DISTILLED = { ...TINY, distilled: true };
const vit = (spec: TimmVitSpec) => networkOf(timmVit, spec);
const labelsOf = ({ ops }: Network) => ops.map(({ name }) => name);
const find = (network: Network<FusedOp>, name: string) => network.ops.find((op) => op.name === name)!;

test("a block is seven operations that a pass can do, and the rest three", () => {
  const { ops } = fused(vit(TINY));
  expect(labelsOf({ ops, outputs: {} })).toEqual([
    "patches",
    "patch",
    ...[0, 1].flatMap((i) =>
      ["norm1", "qkv", "attention", "proj", "norm2", "fc1", "fc2"].map((name) => `blocks.${i}.${name}`),
    ),
    "norm",
    "head",
  ]);
});

describe("only rows that an answer reads are computed", () => {
  const rows = (spec: TimmVitSpec) =>
    Object.fromEntries(fused(vit(spec)).ops.map(({ name, out }) => [name, out.rows]));

  test("behind the last K and V the class token's", () => {
    const made = rows(TINY);
    expect([made["blocks.0.fc2"], made["blocks.1.norm1"], made["blocks.1.qkv"]]).toEqual([9, 9, 9]);
    const last = ["attention", "proj", "norm2", "fc1", "fc2"].map((name) => made[`blocks.1.${name}`]);
    expect([...last, made.norm, made.head]).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });

  test("with two tokens both, for two heads or for the mean of the tokens", () => {
    expect([rows(DISTILLED)["blocks.1.fc2"], rows(DISTILLED).head]).toEqual([2, 1]);
    expect(rows({ ...DISTILLED, classes: 0 }).norm).toBe(2);
  });
});

test("two heads are one product of both rows, each worth a half", () => {
  const head = find(fused(vit(DISTILLED)), "head") as Linear;
  expect(head.joined).toBe(2);
  expect(head.sources.map(({ stem, firstColumn }) => [stem, firstColumn])).toEqual([
    ["head", 0],
    ["head_distillation", 64],
  ]);
});

test("layer scale and the stream go with the product before them", () => {
  const { scale, reads, out } = find(fused(vit({ ...TINY, layerScale: true })), "blocks.0.fc2") as Linear;
  expect([scale, reads[1].name, out.name]).toEqual(["blocks.0.scale2", "blocks.0.middle", "blocks.0.x"]);
});

test("an operation that no pass computes is refused by name", () => {
  const net = new Builder();
  const x = net.linear("patch", net.patches({ width: 16, height: 16, patch: 8 }), { out: 64 });
  const both = net.mean("both", x, net.norm("norm", x, 1e-6));
  expect(() => fused(net.network({ embedding: net.row(both, 0) }))).toThrow(/^both: .* got an unfused mean/);
});

describe("learnt rows and positions are one table", () => {
  const segmentsOf = (write: (net: Builder, patches: Value) => Value) => {
    const net = new Builder();
    const patches = net.linear("patch", net.patches({ width: 16, height: 16, patch: 8 }), { out: 64 });
    const network = fused(net.network({ embedding: net.pool("mean", write(net, patches)) }));
    expect(network.ops.map(({ kind }) => kind)).toEqual(["patches", "linear", "pool"]);
    const { table, reads } = network.ops[1] as Linear;
    const [from] = network.ops.filter((op) => op.kind === "patches");
    return { segments: table!.segments, first: from.first, rows: reads[0].rows };
  };
  const added = (table: string, first: number) => ({ table, first, antialias: false });

  test("of registers behind the class token that have no positions", () => {
    const { segments, first, rows } = segmentsOf((net, patches) => {
      const x = net.table("positions", net.tokens(["class_token"], patches), { as: "x" });
      return net.tokens([{ name: "registers", rows: 3 }], x, { at: 1 });
    });
    expect(segments).toEqual([
      { rows: 1, learnt: "class_token", added: [added("positions", 0)] },
      { rows: 3, learnt: "registers", added: [] },
      { rows: 4, added: [added("positions", 1)] },
    ]);
    expect([first, rows]).toEqual([4, 8]);
  });

  test("of positions of the patches alone, and of rows at the end", () => {
    const { segments, first, rows } = segmentsOf((net, patches) => {
      const x = net.tokens([{ name: "detection", rows: 2 }], patches, { at: 4 });
      return net.table("positions", net.tokens(["class_token"], x), { as: "x", first: 1, count: 4 });
    });
    expect(segments).toEqual([
      { rows: 1, learnt: "class_token", added: [] },
      { rows: 4, added: [added("positions", 0)] },
      { rows: 2, learnt: "detection", added: [] },
    ]);
    expect([first, rows]).toEqual([1, 7]);
  });

  test("of none is the bias alone", () => {
    expect(segmentsOf((_, patches) => patches).segments).toEqual([{ rows: 4, added: [] }]);
  });
});

test("of a mean all rows are computed, and the first row by itself is an operation", () => {
  const net = new Builder();
  const patches = net.linear("patch", net.patches({ width: 16, height: 16, patch: 8 }), { out: 64 });
  const x = net.norm("norm", net.tokens(["class_token"], patches), 1e-6);
  const both = net.concat("both", net.row(x, 0), net.pool("mean", x, { first: 1 }));
  const { ops } = fused(
    net.network({ embedding: net.row(x, 0), logits: net.linear("head", both, { out: 5 }) }),
  );
  expect(ops.map(({ kind, out }) => `${kind} ${out.rows}`)).toEqual([
    ...["patches 5", "linear 5", "norm 5", "gather 1", "pool 1", "concat 1", "linear 1"],
  ]);
});
