// Whole models in integers: the same bits on every adapter and on the CPU, and close to the f64 forward pass.

import { afterAll, describe, expect, test, vi } from "vitest";
import { UnsupportedModelError } from "../errors/errors.ts";
import { acquireGpu, releaseGpu } from "../gpu/shared.ts";
import { nodeGpu } from "../node/gpu.ts";
import type { LoadOptions, Platform } from "./api.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import {
  forward,
  type MadeUpVit,
  madeUpPicture,
  madeUpTensors,
  PLAIN,
  timmFiles,
  transformersFiles,
} from "./made-up-vit.shared.ts";
import type { Picture } from "./picture.ts";

const platform: Platform<Picture> = { ...pagePlatform, gpu: nodeGpu, sliceMs: undefined };
// Kept open, so that all tests share one device and its pipelines.
const gpu = await acquireGpu({ gpu: await nodeGpu() });
afterAll(() => releaseGpu(gpu));

async function logitsOf(vit: MadeUpVit, options: LoadOptions, pictures = [madeUpPicture(vit)]) {
  const classifier = await LocalClassifier.loadOn(platform, timmFiles(vit, madeUpTensors(vit)), {
    device: "webgpu",
    ...options,
  });
  try {
    return await classifier.logits(pictures);
  } finally {
    await classifier.dispose();
  }
}

function distance(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  const length = (values: number[]) => Math.hypot(...values);
  return length(Array.from(expected, (value, i) => got[i] - value)) / length(Array.from(expected));
}

const MODELS: Record<string, Partial<MadeUpVit>> = {
  plain: {},
  "layer scale, distilled with two heads": { layerScale: true, prefixTokens: 2, headsCount: 2 },
  "head dim 80": { width: 160, mlpWidth: 160, depth: 1 },
};

// In units of 2^-14, recorded on lavapipe; `npm test` runs this file on SwiftShader too. Record them again only if the quantization of
// weights changes.
const LOGITS: Record<string, Record<"ibert" | "ivit", readonly number[]>> = {
  plain: {
    ibert: [1532, -7232, -34401, 14602, 26821, 16815, 24839, 218, -18904, 2189],
    ivit: [1241, -7148, -34231, 14742, 27303, 17155, 25001, 162, -19100, 2271],
  },
  "layer scale, distilled with two heads": {
    ibert: [23340, 10664, -12327, -2905, 9335, 5249, 4393, -7723, -9543, 8393],
    ivit: [23268, 10845, -12625, -2842, 9306, 5051, 4137, -8102, -9299, 8136],
  },
  "head dim 80": {
    ibert: [8518, -22705, 435, 27940, -1948, 13811, -11325, -32570, -12731, -5623],
    ivit: [8385, -23216, 462, 27937, -1881, 13830, -11199, -33084, -12283, -5592],
  },
};

describe.each(Object.entries(MODELS))("%s", (name, change) => {
  const vit = { ...PLAIN, ...change };
  test.each([
    ["ibert", "webgpu"],
    ["ivit", "webgpu"],
    ["ibert", "cpu"],
    ["ivit", "cpu"],
  ] as const)("%s on %s: the logits are these integers", async (nonlinear, device) => {
    const [logits] = await logitsOf(vit, { integerOnly: true, nonlinear, device });
    expect([...logits].map((logit) => logit * 2 ** 14)).toEqual(LOGITS[name][nonlinear]);
  });
});

// Twice what was seen: int8 itself 0.009, then GELU within 0.018 or 0.026, and an exponential within 0.002 or 0.044.
test.each([
  [{ nonlinear: "fast" }, 0.018],
  [{ nonlinear: "ibert" }, 0.024],
  [{ nonlinear: "ivit" }, 0.032],
  [{ integerOnly: true }, 0.024],
  [{ nonlinear: "fast", device: "cpu" }, 0.018],
  [{ nonlinear: "ibert", device: "cpu" }, 0.024],
  [{ nonlinear: "ivit", device: "cpu" }, 0.032],
] as const)("%o is close to f64", async (options, bound) => {
  const picture = madeUpPicture(PLAIN);
  const { logits: expected } = forward(PLAIN, madeUpTensors(PLAIN), picture.rgba);
  const [logits] = await logitsOf(PLAIN, options, [picture]);
  expect(distance(logits, expected)).toBeLessThan(bound);
});

test("a picture has the same logits alone and among others", async () => {
  const pictures = [1, 2, 3].map((seed) => madeUpPicture(PLAIN, seed));
  const together = await logitsOf(PLAIN, { integerOnly: true }, pictures);
  expect(await logitsOf(PLAIN, { integerOnly: true, maxBatch: 1 }, pictures)).toEqual(together);
  expect(new Set(together.map(String)).size).toBe(3);
});

