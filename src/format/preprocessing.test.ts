import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ModelFormatError, UnsupportedModelError, Vit8Error } from "../errors/errors.ts";
import { parsePreprocessing, pictureSize } from "./preprocessing.ts";

const VIT = {
  architectures: ["ViTModel"],
  model_type: "vit",
  hidden_size: 192,
  num_hidden_layers: 12,
  num_attention_heads: 3,
  intermediate_size: 768,
  image_size: 224,
  patch_size: 16,
};
const TIMM = { architecture: "vit_tiny_patch16_224", num_classes: 0 };
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const HALF = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
const square = (side: number) => ({ width: side, height: side });

const read = (processor: object | undefined, config: object = VIT) =>
  parsePreprocessing(processor, config, "ViT");
const readTimm = (pretrained: object) => {
  const config = { ...TIMM, pretrained_cfg: { input_size: [3, 224, 224], ...pretrained } };
  return read(undefined, config);
};

describe("transformers", () => {
  test.each<[string, object, object]>([
    [
      "google/vit-base-patch16-224",
      {
        do_normalize: true,
        do_resize: true,
        ...{ image_mean: HALF.mean, image_std: HALF.std },
        resample: 2,
        size: 224,
      },
      { resize: { mode: "exact", ...square(224) }, resample: "bilinear", rescale: 1 / 255, ...HALF },
    ],
    [
      "ViTImageProcessor with height and width",
      { image_processor_type: "ViTImageProcessor", size: { height: 128, width: 256 }, do_rescale: true },
      { resize: { mode: "exact", width: 256, height: 128 }, resample: "bilinear", rescale: 1 / 255, ...HALF },
    ],
    [
      "facebook/deit-tiny-patch16-224",
      {
        crop_size: 224,
        do_center_crop: true,
        feature_extractor_type: "DeiTFeatureExtractor",
        image_mean: IMAGENET.mean,
        image_std: IMAGENET.std,
        resample: 3,
        size: 256,
      },
      {
        resize: { mode: "exact", ...square(256) },
        crop: square(224),
        resample: "bicubic",
        rescale: 1 / 255,
        ...IMAGENET,
      },
    ],
    [
      "facebook/dinov2-small",
      {
        image_processor_type: "BitImageProcessor",
        crop_size: { height: 224, width: 224 },
        do_convert_rgb: true,
        image_mean: IMAGENET.mean,
        image_std: IMAGENET.std,
        resample: 3,
        rescale_factor: 0.00392156862745098,
        size: { shortest_edge: 256 },
      },
      {
        resize: { mode: "shortest_edge", edge: 256 },
        crop: square(224),
        resample: "bicubic",
        rescale: 0.00392156862745098,
        ...IMAGENET,
      },
    ],
    [
      "a CLIP-style processor with all its defaults",
      { feature_extractor_type: "CLIPFeatureExtractor" },
      {
        resize: { mode: "shortest_edge", edge: 224 },
        crop: square(224),
        resample: "bicubic",
        rescale: 1 / 255,
        mean: [0.48145466, 0.4578275, 0.40821073],
        std: [0.26862954, 0.26130258, 0.27577711],
      },
    ],
    [
      "a fast DeiT processor with all its defaults",
      { image_processor_type: "DeiTImageProcessorFast" },
      {
        resize: { mode: "exact", ...square(256) },
        crop: square(224),
        resample: "bicubic",
        rescale: 1 / 255,
        ...HALF,
      },
    ],
    [
      "crop_pct below 384 pixels",
      {
        image_processor_type: "ConvNextImageProcessor",
        size: { shortest_edge: 224 },
        crop_pct: 0.875,
      },
      {
        resize: { mode: "shortest_edge", edge: 256 },
        crop: square(224),
        resample: "bicubic",
        rescale: 1 / 255,
        ...HALF,
      },
    ],
    [
      "crop_pct from 384 pixels on",
      {
        image_processor_type: "ConvNextFeatureExtractor",
        size: 384,
        crop_pct: 0.875,
      },
      { resize: { mode: "exact", ...square(384) }, resample: "bicubic", rescale: 1 / 255, ...HALF },
    ],
    [
      "neither rescaled nor normalised",
      { do_rescale: false, do_normalize: false },
      {
        resize: { mode: "exact", ...square(224) },
        resample: "bilinear",
        rescale: 1,
        mean: [0, 0, 0],
        std: [1, 1, 1],
      },
    ],
  ])("%s", (_, processor, expected) => {
    expect(read(processor)).toEqual(expected);
  });

  test.each<[object | undefined, string]>([
    [undefined, "expected preprocessor_config.json"],
    [
      { image_processor_type: "LevitImageProcessor" },
      'expected one of ViT, DeiT, CLIP, Bit, Siglip, ConvNext, got "Levit"',
    ],
    [{ image_processor_type: "constructorImageProcessor" }, 'got "constructor"'],
    [{ resample: 0 }, 'expected one of bicubic, bilinear, got "nearest"'],
    [{ resample: 1 }, '"lanczos"'],
    [{ resample: 4 }, '"box"'],
    [{ resample: 7 }, "got 7"],
    [{ do_resize: false }, "do_resize: expected true, got false"],
    [{ do_pad: true, pad_size: { height: 256, width: 256 } }, "pad_size: expected null"],
    [{ size: { shortest_edge: 224, longest_edge: 300 } }, "shortest_edge alone"],
    [{ size: { shortest_edge: 224 } }, "do_center_crop: expected true after a resize of the shortest edge"],
    [{ size: 1e6 }, "size: expected 1 to 4096"],
    [
      { image_processor_type: "ConvNextImageProcessor", size: { shortest_edge: 300 }, crop_pct: 0.001 },
      "crop_pct resize",
    ],
    [
      { image_processor_type: "ConvNextImageProcessor", size: { height: 224, width: 224 } },
      "size: expected shortest_edge",
    ],
    [
      { image_processor_type: "ConvNextImageProcessor", do_center_crop: true },
      "do_center_crop: expected false",
    ],
    [{ image_std: [0.5, 0, 0.5] }, "image_std: expected any number above 0"],
  ])("%#: refused: %s", (processor, message) => {
    expect(() => read(processor)).toThrow(UnsupportedModelError);
    expect(() => read(processor)).toThrow(message);
  });

  test.each<[object, string]>([
    [{ size: "224" }, 'size: expected a JSON object, got "224"'],
    [{ do_center_crop: true }, "crop_size: expected a JSON object, got undefined"],
    [{ size: [224] }, "size: expected a JSON object, got an array of 1"],
    [{ size: { width: 224 } }, "size: expected an integer, got undefined"],
    [{ image_mean: [0.5, 0.5] }, "image_mean: expected three finite numbers, got an array of 2"],
    [{ image_mean: [0.5, 0.5, Number.NaN] }, "image_mean"],
    [{ rescale_factor: 0 }, "rescale_factor: expected a number above 0"],
  ])("%#: of the wrong type: %s", (processor, message) => {
    expect(() => read(processor)).toThrow(ModelFormatError);
    expect(() => read(processor)).toThrow(message);
  });
});

