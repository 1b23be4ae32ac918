// YOLOS: Fang et al. 2021, "You Only Look at One Sequence": a ViT with a token for each object that it may find, and two MLPs on these.

import type { Size } from "../../format/fields.ts";
import { readBoolean, readInteger } from "../../format/fields.ts";
import { interpolatePositions } from "../../format/positions.ts";
import { type Answers, block, type EncoderSpec, patches } from "../block.ts";
import type { Builder } from "../builder.ts";
import type { Family } from "../family.ts";
import type { Dialect } from "../names.ts";
import type { Value } from "../op.ts";
import { POOLER, type PoolerSpec, readPooler, withPooler, withPoolerNames } from "../pooler.ts";
import { readSizes, VIT_NAMES } from "../transformers.ts";

export interface YolosSpec extends EncoderSpec {
  /** Number of classes; 0: no heads. There is one more class, for nothing. */
  readonly classes: number;
  /** Detection tokens: at most so many objects. */
  readonly objects: number;
  /** Positions are added behind each block but the last, too. */
  readonly midPositions: boolean;
  /** Pixels of the images that the tables of positions are for. */
  readonly trained: Size;
  readonly pooler?: PoolerSpec;
}

const HEADS = { head_class: "class_labels_classifier", head_box: "bbox_predictor" };
/** Layers of either head. */
const LAYERS = [0, 1, 2];

const OWN: Dialect = {
  detection_tokens: "embeddings.detection_tokens",
  ...Object.fromEntries(
    Object.entries(HEADS).flatMap(([head, stored]) =>
      LAYERS.map((i) => [`${head}.${i}`, `${stored}.layers.${i}`]),
    ),
  ),
};

export default {
  architectures: { YolosForObjectDetection: "detect", YolosModel: "embed" },
  bases: ["vit"],
  processor: {
    name: "Yolos",
    square: false,
    edge: 800,
    multiple: 16,
    resample: 2,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  },
  optional: POOLER,
  read(config, { classes, head }) {
    const sizes = readSizes({ image_size: [512, 864], ...config });
    return {
      ...sizes,
      classes,
      objects: readInteger(config, "num_detection_tokens", 1, 10_000, 100),
      midPositions: readBoolean(config, "use_mid_position_embeddings", true),
      trained: sizes.image,
      pooler: readPooler(config, head),
    };
  },
  dialects: ({ pooler }) =>
    withPoolerNames(
      ["encoder.", "encoder.interpolation."].map((place, i) => ({
        ...VIT_NAMES[i],
        ...OWN,
        mid_positions: `${place}mid_position_embeddings`,
      })),
      pooler,
    ),
  build(spec, net): Answers {
    const { classes, objects, depth } = spec;
    const first = net.tokens(["class_token"], patches(net, spec));
    const tokens = net.tokens([{ name: "detection_tokens", rows: objects }], first, { at: first.rows });
    let x = positioned(net, spec, { at: "x", x: tokens, stored: "positions", sets: 1, set: 0 });
    for (let i = 0; i < depth; i++) {
      x = block(net, spec, `blocks.${i}`, x);
      if (!spec.midPositions || i === depth - 1) continue;
      x = positioned(net, spec, {
        at: `blocks.${i}.placed`,
        x,
        stored: "mid_positions",
        sets: depth - 1,
        set: i,
      });
    }
    const rows = net.norm("norm", x, spec.eps);
    const embedding = net.row(rows, 0);
    if (classes === 0) return { embedding: withPooler(net, embedding, spec.pooler) };
    const found = net.rows("objects", rows, { first: first.rows });
    return {
      embedding,
      logits: head(net, "head_class", found, classes + 1),
      boxes: head(net, "head_box", found, 4),
    };
  },
} satisfies Family<YolosSpec>;

interface Positions {
  /** The name of the sum. */
  readonly at: string;
  readonly x: Value;
  /** The parameter that contains several tables, of which this is number `set`. */
  readonly stored: string;
  readonly sets: number;
  readonly set: number;
}

/** x and a table of positions, interpolated from the grid of the images that the model was trained on. */
function positioned(net: Builder, spec: YolosSpec, { at, x, stored, sets, set }: Positions): Value {
  const { image, trained, patch, width, objects } = spec;
  const grid = (size: Size) => ({
    width: Math.floor(size.width / patch),
    height: Math.floor(size.height / patch),
  });
  const [from, to] = [grid(trained), grid(image)];
  const rows = 1 + from.width * from.height + objects;
  const shape = stored === "positions" ? [1, rows, width] : [sets, 1, rows, width];
  const isSame = from.width === to.width && from.height === to.height;
  const table = net.derived({
    name: `${at}.positions`,
    shape: [1, x.rows, width],
    from: { [stored]: shape },
    make(values) {
      const own = values[stored].subarray(set * rows * width, (set + 1) * rows * width);
      return isSame ? own : interpolatePositions(own, from, to, { prefixTokens: 1, width });
    },
  });
  return net.table(table, x, { as: at });
}

function head(net: Builder, name: string, x: Value, out: number): Value {
  const layer = (i: number, x: Value, out = x.width) => net.linear(`${name}.${i}`, x, { out });
  const inner = LAYERS.slice(0, -1).reduce(
    (x, i) => net.activation(`${name}.${i}.relu`, layer(i, x), "relu"),
    x,
  );
  return layer(2, inner, out);
}
