import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ModelFormatError, UnsupportedModelError, Vit8Error } from "../errors/errors.ts";
import { field, parseJson } from "../format/fields.ts";
import { fillLabels } from "../format/labels.ts";
import { quantizationConfig } from "../format/quantization-config.ts";
import type { TimmVitSpec } from "./families/timm/vit.ts";
import { readModel } from "./model.ts";
import { parametersOf } from "./parameters.ts";

/** As google/vit-base-patch16-224 has it, with two classes. */
const VIT = {
  architectures: ["ViTForImageClassification"],
  model_type: "vit",
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  hidden_act: "gelu",
  layer_norm_eps: 1e-12,
  image_size: 224,
  patch_size: 16,
  num_channels: 3,
  id2label: { "0": "cat", "1": "dog" },
};
/** As facebook/dinov2-small has it. */
const DINOV2 = {
  architectures: ["Dinov2Model"],
  model_type: "dinov2",
  hidden_size: 384,
  num_hidden_layers: 12,
  num_attention_heads: 6,
  mlp_ratio: 4,
  hidden_act: "gelu",
  layer_norm_eps: 1e-6,
  layerscale_value: 1.0,
  image_size: 518,
  patch_size: 14,
  qkv_bias: true,
  use_swiglu_ffn: false,
};
/** As timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k has it. */
const TIMM = {
  architecture: "vit_tiny_patch16_224",
  num_classes: 1000,
  num_features: 192,
  global_pool: "token",
  pretrained_cfg: {
    tag: "augreg_in21k_ft_in1k",
    input_size: [3, 224, 224],
    interpolation: "bicubic",
    crop_pct: 0.9,
    crop_mode: "center",
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
    num_classes: 1000,
    pool_size: null,
    classifier: "head",
  },
};

/** The model of a config in one object; for transformers, with a processor for images of its size. */
async function read(config: unknown) {
  const size = field(Object(config), "image_size") ?? 224;
  const processor = { image_processor_type: "ViTImageProcessor", size };
  const model = await readModel(config, () => processor);
  const { name, labels, scoring, quantization } = model;
  const spec = model.spec as unknown as TimmVitSpec;
  return { name, ...spec, classes: labels.length, labels, scoring, quantization };
}

describe("transformers", () => {
  test("ViT", async () => {
    expect(await read(VIT)).toEqual({
      name: "ViTForImageClassification",
      image: { width: 224, height: 224 },
      patch: 16,
      width: 768,
      depth: 12,
      heads: 12,
      mlpWidth: 3072,
      classes: 2,
      qkvBias: true,
      eps: 1e-12,
      activation: "gelu",
      labels: ["cat", "dog"],
      scoring: "softmax",
      quantization: undefined,
    });
  });

  test.each([
    ["deit", "DeiTForImageClassification", 2, 198],
    ["deit", "DeiTForImageClassificationWithTeacher", 2, 198],
    ["deit", "DeiTModel", 0, 198],
    ["vit", "ViTModel", 0, 197],
  ])("%s: %s: classes, and tokens with the prefix", async (model_type, name, classes, tokens) => {
    const processor = { image_processor_type: "ViTImageProcessor" };
    const { labels, network } = await readModel(
      { ...VIT, model_type, architectures: [name] },
      () => processor,
    );
    expect(labels).toHaveLength(classes);
    const parameters = parametersOf(network);
    expect(parameters.get("positions")).toEqual([1, tokens, 768]);
    expect(parameters.has("head_distillation.weight")).toBe(name.endsWith("WithTeacher"));
  });

  test("Dinov2Model: layer scale, no head, the MLP's width by its ratio", async () => {
    const { layerScale, classes, mlpWidth, eps } = await read(DINOV2);
    expect({ layerScale, classes, mlpWidth, eps }).toEqual({
      layerScale: true,
      classes: 0,
      mlpWidth: 1536,
      eps: 1e-6,
    });
  });

  test("pictures that are not square, as [height, width]", async () => {
    expect(await read({ ...VIT, image_size: [128, 256] })).toMatchObject({
      image: { width: 256, height: 128 },
    });
  });

  test.each([
    ["gelu_new", "gelu_tanh"],
    ["gelu_pytorch_tanh", "gelu_tanh"],
    ["quick_gelu", "quick_gelu"],
  ])("hidden_act %s", async (hidden_act, activation) => {
    expect((await read({ ...VIT, hidden_act })).activation).toBe(activation);
  });

  test("labels are in the order of their numbers; without them num_labels counts", async () => {
    const id2label = Object.fromEntries([11, 2, 0, 1, 3, 10, 4, 5, 6, 7, 9, 8].map((n) => [n, `n${n}`]));
    expect((await read({ ...VIT, id2label })).labels).toEqual(Array.from({ length: 12 }, (_, n) => `n${n}`));
    const nameless = await read({ ...VIT, id2label: undefined, num_labels: 21843 });
    expect(nameless.labels[21842]).toBe("LABEL_21842");
  });
});

