import dot4Wgsl from "../../shaders/attention_registers.wgsl?dot4&wgsl";
import f32Wgsl from "../../shaders/attention_registers.wgsl?wgsl";
import { defineKernel, type Variant } from "../gpu/kernel.ts";
import {
  type AttentionProblem,
  attentionBytes,
  attentionGrid,
  attentionMacs,
  attentionParams,
  attentionProbe,
  checkAttention,
} from "./attention.ts";

const variant = (wgsl: string, rows: number, inner: "dot4" | "f32"): Variant<AttentionProblem> => ({
  wgsl,
  shapedFor: "gpu",
  inner,
  constants: () => ({ ROWS_PER_WORKGROUP: rows }),
  grid: (problem) => attentionGrid(problem, rows),
  runsOn: ({ language }) => inner !== "dot4" || language.has("packed_4x8_integer_dot_product"),
});

/** The same as `attention`, shaped for GPUs: 64 outputs in registers. */
export const attentionRegisters = defineKernel({
  name: "attention_registers",
  bindings: { qkv: "read", qkv_scale: "read", out: "write", out_scale: "write", params: "uniform" },
  variants: {
    "dot4-32": variant(dot4Wgsl, 32, "dot4"),
    "dot4-64": variant(dot4Wgsl, 64, "dot4"),
    "f32-32": variant(f32Wgsl, 32, "f32"),
  },
  params: attentionParams,
  probe: attentionProbe,
  check: checkAttention,
  macs: attentionMacs,
  bytes: attentionBytes,
});
