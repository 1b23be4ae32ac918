/**
 * int8 Vision Transformers on WebGPU, in a page.
 *
 * @module vit8
 */
export type { Classification } from "./classifier/answer.ts";
export type {
  ClassifyOptions,
  EachOptions,
  EachResult,
  KernelReport,
  KeyedPicture,
  LoadOptions,
  Pooling,
  Report,
  SettledOptions,
} from "./classifier/api.ts";
export type { Compared } from "./classifier/compared.ts";
export type { Box, Detection, DetectOptions } from "./classifier/detect.ts";
export type { Advice, DeviceChoice } from "./classifier/device.ts";
export type { Features, PassTime, Profile } from "./classifier/engine.ts";
export type { LoadProgress, LoadStage } from "./classifier/model.ts";
export type { Picture, PixelData } from "./classifier/picture.ts";
export * from "./errors/errors.ts";
export type {
  ByteRange,
  FileContents,
  ModelFolder,
  ModelSource,
  NamedContents,
} from "./format/folder.ts";
export type { ByteStream } from "./format/safetensors-stream.ts";
export type { AdapterFacts } from "./gpu/gpu.ts";
export { type Framing, type Geometry, pictureGeometry } from "./image/geometry.ts";
export type { RawPicture } from "./image/picture.ts";
export type { ResampleFilter } from "./image/resample.ts";
export type { Nonlinear } from "./lower/arithmetic.ts";
export type { AttentionMap } from "./lower/attention-map.ts";
export type { Precision } from "./lower/pack/packer.ts";
export { ImageClassifier } from "./worker/load.ts";
