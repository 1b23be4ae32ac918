// Every family as an ONNX file. Its outputs are compared in Python: check_onnx.py.

import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openChecked } from "../../src/cli/model.ts";
import { floatTensors } from "../../src/onnx/float-tensors.ts";
import { onnxModel } from "../../src/onnx/model.ts";
import { byteLengthOf } from "../../src/onnx/protobuf.ts";
import { PENDING } from "./pending.ts";

const models = new URL("models", import.meta.url).pathname;
const { signal } = new AbortController();

describe.each(readdirSync(models).filter((name) => !PENDING.includes(name)))("%s", (name) => {
  test.each(["fp32", "q8", "q4"] as const)("%s", async (format) => {
    const model = await openChecked(`${models}/${name}`, signal);
    const tensors = await floatTensors(model, signal);
    const file = onnxModel(model.name, model.network, tensors, format);
    const text = Buffer.concat(file).toString("latin1");
    expect(text).toContain(model.network.outputs.logits ? "logits" : "embedding");
    // A detection model has two outputs, with transformers' names.
    expect(text.includes("pred_boxes")).toBe("boxes" in model.network.outputs);
    const floats = [...tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (format === "fp32") expect(byteLengthOf(file)).toBeGreaterThan(0.6 * floats);
  });
});
