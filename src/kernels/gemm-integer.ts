import add from "../../shaders/gemm_integer.wgsl?add&wgsl";
import ibert from "../../shaders/gemm_integer.wgsl?quantize&ibert&wgsl";
import ivit from "../../shaders/gemm_integer.wgsl?quantize&ivit&wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import { checkGemm, EPILOGUES, type Epilogue, type GemmProblem, GROUP, gemmParams } from "./gemm.ts";

const ROWS = 4;
const kernel = <E extends Epilogue>(name: string, epilogue: E, wgsl: string) =>
  defineKernel<(typeof EPILOGUES)[E], GemmProblem>({
    name: `gemm_integer_${name}`,
    bindings: { ...EPILOGUES[epilogue], params: "uniform" },
    params: gemmParams,
    check: checkGemm,
    macs: ({ rows, n, k }) => rows * n * k,
    bytes: ({ rows, n, k }) => rows * k + n * k + rows * n * (epilogue === "quantize" ? 1 : 4),
    variants: {
      column: { wgsl, inner: "f32", grid: ({ rows, n }) => [n / GROUP, Math.ceil(rows / ROWS)] },
    },
  });

/** int8 GEMM with the epilogue in integers too, and with GELU as I-BERT or I-ViT has it: equal bits everywhere. */
export const gemmInteger = {
  add: kernel("add", "add", add),
  ibert: kernel("ibert", "quantize", ibert),
  ivit: kernel("ivit", "quantize", ivit),
};
