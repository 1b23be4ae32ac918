/** A classifier in a worker: the results of the main thread, which stays free. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import sharp from "sharp";
import { build } from "vite";
import type { ImageClassifier, LoadOptions } from "../src/index.ts";

const model = "/models/everyday80/";
const samples = "/demo/classify/samples";
const policy =
  "default-src 'self'; script-src 'self'; style-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'";

declare global {
  var vit8: typeof import("../src/index.ts");
}

/** An empty page with the library as `vit8`, from this address. */
async function openPage(page: Page, library = "/src/index.ts", headers: Record<string, string> = {}) {
  const script = `import * as vit8 from "${library}"; globalThis.vit8 = vit8;`;
  await page.route("**/use.js", (route) =>
    route.fulfill({ contentType: "text/javascript", headers, body: script }),
  );
  await page.route("**/blank.html", (route) =>
    route.fulfill({
      contentType: "text/html",
      headers,
      body: '<!doctype html><html lang="en"><title>test</title><script type="module" src="/use.js"></script><body>',
    }),
  );
  await page.goto("/blank.html");
  await page.waitForFunction(() => "vit8" in globalThis);
}

/** The worker's result for a drawing. */
const nameOfPizza = (page: Page) =>
  page.evaluate(
    async ({ model, src }) => {
      const classifier = await vit8.ImageClassifier.load(model, { device: "webgpu", worker: true });
      const image = new Image();
      image.src = src;
      const [{ label }] = await classifier.classify(image);
      await classifier.dispose();
      return label;
    },
    { model, src: `${samples}/pizza.svg` },
  );

test("every kind of picture has the answer that the page's own thread gives, and elements are moved", async ({
  page,
}) => {
  await openPage(page);
  const seen = await page.evaluate(
    async ({ model, src }) => {
      const moved: string[] = [];
      const post = Worker.prototype.postMessage;
      Worker.prototype.postMessage = function (message: unknown, transfer?: unknown) {
        for (const object of (transfer as object[]) ?? []) moved.push(object.constructor.name);
        return post.call(this, message, transfer as StructuredSerializeOptions);
      };
      const image = new Image();
      image.src = src;
      await image.decode();
      const canvas = Object.assign(document.createElement("canvas"), { width: 96, height: 96 });
      const context = canvas.getContext("2d")!;
      context.drawImage(image, 0, 0, 96, 96);
      const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
      const video = Object.assign(document.createElement("video"), {
        muted: true,
        srcObject: canvas.captureStream(),
      });
      const drawing = setInterval(() => context.drawImage(image, 0, 0, 96, 96), 30);
      await video.play();
      clearInterval(drawing);
      const bitmap = await createImageBitmap(canvas);
      const frame = new VideoFrame(canvas, { timestamp: 0 });
      const pictures = {
        address: src,
        image,
        canvas,
        blob: blob!,
        bitmap,
        frame,
        pixels: context.getImageData(0, 0, 96, 96),
        video,
      };
      const here = await vit8.ImageClassifier.load(model, { device: "webgpu" });
      const there = await vit8.ImageClassifier.load(model, { device: "webgpu", worker: true });
      const answers: Record<string, unknown[]> = {};
      for (const [kind, picture] of Object.entries(pictures)) {
        moved.length = 0;
        const away = await there.logits(picture);
        const own = await here.logits(picture);
        const difference = Math.max(...own.map((value, i) => Math.abs(value - away[i])));
        answers[kind] = [own.length, difference, ...moved];
      }
      const many = [blob!, canvas];
      const lists = [await here.classify(many, { topK: 3 }), await there.classify(many, { topK: 3 })];
      const embedded = [await here.embed(canvas), await there.embed(canvas)].map((vector) => [...vector]);
      const same = [here.labels.join() === there.labels.join(), here.report.model === there.report.model];
      const alive = [bitmap.width, frame.displayWidth];
      await Promise.all([here.dispose(), there.dispose()]);
      return { answers, lists, embedded, same, alive, kernels: there.report.kernels.length };
    },
    { model, src: `${samples}/pizza.svg` },
  );
  const classes = seen.answers.image[0];
  expect(seen.answers).toEqual({
    address: [classes, 0, "ImageBitmap"], // of an SVG
    image: [classes, 0, "ImageBitmap"],
    canvas: [classes, 0, "ImageBitmap"],
    blob: [classes, 0],
    bitmap: [classes, 0, "ImageBitmap"],
    frame: [classes, 0, "VideoFrame"],
    pixels: [classes, 0],
    video: [classes, 0, "VideoFrame"],
  });
  expect(seen.lists[1]).toEqual(seen.lists[0]);
  expect(seen.lists[1].map((list) => list.length)).toEqual([3, 3]);
  expect(seen.embedded[1]).toEqual(seen.embedded[0]);
  expect(seen.same).toEqual([true, true]);
  expect(seen.alive).toEqual([96, 96]);
  expect(seen.kernels).toBeGreaterThan(3);
});

