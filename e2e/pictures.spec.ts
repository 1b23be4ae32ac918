/** Pictures as pages have them: of other windows, lazy, never answered, and in every file format. */
import { deflateSync, gzipSync } from "node:zlib";
import { expect, type Page, test } from "@playwright/test";
import sharp from "sharp";
import { accepted } from "../src/testing/accepted.ts";

const model = "/models/everyday80/";
const pizza = "/demo/classify/samples/pizza.svg";

declare global {
  var vit8: typeof import("../src/index.ts");
  /** By where it runs. */
  var loaded: {
    page: import("../src/index.ts").ImageClassifier;
    worker: import("../src/index.ts").ImageClassifier;
  };
}

/** An empty page with the library as `vit8`, and a classifier on its own thread and one in a worker. */
async function openPage(page: Page): Promise<void> {
  const body = `<!doctype html><html lang="en"><title>test</title><body><script type="module">
    import * as vit8 from "/src/index.ts";
    const load = (worker) => vit8.ImageClassifier.load("${model}", { worker });
    globalThis.vit8 = vit8;
    globalThis.loaded = { page: await load(false), worker: await load(true) };
  </script>`;
  await page.route("**/blank.html", (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto("/blank.html");
  await page.waitForFunction(() => "loaded" in globalThis);
}

for (const kind of ["iframe", "removed iframe", "popup", "closed popup"])
  test(`${accepted("Images", "pictures and files of an iframe or a popup", "Chromium 156")}, ${kind}`, async ({
    page,
  }) => {
    await openPage(page);
    const labels = await page.evaluate(
      async ({ kind, src }) => {
        const markup = await (await fetch(src)).text();
        const frame = document.createElement("iframe");
        if (kind.endsWith("iframe")) document.body.append(frame);
        const there = (frame.contentWindow ?? open("about:blank")) as Window & typeof globalThis;
        const image = new there.Image();
        image.src = `data:image/svg+xml,${encodeURIComponent(markup)}`;
        await new Promise((resolve) => image.addEventListener("load", resolve));
        const canvas = there.document.createElement("canvas");
        canvas.width = canvas.height = 80;
        const context = canvas.getContext("2d")!;
        context.drawImage(image, 0, 0, 80, 80);
        const offscreen = new there.OffscreenCanvas(80, 80);
        offscreen.getContext("2d")!.drawImage(image, 0, 0, 80, 80);
        const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
        const png = await new Response(blob).arrayBuffer();
        const pixels = context.getImageData(0, 0, 80, 80);
        const lasting = {
          image,
          blob: new there.Blob([png]),
          file: new there.File([png], "a.png"),
          svg: new there.File([markup], "a.svg", { type: "image/svg+xml" }),
          bitmap: await there.createImageBitmap(canvas),
          pixels,
          array: { width: 80, height: 80, rgba: new there.Uint8Array(pixels.data) },
        };
        const { signal } = new there.AbortController();
        // Chromium clears the canvases of a window that is gone.
        const isGone = kind.includes(" ");
        const pictures = isGone ? lasting : { ...lasting, canvas, offscreen };
        if (isGone) {
          frame.remove();
          if (kind.endsWith("popup")) there.close();
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        const labels: Record<string, string[]> = {};
        for (const [name, picture] of Object.entries(pictures))
          labels[name] = await Promise.all(
            [loaded.page, loaded.worker].map((classifier) =>
              classifier.classify(picture as Blob, { signal }).then(([{ label }]) => label, String),
            ),
          );
        return labels;
      },
      { kind, src: pizza },
    );
    for (const [picture, answers] of Object.entries(labels))
      expect(answers, picture).toEqual([expect.stringContaining("pizza"), expect.stringContaining("pizza")]);
  });

test("a model's files of an iframe load", async ({ page }) => {
  await openPage(page);
  const labels = await page.evaluate(async (model) => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    const there = frame.contentWindow as Window & typeof globalThis;
    const names = ["config.json", "preprocessor_config.json", "model.safetensors"];
    const buffers = await Promise.all(names.map(async (name) => (await fetch(model + name)).arrayBuffer()));
    const files = buffers.map((buffer, i) => new there.File([buffer], names[i]));
    const bytes = buffers.map((buffer) => new there.Uint8Array(buffer));
    const sources = [
      files,
      Object.fromEntries(names.map((name, i) => [name, bytes[i]])),
      Object.fromEntries(names.map((name, i) => [name, bytes[i].buffer])),
      new there.URL(model, location.href),
    ];
    return Promise.all(
      sources.flatMap((source) =>
        [false, true].map(
          async (worker) => (await vit8.ImageClassifier.load(source, { worker })).labels.length,
        ),
      ),
    );
  }, model);
  expect(labels).toEqual(Array(8).fill(80));
});

test("every wait for a picture ends with its signal, within 100 ms", async ({ page }) => {
  await openPage(page);
  await page.route("**/never.*", () => {});
  const waits = await page.evaluate(async () => {
    const never = Object.assign(new Image(), { src: "/never.png" });
    const lazy = Object.assign(new Image(), { loading: "lazy", src: "/never.svg" });
    document.body.append(lazy);
    const stuck = new Blob(["stuck"]);
    const { createImageBitmap } = globalThis;
    globalThis.createImageBitmap = ((picture: unknown, options: ImageBitmapOptions) =>
      picture === stuck
        ? new Promise(() => {})
        : createImageBitmap(picture as Blob, options)) as typeof createImageBitmap;
    const waits: Record<string, [reason: string, elapsedMs: number]> = {};
    for (const [name, picture] of Object.entries({ never, lazy, stuck, many: [never, never] }))
      for (const where of ["page", "worker"] as const) {
        if (name === "stuck" && where === "worker") continue; // it is decoded over there
        const controller = new AbortController();
        const { signal } = controller;
        let aborted = 0;
        setTimeout(() => {
          aborted = performance.now();
          controller.abort(new Error("enough"));
        }, 300);
        const answer = loaded[where].classify(picture as Blob, { signal }).catch(String);
        waits[`${name}, ${where}`] = [String(await answer), performance.now() - aborted];
      }
    return waits;
  });
  expect(Object.keys(waits)).toHaveLength(7);
  for (const [name, [reason, elapsedMs]] of Object.entries(waits)) {
    expect(reason, name).toBe("Error: enough");
    expect(elapsedMs, name).toBeLessThan(100);
  }
});

test("a worker that is busy, or never starts, keeps nobody from going", async ({ page }) => {
  await openPage(page);
  await page.route("**/entry.ts*", () => {});
  const waits = await page.evaluate(async (model) => {
    const busy = URL.createObjectURL(new Blob(["onmessage = () => { for (;;); }"]));
    const waits: Record<string, [reason: string, elapsedMs: number]> = {};
    await loaded.worker.dispose(); // the next one gets a worker of its own
    const { Worker } = globalThis;
    for (const address of [busy, undefined]) {
      globalThis.Worker = class extends Worker {
        constructor(url: string | URL, options?: WorkerOptions) {
          super(address ?? url, address ? {} : options);
        }
      };
      const controller = new AbortController();
      let aborted = 0;
      setTimeout(() => {
        aborted = performance.now();
        controller.abort(new Error("enough"));
      }, 300);
      const options = { worker: true, signal: controller.signal };
      const told = await vit8.ImageClassifier.load(model, options).then(String, String);
      waits[address ? "busy" : "unstarted"] = [told, performance.now() - aborted];
    }
    return waits;
  }, model);
  for (const [name, [reason, elapsedMs]] of Object.entries(waits)) {
    expect(reason, name).toBe("Error: enough");
    expect(elapsedMs, name).toBeLessThan(100);
  }
});

test(
  accepted("Images", "an <img loading=lazy> that is out of sight: it is loaded", "Chromium 156"),
  async ({ page }) => {
    await openPage(page);
    const labels = await page.evaluate(async (src) => {
      document.body.insertAdjacentHTML(
        "beforeend",
        `<div style="height: 20000px"></div><img id="far" loading="lazy" src="${src}">
       <div style="display: none"><img id="hidden" loading="lazy" src="${src}?hidden"></div>
       <picture><source srcset="${src}?source 1x"><img id="source" loading="lazy" src="/none.png"></picture>
       <img id="set" loading="lazy" srcset="${src}?set 100w" sizes="100px">`,
      );
      const labels: Record<string, string> = {};
      for (const image of document.images)
        for (const where of ["page", "worker"] as const)
          labels[`${image.id}, ${where}`] = await loaded[where]
            .classify(image)
            .then(([{ label }]) => label, String);
      const detached = Object.assign(new Image(), { loading: "lazy", src });
      labels.detached = (await loaded.page.classify(detached))[0].label;
      return labels;
    }, pizza);
    expect(Object.keys(labels)).toHaveLength(9);
    for (const [image, label] of Object.entries(labels)) expect(label, image).toContain("pizza");
  },
);

test("an image that gets another address meanwhile is named by that", async ({ page }) => {
  await openPage(page);
  await page.route("**/never.png", () => {});
  const labels = await page.evaluate(async (src) => {
    const labels: string[] = [];
    for (const classifier of [loaded.page, loaded.worker]) {
      const image = Object.assign(new Image(), { src: "/never.png" });
      const answer = classifier.classify(image);
      await new Promise((resolve) => setTimeout(resolve, 50));
      image.src = src;
      labels.push((await answer)[0].label);
    }
    return labels;
  }, pizza);
  for (const label of labels) expect(label).toContain("pizza");
});
