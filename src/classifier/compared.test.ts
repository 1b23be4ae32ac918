// A GPU that the CPU beats, and one that it does not.

import { expect, test, vi } from "vitest";
import { nodeGpu } from "../node/gpu.ts";
import { type Comparison, compare, cpuWins, refuseSlowGpu } from "./compared.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import { type MadeUpVit, madeUpPicture, madeUpTensors, PLAIN, timmFiles } from "./made-up-vit.shared.ts";

const MACS = 6e8;

test.each([
  ["three times as fast", { webgpu: 12, cpu: 4 }, true],
  ["a little faster", { webgpu: 12, cpu: 9 }, false],
  ["slower", { webgpu: 2, cpu: 4 }, false],
])("the CPU %s", async (_, ms, wins) => {
  const compared = await compare({
    ...{ macs: MACS, threads: 8 },
    gpuMs: async () => ms.webgpu,
    cpuMs: async () => ms.cpu,
  });
  expect(compared).toEqual({ ...ms, threads: 8 });
  expect(cpuWins(compared)).toBe(wins);
});

test("the CPU is not even tried beside a GPU that no eight threads could beat", async () => {
  const cpuMs = vi.fn(async () => 1e-3);
  const compared = await compare({ macs: MACS, threads: 8, gpuMs: async () => 1, cpuMs });
  expect(compared).toEqual({ webgpu: 1, threads: 8 });
  expect(cpuWins(compared)).toBe(false);
  expect(cpuMs).not.toHaveBeenCalled();
});

/** Mesa's software adapter posing as a GPU: one that is about ten times slower than the CPU. */
async function slowGpu(): Promise<GPU> {
  const gpu = await nodeGpu();
  const like = <T extends object>(target: T, members: Partial<T>): T =>
    new Proxy(target, {
      get(_, name) {
        if (name in members) return Reflect.get(members, name);
        const member = Reflect.get(target, name, target);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
  return like(gpu, {
    async requestAdapter(options) {
      const adapter = (await gpu.requestAdapter(options))!;
      const { subgroupMinSize, subgroupMaxSize } = adapter.info;
      const info = { vendor: "made up", architecture: "", description: "a slow GPU" };
      return like(adapter, {
        info: {
          ...info,
          device: "",
          subgroupMinSize,
          subgroupMaxSize,
          isFallbackAdapter: false,
        } as GPUAdapterInfo,
      });
    },
  });
}

// As many tokens as DeiT has: enough work that clocks and dispatches do not decide.
const VIT: MadeUpVit = { ...PLAIN, side: 112 };
const files = timmFiles(VIT, madeUpTensors(VIT));
const pages = new Map<string, string>();
const platform = {
  ...pagePlatform,
  gpu: slowGpu,
  sliceMs: undefined,
  cache: {
    read: async (name: string) => pages.get(name),
    async write(name: string, text: string) {
      pages.set(name, text);
    },
  },
};

async function reportOf(options = {}) {
  const told: (string | undefined)[] = [];
  const classifier = await LocalClassifier.loadOn(platform, files, {
    onProgress: ({ why }) => why && told.push(why),
    ...options,
  });
  await classifier.logits(madeUpPicture(VIT));
  const { report } = classifier;
  await classifier.dispose();
  return { ...report, told };
}

test("auto runs on the CPU where that is faster, says so with both figures, and keeps the answer", async () => {
  const { backend, advice, compared, told } = await reportOf();
  expect(backend).toBe("cpu");
  expect(advice?.reason).toMatch(
    /^Running on the CPU: WebGPU is slower here: [\d.]+ ms .* against [\d.]+ ms with 1 thread of the CPU\.$/,
  );
  expect(advice?.remedy).toContain('device: "webgpu"');
  expect(told).toEqual([expect.stringContaining("WebGPU is slower here")]);
  expect(compared!.webgpu).toBeGreaterThan(1.5 * compared!.cpu!);

  const [name, text] = [...pages].find(([name]) => name.includes("threads of the CPU"))!;
  expect(name).toContain("a slow GPU");
  const kept = Object.keys(JSON.parse(text)).map((key) => [key, { webgpu: 30, cpu: 10, threads: 2 }]);
  pages.set(name, JSON.stringify(Object.fromEntries(kept)));
  expect((await reportOf()).compared).toEqual({ webgpu: 30, cpu: 10, threads: 2 });
});

test("nothing is compared where nothing is to be measured", async () => {
  const { backend, compared } = await reportOf({ autotune: false });
  expect([backend, compared]).toEqual(["webgpu", undefined]);
});

test("a comparison that fails says nothing, and the model stays on the GPU", async () => {
  const comparison = { gpu: {}, program: { graph: () => ({ steps: [] }) } } as unknown as Comparison;
  expect(await refuseSlowGpu(comparison)).toBeUndefined();
});
