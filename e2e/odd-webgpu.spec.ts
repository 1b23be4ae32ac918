/** Chromium with a WebGPU that is old, incomplete or hostile, and pages where no worker starts: the model still runs. */
import { expect, type Page, test } from "@playwright/test";
import { accepted } from "../src/testing/accepted.ts";

const model = "/models/everyday80/";
const pizza = "/demo/classify/samples/pizza.svg";

/** An empty page with the library as `vit8`, under this policy. */
async function openPage(page: Page, policy?: string): Promise<void> {
  const headers: Record<string, string> = policy ? { "Content-Security-Policy": policy } : {};
  const script = 'import * as vit8 from "/src/index.ts"; globalThis.vit8 = vit8;';
  await page.route("**/use.js", (route) => route.fulfill({ contentType: "text/javascript", body: script }));
  const body =
    '<!doctype html><html lang="en"><title>test</title><script type="module" src="/use.js"></script>';
  await page.route("**/blank.html", (route) => route.fulfill({ contentType: "text/html", headers, body }));
  await page.goto("/blank.html");
  await page.waitForFunction(() => "vit8" in globalThis);
}

/** On the page's own thread, waits of 10 s or more take a tenth of their time. */
const hurry = (page: Page) =>
  page.addInitScript(() => {
    const { setTimeout } = globalThis;
    globalThis.setTimeout = ((work: () => void, ms = 0, ...given: unknown[]) =>
      setTimeout(work, ms < 10_000 ? ms : ms / 10, ...given)) as typeof setTimeout;
  });

interface Asked {
  readonly device?: "auto" | "webgpu" | "cpu";
  readonly worker?: boolean;
  readonly autotune?: boolean;
  /** The load is aborted after this time. */
  readonly abortAfterMs?: number;
}

/** The name and the report of an image, or the error. */
const ask = (page: Page, asked: Asked = {}) =>
  page.evaluate(
    async ({ model, pizza, asked: { abortAfterMs, ...options } }) => {
      const controller = new AbortController();
      let abortedAt = Number.NaN;
      const abort = () => {
        abortedAt = performance.now();
        controller.abort(new Error("enough"));
      };
      if (abortAfterMs !== undefined) setTimeout(abort, abortAfterMs);
      try {
        const it = await vit8.ImageClassifier.load(model, { ...options, signal: controller.signal });
        const image = Object.assign(new Image(), { src: pizza });
        const [{ label }] = await it.classify(image);
        const { backend, advice, adapter, compared } = it.report;
        await it.dispose();
        return { label, backend, reason: advice?.reason, remedy: advice?.remedy, adapter, compared };
      } catch (error) {
        const { name, message } = error as Error;
        return { error: name, message, lateMs: performance.now() - abortedAt };
      }
    },
    { model, pizza, asked },
  );

test(
  accepted("WebGPU", "adapters without info, as in Chrome 113 to 126", "Chromium 156 with it deleted"),
  async ({ page }) => {
    await page.addInitScript(() => {
      Reflect.deleteProperty(GPUAdapter.prototype, "info");
    });
    await openPage(page);
    expect(await ask(page, { device: "webgpu" })).toMatchObject({
      label: "pizza",
      backend: "webgpu",
      adapter: { vendor: "", architecture: "", description: "" },
    });
  },
);

/** Chromium's software GPU passes for hardware on the page's own thread. */
const passForGpu = () => {
  for (const name of ["architecture", "description"])
    Object.defineProperty(GPUAdapterInfo.prototype, name, { value: "" });
  Object.defineProperty(GPUAdapterInfo.prototype, "isFallbackAdapter", { value: false });
};

test("only a software adapter: auto answers on the CPU, webgpu on the adapter, and both say why", async ({
  page,
}) => {
  await openPage(page);
  const answers = [await ask(page), await ask(page, { worker: true })];
  for (const { label, backend, reason, remedy } of answers) {
    expect([label, backend]).toEqual(["pizza", "cpu"]);
    expect(reason).toMatch(/^Running on the CPU: WebGPU has only a software adapter/);
    expect(remedy).toContain("chrome://gpu");
  }
  const onAdapter = await ask(page, { device: "webgpu" });
  expect(onAdapter).toMatchObject({ label: "pizza", backend: "webgpu" });
  expect(onAdapter.reason).toMatch(/^Running on a software adapter, which is slower than the CPU/);
});

