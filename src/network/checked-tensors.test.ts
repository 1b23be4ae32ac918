import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ModelFormatError, UnsupportedModelError } from "../errors/errors.ts";
import { parseSafetensorsHeader, type TensorEntry } from "../format/safetensors.ts";
import { checkTensors } from "./checked-tensors.ts";
import timmVit, { type TimmVitSpec } from "./families/timm/vit.ts";
import vit from "./families/vit.ts";
import { networkOf } from "./family.ts";
import { modelOf, readModel } from "./model.ts";
import { Names } from "./names.ts";
import { parametersOf } from "./parameters.ts";
import { fittedTables, storedGrid } from "./tables.ts";
import type { Needs } from "./used-tensors.ts";

const CONFIG = {
  architectures: ["ViTForImageClassification"],
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 96,
  image_size: [32, 48],
  patch_size: 8,
  id2label: { "0": "a", "1": "b", "2": "c" },
};
const TINY = modelOf(vit, CONFIG, { size: { height: 32, width: 48 } });
const timmName = (name: string) => TINY.names.stored(name);
const expectedTensors = ({ network }: Needs) => parametersOf(network);

type Files = Map<string, { dtype: TensorEntry["dtype"]; shape: number[] }>;

/** A file with every tensor that the architecture needs, in float. */
function fileFor(model: Needs): Files {
  return new Map(
    [...expectedTensors(model)].map(([name, shape]) => [timmName(name), { dtype: "F32", shape: [...shape] }]),
  );
}

async function check(model: Needs, files: Files) {
  const { tensors } = await checkTensors(
    model,
    [...files].map(([name, tensor]) => ({ name, ...tensor, begin: 0, end: 0 })),
  );
  return tensors;
}

test("a head of other classes than config.json has says how to mend it", async () => {
  const files = fileFor(TINY).set(timmName("head.weight"), { dtype: "F32", shape: [7, 64] });
  await expect(check(TINY, files)).rejects.toThrow(
    /expected shape \[3,64\], got \[7,64\]\. config\.json describes 3 classes: set its id2label, num_labels or num_classes to 7\.$/,
  );
  const wider = fileFor(TINY).set(timmName("head.weight"), { dtype: "F32", shape: [3, 65] });
  await expect(check(TINY, wider)).rejects.toThrow(/got \[3,65\]\.$/);
});

describe("the tensors that a model needs", () => {
  test("shapes of all of them", async () => {
    const shapes = Object.fromEntries(expectedTensors(TINY));
    expect(Object.keys(shapes)).toHaveLength(4 + 2 * 12 + 4);
    expect(shapes).toMatchObject({
      "patch.weight": [64, 3, 8, 8],
      "patch.bias": [64],
      class_token: [1, 1, 64],
      positions: [1, 25, 64],
      "blocks.1.qkv.weight": [192, 64],
      "blocks.1.qkv.bias": [192],
      "blocks.1.fc1.weight": [96, 64],
      "blocks.1.fc2.weight": [64, 96],
      "norm.bias": [64],
      "head.weight": [3, 64],
      "head.bias": [3],
    });
  });

  test("a distilled model with layer scale and no qkv bias", async () => {
    const spec: TimmVitSpec = {
      ...{ image: { width: 48, height: 32 }, patch: 8, width: 64, depth: 2, heads: 2, mlpWidth: 96 },
      ...{ classes: 3, distilled: true, qkvBias: false, layerScale: true, eps: 1e-6, activation: "gelu" },
    };
    const network = networkOf(timmVit, spec);
    const model = { name: "distilled", network, names: new Names(timmVit.dialects(spec), []) };
    const shapes = expectedTensors(model);
    expect(shapes.get("positions")).toEqual([1, 26, 64]);
    expect(shapes.get("head_distillation.weight")).toEqual([3, 64]);
    expect(shapes.get("blocks.0.scale2")).toEqual([64]);
    expect(shapes.has("blocks.0.qkv.bias")).toBe(false);
    expect((await check(model, fileFor(model))).size).toBe(shapes.size);
  });
});