describe("an activation that the integer forms are not", () => {
  const { "config.json": config, ...others } = transformersFiles(PLAIN, madeUpTensors(PLAIN));
  const loading = (activation: string, options: LoadOptions) => {
    const hidden_act = JSON.stringify({ ...JSON.parse(config), hidden_act: activation });
    const readText = async (name: string) =>
      name === "config.json" ? hidden_act : name === "preprocessor_config.json" ? others[name] : undefined;
    const open = vi.fn(async () => ({ stream: new Blob([others["model.safetensors"]]).stream() }));
    return {
      open,
      loaded: LocalClassifier.loadOn(platform, { id: "m", readText, open }, { device: "webgpu", ...options }),
    };
  };

  test.each<LoadOptions>([
    { nonlinear: "ibert" },
    { nonlinear: "ivit" },
    { integerOnly: true },
    { integerOnly: true, nonlinear: "ivit" },
  ])("quick_gelu with %o is refused before the weights are asked for", async (options) => {
    const { open, loaded } = loading("quick_gelu", options);
    await expect(loaded).rejects.toThrow(UnsupportedModelError);
    await expect(loaded).rejects.toThrow(/expected nonlinear exact or fast for quick_gelu, got i(bert|vit)/);
    expect(open).not.toHaveBeenCalled();
  });

  test("every other pair answers, quick_gelu by its own form and the tanh form as GELU", async () => {
    const logits: Record<string, Float32Array> = {};
    for (const activation of ["gelu", "gelu_new", "quick_gelu"])
      for (const nonlinear of ["exact", "fast", "ibert"] as const) {
        if (activation === "quick_gelu" && nonlinear === "ibert") continue;
        const classifier = await loading(activation, { nonlinear }).loaded;
        logits[`${activation} ${nonlinear}`] = await classifier.logits(madeUpPicture(PLAIN));
        await classifier.dispose();
      }
    expect(logits["gelu fast"]).toEqual(logits["gelu_new exact"]);
    expect(logits["gelu_new fast"]).toEqual(logits["gelu_new exact"]);
    expect(logits["gelu_new ibert"]).toEqual(logits["gelu ibert"]);
    expect(logits["quick_gelu fast"]).toEqual(logits["quick_gelu exact"]);
    const floats = async (activation: string, device: "webgpu" | "cpu") => {
      const classifier = await loading(activation, { precision: "float32", device }).loaded;
      return classifier.logits(madeUpPicture(PLAIN)).finally(() => classifier.dispose());
    };
    for (const activation of ["gelu", "gelu_new", "quick_gelu"]) {
      const expected = await floats(activation, "cpu");
      // f32 on both; between quick GELU and GELU it is 0.01, between GELU and its tanh form 1e-4.
      expect(distance(await floats(activation, "webgpu"), expected)).toBeLessThan(5e-6);
      expect(distance(logits[`${activation} exact`], expected)).toBeLessThan(0.022);
    }
  });
});

test.each<[LoadOptions, string]>([
  [{ nonlinear: "quick" as never }, "nonlinear: expected one of exact, fast, ibert, ivit, got quick"],
  [{ precision: "int4" as never }, "precision: expected one of int8, float32, got int4"],
  [{ device: "gpu" as never }, "device: expected one of auto, webgpu, cpu, got gpu"],
  [{ nonlinear: "ibert", precision: "float32" }, "got ibert with float32"],
  [
    { nonlinear: "fast", integerOnly: true },
    "ibert or ivit for integerOnly, and precision int8 for either, got fast with int8",
  ],
])("%o is refused", async (options, message) => {
  await expect(logitsOf(PLAIN, options)).rejects.toThrow(message);
});

test("the report says which arithmetic it was, and attention maps are there", async () => {
  const classifier = await LocalClassifier.loadOn(platform, timmFiles(PLAIN, madeUpTensors(PLAIN)), {
    device: "webgpu",
    integerOnly: true,
  });
  expect(classifier.report).toMatchObject({ precision: "int8", nonlinear: "ibert", integerOnly: true });
  const names = classifier.report.kernels.map(({ kernel }) => kernel);
  expect(names.filter((name) => !/integer|_ibert/.test(name))).toEqual([]);
  const { heads, rollout } = await classifier.attention(madeUpPicture(PLAIN));
  expect([heads.length, rollout.every(Number.isFinite)]).toEqual([PLAIN.heads, true]);
  await classifier.dispose();
});
