/** The device is lost at ten moments of a load and its runs, in Chromium: the results have the same bits. */
import { expect, test } from "@playwright/test";
import { madeUpPicture, madeUpTensors, PLAIN, timmFiles } from "../src/classifier/made-up-vit.shared.ts";
import { seeded } from "../src/testing/cases.ts";

const text = (file: string | Uint8Array) => (typeof file === "string" ? file : undefined);
const files = Object.entries(timmFiles(PLAIN, madeUpTensors(PLAIN))).map(([name, file]) => ({
  name,
  text: text(file),
  bytes: text(file) === undefined ? [...(file as Uint8Array)] : undefined,
}));
const pictures = [1, 2, 3].map((seed) => {
  const { width, height, rgba } = madeUpPicture(PLAIN, seed);
  return { width, height, rgba: [...rgba] };
});

test("a device lost at any moment is replaced, and the calls are answered", async ({ page }) => {
  // A page from the server itself, without any of the site's code.
  await page.goto("/package.json");
  await page.addScriptTag({
    type: "module",
    content: 'import * as vit8 from "/src/index.ts"; globalThis.vit8 = vit8;',
  });
  await page.waitForFunction(() => "vit8" in globalThis);
  const moments = [...seeded(3).u8(10)].map((byte) => byte / 256);
  const told = await page.evaluate(
    async ({ files, pictures, moments }) => {
      const model = Object.fromEntries(
        files.map(({ name, text, bytes }) => [name, text ?? Uint8Array.from(bytes!)]),
      );
      const pixels = pictures.map((picture) => ({ ...picture, rgba: Uint8Array.from(picture.rgba) }));
      let [calls, loseAt, devices] = [0, 0, 0];
      let device: GPUDevice;
      const { requestDevice } = GPUAdapter.prototype;
      GPUAdapter.prototype.requestDevice = async function (...args) {
        device = await requestDevice.apply(this, args);
        devices++;
        return device;
      };
      for (const [prototype, names] of [
        [GPUDevice.prototype, ["createBuffer", "createComputePipelineAsync"]],
        [GPUQueue.prototype, ["writeBuffer", "submit"]],
        [GPUBuffer.prototype, ["mapAsync"]],
      ] as const)
        for (const name of names) {
          const real = Reflect.get(prototype, name);
          Reflect.set(prototype, name, function (this: unknown, ...args: unknown[]) {
            if (++calls === loseAt) device.destroy();
            return Reflect.apply(real, this, args);
          });
        }
      const ask = async () => {
        [calls, devices] = [0, 0];
        const it = await vit8.ImageClassifier.load(model, { device: "webgpu", maxBatch: 2 });
        const logits = [await it.logits(pixels[0]), ...(await it.logits(pixels))].map((row) => row.join());
        await it.dispose();
        return logits.join(";");
      };
      const undisturbed = await ask();
      const total = calls;
      const told = { equal: 0, replaced: 0 };
      for (const moment of moments) {
        loseAt = 1 + Math.floor(moment * total);
        told.equal += Number((await ask()) === undisturbed);
        told.replaced += Number(devices === 2);
      }
      return told;
    },
    { files, pictures, moments },
  );
  expect(told).toEqual({ equal: moments.length, replaced: moments.length });
});
