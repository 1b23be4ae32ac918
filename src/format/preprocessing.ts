/** How a model preprocesses its images: preprocessor_config.json of transformers, or `pretrained_cfg` of timm. */
import { UnsupportedModelError } from "../errors/errors.ts";
import { type Bounds, sizeWithin } from "./bounded.ts";
import {
  asFields,
  asInteger,
  asSize,
  checkFixed,
  type Fields,
  field,
  oneOf,
  readBoolean,
  readChannels,
  readPositive,
  readText,
  type Size,
  unsupported,
} from "./fields.ts";
import { MAX_IMAGE_SIDE } from "./limits.ts";
import { isTimmConfig, timmPictureSize, timmPretrained } from "./timm.ts";

export type Resize =
  | { mode: "shortest_edge"; edge: number }
  | { mode: "exact" | "cover"; width: number; height: number };

/** The steps in order; sizes in pixels. A value v of a channel becomes (v * rescale - mean) / std. */
export interface Preprocessing {
  resize: Resize;
  resample: "bicubic" | "bilinear";
  /** An image's own aspect decides its size; `resize` is then that of the widest one. */
  bounds?: Bounds;
  /** From the center; it may be larger than the resized image, which black then surrounds. */
  crop?: Size;
  /** How half a pixel is rounded, as in `Framing`. */
  rounding?: "half-even";
  rescale: number;
  mean: [number, number, number];
  std: [number, number, number];
}

/** The size of every image after these steps. */
export function pictureSize({ resize, crop }: Preprocessing): Size {
  if (crop) return crop;
  if (resize.mode === "exact") return { width: resize.width, height: resize.height };
  throw unsupported("do_center_crop", "true after a resize of the shortest edge", false);
}

/**
 * @param preprocessorJson undefined without such a file
 * @param processor the processor if the file names none: the name of a known one, or a family's own
 * @throws UnsupportedModelError with the unsupported setting
 */
export function parsePreprocessing(
  preprocessorJson: unknown,
  configJson: unknown,
  processor: string | Processor = "",
): Preprocessing {
  const config = asFields(configJson, "config.json");
  if (isTimmConfig(config)) return fromTimm(config);
  if (preprocessorJson === undefined) {
    throw new UnsupportedModelError(
      "model: expected preprocessor_config.json next to config.json, got none. Save the image processor with the model.",
    );
  }
  const preprocessing = fromProcessor(asFields(preprocessorJson, "preprocessor_config.json"), processor);
  pictureSize(preprocessing);
  return preprocessing;
}

const HALF = [0.5, 0.5, 0.5];
const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073];
const CLIP_STD = [0.26862954, 0.26130258, 0.27577711];
const IMAGENET_MEAN = [0.485, 0.456, 0.406];
const IMAGENET_STD = [0.229, 0.224, 0.225];
const BILINEAR = 2;
const BICUBIC = 3;

