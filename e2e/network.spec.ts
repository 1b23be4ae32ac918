/** Models over a network that misbehaves, and models that the browser keeps, in Chromium. */
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import {
  madeUpPicture,
  madeUpTensors,
  PLAIN,
  shardsOf,
  timmFiles,
} from "../src/classifier/made-up-vit.shared.ts";
import type { ImageClassifier, LoadOptions } from "../src/index.ts";
import { type FaultyServer, REFUSED, SURVIVED, serveFaults, WEIGHTS } from "../src/testing/faulty-server.ts";
import { itsPage, notFound, refused, serveFiles } from "../src/testing/file-server.ts";

declare global {
  var vit8: typeof import("../src/index.ts");
  var held: ImageClassifier | undefined;
}

const files = timmFiles(PLAIN, madeUpTensors(PLAIN));
const { width, height, rgba } = madeUpPicture(PLAIN);
const picture = { width, height, rgba: [...rgba] };
const allowed = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "range",
  "access-control-expose-headers": "etag, content-range",
};
let server: FaultyServer;
test.beforeAll(async () => {
  server = await serveFaults(files, allowed);
});
test.afterAll(() => server.close());
test.beforeEach(() => {
  server.forget();
  server.requests.length = 0;
});

/** An empty page with the library as `vit8`, where every timer of 0.1 s or more runs forty times as fast, except for the start of a worker. */
async function openPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.addInitScript(() => {
    const { setTimeout } = globalThis;
    const hurried = (work: () => void, ms = 0, ...given: unknown[]) =>
      setTimeout(work, ms < 100 || ms === 15_000 ? ms : ms / 40, ...given);
    globalThis.setTimeout = hurried as typeof setTimeout;
  });
  // A page from the server itself: Chromium does not let a synthetic page request a server of this machine.
  await page.goto("/package.json");
  await page.addScriptTag({
    type: "module",
    content: 'import * as vit8 from "/src/index.ts"; globalThis.vit8 = vit8;',
  });
  await page.waitForFunction(() => "vit8" in globalThis);
  return page;
}

/** The logits of a model at this address, or what was thrown. The first classifier stays, and its device with it. */
function ask(page: Page, model: string, options: LoadOptions = {}) {
  return page.evaluate(
    async ({ model, options, picture }) => {
      try {
        const classifier = await vit8.ImageClassifier.load(model, { device: "webgpu", ...options });
        const logits = await classifier.logits({ ...picture, rgba: Uint8Array.from(picture.rgba) });
        if (globalThis.held) await classifier.dispose();
        globalThis.held ??= classifier;
        return { logits: [...logits] };
      } catch (error) {
        return { error: String(error), isTyped: error instanceof vit8.Vit8Error };
      }
    },
    { model, options, picture },
  );
}

/** Requests for weights, without those for the first two bytes, which check whether a cached file is still the server's. */
const downloads = () => server.requests.filter((line) => line.endsWith(WEIGHTS) && line.startsWith("GET"));

test("every fault is survived, or told by a typed error", async ({ context }) => {
  const page = await openPage(context);
  const expected = await ask(page, server.folder());
  expect(expected).toEqual({ logits: Array(PLAIN.classes).fill(expect.any(Number)) });
  for (const fault of Object.keys(SURVIVED))
    await test.step(fault, async () => expect(await ask(page, server.folder(fault))).toEqual(expected));
  for (const [fault, { lost }] of Object.entries(REFUSED))
    await test.step(fault, async () => {
      const { error, isTyped } = await ask(page, server.folder(fault));
      expect(error).toMatch(lost!);
      expect(isTyped).toBe(true);
    });
});

test("a server that does not allow the page is told from one that is not there", async ({ context }) => {
  const strict = await serveFaults(files);
  const page = await openPage(context);
  expect((await ask(page, strict.folder())).error).toContain("blocked by CORS");
  strict.close();
  expect((await ask(page, strict.folder())).error).toContain("no answer");
});

