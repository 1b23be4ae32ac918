// eva_giant_*: an EVA-02 without rotary positions and gates.
export { default } from "./eva02.ts";
