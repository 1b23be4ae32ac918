import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ModelFormatError, UnsupportedModelError } from "../errors/errors.ts";
import { parseArchitecture, type VitArchitecture } from "./config.ts";
import { canonicalName, checkTensors, expectedTensors, positionGrid } from "./names.ts";
import { parseSafetensorsHeader, type TensorEntry } from "./safetensors.ts";

test.each([
  ["cls_token", "class_token"],
  ["dist_token", "distillation_token"],
  ["pos_embed", "positions"],
  ["patch_embed.proj.weight", "patch.weight"],
  ["timm_model.blocks.11.attn.qkv.bias", "blocks.11.qkv.bias"],
  ["blocks.0.attn.proj.weight_scale", "blocks.0.proj.weight_scale"],
  ["blocks.0.ls1.gamma", "blocks.0.scale1"],
  ["blocks.0.mlp.fc2.weight", "blocks.0.fc2.weight"],
  ["norm.weight", "norm.weight"],
  ["head_dist.bias", "head_distillation.bias"],
  ["vit.embeddings.cls_token", "class_token"],
  ["deit.embeddings.distillation_token", "distillation_token"],
  ["embeddings.position_embeddings", "positions"],
  ["vit.embeddings.patch_embeddings.projection.bias", "patch.bias"],
  ["vit.encoder.layer.3.layernorm_before.weight", "blocks.3.norm1.weight"],
  ["vit.encoder.layer.3.attention.attention.query.weight", "blocks.3.query.weight"],
  ["vit.encoder.layer.3.attention.attention.key.bias", "blocks.3.key.bias"],
  ["vit.encoder.layer.3.attention.attention.value.weight", "blocks.3.value.weight"],
  ["vit.encoder.layer.3.attention.output.dense.weight", "blocks.3.proj.weight"],
  ["vit.encoder.layer.3.layernorm_after.bias", "blocks.3.norm2.bias"],
  ["vit.encoder.layer.3.intermediate.dense.weight", "blocks.3.fc1.weight"],
  ["vit.encoder.layer.3.output.dense.weight", "blocks.3.fc2.weight"],
  ["encoder.layer.3.layer_scale2.lambda1", "blocks.3.scale2"],
  ["encoder.layer.3.norm2.weight", "blocks.3.norm2.weight"],
  ["encoder.layer.3.mlp.fc1.bias", "blocks.3.fc1.bias"],
  ["vit.layernorm.weight", "norm.weight"],
  ["classifier.weight", "head.weight"],
  ["cls_classifier.bias", "head.bias"],
  ["distillation_classifier.weight", "head_distillation.weight"],
  ["vit.pooler.dense.weight", undefined],
  ["embeddings.mask_token", undefined],
  ["blocks.0.attn.q_norm.weight", undefined],
  ["blocks.01.norm1.weight", undefined],
  ["norm.__proto__", undefined],
  ["constructor.weight", undefined],
])("%s is %s", (name, canonical) => {
  expect(canonicalName(name)).toBe(canonical);
});

const TINY: VitArchitecture = parseArchitecture({
  architectures: ["ViTForImageClassification"],
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 96,
  image_size: [32, 48],
  patch_size: 8,
  id2label: { "0": "a", "1": "b", "2": "c" },
});

type Files = Map<string, { dtype: TensorEntry["dtype"]; shape: number[] }>;

/** A file with every tensor that the architecture needs, in float. */
function fileFor(architecture: VitArchitecture): Files {
  return new Map(
    [...expectedTensors(architecture)].map(([name, shape]) => [timmName(name), { dtype: "F32", shape }]),
  );
}

function timmName(name: string): string {
  return name
    .replace(/^patch\./, "patch_embed.proj.")
    .replace("class_token", "cls_token")
    .replace("distillation_token", "dist_token")
    .replace("positions", "pos_embed")
    .replace("head_distillation", "head_dist")
    .replace(/\.(qkv|proj)\.(?=\w+$)/, (all) => (name.startsWith("blocks") ? `.attn${all}` : all))
    .replace(/\.(fc1|fc2)\./, ".mlp.$1.")
    .replace(/\.scale(\d)/, ".ls$1.gamma");
}

function check(architecture: VitArchitecture, files: Files) {
  return checkTensors(
    architecture,
    [...files].map(([name, tensor]) => ({ name, ...tensor, begin: 0, end: 0 })),
  );
}

