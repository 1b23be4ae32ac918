import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ModelFormatError, UnsupportedModelError, Vit8Error } from "../errors/errors.ts";
import { fillLabels, parseArchitecture, parseJson, parseModel, quantizationConfig } from "./config.ts";

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

describe("transformers", () => {
  test("ViT", () => {
    expect(parseArchitecture(VIT)).toEqual({
      family: "ViTForImageClassification",
      imageWidth: 224,
      imageHeight: 224,
      patchSize: 16,
      width: 768,
      depth: 12,
      heads: 12,
      headDim: 64,
      mlpWidth: 3072,
      classes: 2,
      prefixTokens: 1,
      headsCount: 1,
      qkvBias: true,
      layerScale: false,
      layerNormEps: 1e-12,
      activation: "gelu",
      labels: ["cat", "dog"],
      scoring: "softmax",
      quantization: undefined,
    });
  });

  test.each([
    ["DeiTForImageClassification", 2, 2, 1],
    ["DeiTForImageClassificationWithTeacher", 2, 2, 2],
    ["DeiTModel", 0, 2, 1],
    ["ViTModel", 0, 1, 1],
  ])("%s: classes, prefix tokens, heads", (family, classes, prefixTokens, headsCount) => {
    const architecture = parseArchitecture({ ...VIT, architectures: [family] });
    expect(architecture).toMatchObject({ classes, prefixTokens, headsCount });
    expect(architecture.labels).toHaveLength(classes);
  });

  test("Dinov2Model: layer scale, no head, the MLP's width by its ratio", () => {
    const { layerScale, classes, mlpWidth, layerNormEps } = parseArchitecture(DINOV2);
    expect({ layerScale, classes, mlpWidth, layerNormEps }).toEqual({
      layerScale: true,
      classes: 0,
      mlpWidth: 1536,
      layerNormEps: 1e-6,
    });
  });

  test("pictures that are not square, as [height, width]", () => {
    expect(parseArchitecture({ ...VIT, image_size: [128, 256] })).toMatchObject({
      imageWidth: 256,
      imageHeight: 128,
    });
  });

  test.each([
    ["gelu_new", "gelu_tanh"],
    ["gelu_pytorch_tanh", "gelu_tanh"],
    ["quick_gelu", "quick_gelu"],
  ])("hidden_act %s", (hidden_act, activation) => {
    expect(parseArchitecture({ ...VIT, hidden_act }).activation).toBe(activation);
  });

  test("labels are in the order of their numbers; without them num_labels counts", () => {
    const id2label = Object.fromEntries([11, 2, 0, 1, 3, 10, 4, 5, 6, 7, 9, 8].map((n) => [n, `n${n}`]));
    expect(parseArchitecture({ ...VIT, id2label }).labels).toEqual(
      Array.from({ length: 12 }, (_, n) => `n${n}`),
    );
    const nameless = parseArchitecture({ ...VIT, id2label: undefined, num_labels: 21843 });
    expect(nameless.labels[21842]).toBe("LABEL_21842");
  });
});

test("classes that id2label leaves out, or names null, are LABEL_n", () => {
  expect(parseArchitecture({ ...VIT, id2label: { 0: "cat", 3: "hen" } }).labels).toEqual([
    ...["cat", "LABEL_1", "LABEL_2", "hen"],
  ]);
  expect(parseArchitecture({ ...VIT, id2label: { 0: null, 1: "dog" } }).labels).toEqual(["LABEL_0", "dog"]);
  expect(parseArchitecture({ ...VIT, id2label: { 1: "cat", 2: "dog" } }).labels).toEqual(["LABEL_0", "cat"]);
});

test("the model_type of DeiT and DINOv2 is enough", () => {
  const types = {
    vit: "ViTForImageClassification",
    deit: "DeiTForImageClassification",
    dinov2: "Dinov2Model",
  };
  for (const [model_type, family] of Object.entries(types))
    for (const architectures of [undefined, null, []])
      expect(parseArchitecture({ ...VIT, architectures, model_type }).family).toBe(family);
});