/** The defaults of a transformers processor; `square`: one number is an exact size. */
interface Defaults {
  readonly square: boolean;
  /** Pixels. */
  readonly edge: number;
  readonly crop?: number;
  /** Images keep their aspect within the bounds of `size`, and sides are a multiple of so many pixels. */
  readonly multiple?: number;
  /** Pillow's number: 2 bilinear, 3 bicubic. */
  readonly resample: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** An image processor that a family brings: `SiglipImageProcessor` is called `Siglip`. */
export interface Processor extends Defaults {
  readonly name: string;
}

const CLIP: Defaults = {
  square: false,
  edge: 224,
  crop: 224,
  resample: BICUBIC,
  mean: CLIP_MEAN,
  std: CLIP_STD,
};
const PROCESSORS: Record<string, Defaults> = {
  ViT: { square: true, edge: 224, resample: BILINEAR, mean: HALF, std: HALF },
  DeiT: { square: true, edge: 256, crop: 224, resample: BICUBIC, mean: HALF, std: HALF },
  CLIP,
  Bit: CLIP,
  Siglip: { square: true, edge: 224, resample: BICUBIC, mean: HALF, std: HALF },
  // the defaults of ConvNextImageProcessor, which other models borrow for its crop_pct
  ConvNext: { square: false, edge: 384, resample: BICUBIC, mean: HALF, std: HALF },
};
function fromProcessor(fields: Fields, processor: string | Processor): Preprocessing {
  const { name, defaults } = readProcessor(fields, processor);
  if (!isOn(fields, "do_resize", true)) throw unsupported("do_resize", true, fields.do_resize);
  // Without a size, padding makes the images of a batch alike, which they are.
  if (isOn(fields, "do_pad", false)) checkFixed(fields, { pad_size: null });
  const normalises = isOn(fields, "do_normalize", true);
  return {
    ...(name === "ConvNext" ? readConvNext(fields, defaults) : readResizeAndCrop(fields, defaults)),
    resample: readResample(fields, defaults),
    rescale: isOn(fields, "do_rescale", true) ? readPositive(fields, "rescale_factor", 1 / 255) : 1,
    mean: normalises ? readChannels(fields, "image_mean", defaults.mean) : [0, 0, 0],
    std: normalises ? readDeviations(fields, "image_std", defaults.std) : [1, 1, 1],
  };
}

/** A step whose switch is null is left out, as in Python. */
function isOn(fields: Fields, key: string, fallback: boolean): boolean {
  return fields[key] !== null && readBoolean(fields, key, fallback);
}

function readProcessor(fields: Fields, processor: string | Processor): { name: string; defaults: Defaults } {
  const type = readText(fields, "image_processor_type") ?? readText(fields, "feature_extractor_type");
  const own = typeof processor === "string" ? { name: processor } : processor;
  const name = type?.replace(/(ImageProcessor|FeatureExtractor)(Fast|Pil)?$/, "") ?? own.name;
  const known = "edge" in own ? { ...PROCESSORS, [own.name]: own } : PROCESSORS;
  return { name, defaults: oneOf(name, "image processor", known) };
}

type Framing = Pick<Preprocessing, "resize" | "crop" | "bounds">;

/** Undefined where `size` is one size. */
function readBounds(fields: Fields, { edge, multiple }: Defaults): Bounds | undefined {
  const size = field(fields, "size") ?? edge;
  if (!multiple || Array.isArray(size)) return undefined;
  const isEdge = typeof size === "number";
  const edges = isEdge ? {} : asFields(size, "size");
  if (!isEdge && field(edges, "shortest_edge") === undefined) return undefined;
  const side = (value: unknown, who: string) => asInteger(value, who, multiple, MAX_IMAGE_SIDE);
  const longest = isEdge ? (field(fields, "max_size") ?? LONGEST_EDGE) : field(edges, "longest_edge");
  return {
    shortest: side(isEdge ? size : field(edges, "shortest_edge"), "size.shortest_edge"),
    longest: side(longest, "size.longest_edge"),
    multiple,
  };
}

/** The default of `max_size`. */
const LONGEST_EDGE = 1333;

function readResizeAndCrop(fields: Fields, defaults: Defaults): Framing {
  const bounds = readBounds(fields, defaults);
  if (bounds) {
    const widest = sizeWithin({ width: bounds.longest, height: bounds.shortest }, bounds);
    return { resize: { mode: "exact", ...widest }, bounds };
  }
  const resize = readResize(fields, defaults);
  if (!isOn(fields, "do_center_crop", defaults.crop !== undefined)) return { resize };
  return { resize, crop: asSize(field(fields, "crop_size") ?? defaults.crop, "crop_size", MAX_IMAGE_SIDE) };
}

function readResize(fields: Fields, defaults: Defaults): Resize {
  const given = field(fields, "size") ?? defaults.edge;
  const square = readBoolean(fields, "default_to_square", defaults.square);
  const size = typeof given === "number" && !square ? { shortest_edge: given } : given;
  const edge =
    Array.isArray(size) || typeof size === "number"
      ? undefined
      : field(asFields(size, "size"), "shortest_edge");
  if (edge === undefined) return { mode: "exact", ...asSize(size, "size", MAX_IMAGE_SIDE) };
  if (field(size as Fields, "longest_edge"))
    throw unsupported("size", "shortest_edge alone", "with longest_edge");
  return { mode: "shortest_edge", edge: asInteger(edge, "size.shortest_edge", 1, MAX_IMAGE_SIDE) };
}

/** From here on ConvNextImageProcessor stretches the image instead of cropping it. */
const STRETCH_FROM_EDGE = 384;

/** `size` is the size of the crop, and `crop_pct` its ratio to the resize. */
function readConvNext(fields: Fields, defaults: Defaults): Framing {
  checkFixed(fields, { do_center_crop: false });
  const size = readResize(fields, defaults);
  if (size.mode !== "shortest_edge") throw unsupported("size", "shortest_edge", "width and height");
  const { edge } = size;
  const square = { width: edge, height: edge };
  if (edge >= STRETCH_FROM_EDGE) return { resize: { mode: "exact", ...square } };
  const larger = enlarged(edge, readPositive(fields, "crop_pct", 224 / 256));
  return { resize: { mode: "shortest_edge", edge: larger }, crop: square };
}

/** The edge of which a crop of `edge` pixels keeps `cropPercent`. */
function enlarged(edge: number, cropPercent: number): number {
  return asInteger(Math.floor(edge / cropPercent), "crop_pct resize", 1, MAX_IMAGE_SIDE);
}

/** Pillow's numbers. */
const RESAMPLE_NAMES = ["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"];
const RESAMPLES = { bicubic: "bicubic", bilinear: "bilinear" } as const;

function readResample(fields: Fields, defaults: Defaults): "bicubic" | "bilinear" {
  const resample = field(fields, "resample") ?? defaults.resample;
  const name = typeof resample === "number" ? RESAMPLE_NAMES[resample] : undefined;
  return oneOf(name ?? resample, "resample", RESAMPLES);
}

function readDeviations(fields: Fields, key: string, fallback: readonly number[]): [number, number, number] {
  const deviations = readChannels(fields, key, fallback);
  if (deviations.every((deviation) => deviation > 0)) return deviations;
  throw unsupported(key, "any number above 0", String(deviations));
}

/** As in timm's evaluation transform, where missing, null and zero all select the default. */
function fromTimm(config: Fields): Preprocessing {
  const pretrained = timmPretrained(config);
  const set = Object.fromEntries(Object.entries(pretrained).filter(([, value]) => isSet(value)));
  return {
    rounding: "half-even",
    resample: oneOf(field(set, "interpolation") ?? "bicubic", "interpolation", RESAMPLES),
    ...readTimmFraming(set, timmPictureSize(config)),
    rescale: 1 / 255,
    mean: readChannels(set, "mean", IMAGENET_MEAN),
    std: readDeviations(set, "std", IMAGENET_STD),
  };
}

const isSet = (value: unknown) => (Array.isArray(value) ? value.length > 0 : Boolean(value));

/** The crop has the size of the model's input, the resize floor(size / crop_pct); a size that is not square is resized bilinearly. */
function readTimmFraming(pretrained: Fields, size: Size): Framing & Partial<Preprocessing> {
  const cropPercent = readPositive(pretrained, "crop_pct", 0.875);
  const mode = readText(pretrained, "crop_mode") ?? "center";
  const width = enlarged(size.width, cropPercent);
  const height = enlarged(size.height, cropPercent);
  if (mode === "squash") return { resize: { mode: "exact", width, height }, crop: size };
  if (mode === "border") throw unsupported("crop_mode", "center or squash", mode);
  if (width === height) return { resize: { mode: "shortest_edge", edge: width }, crop: size };
  return { resize: { mode: "cover", width, height }, crop: size, resample: "bilinear" };
}