test("classes that id2label leaves out, or names null, are LABEL_n", async () => {
  expect((await read({ ...VIT, id2label: { 0: "cat", 3: "hen" } })).labels).toEqual([
    ...["cat", "LABEL_1", "LABEL_2", "hen"],
  ]);
  expect((await read({ ...VIT, id2label: { 0: null, 1: "dog" } })).labels).toEqual(["LABEL_0", "dog"]);
  expect((await read({ ...VIT, id2label: { 1: "cat", 2: "dog" } })).labels).toEqual(["LABEL_0", "cat"]);
});

test("the model_type of DeiT and DINOv2 is enough", async () => {
  const types = {
    vit: "ViTForImageClassification",
    deit: "DeiTForImageClassification",
    dinov2: "Dinov2Model",
  };
  for (const [model_type, family] of Object.entries(types))
    for (const architectures of [undefined, null, []])
      expect((await read({ ...VIT, architectures, model_type })).name).toBe(family);
});

describe("timm", () => {
  test.each([
    ["vit_tiny_patch16_224", 192, 12, 3, 16, false],
    ["vit_small_patch32_224", 384, 12, 6, 32, false],
    ["vit_base_patch8_224.dino", 768, 12, 12, 8, false],
    ["vit_large_patch16_384", 1024, 24, 16, 16, false],
    ["deit_tiny_distilled_patch16_224", 192, 12, 3, 16, true],
  ])("%s", async (architecture, width, depth, heads, patch, distilled) => {
    const size = architecture.includes("384") ? 384 : 224;
    const pretrained_cfg = { ...TIMM.pretrained_cfg, input_size: [3, size, size] };
    expect(await read({ ...TIMM, architecture, num_features: width, pretrained_cfg })).toMatchObject({
      name: architecture,
      image: { width: size, height: size },
      width,
      depth,
      heads,
      patch,
      mlpWidth: 4 * width,
      classes: 1000,
      distilled,
      eps: 1e-6,
      qkvBias: true,
      antialias: true,
      layerScale: false,
    });
  });

  test("DINOv2 of timm has layer scale and no head; head dim 80 of a huge model is fine", async () => {
    const dino = { ...TIMM, architecture: "vit_small_patch14_dinov2", num_features: 384, num_classes: 0 };
    expect(await read(dino)).toMatchObject({
      layerScale: true,
      classes: 0,
      patch: 14,
      labels: [],
    });
    const bare = { ...TIMM, architecture: "deit_tiny_distilled_patch16_224", num_classes: 0 };
    expect(await read(bare)).toMatchObject({ distilled: true, classes: 0 });
    const huge = { ...TIMM, architecture: "vit_huge_patch14_224_in21k", num_features: 1280 };
    expect(await read(huge)).toMatchObject({ width: 1280, heads: 16, depth: 32 });
  });

  test("model_args speak louder than the name", async () => {
    const model_args = {
      embed_dim: 256,
      depth: 6,
      num_heads: 4,
      mlp_ratio: 3,
      qkv_bias: false,
      init_values: 1e-5,
    };
    expect(await read({ ...TIMM, num_features: 256, model_args })).toMatchObject({
      width: 256,
      depth: 6,
      mlpWidth: 768,
      qkvBias: false,
      layerScale: true,
    });
  });

  test("an argument that is null is the name's", async () => {
    const dino = { ...TIMM, architecture: "vit_small_patch14_dinov2", num_features: 384, num_classes: 0 };
    const model_args = { init_values: null, depth: null };
    expect(await read({ ...dino, model_args })).toMatchObject({ layerScale: true, depth: 12 });
  });

  test.each<[string, Partial<TimmVitSpec>]>([
    ["deit3_small_patch16_224", { positions: "patches", layerScale: true, pool: "token" }],
    [
      "vit_medium_patch16_reg4_gap_256",
      { classToken: false, registers: 4, pool: "avg", lastNorm: "fc_norm" },
    ],
    ["vit_base_patch16_gap_224", { classToken: false, heads: 16, pool: "avg", lastNorm: "norm" }],
    [
      "vit_base_patch32_clip_quickgelu_224",
      { preNorm: true, eps: 1e-5, activation: "quick_gelu", patch: 32 },
    ],
    ["vit_so400m_patch14_siglip_384", { classToken: false, pool: "map", width: 1152, mlpWidth: 4304 }],
    ["vit_giant_patch14_reg4_dinov2", { gated: true, mlpWidth: 4096, depth: 40, heads: 24, registers: 4 }],
  ])("%s stands for timm's arguments", async (architecture, spec) => {
    const global_pool = spec.pool ?? "token";
    const config = { ...TIMM, architecture, global_pool, num_features: undefined };
    expect(await read(config)).toMatchObject(spec);
  });

  test("labels beside pretrained_cfg, and in it", async () => {
    const labels = ["cat", "dog"];
    const { pretrained_cfg } = TIMM;
    expect((await read({ ...TIMM, num_classes: 2, labels })).labels).toEqual(labels);
    const inside = { ...TIMM, num_classes: 2, pretrained_cfg: { ...pretrained_cfg, labels } };
    expect((await read(inside)).labels).toEqual(labels);
    const id2label = { 0: "cat", 1: "dog" };
    expect((await read({ ...TIMM, num_classes: 2, id2label })).labels).toEqual(labels);
  });

  test("without a number of classes, as many as there are names", async () => {
    const { num_classes: _, pretrained_cfg: __, ...rest } = TIMM;
    const unnumbered = { ...rest, pretrained_cfg: {} };
    expect((await read(unnumbered)).classes).toBe(1000);
    expect((await read({ ...unnumbered, label_names: ["cat", "dog"] })).labels).toEqual(["cat", "dog"]);
  });

  test("without a size of pictures 224, whatever the model is built for", async () => {
    const config = { ...TIMM, pretrained_cfg: {}, model_args: { img_size: 384 } };
    expect(await read(config)).toMatchObject({ image: { width: 224, height: 224 } });
  });

  test("label_names, by their descriptions where there are any", async () => {
    const names = { num_classes: 2, label_names: ["n01", "n02"], label_descriptions: { n01: "tench" } };
    expect((await read({ ...TIMM, ...names })).labels).toEqual(["tench", "n02"]);
    await expect(read({ ...TIMM, ...names, num_classes: 3 })).rejects.toThrow(
      "label_names: expected 3 names, got an array of 2",
    );
  });
});