describe("timm", () => {
  test.each([
    ["vit_tiny_patch16_224", 192, 12, 3, 16, 1],
    ["vit_small_patch32_224", 384, 12, 6, 32, 1],
    ["vit_base_patch8_224.dino", 768, 12, 12, 8, 1],
    ["vit_large_patch16_384", 1024, 24, 16, 16, 1],
    ["deit_tiny_distilled_patch16_224", 192, 12, 3, 16, 2],
  ])("%s", (architecture, width, depth, heads, patchSize, headsCount) => {
    const size = architecture.includes("384") ? 384 : 224;
    const pretrained_cfg = { ...TIMM.pretrained_cfg, input_size: [3, size, size] };
    expect(parseArchitecture({ ...TIMM, architecture, num_features: width, pretrained_cfg })).toMatchObject({
      family: architecture,
      imageWidth: size,
      width,
      depth,
      heads,
      patchSize,
      mlpWidth: 4 * width,
      classes: 1000,
      prefixTokens: headsCount,
      headsCount,
      layerNormEps: 1e-6,
      qkvBias: true,
      antialiasPositions: true,
      layerScale: false,
    });
  });

  test("DINOv2 of timm has layer scale and no head; head dim 80 of a huge model is fine", () => {
    const dino = { ...TIMM, architecture: "vit_small_patch14_dinov2", num_features: 384, num_classes: 0 };
    expect(parseArchitecture(dino)).toMatchObject({
      layerScale: true,
      classes: 0,
      patchSize: 14,
      labels: [],
    });
    const bare = { ...TIMM, architecture: "deit_tiny_distilled_patch16_224", num_classes: 0 };
    expect(parseArchitecture(bare)).toMatchObject({ prefixTokens: 2, headsCount: 1 });
    const huge = { ...TIMM, architecture: "vit_huge_patch14_224_in21k", num_features: 1280 };
    expect(parseArchitecture(huge)).toMatchObject({ headDim: 80, depth: 32 });
  });

  test("model_args speak louder than the name", () => {
    const model_args = {
      embed_dim: 256,
      depth: 6,
      num_heads: 4,
      mlp_ratio: 3,
      qkv_bias: false,
      init_values: 1e-5,
    };
    expect(parseArchitecture({ ...TIMM, num_features: 256, model_args })).toMatchObject({
      width: 256,
      depth: 6,
      headDim: 64,
      mlpWidth: 768,
      qkvBias: false,
      layerScale: true,
    });
  });

  test("labels beside pretrained_cfg, and in it", () => {
    const labels = ["cat", "dog"];
    const { pretrained_cfg } = TIMM;
    expect(parseArchitecture({ ...TIMM, num_classes: 2, labels }).labels).toEqual(labels);
    const inside = { ...TIMM, num_classes: 2, pretrained_cfg: { ...pretrained_cfg, labels } };
    expect(parseArchitecture(inside).labels).toEqual(labels);
    const id2label = { 0: "cat", 1: "dog" };
    expect(parseArchitecture({ ...TIMM, num_classes: 2, id2label }).labels).toEqual(labels);
  });

  test("without a number of classes, as many as there are names", () => {
    const { num_classes: _, pretrained_cfg: __, ...rest } = TIMM;
    const unnumbered = { ...rest, pretrained_cfg: {} };
    expect(parseArchitecture(unnumbered).classes).toBe(1000);
    expect(parseArchitecture({ ...unnumbered, label_names: ["cat", "dog"] }).labels).toEqual(["cat", "dog"]);
  });

  test("without a size of pictures 224, whatever the model is built for", () => {
    const config = { ...TIMM, pretrained_cfg: {}, model_args: { img_size: 384 } };
    expect(parseArchitecture(config)).toMatchObject({ imageWidth: 224, imageHeight: 224 });
  });

  test("label_names, by their descriptions where there are any", () => {
    const names = { num_classes: 2, label_names: ["n01", "n02"], label_descriptions: { n01: "tench" } };
    expect(parseArchitecture({ ...TIMM, ...names }).labels).toEqual(["tench", "n02"]);
    expect(() => parseArchitecture({ ...TIMM, ...names, num_classes: 3 })).toThrow(
      "label_names: expected 3 names, but it is an array of 2",
    );
  });
});