describe("the tensors that a model needs", () => {
  test("shapes of all of them", () => {
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

  test("a distilled model with layer scale and no qkv bias", () => {
    const architecture: VitArchitecture = {
      ...TINY,
      prefixTokens: 2,
      headsCount: 2,
      layerScale: true,
      qkvBias: false,
    };
    const shapes = expectedTensors(architecture);
    expect(shapes.get("positions")).toEqual([1, 26, 64]);
    expect(shapes.get("head_distillation.weight")).toEqual([3, 64]);
    expect(shapes.get("blocks.0.scale2")).toEqual([64]);
    expect(shapes.has("blocks.0.qkv.bias")).toBe(false);
    expect(check(architecture, fileFor(architecture)).size).toBe(shapes.size);
  });
});

describe("the check of a file", () => {
  test("a whole file passes, with Q, K and V as one or as three", () => {
    const files = fileFor(TINY);
    expect(check(TINY, files).get("blocks.1.qkv.bias")?.name).toBe("blocks.1.attn.qkv.bias");
    for (const leaf of ["weight", "bias"]) {
      files.delete(`blocks.1.attn.qkv.${leaf}`);
      for (const part of ["query", "key", "value"]) {
        const shape = leaf === "weight" ? [64, 64] : [64];
        files.set(`encoder.layer.1.attention.attention.${part}.${leaf}`, { dtype: "BF16", shape });
      }
    }
    const found = check(TINY, files);
    expect(found.get("blocks.1.value.weight")?.dtype).toBe("BF16");
    files.delete("encoder.layer.1.attention.attention.key.bias");
    expect(() => check(TINY, files)).toThrow("expected tensor blocks.1.key.bias [64], but the file lacks it");
  });

  test.each([...expectedTensors(TINY).keys()])("without %s it fails", (name) => {
    const files = fileFor(TINY);
    files.delete(timmName(name));
    expect(() => check(TINY, files)).toThrow(ModelFormatError);
    expect(() => check(TINY, files)).toThrow(`expected tensor ${name} [`);
  });

  test.each([...expectedTensors(TINY)])("with %s transposed or of another rank it fails", (name, shape) => {
    const files = fileFor(TINY);
    files.set(timmName(name), { dtype: "F32", shape: [...shape, 1] });
    expect(() => check(TINY, files)).toThrow(`expected shape [${shape}], but it is [${shape},1]`);
  });

  test("tensors with no place in the model are named, unused ones and unused heads are not minded", () => {
    const vector = { dtype: "F32", shape: [64] } as const;
    const withTensor = (name: string) => check(TINY, fileFor(TINY).set(name, { ...vector, shape: [64] }));
    expect(() => withTensor("blocks.0.attn.q_norm.weight")).toThrow(UnsupportedModelError);
    expect(() => withTensor("norm_pre.weight")).toThrow('tensor "norm_pre.weight" is of no kind');
    expect(() => withTensor("reg_token")).toThrow(UnsupportedModelError);
    expect(() => withTensor("blocks.0.ls1.gamma")).toThrow('leaves no place for tensor "blocks.0.ls1.gamma"');
    expect(() => withTensor("blocks.2.norm1.weight")).toThrow(ModelFormatError);
    expect(() => withTensor("dist_token")).toThrow(ModelFormatError);
    expect(() => withTensor("vit.layernorm.weight")).toThrow("are both norm.weight");
    expect(withTensor("vit.pooler.dense.bias").size).toBe(32);
    expect(withTensor("head_dist.bias").has("head_distillation.bias")).toBe(false);
    const embedding = { ...TINY, classes: 0, labels: [] };
    expect(check(embedding, fileFor(TINY)).has("head.weight")).toBe(false);
  });

  test("int8 weights bring a scale for each output channel", () => {
    const files = fileFor(TINY).set("blocks.0.mlp.fc1.weight", { dtype: "I8", shape: [96, 64] });
    expect(() => check(TINY, files)).toThrow("or I8 with 96 float scales, but it is I8 with 0");
    files.set("blocks.0.mlp.fc1.weight_scale", { dtype: "F32", shape: [96, 1] });
    expect(check(TINY, files).get("blocks.0.fc1.weight_scale")?.shape).toEqual([96, 1]);
    files.set("blocks.0.mlp.fc1.weight_scale", { dtype: "F32", shape: [1] });
    expect(() => check(TINY, files)).toThrow("I8 with 1");
    files.set("blocks.0.mlp.fc1.weight", { dtype: "F32", shape: [96, 64] });
    expect(() => check(TINY, files)).toThrow("leaves no place");
    expect(() => check(TINY, fileFor(TINY).set("norm.bias", { dtype: "I8", shape: [64] }))).toThrow(
      "norm.bias",
    );
    expect(() => check(TINY, fileFor(TINY).set("norm.bias", { dtype: "I32", shape: [64] }))).toThrow(
      "it is I32",
    );
  });

  test("a table of positions is the picture's own, or a square to interpolate from", () => {
    const withPositions = (tokens: number, width = 64) =>
      check(TINY, fileFor(TINY).set("pos_embed", { dtype: "F32", shape: [1, tokens, width] }));
    expect(positionGrid([1, 25, 64], TINY)).toEqual({ width: 6, height: 4 });
    expect(positionGrid([1, 50, 64], TINY)).toEqual({ width: 7, height: 7 });
    expect(withPositions(50).get("positions")?.shape).toEqual([1, 50, 64]);
    expect(() => withPositions(24)).toThrow("expected shape [1,25,64], but it is [1,24,64]");
    expect(() => withPositions(1)).toThrow(ModelFormatError);
    expect(() => withPositions(50, 32)).toThrow(ModelFormatError);
  });
});

const models = fileURLToPath(new URL("../../../shared/models/", import.meta.url));
test.skipIf(!existsSync(models)).each(["deit-tiny-patch16-224", "everyday80"])(
  "the tensors of %s pass (skipped without ../shared/models)",
  (name) => {
    const architecture = parseArchitecture(JSON.parse(readFileSync(`${models}${name}/config.json`, "utf8")));
    const file = readFileSync(`${models}${name}/model.safetensors`);
    const { entries } = parseSafetensorsHeader(file, file.length);
    expect(checkTensors(architecture, entries).size).toBe(entries.length);
  },
);