describe("what vit8 does not run is refused by name", () => {
  test.each<[object, string]>([
    [{ ...VIT, architectures: ["SwinForImageClassification"] }, 'got "SwinForImageClassification"'],
    [{ ...VIT, architectures: ["ConvNextV2ForImageClassification"] }, '"ConvNextV2ForImageClassification"'],
    [{ ...VIT, architectures: ["BeitForImageClassification"] }, '"BeitForImageClassification"'],
    [{ ...VIT, architectures: ["CLIPModel"] }, '"CLIPModel"'],
    [{ ...VIT, architectures: ["SiglipModel"] }, '"SiglipModel"'],
    [{ ...VIT, architectures: ["Dinov2WithRegistersModel"] }, '"Dinov2WithRegistersModel"'],
    [{ ...VIT, architectures: ["Dinov2ForImageClassification"] }, '"Dinov2ForImageClassification"'],
    [{ ...VIT, architectures: ["toString"] }, '"toString"'],
    [{ ...VIT, architectures: null, model_type: "convnext" }, 'got "convnext"'],
    [{ ...VIT, architectures: [], model_type: "toString" }, '"toString"'],
    [
      { ...VIT, hidden_act: "mish" },
      'hidden_act: expected one of gelu, gelu_python, gelu_new, gelu_fast, gelu_tanh, gelu_pytorch_tanh, gelu_python_tanh, gelu_accurate, quick_gelu, silu, swish, relu, tanh, got "mish"',
    ],
    [{ ...VIT, hidden_act: "__proto__" }, "hidden_act"],
    [{ ...VIT, num_channels: 1 }, "num_channels: expected 3, got 1"],
    [
      { ...VIT, num_attention_heads: 4 },
      "a head dim that is a multiple of 8, at most 128, got 768 channels in 4 heads",
    ],
    [{ ...VIT, num_attention_heads: 7 }, "a head dim that is"],
    [{ ...VIT, image_size: 225 }, "whole patches of 16 pixels"],
    [{ ...VIT, image_size: 4096, patch_size: 1 }, "at most 65536"],
    [{ ...VIT, patch_size: [16, 8] }, "patch_size: expected a square"],
    [{ ...VIT, num_labels: 1e9, id2label: null }, "num_labels: expected 0 to 21843, got 1000000000"],
    [{ ...VIT, hidden_size: 2 ** 31 }, "hidden_size: expected 1 to 8192"],
    [{ ...VIT, id2label: { "999999999": "far" } }, "id2label key: expected 0 to 21842"],
    [
      { ...TIMM, architecture: "vit_base_patch16_rpn_224" },
      'expected a plain vit_*, deit_*, deit3_* or flexivit_*, got "vit_base_patch16_rpn_224"',
    ],
    [{ ...TIMM, architecture: "vit_small_patch16_18x2_224" }, "18x2"],
    [{ ...TIMM, architecture: "vit_pwee_patch16_reg1_gap_256" }, "pwee"],
    [{ ...TIMM, architecture: "vit_patch16_224" }, "vit_patch16"],
    [{ ...TIMM, architecture: "vit_constructor_patch16_224" }, "constructor"],
    [{ ...TIMM, architecture: "convnext_tiny" }, "convnext"],
    [{ ...TIMM, architecture: "vit_tiny_patch16_2\n24" }, '"vit_tiny_patch16_2\\n24"'],
    [{ ...TIMM, model_args: { mlp_ratio: 1e9 } }, "mlp width: expected 1 to 65536"],
    [{ ...TIMM, global_pool: "avg" }, 'global_pool: expected "token", got "avg"'],
    [{ ...TIMM, global_pool: "map" }, '"map"'],
    [{ ...TIMM, model_args: { class_token: false } }, "expected true with global_pool token"],
    [
      { ...TIMM, model_args: { mlp_layer: "SwiGLU" } },
      "mlp_layer: expected one of mlp, swiglupacked, swiglu",
    ],
    [{ ...TIMM, model_args: { block_fn: "x" } }, 'scale_mlp_norm, got "block_fn"'],
    [{ ...TIMM, num_features: 384 }, "num_features: expected 192, got 384"],
    [
      { ...TIMM, pretrained_cfg: { ...TIMM.pretrained_cfg, input_size: [1, 224, 224] } },
      "input_size channels",
    ],
  ])("%#: %s", async (config, message) => {
    await expect(read(config)).rejects.toThrow(UnsupportedModelError);
    await expect(read(config)).rejects.toThrow(message);
  });

  test.each<[unknown, string]>([
    ["text", "config.json: expected a JSON object"],
    [[], "an array of 0"],
    [{ ...VIT, hidden_size: "768" }, 'hidden_size: expected an integer, got "768"'],
    [{ ...VIT, hidden_size: Number.NaN }, "got NaN"],
    [{ ...VIT, layer_norm_eps: -1 }, "layer_norm_eps: expected a number above 0"],
    [{ ...VIT, qkv_bias: "yes" }, "qkv_bias: expected true or false"],
    [{ ...VIT, id2label: { cat: 0 } }, 'id2label key: expected an integer, got "cat"'],
    [{ ...VIT, id2label: { "-1": "a" } }, "id2label key: expected an integer"],
    [{ ...VIT, id2label: { "0": "a", "1": { "<b>": 1 } } }, "id2label 1: expected a name, got an object"],
    [{ ...VIT, image_size: "224" }, 'image_size: expected a JSON object, got "224"'],
  ])("%#: a field of the wrong type: %s", async (config, message) => {
    await expect(read(config)).rejects.toThrow(ModelFormatError);
    await expect(read(config)).rejects.toThrow(message);
  });

  test("text that is no JSON", async () => {
    expect(() => parseJson("<!DOCTYPE html>", "config.json")).toThrow(
      "config.json: expected JSON, got a web page",
    );
    expect(() => parseJson('{"a": NaN}', "config.json")).toThrow(ModelFormatError);
  });

  test("hostile fields end in a typed error, and prototypes stay clean", async () => {
    const text =
      '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, "id2label": {"__proto__": "x"}}';
    await expect(read(parseJson(text, "config.json"))).rejects.toThrow(Vit8Error);
    expect("polluted" in {}).toBe(false);
    const deep = JSON.parse(`${"[".repeat(1e5)}${"]".repeat(1e5)}`);
    const values = fc.oneof(fc.jsonValue(), fc.double(), fc.maxSafeInteger(), fc.constant(deep));
    const keys = fc.constantFrom(
      ...Object.keys({
        ...VIT,
        ...DINOV2,
        ...TIMM,
        ...TIMM.pretrained_cfg,
        quantization_config: 0,
        model_args: 0,
      }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(keys, values),
        fc.constantFrom(VIT, DINOV2, TIMM),
        async (changes, base) => {
          try {
            const { labels, classes } = await read({ ...base, ...changes });
            expect(labels.length).toBe(classes);
          } catch (error) {
            if (!(error instanceof Vit8Error)) throw error;
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("quantization_config", () => {
  test("what vit8 writes is read back", async () => {
    const quantization_config = JSON.parse(JSON.stringify(quantizationConfig({ ignore: ["head"] })));
    expect((await read({ ...VIT, quantization_config })).quantization).toEqual({
      method: "compressed-tensors",
      bits: 8,
      activationBits: 8,
      ignore: ["head"],
      notes: {},
    });
  });

  test("and layers that have 8 bits where the others have 4, by the names of the network", async () => {
    const modules = {
      ignore: ["vit.encoder.layer.1.attention.attention.query"],
      int8: ["blocks.0.mlp.fc1", "re:.*"],
    };
    const written = quantizationConfig({ weightBits: 4, groupSize: 16, ...modules });
    const quantization_config = JSON.parse(JSON.stringify(written));
    expect((await read({ ...VIT, quantization_config })).quantization).toMatchObject({
      ...{ bits: 4, groupSize: 16 },
      ...{ ignore: ["blocks.1.query"], int8: ["blocks.0.fc1"] },
    });
  });

  test("weights by group too, and notes that settle no activations are no calibration", async () => {
    const written = quantizationConfig({ weightBits: 4, groupSize: 16, notes: { method: "gptq" } });
    const quantization_config = JSON.parse(JSON.stringify(written));
    expect((await read({ ...VIT, quantization_config })).quantization).toEqual({
      method: "compressed-tensors",
      bits: 4,
      activationBits: 8,
      ignore: [],
      packed: true,
      groupSize: 16,
      notes: { method: "gptq" },
    });
  });

  const withWeights = (weights: object) => {
    const config = JSON.parse(JSON.stringify(quantizationConfig()));
    Object.assign(config.config_groups.group_0.weights, weights);
    return config;
  };
  test.each<[object, string]>([
    [{ quant_method: "gptq" }, 'quant_method: expected "compressed-tensors", got "gptq"'],
    [{ ...quantizationConfig(), format: "marlin-24" }, "format"],
    [withWeights({ num_bits: 16 }), "num_bits: expected 2 to 8, got 16"],
    [withWeights({ strategy: "group" }), 'weights.strategy: expected "channel"'],
    [withWeights({ symmetric: false }), "weights.symmetric"],
    [{ ...quantizationConfig(), format: "vit8-pack-quantized" }, 'weights.strategy: expected "group"'],
    [{ ...quantizationConfig({ weightBits: 4, groupSize: 1e9 }) }, "group_size: expected 1 to 65536"],
  ])("%#: %s", async (quantization_config, message) => {
    await expect(read({ ...VIT, quantization_config })).rejects.toThrow(UnsupportedModelError);
    await expect(read({ ...VIT, quantization_config })).rejects.toThrow(message);
  });
});

describe("labels of a model that brings none", () => {
  test("1000 classes get the names of ImageNet-1k", async () => {
    const labels = await fillLabels((await read(TIMM)).labels);
    expect([labels.length, labels[0], labels[281], labels[999]]).toEqual([
      1000,
      "tench, Tinca tinca",
      "tabby, tabby cat",
      "toilet tissue, toilet paper, bathroom tissue",
    ]);
  });

  test("any other number stays LABEL_n, and names that came stay", async () => {
    const many = await fillLabels((await read({ ...TIMM, num_classes: 21843 })).labels);
    expect([many.length, many[7]]).toEqual([21843, "LABEL_7"]);
    const label_names = Array.from({ length: 1000 }, (_, n) => `plant ${n}`);
    const named = await fillLabels((await read({ ...TIMM, label_names })).labels);
    expect(named).toEqual(label_names);
  });
});

test("the picture's size is what preprocessing makes of it: DINOv2 runs at its crop", async () => {
  const processor = {
    image_processor_type: "BitImageProcessor",
    size: { shortest_edge: 256 },
    crop_size: 224,
  };
  const { input, network } = await readModel(DINOV2, () => processor);
  expect(input).toEqual({ width: 224, height: 224, patch: 14 });
  expect(parametersOf(network).get("positions")).toEqual([1, 257, 384]);
  await expect(readModel(DINOV2, () => ({ ...processor, crop_size: 225 }))).rejects.toThrow(
    "whole patches of 14 pixels",
  );
});

test("ViT and DeiT of transformers take no pictures but those of image_size", async () => {
  const size = (height: number, width: number) => ({
    image_processor_type: "ViTImageProcessor",
    size: { height, width },
  });
  const config = { ...VIT, image_size: [128, 256] };
  expect((await readModel(config, () => size(128, 256))).input).toMatchObject({ width: 256, height: 128 });
  await expect(readModel(config, () => size(256, 128))).rejects.toThrow(UnsupportedModelError);
  await expect(readModel(config, () => size(256, 128))).rejects.toThrow(
    "expected images of 256x128, the image_size in config.json, got 128x256",
  );
});

const models = fileURLToPath(new URL("../../../shared/models/", import.meta.url));
test.skipIf(!existsSync(models)).each([
  ["deit-tiny-patch16-224", 224, 12, 1000, 256],
  ["everyday80", 64, 8, 80, 64],
])("the config of %s (skipped without ../shared/models)", async (name, imageWidth, depth, classes, edge) => {
  const read = (file: string) => JSON.parse(readFileSync(`${models}${name}/${file}`, "utf8"));
  const model = await readModel(read("config.json"), () => read("preprocessor_config.json"));
  const { spec, labels, preprocessing } = model;
  expect(labels).toHaveLength(classes);
  expect(spec).toMatchObject({ image: { width: imageWidth }, depth, width: 192, heads: 3, eps: 1e-6 });
  expect(preprocessing).toMatchObject({
    resize: { mode: "shortest_edge", edge },
    crop: { width: imageWidth, height: imageWidth },
    resample: "bicubic",
  });
});
