// What bench/compilers.mjs runs.

export { compared } from "./against.ts";
export { GPUS } from "./gpus.ts";
export { printed } from "./print.ts";
export { runCompilers } from "./run.ts";
