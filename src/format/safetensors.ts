/** The safetensors format: header, stream, values and writing. */
export { toFloat32 } from "../tensor/dtype.ts";
export * from "./safetensors-header.ts";
export * from "./safetensors-stream.ts";
export * from "./safetensors-write.ts";
