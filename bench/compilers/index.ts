// What bench/compilers.mjs runs.

export { GPUS } from "./gpus.ts";
export { printed } from "./print.ts";
export { runCompilers } from "./run.ts";
