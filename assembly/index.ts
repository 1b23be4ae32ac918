// The kernels of the CPU in WebAssembly SIMD: one module, in AssemblyScript, which build/assembly-plugin.ts compiles.

export { attention } from "./attention";
export { attentionFloat } from "./attention-float";
export { attentionInteger } from "./attention-integer";
export { gemmAccumulate, gemmAdd, gemmQuantize, gemmStore } from "./gemm";
export { gemmFloatActivate, gemmFloatAdd } from "./gemm-float";
export { gemmIntegerAdd, gemmIntegerQuantize } from "./gemm-integer";
export { head } from "./head";
export { headInteger } from "./head-integer";
export { prepareHeads } from "./heads";
export { layernorm, layernormQuantize, quantizeRows } from "./layernorm";
export { layernormInteger, layernormIntegerQuantize } from "./layernorm-integer";
export { quantizeLevels, roundToLevels } from "./levels";
export { cutPatches } from "./patches";
export { resampleColumns, resampleRows } from "./resample";
export { combineRows, gatherRows, quantizeGroups } from "./rows";