test("of many pictures the good ones are answered and the bad ones told, here and by a worker", async ({
  page,
}) => {
  await openPage(page);
  const body = await sharp({ create: { width: 4, height: 4, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  await page.route("https://elsewhere.example/*", (route) =>
    route.fulfill({ contentType: "image/png", body }),
  );
  const seen = await page.evaluate(
    async ({ model, src }) => {
      const foreign = new Image();
      foreign.src = "https://elsewhere.example/a.png";
      const pizza = new Image();
      pizza.src = src;
      await pizza.decode();
      const pixels = (length: number) => ({ width: 4, height: 4, rgba: new Uint8Array(length) });
      const many = [
        pizza,
        new File(["text"], "cut.png"),
        pixels(64),
        pixels(3),
        { none: () => {} },
        pizza,
        foreign,
      ];
      const ask = async (worker: boolean) => {
        const classifier = await vit8.ImageClassifier.load(model, { device: "webgpu", worker, maxBatch: 2 });
        const results = await classifier.classify(many as (typeof pizza)[], { topK: 1, settled: true });
        const lengths = (await classifier.embed(many as (typeof pizza)[], { settled: true })).map((result) =>
          result.status === "fulfilled"
            ? result.value.length
            : result.reason.constructor === vit8.PictureError,
        );
        const told = await classifier
          .classify([pizza, new File(["text"], "cut.png")])
          .catch((e) => e.message);
        await classifier.dispose();
        const answers = results.map((result) =>
          result.status === "fulfilled" ? result.value[0].label : String(result.reason),
        );
        return { answers, lengths, told };
      };
      return { here: await ask(false), there: await ask(true) };
    },
    { model, src: `${samples}/pizza.svg` },
  );
  const width = seen.here.lengths[0];
  for (const { answers, lengths, told } of [seen.here, seen.there]) {
    expect([answers[0], answers[5]]).toEqual(["pizza", "pizza"]);
    expect(answers[1]).toMatch(/^PictureError: cut\.png: /);
    expect(answers[2]).not.toMatch(/Error/);
    expect(answers[3]).toMatch(/^PictureError: .*expected 64 RGBA bytes .* got 3/);
    expect(answers[4]).toMatch(/^PictureError: image: expected a URL, .*got Object/);
    expect(answers[6]).toMatch(/^PictureError: .*another site without CORS/);
    expect(lengths).toEqual([width, true, width, true, true, width, true]);
    expect(told).toMatch(/^image 2 of 2: cut\.png: /);
  }
});

test("classifiers share one worker, which ends with the last of them", async ({ page }) => {
  await openPage(page);
  await page.evaluate(async (model) => {
    const load = () => vit8.ImageClassifier.load(model, { device: "webgpu", worker: true });
    Object.assign(globalThis, { loaded: await Promise.all([load(), load()]) });
  }, model);
  expect(page.workers()).toHaveLength(1);
  const dispose = (i: number) =>
    page.evaluate((i) => (globalThis as unknown as { loaded: ImageClassifier[] }).loaded[i].dispose(), i);
  await dispose(0);
  expect(page.workers()).toHaveLength(1);
  await dispose(1);
  await expect.poll(() => page.workers().length).toBe(0);
  expect(await nameOfPizza(page)).toContain("pizza");
});

test("a call whose classifier is disposed ends: while its image is opened, and while it is with the worker", async ({
  page,
}) => {
  await openPage(page);
  const ends = await page.evaluate(
    async ({ model, src }) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 3000, height: 3000 });
      canvas.getContext("2d")?.fillRect(0, 0, 9, 9);
      const file = await new Promise<Blob>((resolve) => canvas.toBlob((blob) => resolve(blob!)));
      const endOf = async (image: string | Blob | HTMLCanvasElement, stepOfDispose: "now" | "posted") => {
        const classifier = await vit8.ImageClassifier.load(model, { device: "cpu", worker: true });
        const post = Worker.prototype.postMessage;
        Worker.prototype.postMessage = function (message, transfer?: unknown) {
          post.call(this, message, transfer as StructuredSerializeOptions);
          if (message.type === "run") void classifier.dispose();
        };
        const end = classifier.classify(image as Blob).then(
          () => "label",
          (error) => error.code ?? error.message,
        );
        if (stepOfDispose === "now") await classifier.dispose();
        const none = new Promise((resolve) => setTimeout(resolve, 5000, "no end"));
        return Promise.race([end, none]).finally(() => {
          Worker.prototype.postMessage = post;
        });
      };
      return [
        await endOf(src, "now"),
        await endOf(file, "now"),
        await endOf(canvas, "now"),
        await endOf(file, "posted"),
      ];
    },
    { model, src: `${samples}/pizza.svg` },
  );
  expect(ends).toEqual(Array(4).fill("DISPOSED"));
});

