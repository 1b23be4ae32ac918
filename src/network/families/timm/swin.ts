// timm's `swin_transformer`.

import { checkFixed, type Fields, field, readBoolean, unsupported } from "../../../format/fields.ts";
import { timmArguments, timmPictureSize } from "../../../format/timm.ts";
import type { Family, Reading } from "../../family.ts";
import { asPatchSize, readTimmActivation } from "../../sizes.ts";
import { readStages, type SwinSpec, swin, timmNames } from "../../swin.ts";

const size = (embed_dim: number, num_heads: readonly number[], third = 18): Fields => ({
  embed_dim,
  num_heads,
  depths: [2, 2, third, 2],
});

const SIZES: Readonly<Record<string, Fields>> = {
  tiny: size(96, [3, 6, 12, 24], 6),
  small: size(96, [3, 6, 12, 24]),
  base: size(128, [4, 8, 16, 32]),
  large: size(192, [6, 12, 24, 48]),
};

/** swin_tiny_patch4_window7_224, swinv2_base_window12to16_192to256, ..., and a tag after a dot. */
const NAME =
  /^swin(?:v2)?_(tiny|small|base|large)(?:_patch4)?_window(\d{1,2})(?:to(\d{1,2}))?_\d+(?:to\d+)?(?:\.\w+)?$/;
/** The search of windows of Chen et al. 2021, "Searching the Search Space of Vision Transformer". */
const S3: Readonly<Record<string, Fields>> = {
  swin_s3_tiny_224: { ...SIZES.tiny, window_size: [7, 7, 14, 7] },
  swin_s3_small_224: { ...SIZES.small, window_size: [14, 14, 14, 7] },
  swin_s3_base_224: { ...SIZES.small, depths: [2, 2, 30, 2], window_size: [7, 7, 14, 7] },
};
const FIXED_ARGS: Fields = { in_chans: 3, global_pool: "avg", always_partition: false, head_dim: null };

function defaultsOf(name: string): Fields {
  const [plain] = name.split(".", 1);
  if (Object.hasOwn(S3, plain)) return S3[plain];
  const [, sizeName, window, later] = NAME.exec(name) ?? [];
  if (!sizeName) throw unsupported("timm architecture", "a plain swin_*, swin_s3_* or swinv2_*", name);
  // Trained on windows of 12 and, in the last stage, of 6.
  const trained = later ? { pretrained_window_sizes: [12, 12, 12, 6] } : {};
  return { ...SIZES[sizeName], window_size: Number(later ?? window), ...trained };
}

export function readTimmSwin(config: Fields, { name, classes }: Reading, second: boolean): SwinSpec {
  const args = { ...defaultsOf(name), ...timmArguments(config) };
  checkFixed(args, FIXED_ARGS);
  const trained = field(args, "pretrained_window_sizes") ?? 0;
  return {
    image: timmPictureSize(config),
    patch: asPatchSize(field(args, "patch_size") ?? 4),
    stages: readStages(args, field(args, "window_size"), trained),
    qkvBias: readBoolean(args, "qkv_bias", true),
    eps: 1e-5,
    activation: readTimmActivation(args),
    classes,
    second,
    windowing: "timm",
  };
}

export default {
  read: (config, reading) => readTimmSwin(config, reading, false),
  dialects: (spec) => [timmNames(spec)],
  build: swin,
} satisfies Family<SwinSpec>;
