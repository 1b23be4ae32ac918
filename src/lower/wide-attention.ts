// The int8 kernels of attention with windows, a bias, cosines or separate inputs. Fetched for the networks that have it.

import { attentionApart } from "../kernels/attention-apart.ts";
import { attentionOptions } from "../kernels/attention-options.ts";
import type { WideAttention } from "./attention.ts";

export const wideAttention: WideAttention = { options: [attentionOptions], apart: [attentionApart] };