test("progress comes over, and an abort goes over", async ({ page }) => {
  await openPage(page);
  const pending = new Set<unknown>();
  page.on("request", (request) => pending.add(request));
  page.on("requestfinished", (request) => pending.delete(request));
  page.on("requestfailed", (request) => pending.delete(request));
  const told = await page.evaluate(
    async ({ model, src }) => {
      const stages = new Set<string>();
      const controller = new AbortController();
      const onProgress: LoadOptions["onProgress"] = ({ stage, loaded }) => {
        stages.add(stage);
        if (loaded) controller.abort(new Error("enough"));
      };
      const { signal } = controller;
      const stopped = await vit8.ImageClassifier.load(model, {
        device: "webgpu",
        worker: true,
        signal,
        onProgress,
      }).catch(String);
      const first = [...stages];
      const classifier = await vit8.ImageClassifier.load(model, {
        device: "webgpu",
        worker: true,
        onProgress: ({ stage }) => stages.add(stage),
      });
      const image = new Image();
      image.src = src;
      const late = new AbortController();
      const answers = [0, 1, 2].map(() => classifier.classify(image, { signal: late.signal }).catch(String));
      setTimeout(() => late.abort(new Error("no more")), 20);
      const [, , last] = await Promise.all(answers);
      const after = await classifier.classify(image);
      await classifier.dispose();
      return { stopped, first, stages: [...stages], last, after: after[0].label };
    },
    { model, src: `${samples}/pizza.svg` },
  );
  expect(told.stopped).toBe("Error: enough");
  // the worker hears of the abort a message later; what it must not do is finish
  expect(told.first).toContain("download");
  expect(told.first).not.toContain("ready");
  expect(told.stages).toEqual(expect.arrayContaining(["download", "compile", "ready"]));
  expect(told.last).toBe("Error: no more");
  expect(told.after).toContain("pizza");
  await expect.poll(() => pending.size).toBe(0);
  await expect.poll(() => page.workers().length).toBe(0);
});

