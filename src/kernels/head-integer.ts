import wgsl from "../../shaders/head_integer.wgsl?wgsl";
import { defineKernel } from "../gpu/kernel.ts";
import { head } from "./head.ts";

/** The same as `head` in integers alone: equal bits everywhere. */
export const headInteger = defineKernel({
  ...head,
  name: "head_integer",
  variants: { thread: { ...head.variants.thread, wgsl } },
});