describe("timm", () => {
  test("crop_pct enlarges, rounded down", () => {
    expect(readTimm({ interpolation: "bicubic", crop_pct: 0.9, ...HALF })).toEqual({
      resize: { mode: "shortest_edge", edge: 248 },
      crop: square(224),
      rounding: "half-even",
      resample: "bicubic",
      rescale: 1 / 255,
      ...HALF,
    });
  });

  test("its defaults, and settings at the top of an older config", () => {
    const config = { ...TIMM, input_size: [3, 224, 224] };
    expect(read(undefined, config)).toEqual({
      resize: { mode: "shortest_edge", edge: 256 },
      crop: square(224),
      rounding: "half-even",
      resample: "bicubic",
      rescale: 1 / 255,
      ...IMAGENET,
    });
  });

  test("squash is an exact resize", () => {
    const squashed = readTimm({ crop_mode: "squash", crop_pct: 1, input_size: [3, 224, 448] });
    expect(squashed.resize).toEqual({ mode: "exact", width: 448, height: 224 });
    expect(pictureSize(squashed)).toEqual({ width: 448, height: 224 });
  });

  test.each<[object, string]>([
    [{ interpolation: "lanczos" }, 'interpolation: expected one of bicubic, bilinear, got "lanczos"'],
    [{ interpolation: "random" }, '"random"'],
    [{ crop_mode: "border" }, 'crop_mode: expected center or squash, got "border"'],
  ])("%#: refused: %s", (pretrained, message) => {
    expect(() => readTimm(pretrained)).toThrow(UnsupportedModelError);
    expect(() => readTimm(pretrained)).toThrow(message);
  });
});

test("hostile fields end in a typed error", () => {
  const deep = JSON.parse(`${"[".repeat(1e5)}${"]".repeat(1e5)}`);
  const values = fc.oneof(fc.jsonValue(), fc.double(), fc.maxSafeInteger(), fc.constant(deep));
  const keys = fc.constantFrom(
    ...[
      "size",
      "crop_size",
      "crop_pct",
      "resample",
      "image_mean",
      "image_std",
      "rescale_factor",
      "do_resize",
    ],
    ...[
      "image_processor_type",
      "do_center_crop",
      "input_size",
      "interpolation",
      "crop_mode",
      "mean",
      "std",
      "model_type",
    ],
  );
  fc.assert(
    fc.property(fc.dictionary(keys, values), fc.boolean(), (changes, timm) => {
      try {
        const { width, height } = pictureSize(
          timm ? readTimm(changes) : read(changes, { ...VIT, ...changes }),
        );
        expect(width * height).toBeGreaterThan(0);
      } catch (error) {
        if (!(error instanceof Vit8Error)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});