test("errors keep their class and their words", async ({ page }) => {
  await openPage(page);
  const [here, there] = await page.evaluate(async (model) => {
    const { ImageClassifier } = vit8;
    const kindOf = (error: Error) =>
      Object.entries({ ...vit8, RangeError, TypeError }).find(([, type]) => error.constructor === type)?.[0];
    const tell = (work: Promise<unknown>) =>
      work.then(String, (error) => `${kindOf(error)} ${error instanceof vit8.Vit8Error} ${error.message}`);
    const collect = async (worker: boolean) => {
      const load = (source: Parameters<typeof ImageClassifier.load>[0], more = {}) =>
        tell(ImageClassifier.load(source, { device: "webgpu", worker, ...more }));
      const loads = [
        load("/no-such-model/"),
        load("no model"),
        load({ "config.json": "{" }),
        load(model, { maxBatch: 0 }),
      ];
      const classifier = await ImageClassifier.load(model, { device: "webgpu", worker });
      const canvas = document.createElement("canvas");
      const pictures = [
        new Blob(["no picture"]),
        null,
        "text",
        { width: 3, height: 3, rgba: new Uint8Array(4) },
        new Image(),
      ];
      const runs = pictures.map((picture) => tell(classifier.classify(picture as Blob)));
      for (const options of [{ topK: 0 }, { topk: 3 }, null] as object[]) {
        runs.push(tell(classifier.classify(canvas, options)), tell(classifier.logits(canvas, options)));
        runs.push(tell(classifier.embed(canvas, options)), tell(classifier.attention(canvas, options)));
        runs.push(tell(classifier.detect(canvas, options)));
      }
      const told = await Promise.all([...loads, ...runs]);
      await classifier.dispose();
      await classifier.dispose();
      return [...told, await tell(classifier.classify(canvas))];
    };
    return [await collect(false), await collect(true)];
  }, model);
  expect(there).toEqual(here);
  expect(here.every((text) => /^\w+(Error) (true|false) \S/.test(text))).toBe(true);
});

test("while a model loads and runs, the page has no task over 50 ms", async ({ page }) => {
  await openPage(page);
  await nameOfPizza(page); // the server has made every module once
  await page.evaluate(() => {
    Object.assign(globalThis, { long: [] as number[] });
    const { long } = globalThis as unknown as { long: number[] };
    new PerformanceObserver((list) =>
      long.push(...list.getEntries().map(({ duration }) => duration)),
    ).observe({
      type: "longtask",
    });
  });
  expect(await nameOfPizza(page)).toContain("pizza");
  await page.waitForTimeout(200);
  expect(await page.evaluate(() => (globalThis as unknown as { long: number[] }).long)).toEqual([]);
});

test("runs under a strict policy for the page", async ({ page }) => {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  await openPage(page, "/src/index.ts", { "Content-Security-Policy": policy });
  expect(await nameOfPizza(page)).toContain("pizza");
  expect(complaints).toEqual([]);
});