test("hardware: auto answers on it, without WebAssembly and without advice", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.addInitScript(passForGpu);
  await openPage(page);
  // Measured, this one would lose to the CPU.
  const answer = await ask(page, { autotune: false });
  expect(answer).toMatchObject({ label: "pizza", backend: "webgpu" });
  expect(answer.reason).toBeUndefined();
  expect(asked.filter((path) => /\/src\/(wasm|cpu)\/|\/assembly\//.test(path))).toEqual([]);
});

test("a GPU that is measured to be slower than the CPU: auto answers on the CPU, in a worker", async ({
  page,
}) => {
  await page.addInitScript(passForGpu);
  const body = `import { UnsupportedDeviceError } from "/src/errors/errors.ts";
    export async function refuseSlowGpu() {
      const compared = { webgpu: 9, cpu: 3, threads: 1 };
      throw Object.assign(new UnsupportedDeviceError("WebGPU is slower here."), { compared });
    }`;
  await page.route("**/classifier/compared.ts*", (route) =>
    route.fulfill({ contentType: "text/javascript", body }),
  );
  await openPage(page);
  expect(await ask(page)).toMatchObject({
    label: "pizza",
    backend: "cpu",
    reason: "Running on the CPU: WebGPU is slower here.",
    compared: { webgpu: 9, cpu: 3, threads: 1 },
  });
});

for (const method of ["requestAdapter", "requestDevice"] as const) {
  const prototypeOf = method === "requestAdapter" ? "GPU" : "GPUAdapter";

  test(`${method} that rejects: auto answers on the CPU in a worker, webgpu is refused`, async ({ page }) => {
    await page.addInitScript(
      ([prototypeOf, method]) => {
        const { prototype } = Reflect.get(globalThis, prototypeOf);
        prototype[method] = () => Promise.reject(new DOMException("not today", "OperationError"));
      },
      [prototypeOf, method],
    );
    await openPage(page);
    const answer = await ask(page);
    expect(answer).toMatchObject({ label: "pizza", backend: "cpu" });
    expect(answer.reason).toBe(`Running on the CPU: WebGPU: ${method}() failed: not today.`);
    expect(answer.remedy).toMatch(/^Update/);
    expect(await ask(page, { device: "webgpu" })).toMatchObject({ error: "UnsupportedDeviceError" });
  });

  test(`${method} that never answers: the signal ends the load`, async ({ page }) => {
    await page.addInitScript(
      ([prototypeOf, method]) => {
        Reflect.get(globalThis, prototypeOf).prototype[method] = () => new Promise(() => {});
      },
      [prototypeOf, method],
    );
    await openPage(page);
    const { message, lateMs } = await ask(page, { abortAfterMs: 1000 });
    expect(message).toBe("enough");
    expect(lateMs).toBeLessThan(100);
  });
}

test("requestAdapter that never answers: after its limit auto answers on the CPU", async ({ page }) => {
  await hurry(page);
  await page.addInitScript(() => {
    GPU.prototype.requestAdapter = () => new Promise(() => {});
  });
  await openPage(page);
  const answer = await ask(page);
  expect(answer).toMatchObject({ label: "pizza", backend: "cpu" });
  expect(answer.reason).toContain("no answer within 15 s");
});

const noGpu = () => {
  Object.defineProperty(Navigator.prototype, "gpu", { value: undefined });
};

/** What prevents a worker, and the reason in the message. */
const withoutWorker: [string, (page: Page) => Promise<unknown>][] = [
  ["worker-src 'none'", (page) => openPage(page, "worker-src 'none'")],
  [
    "no Worker",
    async (page) => {
      await page.addInitScript(() => Reflect.deleteProperty(globalThis, "Worker"));
      await openPage(page);
    },
  ],
  [
    "a Worker that throws",
    async (page) => {
      await page.addInitScript(() => {
        globalThis.Worker = class {
          constructor() {
            throw new DOMException("not here", "SecurityError");
          }
        } as never;
      });
      await openPage(page);
    },
  ],
  [
    "a script that is not there",
    async (page) => {
      await page.route("**/worker/entry.ts*", (route) => route.fulfill({ status: 404 }));
      await openPage(page);
    },
  ],
  [
    "a web page in place of the script",
    async (page) => {
      const body = "<!doctype html><title>app</title>";
      await page.route("**/worker/entry.ts*", (route) => route.fulfill({ contentType: "text/html", body }));
      await openPage(page);
    },
  ],
  [
    "a script that never comes",
    async (page) => {
      await hurry(page);
      await page.route("**/worker/entry.ts*", () => {});
      await openPage(page);
    },
  ],
];

for (const [name, prepare] of withoutWorker) {
  test(`${name}, and no WebGPU: the page's own thread computes, and says why`, async ({ page }) => {
    await page.addInitScript(noGpu);
    await prepare(page);
    const answer = await ask(page);
    expect(answer).toMatchObject({ label: "pizza", backend: "cpu" });
    expect(answer.reason).toMatch(
      /^Running on the CPU: WebGPU is not available in this browser\. It blocks the page's own thread/,
    );
    expect(answer.remedy).toMatch(/^Use Chrome .*worker\.js/);
    const refused = await ask(page, { worker: true });
    expect(refused).toMatchObject({ error: "UnsupportedDeviceError" });
    expect(refused.message).toContain("load without { worker: true }");
  });
}

test("a worker whose script never comes: the signal ends the load", async ({ page }) => {
  await page.route("**/worker/entry.ts*", () => {});
  await openPage(page);
  const { message, lateMs } = await ask(page, { worker: true, abortAfterMs: 1000 });
  expect(message).toBe("enough");
  expect(lateMs).toBeLessThan(100);
});

test("a worker that stopped: calls are refused, dispose ends, and the next load has another", async ({
  page,
}) => {
  await openPage(page);
  const told = await page.evaluate(
    async ({ model, pizza }) => {
      const workers: Worker[] = [];
      const Real = Worker;
      globalThis.Worker = class extends Real {
        constructor(...args: ConstructorParameters<typeof Worker>) {
          super(...args);
          workers.push(this);
        }
      };
      const image = Object.assign(new Image(), { src: pizza });
      const first = await vit8.ImageClassifier.load(model, { device: "webgpu", worker: true });
      workers[0].dispatchEvent(new ErrorEvent("error", { message: "out of memory" }));
      const refusal = await first.classify(image).catch(String);
      await first.dispose();
      const second = await vit8.ImageClassifier.load(model, { device: "webgpu", worker: true });
      const [{ label }] = await second.classify(image);
      await second.dispose();
      return { refusal, label };
    },
    { model, pizza },
  );
  expect(told).toEqual({
    refusal: "DeviceError: worker: stopped (out of memory). Load the model again.",
    label: "pizza",
  });
});

test.describe("under require-trusted-types-for 'script'", () => {
  const required = "require-trusted-types-for 'script'";

  test(
    accepted("Pages and bundlers", "Trusted Types: the worker uses a policy named vit8", "Chromium 156"),
    async ({ page }) => {
      const violations: string[] = [];
      page.on("console", (message) => message.type() === "error" && violations.push(message.text()));
      await openPage(page, `${required}; trusted-types vit8`);
      expect(await ask(page, { device: "webgpu", worker: true })).toMatchObject({
        label: "pizza",
        backend: "webgpu",
      });
      expect(await ask(page, { device: "webgpu", worker: true })).toMatchObject({
        label: "pizza",
        backend: "webgpu",
      });
      expect(violations.filter((text) => /trusted/i.test(text))).toEqual([]);
    },
  );

  test("without WebGPU the CPU computes in a worker", async ({ page }) => {
    await page.addInitScript(noGpu);
    await openPage(page, required);
    const answer = await ask(page);
    expect(answer).toMatchObject({ label: "pizza", backend: "cpu" });
    expect(answer.reason).not.toContain("own thread");
  });

  test("where the policy's name is forbidden, an error names the directive", async ({ page }) => {
    await openPage(page, `${required}; trusted-types another`);
    const refused = await ask(page, { worker: true });
    expect(refused).toMatchObject({ error: "UnsupportedDeviceError" });
    expect(refused.message).toContain("add vit8 to its trusted-types directive");
  });
});
