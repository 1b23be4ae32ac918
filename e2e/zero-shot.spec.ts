/** Both towers of a CLIP of synthetic weights, on every device where a page may run them. */
import { existsSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";

async function openPage(page: Page): Promise<void> {
  await page.route("**/tiny-clip/*", (route) => {
    const file = `test/goldens/zero-shot/clip/${new URL(route.request().url()).pathname.split("/").at(-1)}`;
    return existsSync(file) ? route.fulfill({ path: file }) : route.fulfill({ status: 404 });
  });
  await page.route("**/blank.html", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: '<!doctype html><title>test</title><script type="module" src="/src/zeroshot/index.ts"></script>',
    }),
  );
  await page.goto("/blank.html");
}

test("the worker answers as the page's thread does, and ends texts by their signal", async ({ page }) => {
  await openPage(page);
  const told = await page.evaluate(async () => {
    const { ZeroShotClassifier } = await import("/src/zeroshot/index.ts" as "../src/zeroshot/index.ts");
    const picture = await (await fetch("/demo/classify/samples/pizza.svg")).blob();
    const ways = [];
    for (const worker of [false, true]) {
      const classifier = await ZeroShotClassifier.load("/tiny-clip/", { device: "cpu", worker });
      const answers = await classifier.classify(picture, ["cat", "dog", "a red car"]);
      const { backend, precision } = classifier.textReport;
      const aborted = await classifier
        .embedText(["hen"], { signal: AbortSignal.abort(new Error("enough")) })
        .catch((error: Error) => error.message);
      await classifier.dispose();
      const after = await classifier.embedText(["cow"]).catch((error: Error) => error.name);
      ways.push({ answers, backend, precision, aborted, after });
    }
    return ways;
  });
  expect(told[1]).toEqual(told[0]);
  expect(told[0].answers).toHaveLength(3);
  expect(told[0]).toMatchObject({ backend: "cpu", aborted: "enough", after: "DisposedError" });
});

test("a lost device costs the text tower nothing but time", async ({ page }) => {
  await page.addInitScript(() => {
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (...args) {
      const device = await requestDevice.apply(this, args);
      Object.assign(globalThis, { lose: () => device.destroy() });
      return device;
    };
  });
  await openPage(page);
  const told = await page.evaluate(async () => {
    const { ZeroShotClassifier } = await import("/src/zeroshot/index.ts" as "../src/zeroshot/index.ts");
    const classifier = await ZeroShotClassifier.load("/tiny-clip/", { device: "webgpu" });
    const [before] = await classifier.embedText(["a red car"]);
    (globalThis as unknown as { lose(): void }).lose();
    const [after] = await classifier.embedText(["a red car."]);
    const [same] = await classifier.embedText(["a red car"]);
    const { losses, backend } = classifier.textReport;
    const picture = await (await fetch("/demo/classify/samples/pizza.svg")).blob();
    const answers = await classifier.classify(picture, ["cat", "dog"]);
    await classifier.dispose();
    return {
      losses: losses.length,
      backend,
      widths: [before.length, after.length],
      answers,
      same: [...same].join() === [...before].join(),
    };
  });
  expect(told).toMatchObject({ losses: 1, backend: "webgpu", widths: [24, 24], same: true });
  expect(told.answers).toHaveLength(2);
});
