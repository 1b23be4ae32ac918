import { expect, test } from "vitest";
import type { Gpu } from "../gpu/gpu.ts";
import { nodeGpu } from "../node/gpu.ts";
import type { TextCache } from "./cache.ts";
import { LocalClassifier, pagePlatform } from "./local-classifier.ts";
import { madeUpTensors, PLAIN, transformersFiles } from "./made-up-vit.shared.ts";
import { tuningOf } from "./tunings.ts";

function notebookOf(pages: Map<string, string>): TextCache {
  return {
    read: async (name) => pages.get(name),
    async write(name, text) {
      pages.set(name, text);
    },
  };
}

test("what one visit has measured, the next one on a new device takes as it is", async () => {
  const pages = new Map<string, string>();
  const platform = { ...pagePlatform, gpu: nodeGpu, cache: notebookOf(pages) };
  const files = transformersFiles(PLAIN, madeUpTensors(PLAIN));
  const visit = async () => {
    await (await LocalClassifier.loadOn(platform, files, { device: "webgpu", autotune: true })).dispose();
    const [[name, text]] = pages;
    return { name, entries: JSON.parse(text) as [string, { why: string }][] };
  };
  const { name, entries } = await visit();
  expect(name).toMatch(/llvmpipe|swiftshader|software/i);
  expect(entries.length).toBeGreaterThan(0);
  // An entry that is measured again would lose its mark.
  for (const [, entry] of entries) entry.why = "marked";
  pages.set(name, JSON.stringify(entries));
  expect((await visit()).entries).toEqual(expect.arrayContaining(entries));
});

test("a damaged page is as good as none", async () => {
  const gpu = { adapter: { vendor: "v", architecture: "a", description: "d" } } as Gpu;
  const cache: TextCache = { read: async () => "[[", write: async () => {} };
  expect(await tuningOf(gpu, cache)).toEqual(new Map());
});
