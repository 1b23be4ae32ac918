/** The CPU beside the GPU in one browser: the same numbers. */
import { expect, type Page, test } from "@playwright/test";

const model = "/models/everyday80/";
const ladybug = "/demo/classify/samples/ladybug.svg";

declare global {
  var vit8: typeof import("../src/index.ts");
}

/** An empty page with the library as `vit8`. */
async function openPage(page: Page): Promise<void> {
  const body = `<!doctype html><html lang="en"><title>test</title><body><script type="module">
    import * as vit8 from "/src/index.ts";
    globalThis.vit8 = vit8;
  </script>`;
  await page.route("**/blank.html", (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto("/blank.html");
  await page.waitForFunction(() => "vit8" in globalThis);
}

test("the CPU's logits are the GPU's, for a drawing that is resized on either", async ({ page }) => {
  await openPage(page);
  const { distance, reports } = await page.evaluate(
    async ({ model, src }) => {
      const image = new Image();
      image.src = src;
      const logits: Float32Array[] = [];
      const reports: string[] = [];
      for (const device of ["webgpu", "cpu"] as const) {
        const classifier = await vit8.ImageClassifier.load(model, { device });
        logits.push(await classifier.logits(image));
        reports.push(`${classifier.report.backend}: ${classifier.report.advice?.reason}`);
        await classifier.dispose();
      }
      const [onGpu, onCpu] = logits;
      const length = (values: Float32Array) => Math.hypot(...values);
      return { distance: length(onGpu.map((v, i) => v - onCpu[i])) / length(onGpu), reports };
    },
    { model, src: ladybug },
  );
  // Sums of a row in another order move a value near a tie of int8 to the other side: 0.0017 was seen.
  expect(distance).toBeLessThan(5e-3);
  expect(reports[0]).toContain("webgpu: Running on a software adapter, which is slower than the CPU.");
  expect(reports[1]).toBe("cpu: Running on the CPU, as requested.");
});

test("where WebGPU is asked for, there is no fallback", async ({ page }) => {
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined }));
  await openPage(page);
  const error = await page.evaluate(
    (model) => vit8.ImageClassifier.load(model, { device: "webgpu" }).catch(({ name }) => name),
    model,
  );
  expect(error).toBe("UnsupportedDeviceError");
});

/** vit8's worker with such headers, and something before its script. */
async function changeWorker(page: Page, headers: Record<string, string>, before = ""): Promise<void> {
  await page.route("**/worker/entry.ts*", async (route) => {
    const response = await route.fetch();
    const body = `${before}\n${await response.text()}`;
    await route.fulfill({ headers: { ...response.headers(), ...headers }, body });
  });
}

const HINDRANCES = {
  "a policy without 'wasm-unsafe-eval'": {
    headers: { "Content-Security-Policy": "script-src 'self'" },
    advice:
      /^Running on the CPU, as requested\. In TypeScript.*\. If .* add 'wasm-unsafe-eval' to script-src\.$/,
  },
  "no SIMD": {
    before: "WebAssembly.validate = () => false;",
    advice: /In TypeScript, .*This browser has WebAssembly without SIMD\. Use Chrome 91/,
  },
  "no WebAssembly": {
    before: "delete globalThis.WebAssembly;",
    advice: /In TypeScript, .*WebAssembly is not available in this browser\./,
  },
};

for (const [name, { headers = {}, before = "", advice }] of Object.entries<{
  headers?: Record<string, string>;
  before?: string;
  advice: RegExp;
}>(HINDRANCES))
  test(`with ${name} TypeScript answers, and the advice says what to do`, async ({ page }) => {
    await changeWorker(page, headers, before);
    await openPage(page);
    const { label, report, refusal } = await page.evaluate(
      async ({ model, src }) => {
        const image = new Image();
        image.src = src;
        const classifier = await vit8.ImageClassifier.load(model, { device: "cpu" });
        const [{ label }] = await classifier.classify(image);
        const { report } = classifier;
        await classifier.dispose();
        const refusal = await vit8.ImageClassifier.load(model, { device: "cpu", integerOnly: true }).catch(
          ({ name, message }) => `${name}: ${message}`,
        );
        return { label, report, refusal };
      },
      { model, src: ladybug },
    );
    expect(label).toBe("ladybug");
    const { reason, remedy } = report.advice!;
    expect(`${reason} ${remedy}`).toMatch(advice);
    expect(report.adapter.description).toBe("TypeScript on the CPU");
    expect(report.threads?.count).toBe(1);
    expect(refusal).toContain("UnsupportedDeviceError: ");
    expect(refusal).toContain("integer non-linear operations need WebGPU or WebAssembly");
  });