test.describe("as published", () => {
  let folder: string;

  test.beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "vit8-worker-"));
    const outDir = path.join(folder, "dist");
    const config = {
      configFile: "build/library.ts",
      logLevel: "warn",
      build: { outDir, minify: false },
    } as const;
    await build({ ...config, build: { outDir, emptyOutDir: true } });
    await build({ ...config, mode: "worker" });
    // A user's page, as the bundler builds it.
    const app = path.join(folder, "app");
    writeFileSync(path.join(folder, "main.js"), 'export * from "./dist/vit8.js";');
    await build({
      configFile: false,
      root: folder,
      base: "/app/",
      logLevel: "warn",
      build: {
        outDir: app,
        rolldownOptions: {
          input: path.join(folder, "main.js"),
          preserveEntrySignatures: "strict",
          output: { entryFileNames: "main.js" },
        },
      },
    });
  });
  test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Serves requests below this address from a folder. */
  const serve = (context: BrowserContext, address: string, from: string) =>
    context.route(`${address}/**`, (route) => {
      const file = path.join(folder, from, route.request().url().slice(address.length));
      return route.fulfill({
        contentType: "text/javascript",
        headers: { "Access-Control-Allow-Origin": "*" },
        body: readFileSync(file),
      });
    });

  test("starts from another site's address", async ({ page, context }) => {
    await serve(context, "https://cdn.example/vit8", "dist");
    await openPage(page, "https://cdn.example/vit8/vit8.js");
    expect(await nameOfPizza(page)).toContain("pizza");
  });

  test("starts in a sandboxed frame, whose origin is none", async ({ page, context, baseURL }) => {
    const anyOrigin = { "Access-Control-Allow-Origin": "*" };
    await serve(context, `${baseURL}/vit8`, "dist");
    for (const place of ["/models", "/demo"])
      await context.route(`${baseURL}${place}/**`, async (route) =>
        route.fulfill({ response: await route.fetch(), headers: anyOrigin }),
      );
    await openPage(page, "/vit8/vit8.js", {
      ...anyOrigin,
      "Content-Security-Policy": "sandbox allow-scripts",
    });
    const answer = await page.evaluate(
      async ({ model, src }) => {
        const classifier = await vit8.ImageClassifier.load(model, { device: "webgpu", worker: true });
        return classifier.classify(await (await fetch(src)).blob());
      },
      { model, src: `${samples}/pizza.svg` },
    );
    expect(answer[0].label).toContain("pizza");
  });

  test("without a bundler the core is four files, which import nothing further", async ({
    page,
    context,
    baseURL,
  }) => {
    await serve(context, `${baseURL}/vit8`, "dist");
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await openPage(page, "/vit8/vit8.js");
    expect(asked.filter((name) => name.startsWith("/vit8/")).length).toBeLessThanOrEqual(4);
  });

  test("the first label takes few requests, and the model's configs do not wait for the worker", async ({
    page,
    context,
    baseURL,
  }) => {
    await serve(context, `${baseURL}/app`, "app");
    const asked: string[] = [];
    context.on("request", (request) => asked.push(new URL(request.url()).pathname));
    const config = page.waitForRequest(`**${model}config.json`);
    await context.route("**/app/assets/worker-*.js", async (route) => {
      await config;
      await route.fallback();
    });
    await openPage(page, "/app/main.js");
    const { label, reason } = await page.evaluate(
      async ({ model, src }) => {
        const classifier = await vit8.ImageClassifier.load(model, { device: "cpu" });
        const image = new Image();
        image.src = src;
        const [{ label }] = await classifier.classify(image);
        return { label, reason: classifier.report.advice?.reason };
      },
      { model, src: `${samples}/pizza.svg` },
    );
    expect(label).toContain("pizza");
    // A worker whose script does not come is given up, and the page's own thread computes.
    expect(reason).toBe("Running on the CPU, as requested.");
    const files = asked.filter((name) => /^\/(app|models)\//.test(name));
    expect(files.length, files.join("\n")).toBeLessThanOrEqual(15);
    expect(files.length, files.join("\n")).toBe(new Set(files).size);
  });

  test("configs that the page waits for too long are read by the worker", async ({
    page,
    context,
    baseURL,
  }) => {
    await serve(context, `${baseURL}/app`, "app");
    await context.route(`**${model}config.json`, async (route) => {
      // The page's own requests are never answered.
      if (route.request().headers().referer?.includes("/worker-")) await route.fallback();
    });
    await openPage(page, "/app/main.js");
    expect(await nameOfPizza(page)).toContain("pizza");
  });

  test("is found by a bundler", async ({ page, context, baseURL }) => {
    await serve(context, `${baseURL}/app`, "app");
    await openPage(page, "/app/main.js");
    expect(await nameOfPizza(page)).toContain("pizza");
  });
});
