import { afterAll, expect, test } from "vitest";
import { openGpu } from "../gpu/gpu.ts";
import { nodeGpu } from "../node/gpu.ts";
import { errorCurves } from "./nonlinear.ts";

const gpu = await openGpu({ gpu: await nodeGpu() });
afterAll(() => gpu.destroy());

test("every form of every operation, f32 on the GPU the nearest to f64", async () => {
  const curves = await errorCurves(gpu);
  const worst = (operation: string, form: string) => {
    const { points } = curves.find((curve) => curve.operation === operation && curve.form === form)!;
    return points.reduce((most, { error }) => Math.max(most, error), 0);
  };
  // A few steps of f32 at values up to 8; at 0.5; and of a mean of 1448, which is subtracted.
  expect(worst("GELU", "f32, this GPU")).toBeLessThan(4e-6);
  expect(worst("softmax", "f32, this GPU")).toBeLessThan(1e-6);
  expect(worst("LayerNorm", "f32, this GPU")).toBeLessThan(2e-3);
  for (const [operation, form, least, most] of [
    ["GELU", "fast", 1e-4, 1e-3],
    ["GELU", "ibert", 1e-3, 3e-2],
    ["GELU", "ivit", 1e-3, 5e-2],
    ["softmax", "ibert", 1e-5, 2e-3],
    ["softmax", "ivit", 1e-4, 2e-2],
    ["LayerNorm", "ibert, ivit", 1e-6, 1e-1],
  ] as const) {
    // An approximation has an error, at most as large as its authors report.
    expect(worst(operation, form), `${operation} ${form}`).toBeGreaterThan(least);
    expect(worst(operation, form), `${operation} ${form}`).toBeLessThan(most);
  }
});