test("the second load needs no network, in a worker either", async ({ context }) => {
  const page = await openPage(context);
  const expected = await ask(page, server.folder());
  expect(downloads()).toHaveLength(1);
  await expect.poll(() => server.requests.length).toBe(3);
  const next = await openPage(context);
  // As a browser keeps published chunks, which the development server forbids.
  for (const chunk of ["lower/software-kernels", "network/model", "network/families/timm/vit"])
    await next.evaluate((path) => import(path), `/src/${chunk}.ts`);
  await context.setOffline(true);
  expect(await ask(next, server.folder())).toEqual(expected);
  const { error } = await ask(next, server.folder("503 twice"));
  expect(error).toContain("this device is offline");
  await context.setOffline(false);
  expect(await ask(next, server.folder(), { worker: true })).toEqual(expected);
  expect(downloads()).toHaveLength(1);
});

test("without the kernels shaped for its adapter, those that answer everywhere name the same", async ({
  context,
}) => {
  const page = await openPage(context);
  await context.route("**/src/lower/software-kernels.ts*", (route) => route.abort());
  const { logits } = await ask(page, server.folder());
  await context.unroute("**/src/lower/software-kernels.ts*");
  const expected = await ask(await openPage(context), server.folder());
  const first = (values: number[] = []) => values.indexOf(Math.max(...values));
  expect(logits).toHaveLength(PLAIN.classes);
  expect(first(logits)).toBe(first(expected.logits));
});

test("loads at the same time in two tabs share one download", async ({ context }) => {
  const pages = await Promise.all([openPage(context), openPage(context)]);
  const folder = server.folder("a thousand small pieces");
  const [first, second] = await Promise.all(pages.map((page) => ask(page, folder)));
  expect(first).toEqual({ logits: Array(PLAIN.classes).fill(expect.any(Number)) });
  expect(second).toEqual(first);
  expect(downloads()).toHaveLength(1);
});

test("without room to keep it, and from a damaged copy, a model loads all the same", async ({ context }) => {
  const page = await openPage(context);
  const session = await context.newCDPSession(page);
  const { origin } = new URL(page.url());
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1000 });
  const expected = await ask(page, server.folder());
  expect(expected).toEqual({ logits: Array(PLAIN.classes).fill(expect.any(Number)) });
  const keptNames = () =>
    page.evaluate(async () => {
      const kept = await (await caches.open("vit8:models")).keys();
      return kept.map(({ url }) => url.split("/").at(-1));
    });
  expect(await keptNames()).not.toContain(WEIGHTS);
  await session.send("Storage.overrideQuotaForOrigin", { origin });
  expect(await ask(page, server.folder())).toEqual(expected);
  await expect.poll(keptNames).toContain(WEIGHTS);
  await page.evaluate(async (url) => {
    const cache = await caches.open("vit8:models");
    const { headers } = (await cache.match(url))!;
    await cache.put(url, new Response(new Uint8Array(1000), { headers }));
  }, `${server.folder()}/${WEIGHTS}`);
  expect(await ask(page, server.folder())).toEqual(expected);
  expect(downloads()).toHaveLength(3);
});

test("a model or picture of the element comes from http, https or blob, whatever the attribute says", async ({
  context,
}) => {
  const page = await openPage(context);
  const said = await page.evaluate(async () => {
    await import("/src/element/define.ts" as string);
    const answers: string[] = [];
    const told = async (attributes: Record<string, string>) => {
      const element = document.createElement("vit-classifier");
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      const failed = new Promise<string>((resolve) =>
        element.addEventListener("error", (event) =>
          resolve((event as unknown as CustomEvent<Error>).detail.name),
        ),
      );
      document.body.append(element);
      answers.push(`${Object.values(attributes)[0]} ${await failed}`);
      element.remove();
    };
    const bad = [
      "javascript:alert(1)",
      "data:image/png;base64,AA",
      "file:///etc/passwd",
      "ftp://example.com/x",
    ];
    for (const src of bad) await told({ src, model: "/models/everyday80/" });
    for (const model of [...bad, "blob:nothing", "../../x y"]) await told({ model, src: "/x.png" });
    return answers;
  });
  for (const answer of said.slice(0, 4)) expect(answer).toContain("PictureError");
  for (const answer of said.slice(4, 9)) expect(answer).toContain("ModelLoadError");
});

