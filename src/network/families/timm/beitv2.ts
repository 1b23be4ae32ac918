// BEiT v2 is BEiT with other weights.
export { default } from "./beit.ts";
