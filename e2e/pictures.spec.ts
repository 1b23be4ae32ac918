/** Images as pages have them: of other windows, lazy, never loaded, and in every file format. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
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
    const load = (worker) => vit8.ImageClassifier.load("${model}", { device: "webgpu", worker });
    globalThis.vit8 = vit8;
    globalThis.loaded = { page: await load(false), worker: await load(true) };
  </script>`;
  await page.route("**/blank.html", (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto("/blank.html");
  await page.waitForFunction(() => "loaded" in globalThis);
}

for (const kind of ["iframe", "removed iframe", "popup", "closed popup"])
  test(`${accepted("Images", "images and files of an iframe or a popup", "Chromium 156")}, ${kind}`, async ({
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
          async (worker) =>
            (await vit8.ImageClassifier.load(source, { device: "webgpu", worker })).labels.length,
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
  accepted("Images", "an <img loading=lazy> that is out of view: it is loaded", "Chromium 156"),
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

const drawing = readFileSync("demo/classify/samples/pizza.svg", "utf8");
const root = /<svg[^>]*>/.exec(drawing)![0];
const withRoot = (tag: string, before = "") => Buffer.from(before + drawing.replace(root, tag));
const namespace = 'xmlns="http://www.w3.org/2000/svg"';
const box = 'viewBox="0 0 384 384"';
const png = () => sharp("demo/classify/samples/pizza.svg").resize(80, 80).flatten({ background: "#fff" });

/** A bitmap file's header of this many bytes, and the rows from sharp. */
async function bmp(headBytes: 12 | 40): Promise<Buffer> {
  const { data } = await png().flip().raw().toBuffer({ resolveWithObject: true });
  const bgr = Buffer.from(data);
  for (let i = 0; i < bgr.length; i += 3) [bgr[i], bgr[i + 2]] = [data[i + 2], data[i]];
  const head = Buffer.alloc(14 + headBytes);
  head.write("BM");
  head.writeUInt32LE(head.length + bgr.length, 2);
  head.writeUInt32LE(head.length, 10);
  head.writeUInt32LE(headBytes, 14);
  const words = headBytes === 12 ? [80, 80, 1, 24] : [80, 0, 80, 0, 1, 24];
  for (const [i, word] of words.entries()) head.writeUInt16LE(word, 18 + 2 * i);
  return Buffer.concat([head, bgr]);
}

const animation = async () => {
  const frame = await png().raw().toBuffer();
  const raw = { width: 80, height: 160, channels: 3, pageHeight: 80 } as const;
  return sharp(Buffer.concat([frame, Buffer.alloc(frame.length)]), { raw });
};

const answered: Record<string, () => Promise<Buffer> | Buffer> = {
  "a.svg": () => withRoot(root),
  "viewbox.svg": () => withRoot(`<svg ${namespace} ${box}>`),
  "percent.svg": () => withRoot(`<svg ${namespace} ${box} width="100%" height="100%">`),
  "prologue.svg": () =>
    withRoot(
      `<svg ${namespace} ${box}>`,
      '\ufeff<?xml version="1.0"?><!-- <svg> --><!DOCTYPE svg [<!ENTITY a "]>">]>',
    ),
  "latin1.svg": () =>
    Buffer.from(
      `<?xml version="1.0" encoding="ISO-8859-1"?><!-- \xe9 -->${withRoot(`<svg ${namespace} ${box}>`)}`,
      "latin1",
    ),
  "utf16.svg": () => Buffer.from(`\ufeff${withRoot(`<svg ${namespace} ${box}>`)}`, "utf16le"),
  "script.svg": () =>
    withRoot(
      `${root}<script>parent.hacked = 1; hacked = 1</script><image href="/never.png" width="9" height="9"/>`,
    ),
  "html.svg": () =>
    withRoot(
      `${root}<foreignObject width="1" height="1"><p xmlns="http://www.w3.org/1999/xhtml">.</p></foreignObject>`,
    ),
  untyped: () => withRoot(`<svg ${namespace} ${box}>`),
  "a.octets": () => withRoot(`<svg ${namespace} ${box}>`),
  "16-bit.png": () => png().toColourspace("rgb16").png().toBuffer(),
  "cmyk.jpg": () => png().toColourspace("cmyk").jpeg().toBuffer(),
  "progressive.jpg": () => png().jpeg({ progressive: true }).toBuffer(),
  "turned.jpg": () => png().rotate(90).jpeg().withMetadata({ orientation: 8 }).toBuffer(),
  "animated.gif": async () => (await animation()).gif().toBuffer(),
  "animated.webp": async () => (await animation()).webp().toBuffer(),
  "a.avif": () => png().avif().toBuffer(),
  "a.bmp": () => bmp(40),
  "os2.bmp": () => bmp(12),
  "wrong-name.tiff": () => png().png().toBuffer(),
};

const ftyp = (brand: string) => Buffer.from(`\0\0\0\x18ftyp${brand}\0\0\0\0mif1${brand}`, "latin1");
const refused: Record<string, [file: () => Promise<Buffer> | Buffer, words: RegExp]> = {
  "a.heic": [() => ftyp("heic"), /HEIC is not supported by this browser.*Convert it to JPEG/],
  "a.tiff": [() => png().tiff().toBuffer(), /TIFF is not supported by this browser.*Convert it to JPEG/],
  "a.jxl": [() => Buffer.from("\0\0\0\x0cJXL \r\n\x87\n", "latin1"), /JPEG XL is not supported/],
  "a.psd": [() => Buffer.from("8BPS\0\x01"), /Photoshop \(PSD\) is not supported/],
  "a.pdf": [() => Buffer.from("%PDF-1.7"), /PDF is not supported/],
  "page.jpg": [() => Buffer.from("<!doctype html><title>404</title>"), /web page/],
  "empty.png": [() => Buffer.alloc(0), /the file is empty/],
  "cut.png": [async () => (await png().png().toBuffer()).subarray(0, 300), /damaged, truncated.*PNG/],
  "cut.jpg": [async () => (await png().jpeg().toBuffer()).subarray(0, 300), /damaged, truncated.*JPEG/],
  "a.svgz": [() => gzipSync(drawing), /SVGZ or another gzip file is not supported/],
  "huge.svg": [
    () => withRoot(`<svg ${namespace} width="20000" height="20000">`),
    /at most 100 megapixels, got 20000 x 20000/,
  ],
  "broken.svg": [() => Buffer.from(`<svg ${namespace} width="9" height="9"><g>`), /damaged SVG/],
  "text.png": [() => Buffer.from("no picture"), /unknown format/],
};

/** As an `<img>` they are no image to the browser, or none that a page may read. */
const fileOnly = ["untyped", "a.octets", "html.svg"];

/** The first label, or the error, of a file as a File and as an `<img>`, on the page's own thread and in a worker. */
async function classifyFile(page: Page, name: string, bytes: Buffer): Promise<Record<string, string>> {
  const type = name.endsWith(".svg")
    ? "image/svg+xml"
    : name.endsWith(".octets")
      ? "application/octet-stream"
      : "";
  await page.route(`**/files/${name}`, (route) =>
    route.fulfill({ body: bytes, contentType: type || "image/png" }),
  );
  return page.evaluate(
    async ({ name, type, base64, asImage }) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const file = new File([bytes], name, { type });
      const image = Object.assign(new Image(), { src: `/files/${name}` });
      const told: Record<string, string> = {};
      for (const [kind, picture] of Object.entries(asImage ? { file, image } : { file }))
        for (const where of ["page", "worker"] as const)
          told[`${kind}, ${where}`] = await loaded[where]
            .classify(picture)
            .then(([{ label }]) => label, String);
      return told;
    },
    { name, type, base64: bytes.toString("base64"), asImage: !fileOnly.includes(name) },
  );
}

test(
  accepted(
    "Images",
    "SVG, odd PNG, JPEG, GIF, WebP, AVIF and BMP, as a File and as an <img>",
    "Chromium 156",
  ),
  async ({ page }) => {
    await openPage(page);
    for (const [name, make] of Object.entries(answered)) {
      const told = await classifyFile(page, name, await make());
      for (const [way, label] of Object.entries(told))
        expect.soft(label, `${name}: ${way}`).toContain("pizza");
    }
    expect(await page.evaluate(() => "hacked" in window)).toBe(false);
  },
);

test("a file that is not decoded is named by its format, with what to do", async ({ page }) => {
  await openPage(page);
  for (const [name, [make, words]] of Object.entries(refused)) {
    const told = await classifyFile(page, name, await make());
    for (const [way, error] of Object.entries(told)) {
      expect.soft(error, `${name}: ${way}`).toMatch(/^PictureError: [^\n]+$/);
      expect.soft(error, `${name}: ${way}`).toContain(name);
      expect.soft(error, `${name}: ${way}`).toMatch(words);
    }
  }
});

test("what is no picture is refused in the same words on every thread, and the worker lives on", async ({
  page,
}) => {
  await openPage(page);
  const told = await page.evaluate(async (pizza) => {
    const image = (src: string) => Object.assign(new Image(), { src });
    const detached = new ImageData(8, 8);
    structuredClone(detached.data.buffer, { transfer: [detached.data.buffer] });
    const closed = await createImageBitmap(new ImageData(8, 8));
    closed.close();
    const told: Record<string, string[]> = {};
    for (const [name, picture] of Object.entries({
      invalid: image("http://["),
      lazy: Object.assign(image("http://["), { loading: "lazy" }),
      empty: image(""),
      canvas: Object.assign(document.createElement("canvas"), { width: 0 }),
      input: document.createElement("input"),
      promise: Promise.resolve(),
      closed,
      detached,
    }))
      told[name] = await Promise.all(
        [loaded.page, loaded.worker].map((it) =>
          it.classify(picture as unknown as Blob).then(String, String),
        ),
      );
    told.alive = [(await loaded.worker.classify(image(pizza)))[0].label];
    return told;
  }, pizza);
  expect(told.alive[0]).toContain("pizza");
  const kinds =
    "image: expected a URL, Blob, <img>, <canvas>, <video>, ImageBitmap, ImageData, VideoFrame or { width, height, rgba }";
  for (const [name, words] of Object.entries({
    invalid: "http://[: expected an image, but it did not load",
    lazy: "http://[: expected an image, but it did not load",
    empty: "element without src: expected an image, but it did not load",
    canvas: "HTMLCanvasElement: expected 2 pixels or more on each side, got 0 x 150",
    input: `${kinds}, got HTMLInputElement.`,
    promise: `${kinds}, got Promise.`,
    closed: "ImageBitmap: expected 2 pixels or more on each side, got 0 x 0",
    detached: "ImageData: expected 256 RGBA bytes for 8 x 8 pixels, got 0",
  }))
    for (const error of told[name]) expect(error, name).toContain(`PictureError: ${words}`);
});

test("an image that the page's policy refuses is told so in a PictureError", async ({ page }) => {
  await openPage(page);
  await page.evaluate(() => {
    const policy = { httpEquiv: "Content-Security-Policy", content: "img-src 'none'" };
    document.head.append(Object.assign(document.createElement("meta"), policy));
  });
  const told = await page.evaluate(
    (src) => loaded.page.classify(Object.assign(new Image(), { src })).catch(String),
    "/demo/classify/samples/none.png",
  );
  expect(told).toMatch(/^PictureError: .*none.png: /);
});

test(accepted("Images", "an ImageData of float16", "Chromium 156"), async ({ page }) => {
  await openPage(page);
  const labels = await page.evaluate(async (src) => {
    const image = Object.assign(new Image(), { src });
    await image.decode();
    const context = new OffscreenCanvas(80, 80).getContext("2d")!;
    context.drawImage(image, 0, 0, 80, 80);
    const settings = { pixelFormat: "rgba-float16" } as ImageDataSettings;
    const pixels = context.getImageData(0, 0, 80, 80, settings);
    const labels = [pixels.data.constructor.name];
    for (const classifier of [loaded.page, loaded.worker])
      labels.push((await classifier.classify(pixels))[0].label);
    return labels;
  }, pizza);
  expect(labels).toEqual(["Float16Array", "pizza", "pizza"]);
});

test(
  accepted("Images", "an SVG file has the same pixels as in Node, with and without a size", "sharp 0.35.5"),
  async ({ page }) => {
    await openPage(page);
    for (const name of ["a.svg", "viewbox.svg"]) {
      const file = await answered[name]();
      const { data, info } = await sharp(file).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
      const distance = await page.evaluate(
        async ({ text, base64, width, height }) => {
          const rgba = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
          const svg = new File([text], "a.svg");
          const [there, here] = await Promise.all(
            [{ width, height, rgba }, svg].map((picture) => loaded.page.logits(picture)),
          );
          return Math.hypot(...here.map((value, i) => value - there[i])) / Math.hypot(...there);
        },
        { text: file.toString(), base64: data.toString("base64"), width: info.width, height: info.height },
      );
      // Two renderers smooth edges differently: 0.03 was seen. At another size it is 0.2 and more.
      expect(distance, name).toBeLessThan(0.1);
    }
  },
);