test("an SVG of gigapixels and a PNG that claims them are refused at once", async ({ context }) => {
  const page = await openPage(context);
  await ask(page, server.folder());
  const said = await page.evaluate(async () => {
    const png = new DataView(new ArrayBuffer(64));
    new Uint8Array(png.buffer).set([
      0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52,
    ]);
    png.setUint32(16, 60_000);
    png.setUint32(20, 60_000);
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" width="60000" height="60000"><rect width="9" height="9"/></svg>')}`;
    const start = performance.now();
    const errors = await Promise.all(
      [new Blob([png.buffer]), image].map((picture) => held!.classify(picture).catch(String)),
    );
    return { errors, elapsedMs: performance.now() - start };
  });
  for (const error of said.errors) expect(error).toContain("at most 100 megapixels, got 60000 x 60000");
  expect(said.elapsedMs).toBeLessThan(5000);
});

test("a page or a refusal in place of what a folder lacks is absence, in a worker too", async ({
  context,
}) => {
  const page = await openPage(context);
  const expected = await ask(page, server.folder());
  // The last one responds without Access-Control-Allow-Origin, as nginx does by default.
  for (const missing of [itsPage, refused, notFound]) {
    const sharded = await serveFiles(shardsOf(files), missing);
    expect(await ask(page, sharded.address)).toEqual(expected);
    expect(await ask(page, sharded.address)).toEqual(expected);
    expect(await ask(page, sharded.address, { worker: true })).toEqual(expected);
    sharded.close();
  }
});

test("a load that never settles ends with its signal, and five leave no listener on theirs", async ({
  context,
}) => {
  const page = await openPage(context);
  await ask(page, server.folder()); // its shaders are compiled from here on
  const silent = await serveFiles({ "config.json": files["config.json"], [WEIGHTS]: () => {} });
  const late = await page.evaluate(async (address) => {
    const elapsed: number[] = [];
    for (const worker of [false, true]) {
      const controller = new AbortController();
      const loading = vit8.ImageClassifier.load(address, {
        device: "webgpu",
        worker,
        signal: controller.signal,
      }).catch(String);
      await new Promise((resolve) => setTimeout(resolve, 20_000)); // hurried: half a second
      const start = performance.now();
      controller.abort("enough");
      if ((await loading) !== "enough") throw new Error(`came: ${await loading}`);
      elapsed.push(performance.now() - start);
    }
    return elapsed;
  }, silent.address);
  silent.close();
  for (const ms of late) expect(ms).toBeLessThan(100);
  const listeners = await page.evaluate(async (address) => {
    const { signal } = new AbortController();
    const held = new Set<unknown>();
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...given: Parameters<typeof addEventListener>) => {
      held.add(given[1]);
      addEventListener.apply(signal, given);
    };
    signal.removeEventListener = (...given: Parameters<typeof removeEventListener>) => {
      held.delete(given[1]);
      removeEventListener.apply(signal, given);
    };
    const counts: number[] = [];
    for (const worker of [false, false, false, true, true]) {
      await caches.delete("vit8:models");
      await (await vit8.ImageClassifier.load(address, { device: "webgpu", worker, signal })).dispose();
      counts.push(held.size);
    }
    return counts;
  }, server.folder());
  expect(listeners).toEqual([0, 0, 0, 0, 0]);
});

test("a proxy of the page's own is an endpoint, in a worker too, and a base moves relative addresses", async ({
  context,
}) => {
  const page = await openPage(context);
  const expected = await ask(page, server.folder());
  const asked: string[] = [];
  const answer = (name: string) => ({ body: Buffer.from(files[name as keyof typeof files] ?? "") });
  for (const place of ["**/proxied/o/n/**", "**/moved/m/**"])
    await context.route(place, (route) => {
      const { pathname } = new URL(route.request().url());
      asked.push(pathname);
      const name = pathname.split("/").at(-1)!;
      return Object.hasOwn(files, name) && !pathname.includes("/raw/")
        ? route.fulfill(answer(name))
        : route.fulfill({ status: 404 });
    });
  for (const worker of [false, true])
    expect(await ask(page, "o/n", { endpoint: "/proxied", revision: "refs/pr/1", worker })).toEqual(expected);
  expect(asked).toContain("/proxied/o/n/resolve/refs%2Fpr%2F1/config.json");
  await page.evaluate(() => {
    document.head.append(Object.assign(document.createElement("base"), { href: "/moved/" }));
  });
  for (const worker of [false, true]) expect(await ask(page, "./m", { worker })).toEqual(expected);
  expect(asked.filter((path) => path === "/moved/m/config.json")).toHaveLength(2);
});
