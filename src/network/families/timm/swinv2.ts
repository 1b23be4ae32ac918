// timm's `swin_transformer_v2`.

import type { Family } from "../../family.ts";
import { type SwinSpec, swin, timmNames } from "../../swin.ts";
import { readTimmSwin } from "./swin.ts";

export default {
  read: (config, reading) => readTimmSwin(config, reading, true),
  dialects: (spec) => [timmNames(spec)],
  build: swin,
} satisfies Family<SwinSpec>;
