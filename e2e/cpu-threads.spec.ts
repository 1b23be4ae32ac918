/** Threads of the CPU in Chromium: with isolation as many as cores, without it one, and one where another is lost. */
import { cpus } from "node:os";
import path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { createServer, type Plugin, type ViteDevServer } from "vite";
import type { ImageClassifier } from "../src/index.ts";

const root = path.resolve(import.meta.dirname, "..");
const most = Math.min(8, cpus().length);
const picture = "/demo/classify/samples/ladybug.svg";

declare global {
  var vit8: typeof import("../src/index.ts");
  /** In vit8's worker: the thread that it started last. */
  var lastThread: Worker;
}

const blank = `<!doctype html><html lang="en"><title>test</title><body><script type="module">
  import * as vit8 from "/src/index.ts";
  globalThis.vit8 = vit8;
</script>`;

/** Lets the test reach the threads, which nothing else can. */
const reachable: Plugin = {
  name: "reachable-threads",
  transform: (code, id) =>
    id.endsWith("/src/worker/threads.ts")
      ? code.replace("worker.postMessage(", "globalThis.lastThread = worker; $&")
      : null,
};

/** An empty page with the library; all responses allow a page that is isolated. */
const isolating: Plugin = {
  name: "isolating",
  configureServer({ middlewares }) {
    middlewares.use(({ url }, response, next) => {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
      if (url !== "/blank.html") return next();
      response.setHeader("Content-Type", "text/html");
      response.end(blank);
    });
  },
};

let isolated: ViteDevServer;
test.beforeAll(async () => {
  const server = await createServer({
    root,
    logLevel: "error",
    cacheDir: "node_modules/.vite-isolated",
    plugins: [reachable, isolating],
    server: { port: 0 },
  });
  isolated = await server.listen();
});
test.afterAll(() => isolated.close());

async function openPage(page: Page, server?: ViteDevServer): Promise<void> {
  if (!server)
    await page.route("**/blank.html", (route) => route.fulfill({ contentType: "text/html", body: blank }));
  const address = server?.resolvedUrls?.local[0] ?? test.info().project.use.baseURL;
  await page.goto(new URL("/blank.html", address).href);
  await page.waitForFunction(() => "vit8" in globalThis);
  await page.evaluate(async () => {
    Object.assign(globalThis, {
      classifier: await vit8.ImageClassifier.load("/models/everyday80/", { device: "cpu" }),
    });
  });
}

const answer = (page: Page) =>
  page.evaluate(async (src) => {
    const { classifier } = globalThis as unknown as { classifier: ImageClassifier };
    const image = new Image();
    image.src = src;
    const logits = [...(await classifier.logits(image))];
    return { logits, ...classifier.report.threads, adapter: classifier.report.adapter.description };
  }, picture);

test("an isolated page has as many threads as cores, another one; the logits are the same", async ({
  page,
  context,
}) => {
  await openPage(page);
  const alone = await answer(page);
  expect(alone.adapter).toBe("WebAssembly SIMD on the CPU");
  expect(alone.count).toBe(1);
  expect(alone.why).toContain("the page is not isolated from other origins");
  const other = await context.newPage();
  await openPage(other, isolated);
  const together = await answer(other);
  expect(together.count, together.why).toBe(most);
  expect(together.logits).toEqual(alone.logits);
});

test("a thread that is lost between two pictures does not change the answer", async ({ page }) => {
  await openPage(page, isolated);
  const before = await answer(page);
  expect(before.count, before.why).toBe(most);
  if (most === 1) return; // one core has no thread to lose
  await page.workers()[0].evaluate(() => globalThis.lastThread.terminate());
  // Chromium lets it compute for two seconds more.
  for (const end = performance.now() + 3000; performance.now() < end; )
    expect((await answer(page)).logits).toEqual(before.logits);
});

test("where shared memory is refused, one thread answers", async ({ page }) => {
  await page.route("**/worker/entry.ts*", async (route) => {
    const response = await route.fetch();
    const body = `globalThis.SharedArrayBuffer = undefined;\n${await response.text()}`;
    await route.fulfill({ response, body });
  });
  await openPage(page, isolated);
  const { count, why, logits } = await answer(page);
  expect(count).toBe(1);
  expect(why).toContain("SharedArrayBuffer");
  expect(logits).toHaveLength(80);
});
