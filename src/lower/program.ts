// A model as one arithmetic computes it: its steps, and the weights that they name.

import type { ModelGraph } from "./lowering.ts";
import type { Packed } from "./pack/packer.ts";
import type { StoredTensor } from "./pack/stored-tensor.ts";

export interface Program {
  /** The steps of so many images; with `taps` what attentions read is read back too. */
  readonly graph: (images: number, taps?: boolean) => ModelGraph;
  /** The steps of one image to all its tokens, with the same weights. @throws UnsupportedModelError for a model that has none */
  readonly features?: () => Promise<ModelGraph>;
  /** The buffers that steps name, pulled from the checkpoint's tensors. */
  readonly pack: (tensors: AsyncIterable<StoredTensor>) => AsyncGenerator<Packed>;
}
