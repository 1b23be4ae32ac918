// WebGPU that is old, half there or hostile: the model runs on what there is, or on the CPU, and every wait has an end.

import { getEventListeners } from "node:events";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { UnsupportedDeviceError, Vit8Error } from "../errors/errors.ts";
import { acquireGpu, releaseGpu } from "../gpu/shared.ts";
import { nodeGpu } from "../node/gpu.ts";
import type { ImageClassifier, LoadOptions } from "./api.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import { madeUpPicture, madeUpTensors, PLAIN, transformersFiles } from "./made-up-vit.shared.ts";
import type { LoadProgress } from "./model.ts";

const files = transformersFiles(PLAIN, madeUpTensors(PLAIN));
const picture = madeUpPicture(PLAIN);
const real = await nodeGpu();

/** Members of a WebGPU object by name: what it has in their place. */
type Oddities = Record<string, unknown>;
interface Odd {
  readonly gpu?: Oddities;
  readonly adapter?: Oddities;
  readonly device?: Oddities;
  /** Every device is lost as soon as it is there. */
  readonly loses?: boolean;
}

/** The same object, except for these members; a getter among them is evaluated each time. */
function odd<T extends object>(target: T, oddities: Oddities = {}): T {
  return new Proxy(target, {
    get(_, name) {
      if (name in oddities) return Reflect.get(oddities, name);
      const member = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

const { subgroupMinSize, subgroupMaxSize } = (await real.requestAdapter())!.info;
/** The software adapter's description of itself, so that it passes for a GPU. */
const asGpu = { vendor: "made up", architecture: "", description: "", subgroupMinSize, subgroupMaxSize };

/** Node's WebGPU with oddities, passing for a GPU, and its devices. */
function oddGpu({ gpu, adapter: adapterOddities, device: deviceOddities, loses }: Odd) {
  const devices: GPUDevice[] = [];
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    const adapter = (await real.requestAdapter(options))!;
    const requestDevice = async (descriptor?: GPUDeviceDescriptor) => {
      const device = await adapter.requestDevice(descriptor);
      devices.push(device);
      if (loses) device.destroy();
      return deviceOddities ? odd(device, deviceOddities) : device;
    };
    const getters = Object.getOwnPropertyDescriptors(adapterOddities ?? {});
    return odd(adapter, Object.defineProperties({ requestDevice, info: asGpu }, getters));
  };
  return { devices, entry: odd(real, { requestAdapter, ...gpu }) };
}

/** Kernels from the table and no comparison with the CPU, unless the options override it. */
function loadWith(entry: GPU, options: LoadOptions = {}) {
  const platform = {
    ...pagePlatform,
    gpu: async () => entry,
    sliceMs: undefined,
    cache: undefined,
  };
  return LocalClassifier.loadOn(platform, files, { autotune: false, ...options });
}

const load = (oddities: Odd, options?: LoadOptions) => loadWith(oddGpu(oddities).entry, options);

async function answer(loading: Promise<ImageClassifier>) {
  const classifier = await loading;
  try {
    return { logits: await classifier.logits(picture), report: classifier.report };
  } finally {
    await classifier.dispose();
  }
}

const allDestroyed = (devices: readonly GPUDevice[]) => Promise.all(devices.map(({ lost }) => lost));
/** Dawn compiles on this thread: waits until it is done with the load before timers are faked. */
async function idle(): Promise<void> {
  let quiet = 0;
  while (quiet < 10) {
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 30));
    quiet = performance.now() - start < 45 ? quiet + 1 : 0;
  }
}
const never = () => new Promise<never>(() => {});
const refused = () => Promise.reject(new DOMException("not today", "OperationError"));
const thrown = () => {
  throw new TypeError("not today");
};

let undisturbed: Float32Array;
beforeAll(async () => {
  undisturbed = (await answer(load({}))).logits;
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const OLD: Record<string, Odd> = {
  "no adapter.info": { adapter: { info: undefined } },
  "an info that throws": {
    adapter: {
      get info() {
        return thrown();
      },
    },
  },
  "an info without fields": { adapter: { info: {} } },
  "requestAdapterInfo() that rejects": { adapter: { info: undefined, requestAdapterInfo: refused } },
  "requestAdapterInfo() that is no function": { adapter: { info: undefined, requestAdapterInfo: 1 } },
  "features in an array": { adapter: { features: ["subgroups"] } },
  "no features": { adapter: { features: undefined }, device: { features: undefined } },
  "features that are no list": { adapter: { features: {} } },
  "no limits of the adapter": { adapter: { limits: undefined } },
  "limits without names": { adapter: { limits: {} } },
  "no wgslLanguageFeatures": { gpu: { wgslLanguageFeatures: undefined } },
  "device.lost that rejects when asked": {
    device: {
      get lost() {
        return new Promise((_, reject) => setTimeout(reject, 60_000).unref());
      },
    },
  },
};

describe("loads with an old or incomplete WebGPU", () => {
  test.each(Object.entries(OLD))("%s", async (_, oddities) => {
    const { logits, report } = await answer(load(oddities));
    expect(report.backend).toBe("webgpu");
    // Another variant may sum in another order, which moves the few int8 values that are near a tie by a step.
    for (const [i, logit] of logits.entries()) expect(logit).toBeCloseTo(undisturbed[i], 1);
  });

  test("requestAdapterInfo() is asked where there is no adapter.info", async () => {
    const requestAdapterInfo = async () => ({ vendor: "google", architecture: "swiftshader" });
    const { report } = await answer(
      load({ adapter: { info: undefined, requestAdapterInfo } }, { device: "webgpu" }),
    );
    expect(report.adapter).toEqual({
      vendor: "google",
      architecture: "swiftshader",
      description: "",
      isFallback: true,
    });
  });

  test("isFallbackAdapter of the adapter itself, as before it was in info", async () => {
    const { report } = await answer(
      load({ adapter: { info: {}, isFallbackAdapter: true } }, { device: "webgpu" }),
    );
    expect(report.adapter.isFallback).toBe(true);
  });
});

describe.each([
  ["one by its flag", { isFallbackAdapter: true }],
  ["Chromium's", { architecture: "swiftshader" }],
  ["Mesa's", { description: "llvmpipe (LLVM 19.1.7, 256 bits)" }],
  ["Windows'", { description: "Microsoft Basic Render Driver" }],
])("a software adapter, %s", (_, info) => {
  const software: Odd = { adapter: { info: { ...asGpu, ...info } } };

  test("auto: the CPU answers instead, and no device stays open", async () => {
    const { entry, devices } = oddGpu(software);
    const { report } = await answer(loadWith(entry));
    expect(report.backend).toBe("cpu");
    expect(report.advice).toEqual({
      reason: expect.stringMatching(/^Running on the CPU: WebGPU has only a software adapter/),
      remedy: "Install the graphics driver.",
    });
    await allDestroyed(devices);
  });

  test("webgpu: it answers, and the advice says that the CPU would be faster", async () => {
    const { report } = await answer(load(software, { device: "webgpu" }));
    expect(report).toMatchObject({ backend: "webgpu", adapter: { isFallback: true } });
    expect(report.advice?.reason).toMatch(/^Running on a software adapter, .* slower than the CPU/);
    expect(report.advice?.remedy).toMatch(/driver/);
  });
});

test("auto shares no software adapter that another classifier asked for", async () => {
  const { entry } = oddGpu({ adapter: { info: { ...asGpu, isFallbackAdapter: true } } });
  const first = await loadWith(entry, { device: "webgpu" });
  expect((await answer(loadWith(entry))).report.backend).toBe("cpu");
  expect(await first.logits(picture)).toHaveLength(undisturbed.length);
  await first.dispose();
});

/** What is broken, the class of error, and its message. */
const BROKEN: [string, Odd, string, string][] = [
  ["requestAdapter rejects", { gpu: { requestAdapter: refused } }, "UnsupportedDeviceError", "not today"],
  ["requestAdapter throws", { gpu: { requestAdapter: thrown } }, "UnsupportedDeviceError", "not today"],
  [
    "requestAdapter gives null",
    { gpu: { requestAdapter: async () => null } },
    "UnsupportedDeviceError",
    "no adapter",
  ],
  [
    "requestAdapter gives undefined",
    { gpu: { requestAdapter: async () => {} } },
    "UnsupportedDeviceError",
    "no adapter",
  ],
  [
    "requestAdapter is missing",
    { gpu: { requestAdapter: undefined } },
    "UnsupportedDeviceError",
    "requestAdapter",
  ],
  [
    "requestAdapter rejects with nothing",
    { gpu: { requestAdapter: () => Promise.reject() } },
    "UnsupportedDeviceError",
    "requestAdapter() failed: undefined",
  ],
  ["requestDevice rejects", { adapter: { requestDevice: refused } }, "UnsupportedDeviceError", "not today"],
  ["requestDevice throws", { adapter: { requestDevice: thrown } }, "UnsupportedDeviceError", "not today"],
  [
    "requestDevice gives null",
    { adapter: { requestDevice: async () => null } },
    "UnsupportedDeviceError",
    "got none",
  ],
  [
    "requestDevice gives something else",
    { adapter: { requestDevice: async () => ({}) } },
    "UnsupportedDeviceError",
    "opening failed",
  ],
  [
    "a device without addEventListener",
    { device: { addEventListener: undefined } },
    "UnsupportedDeviceError",
    "opening failed",
  ],
  ["a device without lost", { device: { lost: undefined } }, "UnsupportedDeviceError", "opening failed"],
  [
    "no shader compiles",
    { device: { createComputePipelineAsync: refused } },
    "SelfTestError",
    "fails its self-test",
  ],
  [
    "createShaderModule throws",
    { device: { createShaderModule: thrown } },
    "SelfTestError",
    "fails its self-test",
  ],
  ["createBuffer throws", { device: { createBuffer: thrown } }, "DeviceError", "not today"],
  ["popErrorScope rejects", { device: { popErrorScope: refused } }, "DeviceError", "not today"],
  ["the device is lost at once", { loses: true }, "DeviceLostError", "lost twice"],
];

describe.each(BROKEN)("%s", (_, oddities, kind, words) => {
  test("auto: the CPU answers, and says why", async () => {
    const progress: LoadProgress[] = [];
    const { entry, devices } = oddGpu(oddities);
    const { logits, report } = await answer(loadWith(entry, { onProgress: (step) => progress.push(step) }));
    expect(report.backend).toBe("cpu");
    expect(report.advice?.reason).toMatch(/^Running on the CPU: .*\.$/);
    expect(report.advice?.reason).toContain(words);
    expect(report.advice?.remedy).toMatch(/^[A-Z].*\.$/);
    expect(progress.filter(({ stage }) => stage === "fallback")).toEqual([
      { stage: "fallback", why: expect.stringContaining(words) },
    ]);
    // The CPU computes in f64 what the GPU has in f32: the few int8 values that are near a tie differ by a step.
    for (const [i, logit] of logits.entries()) expect(logit).toBeCloseTo(undisturbed[i], 1);
    await allDestroyed(devices);
  });

  test(`webgpu: ${kind}, and no device stays open`, async () => {
    const { entry, devices } = oddGpu(oddities);
    const error = await loadWith(entry, { device: "webgpu" }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(Vit8Error);
    expect(error.name).toBe(kind);
    expect(error.message).toContain(words);
    await allDestroyed(devices);
  });
});

test("a navigator.gpu that throws: auto answers on the CPU, webgpu is refused", async () => {
  vi.stubGlobal("navigator", Object.defineProperty({}, "gpu", { get: thrown }));
  const here = (device?: "webgpu") => LocalClassifier.loadOn(pagePlatform, files, { device });
  expect((await answer(here())).report.advice?.reason).toContain("navigator.gpu failed: not today");
  await expect(here("webgpu")).rejects.toThrow(UnsupportedDeviceError);
});

test("what WebGPU threw is the cause", async () => {
  const error = await load({ adapter: { requestDevice: refused } }, { device: "webgpu" }).catch((it) => it);
  expect(error.cause).toMatchObject({ name: "OperationError" });
});

const SILENT: [string, Odd][] = [
  ["requestAdapter", { gpu: { requestAdapter: never } }],
  ["requestAdapterInfo", { adapter: { info: undefined, requestAdapterInfo: never } }],
  ["requestDevice", { adapter: { requestDevice: never } }],
  ["createComputePipelineAsync", { device: { createComputePipelineAsync: never } }],
  ["popErrorScope", { device: { popErrorScope: never } }],
];

describe.each(SILENT)("%s never answers", (_, oddities) => {
  // Other work on the machine may delay these timers.
  const patient = { retry: 3 };
  test.each(["auto", "webgpu"] as const)("%s: the signal ends the load", patient, async (device) => {
    const controller = new AbortController();
    const { entry, devices } = oddGpu(oddities);
    const loading = loadWith(entry, { device, signal: controller.signal });
    loading.catch(() => {});
    await idle();
    const start = performance.now();
    controller.abort(new Error("enough"));
    await expect(loading).rejects.toThrow("enough");
    expect(performance.now() - start).toBeLessThan(100);
    // The next load has a device of its own, and is not kept waiting for that one.
    expect((await answer(load({}))).report.backend).toBe("webgpu");
    await allDestroyed(devices);
  });

  test("auto: after a limit the CPU answers, or what did not say itself is done without", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { entry, devices } = oddGpu(oddities);
    const answered = answer(loadWith(entry));
    let settled = false;
    answered.finally(() => {
      settled = true;
    });
    while (!settled) await vi.advanceTimersByTimeAsync(1000).then(() => new Promise(setImmediate));
    const { logits } = await answered;
    for (const [i, logit] of logits.entries()) expect(logit).toBeCloseTo(undisturbed[i], 1);
    await allDestroyed(devices);
  });
});

test("the limit of opening is 15 s, and an UnsupportedDeviceError says so", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const loading = load({ gpu: { requestAdapter: never } }, { device: "webgpu" });
  const told = loading.catch((error) => error);
  await vi.advanceTimersByTimeAsync(14_900);
  expect(await Promise.race([told, "waiting"])).toBe("waiting");
  await vi.advanceTimersByTimeAsync(200);
  const error = await told;
  expect(error).toBeInstanceOf(UnsupportedDeviceError);
  expect(error.message).toContain("requestAdapter() failed: no answer within 15 s");
});

describe("a device that is shared", () => {
  /** A WebGPU whose device opens when the test resolves it. */
  function slowGpu() {
    let bring = () => {};
    const told = new Promise<void>((resolve) => {
      bring = resolve;
    });
    const devices: GPUDevice[] = [];
    const requestAdapter = async () => {
      const adapter = (await real.requestAdapter())!;
      const requestDevice = async (descriptor?: GPUDeviceDescriptor) => {
        await told;
        const device = await adapter.requestDevice(descriptor);
        devices.push(device);
        return device;
      };
      return odd(adapter, { requestDevice });
    };
    return { bring, devices, gpu: odd(real, { requestAdapter }) };
  }

  test("an abort ends the wait of one caller, and not that of the others", async () => {
    const { bring, devices, gpu } = slowGpu();
    const controller = new AbortController();
    const first = acquireGpu({ gpu }, controller.signal);
    const second = acquireGpu({ gpu });
    controller.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    bring();
    const opened = await second;
    expect(opened.device).toBe(devices[0]);
    releaseGpu(opened);
    await allDestroyed(devices);
  });

  test("a device that comes after the last who waited has gone is destroyed, and serves nobody", async () => {
    const { bring, devices, gpu } = slowGpu();
    const controller = new AbortController();
    const first = acquireGpu({ gpu }, controller.signal);
    controller.abort();
    await expect(first).rejects.toThrow();
    const other = await acquireGpu({ gpu: real });
    bring();
    await vi.waitFor(() => expect(devices).toHaveLength(1));
    await allDestroyed(devices);
    expect(await acquireGpu({ gpu: real })).toBe(other);
    releaseGpu(other);
    releaseGpu(other);
  });

  test("a device that comes after the limit is destroyed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { bring, devices, gpu } = slowGpu();
    const refusal = acquireGpu({ gpu }).catch((error) => error);
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(5000);
      expect(await Promise.race([refusal, undefined])).toBeInstanceOf(UnsupportedDeviceError);
    });
    bring();
    vi.useRealTimers();
    await vi.waitFor(() => expect(devices).toHaveLength(1));
    await allDestroyed(devices);
  });
});

test.each(["webgpu", "cpu"] as const)(
  "%s: nothing listens to a signal after the load and the calls it was for",
  async (device) => {
    const { signal } = new AbortController();
    for (let i = 0; i < 3; i++) {
      const classifier = await load({}, { device, signal });
      await classifier.logits(picture, { signal });
      await classifier.dispose();
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
  },
);

test("a run that never ends: the signal ends the call", async () => {
  const { entry, devices } = oddGpu({});
  const classifier = await loadWith(entry);
  vi.spyOn(GPUBuffer.prototype, "mapAsync").mockImplementation(never);
  const controller = new AbortController();
  const call = classifier.logits(picture, { signal: controller.signal });
  call.catch(() => {});
  await idle();
  const start = performance.now();
  controller.abort(new Error("enough"));
  await expect(call).rejects.toThrow("enough");
  expect(performance.now() - start).toBeLessThan(100);
  devices[0].destroy();
});
