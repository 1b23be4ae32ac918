/** A page without WebGPU: the CPU has the same answers, in a worker, and says that it is the CPU. */
import { expect, type Page, test } from "@playwright/test";
import type { VitClassifier } from "../src/element/index.ts";

const model = "/models/everyday80/";
const ladybug = "/demo/classify/samples/ladybug.svg";

declare global {
  var vit8: typeof import("../src/index.ts");
}

/** A page with this body, the library as `vit8` and the element; without `navigator.gpu` unless it is to stay. */
async function openPage(page: Page, body: string, { gpu = false } = {}): Promise<void> {
  if (!gpu)
    await page.addInitScript(() =>
      Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined }),
    );
  const html = `<!doctype html><html lang="en"><title>test</title><body>${body}
    <script type="module">
      import * as vit8 from "/src/index.ts";
      import "/src/element/define.ts";
      globalThis.vit8 = vit8;
    </script>`;
  await page.route("**/blank.html", (route) => route.fulfill({ contentType: "text/html", body: html }));
  await page.goto("/blank.html");
  await page.waitForFunction(() => "vit8" in globalThis);
}

test("the CPU's logits are the GPU's, for a drawing that is resized on either", async ({ page }) => {
  await openPage(page, "", { gpu: true });
  const { distance, reports } = await page.evaluate(
    async ({ model, src }) => {
      const image = new Image();
      image.src = src;
      const logits: Float32Array[] = [];
      const reports: string[] = [];
      for (const device of ["webgpu", "cpu"] as const) {
        const classifier = await vit8.ImageClassifier.load(model, { device });
        logits.push(await classifier.logits(image));
        reports.push(`${classifier.report.backend}: ${classifier.report.advice}`);
        await classifier.dispose();
      }
      const [onGpu, onCpu] = logits;
      const length = (values: Float32Array) => Math.hypot(...values);
      return { distance: length(onGpu.map((v, i) => v - onCpu[i])) / length(onGpu), reports };
    },
    { model, src: ladybug },
  );
  // A value near a tie of int8 may round to the other side: half a step of 1 / 127 in a few of a million.
  expect(distance).toBeLessThan(1e-3);
  expect(reports[0]).toContain("webgpu: a software adapter: switch on hardware acceleration");
  expect(reports[1]).toBe("cpu: on the CPU, as was asked for");
});

test("the element answers from the CPU, off the page's own thread, and tells so in an event", async ({
  page,
}) => {
  const workers: string[] = [];
  page.on("worker", (worker) => workers.push(worker.url()));
  await page.addInitScript(() => {
    addEventListener("fallback", (event) => {
      document.title = (event as CustomEvent<string>).detail;
    });
  });
  await openPage(page, `<vit-classifier src="${ladybug}" model="${model}" top-k="1"></vit-classifier>`);
  const element = page.locator("vit-classifier");
  await expect.poll(() => element.evaluate((it: VitClassifier) => it.value)).toBe("ladybug");
  await expect(page).toHaveTitle(/^on the CPU, because WebGPU: not offered here; use Chrome/);
  expect(workers).toHaveLength(1);
});

test("where WebGPU is asked for, there is no fallback", async ({ page }) => {
  await openPage(page, "");
  const error = await page.evaluate(
    (model) => vit8.ImageClassifier.load(model, { device: "webgpu" }).catch(({ name }) => name),
    model,
  );
  expect(error).toBe("UnsupportedDeviceError");
});
