import { afterEach, expect, test, vi } from "vitest";
import { remedyFor } from "./package.ts";

afterEach(() => {
  vi.doUnmock("sharp");
  vi.doUnmock("webgpu");
  vi.doUnmock("node:module");
  vi.resetModules();
});

test("a package that is missing is to be installed, a broken one anew", () => {
  const missing = Object.assign(new Error("Cannot find package 'sharp' imported from /app/a.js"), {
    code: "ERR_MODULE_NOT_FOUND",
  });
  expect(remedyFor("sharp", missing)).toEqual({
    reason: "expected the package `sharp`, got none.",
    remedy: "Run `npm i sharp`.",
  });
  const broken = new Error(
    '\nCould not load the "sharp" module using the linux-x64 runtime\nPossible solutions:\n- a\n',
  );
  expect(remedyFor("sharp", broken)).toEqual({
    reason:
      'the package `sharp` failed to load (Could not load the "sharp" module using the linux-x64 runtime).',
    remedy: "Run `npm i --include=optional sharp@latest` on this machine.",
  });
});

test("pictures without sharp, and WebGPU without a webgpu that has what is needed, say which package it is", async () => {
  vi.resetModules();
  vi.doMock("sharp", () => {
    throw new Error("no sharp");
  });
  vi.doMock("webgpu", () => ({ globals: {}, create: undefined }));
  const { ImageClassifier } = await import("./index.ts");
  const { readPicture } = await import("./picture.ts");
  const held = globalThis as { vit8Gpu?: unknown };
  delete held.vit8Gpu;
  const picture = await readPicture(new Uint8Array(9)).catch((error) => error);
  expect([picture.name, picture.message]).toEqual([
    "PictureError",
    expect.stringMatching(/^images in Node: the package `sharp` failed to load .*Run `npm i /),
  ]);
  const gpu = await ImageClassifier.load("models/everyday80", { device: "webgpu" }).catch((error) => error);
  expect([gpu.name, gpu.message]).toEqual([
    "UnsupportedDeviceError",
    expect.stringMatching(/the package `webgpu` failed to load \(.*create is not a function\)\. Run `npm i /),
  ]);
});

test("a load says once that image files will need sharp, and fails for nothing of it", async () => {
  vi.resetModules();
  const resolve = vi.fn(() => {
    throw new Error("Cannot find module 'sharp'");
  });
  vi.doMock("node:module", () => ({ createRequire: () => ({ resolve }) }));
  const warn = vi.spyOn(process, "emitWarning").mockReturnValue();
  const { ImageClassifier, ZeroShotClassifier } = await import("./index.ts");
  const loads = [ZeroShotClassifier, ImageClassifier, ImageClassifier].map((it) => it.load("no/such/model"));
  for (const load of await Promise.allSettled(loads))
    expect(load).toMatchObject({ reason: { name: "ModelLoadError" } });
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/`sharp`, got none\. Run `npm i sharp`/), { code: "VIT8_WITHOUT_SHARP" }],
  ]);
  warn.mockRestore();
});
