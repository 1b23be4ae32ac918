// The names of the options of each call: others are misspelled, and refused.

import type { ClassifyOptions, EmbedOptions, ManyOptions } from "./api.ts";

/** Of `attention`. */
export const ONE = { signal: 0 };
/** Of `logits`. */
export const MANY = { settled: 0, signal: 0 } satisfies Record<keyof ManyOptions, 0>;
export const CLASSIFY = { topK: 0, ...MANY } satisfies Record<keyof (ClassifyOptions & ManyOptions), 0>;
export const EMBED = { pooling: 0, tokens: 0, ...MANY } satisfies Record<
  keyof (EmbedOptions & ManyOptions),
  0
>;