describe("the check of a file", () => {
  test("a whole file passes, with Q, K and V as one or as three", async () => {
    const files = fileFor(TINY);
    expect((await check(TINY, files)).get("blocks.1.qkv.bias")?.name).toBe("blocks.1.attn.qkv.bias");
    for (const leaf of ["weight", "bias"]) {
      files.delete(`blocks.1.attn.qkv.${leaf}`);
      for (const part of ["query", "key", "value"]) {
        const shape = leaf === "weight" ? [64, 64] : [64];
        files.set(`encoder.layer.1.attention.attention.${part}.${leaf}`, { dtype: "BF16", shape });
      }
    }
    const found = await check(TINY, files);
    expect(found.get("blocks.1.value.weight")?.dtype).toBe("BF16");
    files.delete("encoder.layer.1.attention.attention.key.bias");
    await expect(check(TINY, files)).rejects.toThrow("expected tensor blocks.1.key.bias [64], got none");
  });

  test.each([...expectedTensors(TINY).keys()])("without %s it fails", async (name) => {
    const files = fileFor(TINY);
    files.delete(timmName(name));
    await expect(check(TINY, files)).rejects.toThrow(ModelFormatError);
    await expect(check(TINY, files)).rejects.toThrow(`expected tensor ${name} [`);
  });

  test.each([...expectedTensors(TINY)])(
    "with %s transposed or of another rank it fails",
    async (name, shape) => {
      const files = fileFor(TINY);
      files.set(timmName(name), { dtype: "F32", shape: [...shape, 1] });
      await expect(check(TINY, files)).rejects.toThrow(`expected shape [${shape}], got [${shape},1]`);
    },
  );

  test("what belongs to timm's network but has no place in this one is refused, as timm refuses it", async () => {
    const withTensor = (name: string) => check(TINY, fileFor(TINY).set(name, { dtype: "F32", shape: [64] }));
    for (const name of [
      "blocks.0.attn.q_norm.weight",
      "norm_pre.weight",
      "reg_token",
      "blocks.0.ls1.gamma",
    ]) {
      await expect(withTensor(name)).rejects.toThrow(UnsupportedModelError);
      await expect(withTensor(name)).rejects.toThrow(`tensor "${name}": not part of the network`);
    }
    await expect(withTensor("blocks.2.norm1.weight")).rejects.toThrow(UnsupportedModelError);
    await expect(withTensor("dist_token")).rejects.toThrow(UnsupportedModelError);
    await expect(withTensor("vit.layernorm.weight")).rejects.toThrow("tensor norm.weight: expected one");
    expect((await withTensor("head_dist.bias")).has("head_distillation.bias")).toBe(false);
    const embedding = modelOf(
      vit,
      { ...CONFIG, architectures: ["ViTModel"] },
      { size: { height: 32, width: 48 } },
    );
    expect((await check(embedding.optional!.without, fileFor(TINY))).has("head.weight")).toBe(false);
  });

  test("int8 weights bring a scale for each output channel", async () => {
    const files = fileFor(TINY).set("blocks.0.mlp.fc1.weight", { dtype: "I8", shape: [96, 64] });
    await expect(check(TINY, files)).rejects.toThrow("or I8 with 96 float scales, got I8 with 0");
    files.set("blocks.0.mlp.fc1.weight_scale", { dtype: "F32", shape: [96, 1] });
    expect((await check(TINY, files)).get("blocks.0.fc1.weight_scale")?.shape).toEqual([96, 1]);
    files.set("blocks.0.mlp.fc1.weight_scale", { dtype: "F32", shape: [1] });
    await expect(check(TINY, files)).rejects.toThrow("I8 with 1");
    files.set("blocks.0.mlp.fc1.weight", { dtype: "F32", shape: [96, 64] });
    await expect(check(TINY, files)).rejects.toThrow("not part of the network");
    await expect(check(TINY, fileFor(TINY).set("norm.bias", { dtype: "I8", shape: [64] }))).rejects.toThrow(
      "norm.bias",
    );
    await expect(check(TINY, fileFor(TINY).set("norm.bias", { dtype: "I32", shape: [64] }))).rejects.toThrow(
      "got I32",
    );
  });

  test("a table of positions is the picture's own, or a square to interpolate from", async () => {
    const withPositions = (tokens: number, width = 64) =>
      check(TINY, fileFor(TINY).set("pos_embed", { dtype: "F32", shape: [1, tokens, width] }));
    const [positions] = fittedTables(TINY.network);
    expect(storedGrid(positions, [1, 25, 64])).toEqual({ width: 6, height: 4 });
    expect(storedGrid(positions, [1, 50, 64])).toEqual({ width: 7, height: 7 });
    expect((await withPositions(50)).get("positions")?.shape).toEqual([1, 50, 64]);
    await expect(withPositions(24)).rejects.toThrow("expected shape [1,25,64], got [1,24,64]");
    await expect(withPositions(1)).rejects.toThrow(ModelFormatError);
    await expect(withPositions(50, 32)).rejects.toThrow(ModelFormatError);
  });
});

const models = fileURLToPath(new URL("../../../shared/models/", import.meta.url));
test.skipIf(!existsSync(models)).each(["deit-tiny-patch16-224", "everyday80"])(
  "the tensors of %s pass (skipped without ../shared/models)",
  async (name) => {
    const read = (file: string) => JSON.parse(readFileSync(`${models}${name}/${file}`, "utf8"));
    const model = await readModel(read("config.json"), () => read("preprocessor_config.json"));
    const file = readFileSync(`${models}${name}/model.safetensors`);
    const { entries } = parseSafetensorsHeader(file, file.length);
    expect((await checkTensors(model, entries)).tensors.size).toBe(entries.length);
  },
);