describe("what vit8 does not run is refused by name", () => {
  test.each<[object, string]>([
    [
      { ...VIT, architectures: ["SwinForImageClassification"] },
      'is supported, but it is "SwinForImageClassification"',
    ],
    [{ ...VIT, architectures: ["ConvNextV2ForImageClassification"] }, '"ConvNextV2ForImageClassification"'],
    [{ ...VIT, architectures: ["BeitForImageClassification"] }, '"BeitForImageClassification"'],
    [{ ...VIT, architectures: ["CLIPModel"] }, '"CLIPModel"'],
    [{ ...VIT, architectures: ["SiglipModel"] }, '"SiglipModel"'],
    [{ ...VIT, architectures: ["Dinov2WithRegistersModel"] }, '"Dinov2WithRegistersModel"'],
    [{ ...VIT, architectures: ["Dinov2ForImageClassification"] }, '"Dinov2ForImageClassification"'],
    [{ ...VIT, architectures: ["toString"] }, '"toString"'],
    [{ ...VIT, architectures: null, model_type: "swin" }, '"swin"'],
    [{ ...VIT, architectures: [], model_type: "toString" }, '"toString"'],
    [
      { ...VIT, hidden_act: "relu" },
      'hidden_act: one of gelu, gelu_new, gelu_fast, gelu_tanh, gelu_pytorch_tanh, gelu_python, gelu_python_tanh, gelu_accurate, quick_gelu is supported, but it is "relu"',
    ],
    [{ ...VIT, hidden_act: "__proto__" }, "hidden_act"],
    [{ ...VIT, num_channels: 1 }, "num_channels: 3 is supported, but it is 1"],
    [{ ...DINOV2, use_swiglu_ffn: true }, "use_swiglu_ffn"],
    [
      { ...VIT, num_attention_heads: 16 },
      "a head dim of 32, 64, 80 is supported, but 768 channels in 16 heads",
    ],
    [{ ...VIT, num_attention_heads: 7 }, "a head dim of"],
    [{ ...VIT, image_size: 225 }, "whole patches of 16 pixels"],
    [{ ...VIT, image_size: 4096, patch_size: 1 }, "at most 65536"],
    [{ ...VIT, patch_size: [16, 8] }, "patch_size: a square is supported"],
    [
      { ...VIT, num_labels: 1e9, id2label: null },
      "num_labels: 0 to 21843 is supported, but it is 1000000000",
    ],
    [{ ...VIT, hidden_size: 2 ** 31 }, "hidden_size: 1 to 8192"],
    [{ ...VIT, id2label: { "999999999": "far" } }, "id2label key: 0 to 21842"],
    [
      { ...TIMM, architecture: "vit_base_patch16_clip_224" },
      'and no more is supported, but it is "vit_base_patch16_clip_224"',
    ],
    [{ ...TIMM, architecture: "vit_small_patch14_reg4_dinov2" }, "reg4"],
    [{ ...TIMM, architecture: "vit_base_patch16_siglip_224" }, "siglip"],
    [{ ...TIMM, architecture: "deit3_small_patch16_224" }, "deit3"],
    [{ ...TIMM, architecture: "swin_tiny_patch4_window7_224" }, "swin"],
    [{ ...TIMM, architecture: "vit_tiny_patch16_224.a\nb" }, '"vit_tiny_patch16_224.a\\nb"'],
    [{ ...TIMM, model_args: { mlp_ratio: 1e9 } }, "mlp width: 1 to 65536"],
    [{ ...TIMM, global_pool: "avg" }, 'global_pool: "token" is supported, but it is "avg"'],
    [{ ...TIMM, global_pool: "map" }, '"map"'],
    [{ ...TIMM, model_args: { qk_norm: true } }, "qk_norm: false is supported, but it is true"],
    [{ ...TIMM, model_args: { reg_tokens: 4 } }, "reg_tokens: 0 is supported, but it is 4"],
    [
      { ...TIMM, model_args: { mlp_layer: "SwiGLU" } },
      'model_args: none but img_size, patch_size, embed_dim, depth, num_heads, mlp_ratio, qkv_bias, init_values, act_layer is supported, but it is "mlp_layer"',
    ],
    [{ ...TIMM, num_features: 384 }, "num_features: 192 is supported, but it is 384"],
    [
      { ...TIMM, pretrained_cfg: { ...TIMM.pretrained_cfg, input_size: [1, 224, 224] } },
      "input_size channels",
    ],
  ])("%#: %s", (config, message) => {
    expect(() => parseArchitecture(config)).toThrow(UnsupportedModelError);
    expect(() => parseArchitecture(config)).toThrow(message);
  });

  test.each<[unknown, string]>([
    ["text", "config.json: expected a JSON object"],
    [[], "an array of 0"],
    [{ ...VIT, hidden_size: "768" }, 'hidden_size: expected an integer, but it is "768"'],
    [{ ...VIT, hidden_size: Number.NaN }, "but it is NaN"],
    [{ ...VIT, layer_norm_eps: -1 }, "layer_norm_eps: expected a number above 0"],
    [{ ...VIT, qkv_bias: "yes" }, "qkv_bias: expected true or false"],
    [{ ...VIT, id2label: { cat: 0 } }, 'id2label key: expected an integer, but it is "cat"'],
    [{ ...VIT, id2label: { "-1": "a" } }, "id2label key: expected an integer"],
    [
      { ...VIT, id2label: { "0": "a", "1": { "<b>": 1 } } },
      "id2label 1: expected a name, but it is an object",
    ],
    [{ ...VIT, image_size: "224" }, 'image_size: expected a JSON object, but it is "224"'],
  ])("%#: a field of the wrong type: %s", (config, message) => {
    expect(() => parseArchitecture(config)).toThrow(ModelFormatError);
    expect(() => parseArchitecture(config)).toThrow(message);
  });

  test("text that is no JSON", () => {
    expect(() => parseJson("<!DOCTYPE html>", "config.json")).toThrow(
      "config.json: expected JSON, but it holds a web page",
    );
    expect(() => parseJson('{"a": NaN}', "config.json")).toThrow(ModelFormatError);
  });

  test("hostile fields end in a typed error, and prototypes stay clean", () => {
    const text =
      '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}, "id2label": {"__proto__": "x"}}';
    expect(() => parseArchitecture(parseJson(text, "config.json"))).toThrow(Vit8Error);
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
    fc.assert(
      fc.property(fc.dictionary(keys, values), fc.constantFrom(VIT, DINOV2, TIMM), (changes, base) => {
        try {
          const { labels, classes } = parseArchitecture({ ...base, ...changes });
          expect(labels.length).toBe(classes);
        } catch (error) {
          if (!(error instanceof Vit8Error)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("quantization_config", () => {
  test("what vit8 writes is read back", () => {
    const quantization_config = JSON.parse(JSON.stringify(quantizationConfig({ ignore: ["head"] })));
    expect(parseArchitecture({ ...VIT, quantization_config }).quantization).toEqual({
      method: "compressed-tensors",
      bits: 8,
      ignore: ["head"],
    });
  });

  test("weights by group too, and notes that settle no activations are no calibration", () => {
    const written = quantizationConfig({ weightBits: 4, groupSize: 16, notes: { method: "gptq" } });
    const quantization_config = JSON.parse(JSON.stringify(written));
    expect(parseArchitecture({ ...VIT, quantization_config }).quantization).toEqual({
      method: "compressed-tensors",
      bits: 4,
      ignore: [],
      packed: true,
      groupSize: 16,
    });
  });

  const withWeights = (weights: object) => {
    const config = JSON.parse(JSON.stringify(quantizationConfig()));
    Object.assign(config.config_groups.group_0.weights, weights);
    return config;
  };
  test.each<[object, string]>([
    [{ quant_method: "gptq" }, 'quant_method: "compressed-tensors" is supported, but it is "gptq"'],
    [{ ...quantizationConfig(), format: "marlin-24" }, "format"],
    [withWeights({ num_bits: 16 }), "num_bits: 2 to 8 is supported, but it is 16"],
    [withWeights({ strategy: "group" }), 'weights.strategy: "channel"'],
    [withWeights({ symmetric: false }), "weights.symmetric"],
    [{ ...quantizationConfig(), format: "vit8-pack-quantized" }, 'weights.strategy: "group"'],
    [{ ...quantizationConfig({ weightBits: 4, groupSize: 1e9 }) }, "group_size: 1 to 65536"],
  ])("%#: %s", (quantization_config, message) => {
    expect(() => parseArchitecture({ ...VIT, quantization_config })).toThrow(UnsupportedModelError);
    expect(() => parseArchitecture({ ...VIT, quantization_config })).toThrow(message);
  });
});

describe("labels of a model that brings none", () => {
  test("1000 classes get the names of ImageNet-1k", async () => {
    const { labels } = await fillLabels(parseArchitecture(TIMM));
    expect([labels.length, labels[0], labels[281], labels[999]]).toEqual([
      1000,
      "tench, Tinca tinca",
      "tabby, tabby cat",
      "toilet tissue, toilet paper, bathroom tissue",
    ]);
  });

  test("any other number stays LABEL_n, and names that came stay", async () => {
    const many = await fillLabels(parseArchitecture({ ...TIMM, num_classes: 21843 }));
    expect([many.labels.length, many.labels[7]]).toEqual([21843, "LABEL_7"]);
    const label_names = Array.from({ length: 1000 }, (_, n) => `plant ${n}`);
    const named = await fillLabels(parseArchitecture({ ...TIMM, label_names }));
    expect(named.labels).toEqual(label_names);
  });
});

test("the picture's size is what preprocessing makes of it: DINOv2 runs at its crop", () => {
  const processor = {
    image_processor_type: "BitImageProcessor",
    size: { shortest_edge: 256 },
    crop_size: 224,
  };
  expect(parseArchitecture(DINOV2).imageWidth).toBe(518);
  expect(parseModel(DINOV2, processor).architecture).toMatchObject({ imageWidth: 224, imageHeight: 224 });
  expect(() => parseModel(DINOV2, { ...processor, crop_size: 225 })).toThrow("whole patches of 14 pixels");
});

test("ViT and DeiT of transformers take no pictures but those of image_size", () => {
  const size = (height: number, width: number) => ({
    image_processor_type: "ViTImageProcessor",
    size: { height, width },
  });
  const config = { ...VIT, image_size: [128, 256] };
  expect(parseModel(config, size(128, 256)).architecture).toMatchObject({
    imageWidth: 256,
    imageHeight: 128,
  });
  expect(() => parseModel(config, size(256, 128))).toThrow(UnsupportedModelError);
  expect(() => parseModel(config, size(256, 128))).toThrow(
    "expected pictures of 256x128, the image_size in config.json, got 128x256",
  );
});

const models = fileURLToPath(new URL("../../../shared/models/", import.meta.url));
test.skipIf(!existsSync(models)).each([
  ["deit-tiny-patch16-224", 224, 12, 1000, 256],
  ["everyday80", 64, 8, 80, 64],
])("the config of %s (skipped without ../shared/models)", (name, imageWidth, depth, classes, edge) => {
  const read = (file: string) => JSON.parse(readFileSync(`${models}${name}/${file}`, "utf8"));
  const { architecture, preprocessing } = parseModel(read("config.json"), read("preprocessor_config.json"));
  expect(architecture).toMatchObject({
    imageWidth,
    depth,
    classes,
    width: 192,
    headDim: 64,
    layerNormEps: 1e-6,
  });
  expect(preprocessing).toMatchObject({
    resize: { mode: "shortest_edge", edge },
    crop: { width: imageWidth, height: imageWidth },
    resample: "bicubic",
  });
});
