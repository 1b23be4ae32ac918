/** `<vit-classifier>` in a page. */
import { existsSync, readFileSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";
import sharp from "sharp";
import { madeUpTensors, PLAIN, timmFiles } from "../src/classifier/made-up-vit.shared.ts";
import type { VitClassifier } from "../src/element/index.ts";

const tinyFiles: Record<string, string | Uint8Array> = timmFiles(PLAIN, madeUpTensors(PLAIN));

const model = "/models/everyday80/";
const samples = "/demo/classify/samples";
const policy =
  "default-src 'self'; script-src 'self'; style-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'";

/** A page with this body and the element defined; counts devices and GPU buffers from the start. */
async function openPage(page: Page, body: string, headers: Record<string, string> = {}): Promise<void> {
  await page.addInitScript(watchPage);
  await page.route("**/blank.html*", (route) =>
    route.fulfill({
      contentType: "text/html",
      headers,
      body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>test</title>
        <script type="module" src="/src/element/define.ts"></script><body>${body}`,
    }),
  );
  await page.goto("/blank.html");
}

interface Watch {
  /** Events of elements as "id:type"; of several `progress` in a row one. */
  readonly log: string[];
  devices: number;
  /** Devices not destroyed, and their buffers' bytes. */
  liveDevices: number;
  readonly liveBytes: () => number;
  lose: () => void;
}
declare global {
  var watch: Watch;
}

/** Runs in the page, before its scripts. */
function watchPage(): void {
  const buffers = new Map<GPUBuffer, GPUDevice>();
  const sum = () => [...buffers.keys()].reduce((bytes, { size }) => bytes + size, 0);
  globalThis.watch = { log: [], devices: 0, liveDevices: 0, liveBytes: sum, lose() {} };
  const wrap = <T extends object, K extends keyof T>(
    target: T,
    name: K,
    after: (self: T, out: unknown) => void,
  ) => {
    const original = target[name] as (...input: unknown[]) => unknown;
    target[name] = function (this: T, ...input: unknown[]) {
      const out = original.apply(this, input);
      after(this, out);
      return out;
    } as T[K];
  };
  wrap(GPUAdapter.prototype, "requestDevice", async (_, device) => {
    watch.devices++;
    watch.liveDevices++;
    const opened = (await device) as GPUDevice;
    watch.lose = () => opened.destroy();
  });
  wrap(GPUDevice.prototype, "createBuffer", (device, buffer) => buffers.set(buffer as GPUBuffer, device));
  wrap(GPUBuffer.prototype, "destroy", (buffer) => buffers.delete(buffer));
  wrap(GPUDevice.prototype, "destroy", (device) => {
    watch.liveDevices--;
    for (const [buffer, owner] of buffers) if (owner === device) buffers.delete(buffer);
  });
  for (const type of ["loadstart", "progress", "result", "load", "error", "abort", "loadend"])
    document.addEventListener(
      type,
      ({ target }) => {
        const { id, localName } = target as Element;
        const entry = `${id}:${type}`;
        if (localName === "vit-classifier" && (type !== "progress" || watch.log.at(-1) !== entry))
          watch.log.push(entry);
      },
      true,
    );
}

const log = (page: Page) => page.evaluate(() => watch.log);
/** The events of one element, without `progress`. */
const eventsOf = async (page: Page, id: string) =>
  (await log(page)).filter((entry) => entry.startsWith(`${id}:`) && !entry.endsWith(":progress"));
const ended = (page: Page, id = "a") =>
  page.waitForFunction((entry) => watch.log.includes(entry), `${id}:loadend`);
const element = (id: string, src: string, more = "") =>
  `<vit-classifier id="${id}" src="${src}" model="${model}" device="webgpu" ${more}></vit-classifier>`;

test("tells of its work as <img> does, and names the picture", async ({ page }) => {
  await openPage(page, element("a", `${samples}/pizza.svg`, 'top-k="3"'));
  await ended(page);
  expect(await log(page)).toEqual(["a:loadstart", "a:progress", "a:result", "a:load", "a:loadend"]);
  const { results, value, status, progress } = await page.locator("#a").evaluate((node: VitClassifier) => ({
    results: node.results,
    value: node.value,
    status: node.status,
    progress: node.progress,
  }));
  expect(results[0].label).toContain("pizza");
  expect(results).toHaveLength(3);
  expect([value, status, progress]).toEqual([results[0].label, "ready", null]);
  await expect(page.getByRole("listitem")).toHaveCount(3);
});

/** What a script does to an element, `<img>` or ours, that is in the page; and the events of both afterwards. */
const stories: Record<string, { script: (node: HTMLImageElement) => unknown; events: string }> = {
  "a picture": { script: (node) => (node.src = "/pizza.png"), events: "load" },
  "no such file": { script: (node) => (node.src = "/no-such.png"), events: "error" },
  "a file that is no picture": { script: (node) => (node.src = "/package.json"), events: "error" },
  "an empty address": { script: (node) => (node.src = ""), events: "error" },
  "an address that cannot be read": { script: (node) => (node.src = "http://"), events: "error" },
  "a script for an address": { script: (node) => (node.src = "javascript:void 0"), events: "error" },
  "two addresses in a row": {
    script: (node) => {
      node.src = "/no-such.png";
      node.src = "/pizza.png";
    },
    events: "load",
  },
  "the next address while the first is under way": {
    script: async (node) => {
      node.src = "/slow.png";
      await new Promise((resolve) => setTimeout(resolve, 50));
      node.src = "/pizza.png";
    },
    events: "load",
  },
  "the address taken away under way": {
    script: async (node) => {
      node.src = "/slow.png";
      await new Promise((resolve) => setTimeout(resolve, 50));
      node.removeAttribute("src");
    },
    events: "",
  },
  "the same address again": {
    script: async (node) => {
      node.src = "/pizza.png";
      await new Promise((resolve) => node.addEventListener("load", resolve, { once: true }));
      node.src = "/pizza.png";
    },
    events: "load load",
  },
  "a picture after a broken one": {
    script: async (node) => {
      node.src = "/no-such.png";
      await new Promise((resolve) => node.addEventListener("error", resolve, { once: true }));
      node.src = "/pizza.png";
    },
    events: "error load",
  },
  "moved under way": {
    script: async (node) => {
      node.src = "/slow.png";
      await new Promise((resolve) => setTimeout(resolve, 50));
      document.body.prepend(node);
    },
    events: "load",
  },
};

test("has <img>'s events in <img>'s order, whatever a script does", async ({ page }) => {
  const pizza = await sharp("demo/classify/samples/pizza.svg").png().toBuffer();
  await page.route("**/pizza.png", (route) => route.fulfill({ body: pizza, contentType: "image/png" }));
  await page.route("**/slow.png", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    await route.fulfill({ body: pizza, contentType: "image/png" }).catch(() => {});
  });
  // Keeps the model loaded while other elements are added and removed.
  await openPage(page, `${element("keeper", `${samples}/pizza.svg`)}`);
  await ended(page, "keeper");
  for (const [story, { script, events }] of Object.entries(stories)) {
    const told = await page.evaluate(
      async ({ source, model }) => {
        const act = new Function(`return (${source})`)();
        const tell = async (node: HTMLElement) => {
          const log: string[] = [];
          for (const type of ["loadstart", "load", "error", "abort", "loadend"])
            node.addEventListener(type, () => log.push(type));
          document.body.append(node);
          await act(node);
          // Until nothing more happens: longer than the slow image and a run take.
          for (
            let before = -1;
            before !== log.length || log.lastIndexOf("loadstart") > log.lastIndexOf("loadend");
          ) {
            before = log.length;
            await new Promise((resolve) => setTimeout(resolve, 600));
          }
          node.remove();
          return log;
        };
        const ours = Object.assign(document.createElement("vit-classifier"), { model, device: "webgpu" });
        const [image, element] = await Promise.all([tell(new Image()), tell(ours)]);
        return { image, element };
      },
      { source: String(script), model },
    );
    const outcome = (log: string[]) => log.filter((type) => type === "load" || type === "error").join(" ");
    expect(outcome(told.image), `<img>, ${story}`).toBe(events);
    expect(outcome(told.element), story).toBe(events);
    const runs = told.element.join(" ");
    if (story === "moved under way") expect(runs).toBe("loadstart load loadend");
    expect(runs, story).toMatch(/^(loadstart (load|error|abort) loadend ?)*$/);
  }
});

test("fifty elements share one device and one model, and leave nothing", async ({ page }) => {
  const fetched: string[] = [];
  page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
  const names = ["pizza", "ladybug", "orange", "school-bus", "king-penguin"];
  const elements = Array.from({ length: 50 }, (_, i) => element(`e${i}`, `${samples}/${names[i % 5]}.svg`));
  await openPage(page, elements.join(""));
  await page.waitForFunction(() => watch.log.filter((entry) => entry.endsWith(":loadend")).length === 50);
  const values = await page
    .locator("vit-classifier")
    .evaluateAll((nodes) => nodes.map((node) => (node as VitClassifier).value));
  expect(new Set(values).size).toBe(5);
  for (const [i, value] of values.entries()) expect(value).toContain(names[i % 5].split("-").at(-1));
  expect(fetched.filter((path) => path.startsWith(model)).sort()).toEqual(
    ["config.json", "model.safetensors", "preprocessor_config.json"].map((file) => model + file),
  );
  expect(await page.evaluate(() => [watch.devices, watch.liveDevices])).toEqual([1, 1]);
  expect(await page.evaluate(() => watch.liveBytes())).toBeGreaterThan(1e6);
  // In the order of the page: none was skipped.
  const order = (await log(page)).filter((entry) => entry.endsWith(":load"));
  expect(order).toEqual(Array.from({ length: 50 }, (_, i) => `e${i}:load`));
  await page.evaluate(() => document.body.replaceChildren());
  await page.waitForFunction(() => watch.liveDevices === 0);
  expect(await page.evaluate(() => watch.liveBytes())).toBe(0);
});

for (const moment of ["before a byte of the model came", "while weights come in", "while pipelines compile"])
  test(`fifty elements removed ${moment} leave no request and no byte`, async ({ page }) => {
    const pending = new Set<unknown>();
    page.on("request", (request) => pending.add(request));
    page.on("requestfinished", (request) => pending.delete(request));
    page.on("requestfailed", (request) => pending.delete(request));
    const unanswered = moment.startsWith("before");
    if (unanswered) await page.route("**/model.safetensors", () => {});
    // From the page's start on: a moment that the test waits for from outside may be over before it looks.
    await page.addInitScript((moment) => {
      const reached = ({ progress }: VitClassifier) =>
        moment.includes("weights") ? (progress?.loaded ?? 0) > 0 : progress?.stage === "compile";
      if (moment.startsWith("before")) return;
      document.addEventListener("progress", ({ target }) => {
        if (reached(target as VitClassifier)) document.body.replaceChildren();
      });
    }, moment);
    const elements = Array.from({ length: 50 }, (_, i) => element(`e${i}`, `${samples}/pizza.svg`));
    const asked = page.waitForRequest("**/model.safetensors");
    await openPage(page, elements.join(""));
    await asked;
    if (unanswered) await page.evaluate(() => document.body.replaceChildren());
    await expect(page.locator("vit-classifier")).toHaveCount(0);
    await page.waitForFunction(() => watch.devices > 0 && watch.liveDevices === 0);
    await expect.poll(() => pending.size).toBe(0);
    expect(await page.evaluate(() => watch.liveBytes())).toBe(0);
    // The elements are removed from the document: their last events reach no listener there.
    expect((await log(page)).filter((entry) => /:(load|error)$/.test(entry))).toEqual([]);
  });

test("a form submits the likeliest label", async ({ page }) => {
  await openPage(
    page,
    `<form action="/blank.html"><input name="other" value="1">
      ${element("a", `${samples}/ladybug.svg`, 'name="what"')}<button>Send</button></form>`,
  );
  expect(await page.evaluate(() => [...new FormData(document.forms[0]).keys()])).toEqual(["other"]);
  await ended(page);
  const label = await page.locator("#a").evaluate((node: VitClassifier) => node.value);
  expect(label).toContain("ladybug");
  await page.getByRole("button", { name: "Send" }).click();
  await page.waitForURL(/what=/);
  expect(new URL(page.url()).searchParams.get("what")).toBe(label);
});

test("a label with markup is text, in the list and in the page's own template", async ({ page }) => {
  const evil = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>";
  await page.route(`**${model}config.json`, async (route) => {
    const response = await route.fetch();
    const config = await response.json();
    const { length } = Object.keys(config.id2label ?? config.label_names);
    config.id2label = Object.fromEntries(Array.from({ length }, (_, i) => [i, `${evil} ${i}`]));
    config.label_names = Object.values(config.id2label);
    config.label2id = undefined;
    await route.fulfill({ json: config });
  });
  const template = '<template><b data-field="label"></b></template>';
  const own = `<vit-classifier id="b" src="${samples}/pizza.svg" model="${model}" device="webgpu">${template}</vit-classifier>`;
  await openPage(page, element("a", `${samples}/pizza.svg`) + own);
  await ended(page, "a");
  await ended(page, "b");
  for (const id of ["a", "b"]) {
    await expect(page.locator(`#${id}`).getByRole("listitem").first()).toContainText(evil);
    expect(await page.locator(`#${id} ol img, #${id} ol script`).count()).toBe(0);
  }
  expect(await page.evaluate(() => "hacked" in window)).toBe(false);
});

test("runs under a strict policy for the page", async ({ page }) => {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await openPage(page, element("a", `${samples}/pizza.svg`), { "Content-Security-Policy": policy });
  await ended(page);
  expect(await eventsOf(page, "a")).toContain("a:load");
  // The sheet counts: rows are a grid.
  await expect(page.getByRole("listitem").first()).toHaveCSS("display", "grid");
  expect(complaints).toEqual([]);
});

test("names the page's own img, canvas and file", async ({ page }) => {
  const inside = (id: string, content: string) =>
    `<vit-classifier id="${id}" model="${model}" device="webgpu">${content}</vit-classifier>`;
  await openPage(
    page,
    inside("img", `<figure><img src="${samples}/orange.svg" alt=""></figure>`) +
      inside("canvas", '<canvas width="80" height="80"></canvas>') +
      inside("file", '<label>Picture <input type="file"></label>'),
  );
  await ended(page, "img");
  await ended(page, "canvas");
  const value = (id: string) => page.locator(`#${id}`).evaluate((node: VitClassifier) => node.value);
  expect(await value("img")).toContain("orange");
  // An image with another address is another image.
  await page.locator("#img figure img").evaluate((image: HTMLImageElement, src) => {
    image.src = src;
  }, `${samples}/school-bus.svg`);
  await expect.poll(() => value("img")).toContain("bus");
  // A canvas has no event for drawing.
  const drawn = await page.locator("#canvas").evaluate(async (node: VitClassifier, src) => {
    const image = new Image();
    image.src = src;
    await image.decode();
    node.querySelector("canvas")?.getContext("2d")?.drawImage(image, 0, 0, 80, 80);
    return (await node.classify())[0].label;
  }, `${samples}/pizza.svg`);
  expect(drawn).toContain("pizza");
  expect(await eventsOf(page, "file")).toEqual([]);
  const buffer = await sharp("demo/classify/samples/ladybug.svg").png().toBuffer();
  await page.getByLabel("Picture").setInputFiles({ name: "a.png", mimeType: "image/png", buffer });
  await expect.poll(() => value("file")).toContain("ladybug");
  const svg = Buffer.from(
    readFileSync("demo/classify/samples/pizza.svg", "utf8").replace(/ (width|height)="384"/g, ""),
  );
  await page.getByLabel("Picture").setInputFiles({ name: "a.svg", mimeType: "image/svg+xml", buffer: svg });
  await expect.poll(() => value("file")).toContain("pizza");
  const heic = Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1");
  await page.getByLabel("Picture").setInputFiles({ name: "a.heic", mimeType: "", buffer: heic });
  await expect(page.locator("#file [part~=state]")).toContainText(
    "a.heic: damaged, or HEIC is not supported by this browser.",
  );
  await page.getByLabel("Picture").setInputFiles([]);
  await expect.poll(() => value("file")).toBe("");
});

test("follows a camera, and leaves a turn to others", async ({ page }) => {
  await openPage(
    page,
    `<vit-classifier id="live" model="${model}" device="webgpu" autoplay><video muted></video></vit-classifier>`,
  );
  await page.evaluate(() => customElements.whenDefined("vit-classifier"));
  expect(await log(page)).toEqual([]);
  await page.evaluate(async (src) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 96, height: 96 });
    const image = new Image();
    image.src = src;
    await image.decode();
    const draw = () => {
      canvas.getContext("2d")?.drawImage(image, 0, 0, 96, 96);
      requestAnimationFrame(draw);
    };
    draw();
    document.querySelector("video")!.srcObject = canvas.captureStream(30);
  }, `${samples}/pizza.svg`);
  const frames = () => log(page).then((all) => all.filter((entry) => entry === "live:result").length);
  await expect.poll(frames).toBeGreaterThan(3);
  expect(await page.locator("#live").evaluate((node: VitClassifier) => node.value)).toContain("pizza");
  await page.evaluate(
    (html) => document.body.insertAdjacentHTML("beforeend", html),
    element("a", `${samples}/orange.svg`),
  );
  await ended(page);
  expect(await eventsOf(page, "a")).toEqual(["a:loadstart", "a:result", "a:load", "a:loadend"]);
  const all = await eventsOf(page, "live");
  expect(all.slice(0, 4)).toEqual(["live:loadstart", "live:result", "live:load", "live:loadend"]);
  expect(all.filter((entry) => entry !== "live:result")).toHaveLength(3);
  // Without autoplay there is only one result.
  await page.locator("#live").evaluate((node: VitClassifier) => {
    node.autoplay = false;
  });
  await page.waitForFunction(() => watch.log.filter((entry) => entry === "live:loadend").length === 2);
  const before = await frames();
  await page.waitForTimeout(500);
  expect(await frames()).toBe(before);
});

test("shows no result of a camera that was taken from its video, and follows the next one", async ({
  page,
}) => {
  await openPage(
    page,
    `<vit-classifier id="live" model="${model}" device="cpu" top-k="1" autoplay><video muted></video></vit-classifier>`,
  );
  const show = (name: string) =>
    page.evaluate(async (src) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 96, height: 96 });
      const image = new Image();
      image.src = src;
      await image.decode();
      setInterval(() => canvas.getContext("2d")?.drawImage(image, 0, 0, 96, 96), 50);
      document.querySelector("video")!.srcObject = canvas.captureStream(30);
    }, `${samples}/${name}.svg`);
  const seen = () =>
    page.locator("#live").evaluate((node: VitClassifier) => [node.status, node.value, node.results.length]);
  await show("pizza");
  await expect.poll(seen).toEqual(["ready", "pizza", 1]);
  await page.evaluate(() => {
    document.querySelector("video")!.srcObject = null;
  });
  await expect.poll(seen).toEqual(["idle", "", 0]);
  await show("orange");
  await expect.poll(seen).toEqual(["ready", "orange", 1]);
  await show("pizza");
  await expect.poll(seen).toEqual(["ready", "pizza", 1]);
  const all = await eventsOf(page, "live");
  expect(all.filter((entry) => entry === "live:loadstart")).toHaveLength(3);
  expect(all.filter((entry) => entry === "live:load")).toHaveLength(3);
});

/** Runs in the page, before its scripts: counts the added listeners, and those that were removed. */
function countListeners(): void {
  const live = new Map<string, number>();
  const count = (name: string, change: number) => live.set(name, (live.get(name) ?? 0) + change);
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const heard = new WeakMap<object, Set<string>>();
  const key = (type: string, listener: unknown) => {
    const id = ids.get(listener as object) ?? ids.size;
    ids.set(listener as object, id);
    return `${type} ${id}`;
  };
  const ids = new Map<object, number>();
  const forget = (target: EventTarget, type: string, listener: unknown) => {
    if (heard.get(target)?.delete(key(type, listener))) count(target.constructor.name, -1);
  };
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    const set = heard.get(this) ?? new Set();
    heard.set(this, set);
    if (listener && !set.has(key(type, listener))) {
      set.add(key(type, listener));
      count(this.constructor.name, 1);
      const { once = false, signal = undefined } = typeof options === "object" ? options : {};
      const over = () => forget(this, type, listener);
      if (once) addEventListener.call(this, type, over, { once });
      if (signal) addEventListener.call(signal, "abort", over, { once: true });
    }
    addEventListener.call(this, type, listener, options);
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    forget(this, type, listener);
    removeEventListener.call(this, type, listener, options);
  };
  const { requestVideoFrameCallback, cancelVideoFrameCallback } = HTMLVideoElement.prototype;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
    count("frame", 1);
    return requestVideoFrameCallback.call(this, (...given) => {
      count("frame", -1);
      callback(...given);
    });
  };
  HTMLVideoElement.prototype.cancelVideoFrameCallback = function (handle) {
    count("frame", -1);
    cancelVideoFrameCallback.call(this, handle);
  };
  Object.assign(globalThis, { liveListeners: () => Object.fromEntries(live) });
}

test("300 results of a camera leave no listener, and its end no frame that is waited for", async ({
  page,
}) => {
  await page.addInitScript(countListeners);
  // A model of a few kilobytes: a software adapter runs the bundled one only four times a second.
  await page.route("**/tiny/*", (route) => {
    const body = tinyFiles[new URL(route.request().url()).pathname.slice("/tiny/".length)];
    return body ? route.fulfill({ body: Buffer.from(body) }) : route.fulfill({ status: 404 });
  });
  await openPage(
    page,
    '<vit-classifier id="live" model="/tiny/" device="webgpu" autoplay><video muted></video></vit-classifier>',
  );
  const live = await page.evaluate(async () => {
    await customElements.whenDefined("vit-classifier");
    const { liveListeners } = globalThis as unknown as { liveListeners(): Record<string, number> };
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
    const context = canvas.getContext("2d")!;
    let hue = 0;
    setInterval(() => {
      hue += 9;
      context.fillStyle = `hsl(${hue} 80% 50%)`;
      context.fillRect(0, 0, 64, 64);
    }, 10);
    const element = document.querySelector("vit-classifier")!;
    const results = (count: number) =>
      new Promise<void>((resolve) => {
        element.addEventListener("result", () => --count === 0 && resolve());
      });
    document.querySelector("video")!.srcObject = canvas.captureStream(60);
    const seen: Record<string, number>[] = [];
    for (const count of [10, 300]) {
      await results(count);
      seen.push(liveListeners());
    }
    element.autoplay = false;
    await results(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    element.remove();
    await new Promise((resolve) => setTimeout(resolve, 100));
    return [...seen, liveListeners()];
  });
  const signals = live.map(({ AbortSignal = 0 }) => AbortSignal);
  // One wait at a time, of three signals at most: the element's, the classifier's and the image's.
  expect(Math.max(...signals)).toBeLessThan(6);
  expect(signals[2]).toBe(0);
  expect(live[2].frame).toBe(0);
  expect(live[1].HTMLVideoElement).toBe(live[0].HTMLVideoElement);
});

test("a video of sources, none of which loads, and an image of sources alone end with an answer", async ({
  page,
}) => {
  const around = (id: string, html: string) =>
    `<vit-classifier id="${id}" model="${model}" device="webgpu">${html}</vit-classifier>`;
  const source = `<source srcset="${samples}/pizza.svg">`;
  await openPage(
    page,
    around("video", '<video><source src="/none.mp4"><source src="/none.webm"></video>') +
      around("picture", `<picture>${source}<img></picture>`) +
      around("lazy", `<picture>${source}<img loading="lazy" style="margin-top: 9000px"></picture>`),
  );
  const error = () => page.locator("#video").evaluate((it) => String((it as VitClassifier).error?.message));
  await expect.poll(error).toContain("did not load");
  for (const id of ["picture", "lazy"])
    await expect
      .poll(() => page.locator(`#${id}`).evaluate((it) => (it as VitClassifier).value))
      .toBe("pizza");
});

test("a lazy element waits until it is near, an eager one does not", async ({ page }) => {
  const far = '<div style="height: 5000px"></div>';
  await openPage(
    page,
    far + element("lazy", `${samples}/pizza.svg`, 'loading="lazy"') + element("a", `${samples}/pizza.svg`),
  );
  await ended(page);
  expect(await eventsOf(page, "lazy")).toEqual([]);
  await page.evaluate(() => scrollTo(0, 5000));
  await ended(page, "lazy");
});

test("tells what it is doing: it loads, waits for its turn, classifies", async ({ page }) => {
  await page.addInitScript(() => {
    const seen: Record<string, string[]> = {};
    Object.assign(globalThis, { seen });
    document.addEventListener("statuschange", ({ target, detail }: CustomEventInit & Event) => {
      const { id, shadowRoot } = target as Element;
      const words = shadowRoot!.querySelector("[part~=state]")!.textContent;
      seen[id] = [...(seen[id] ?? []), `${detail}: ${words?.replace(/,.*/, "")}`];
    });
  });
  await openPage(page, element("a", `${samples}/pizza.svg`) + element("b", `${samples}/pizza.svg`));
  await ended(page, "b");
  const seen = await page.evaluate(() => (globalThis as unknown as { seen: object }).seen);
  const steps = [
    "loading: Loading the model",
    "waiting: Waiting",
    "classifying: Classifying",
    // One of two elements announces no label: its list has it.
    "ready: ",
  ];
  expect(seen).toEqual({ a: steps, b: steps });
  const states = await page
    .locator("#a")
    .evaluate((node) => [
      node.matches(":state(ready)"),
      node.matches(":state(loading)"),
      node.shadowRoot!.querySelector(".state")!.getAttribute("part"),
    ]);
  expect(states).toEqual([true, false, "state ready"]);
});

test("stops on demand and starts again", async ({ page }) => {
  await openPage(page, element("a", `${samples}/pizza.svg`));
  const reason = await page.locator("#a").evaluate(async (node: VitClassifier) => {
    await customElements.whenDefined("vit-classifier");
    const classified = node.classify().catch((error) => `${error.name}, ${node.status}`);
    node.abort();
    return classified;
  });
  expect(reason).toBe("AbortError, idle");
  await page.waitForFunction(() => watch.liveDevices === 0);
  const again = await page
    .locator("#a")
    .evaluate(async (node: VitClassifier) => (await node.classify())[0].label);
  expect(again).toContain("pizza");
  expect((await eventsOf(page, "a")).slice(-7)).toEqual(
    ["loadstart", "abort", "loadend", "loadstart", "result", "load", "loadend"].map((type) => `a:${type}`),
  );
});

test("says in words what went wrong, and goes on with another model", async ({ page }) => {
  await openPage(
    page,
    `<vit-classifier id="a" src="${samples}/pizza.svg" model="/no-such-model/"></vit-classifier>`,
  );
  await ended(page);
  const error = await page
    .locator("#a")
    .evaluate((node: VitClassifier) => [node.error?.name, node.error?.message]);
  expect(error[0]).toBe("ModelLoadError");
  await expect(page.getByRole("status")).toHaveText(error[1]!);
  await page.locator("#a").evaluate((node: VitClassifier, model) => {
    node.model = model;
  }, model);
  await expect(page.getByRole("listitem").first()).toContainText("pizza");
  expect((await eventsOf(page, "a")).filter((entry) => entry !== "a:result")).toEqual(
    ["loadstart", "error", "loadend", "loadstart", "load", "loadend"].map((type) => `a:${type}`),
  );
});

test("names the format of a picture that it cannot show, and what the server answered", async ({ page }) => {
  const body = Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1");
  await page.route("**/a.heic", (route) => route.fulfill({ body, contentType: "image/heic" }));
  await openPage(page, element("a", "/a.heic") + element("b", "/none.png"));
  await expect(page.locator("#a [part~=state]")).toContainText(
    /\/a\.heic: .*HEIC is not supported by this browser/,
  );
  await expect(page.locator("#b [part~=state]")).toContainText(
    "/none.png: expected an image, got status 404",
  );
});

test("breaks a URL in an error after its separators, and stays as wide as it is", async ({ page }) => {
  await openPage(page, element("a", "/2026/summer/IMG_0042.jpg?size=large&user=me", 'width="100"'));
  await ended(page);
  const seen = await page.locator("#a").evaluate((node: VitClassifier) => {
    const live = node.shadowRoot!.querySelector("[role=status]")!;
    const linesOf = (text: Node) => {
      const range = document.createRange();
      range.selectNodeContents(text);
      return new Set(Array.from(range.getClientRects(), ({ top }) => top)).size;
    };
    const words = [...live.childNodes].filter((child) => /^\S+$/.test(child.textContent!));
    return {
      broken: words.filter((word) => linesOf(word) > 1).map((word) => word.textContent),
      message: live.textContent === node.error!.message,
      widths: [node.offsetWidth, node.scrollWidth, live.scrollWidth],
      words: words.length,
    };
  });
  expect(seen).toMatchObject({ broken: [], message: true, widths: [100, 100, 100] });
  expect(seen.words).toBeGreaterThan(8);
});

test("answers after the device was lost, from another", async ({ page }) => {
  await openPage(page, element("a", `${samples}/pizza.svg`));
  await ended(page);
  await page.evaluate(() => watch.lose());
  const label = await page
    .locator("#a")
    .evaluate(async (node: VitClassifier) => (await node.classify())[0].label);
  expect(label).toContain("pizza");
  expect(await page.evaluate(() => watch.devices)).toBe(2);
});

test("attributes and properties are one, also those set before the class was there", async ({ page }) => {
  await openPage(page, '<vit-classifier id="a" top-k="nonsense" threshold="7"></vit-classifier>');
  const seen = await page.locator("#a").evaluate(async (node: VitClassifier) => {
    await customElements.whenDefined("vit-classifier");
    const defaults = [node.topK, node.threshold, node.loading, node.crossOrigin, node.autoplay, node.form];
    Object.assign(node, {
      topK: 2,
      threshold: 0.5,
      loading: "lazy",
      crossOrigin: "",
      autoplay: true,
      alt: "x",
    });
    const { VitClassifier: Class } = await import("/src/element/index.ts" as string);
    class Late extends Class {}
    const late = Object.assign(document.createElement("late-classifier"), { src: "/a.png", topK: 3 });
    document.body.append(late);
    customElements.define("late-classifier", Late);
    return [defaults, node.outerHTML, late.getAttribute("src"), late.getAttribute("top-k")];
  });
  expect(seen).toEqual([
    [5, 0, "eager", null, false, null],
    '<vit-classifier id="a" top-k="2" threshold="0.5" loading="lazy" crossorigin="" autoplay="" alt="x"></vit-classifier>',
    "/a.png",
    "3",
  ]);
});

test("shows what reaches the threshold, as many as asked for, in the page's own way", async ({ page }) => {
  const inside = '<template><q data-field="label"></q> <i data-field="percent"></i></template>';
  await openPage(
    page,
    `<vit-classifier id="a" src="${samples}/pizza.svg" model="${model}" device="webgpu" top-k="2">${inside}</vit-classifier>`,
  );
  await ended(page);
  await expect(page.getByRole("listitem")).toHaveCount(2);
  await expect(page.getByRole("listitem").first()).toHaveText(/^pizza.* \d+\.\d%$/);
  const set = (properties: Record<string, number>) =>
    page.locator("#a").evaluate((node: VitClassifier, values) => {
      Object.assign(node, values);
    }, properties);
  await set({ topK: 80 });
  await expect(page.getByRole("listitem")).toHaveCount(80);
  await set({ threshold: 1 });
  await expect(page.getByRole("listitem")).toHaveCount(0);
  expect(
    await page.locator("#a").evaluate((node: VitClassifier) => [node.value, node.results.length]),
  ).toEqual(["", 0]);
  await page.locator("#a").evaluate((node) => {
    node.insertAdjacentHTML("beforeend", '<p slot="results">mine</p>');
  });
  await expect(page.getByText("mine")).toBeVisible();
  await expect(page.getByRole("list")).toBeHidden();
});

test("in a page that reads from right to left, a long label and an error read as they are written", async ({
  page,
}) => {
  await openPage(
    page,
    `<div dir="rtl" style="width: 90px">
       <vit-classifier id="a" src="${samples}/king-penguin.svg" model="${model}" device="cpu"></vit-classifier>
       <vit-classifier id="b" src="${samples}/none.svg" model="${model}" device="cpu"></vit-classifier>
     </div>`,
  );
  await ended(page);
  await ended(page, "b");
  const label = page.locator("#a").locator(".label").first();
  await expect(label).toHaveText("king penguin");
  const look = (node: Element) => {
    const { direction, textAlign } = getComputedStyle(node);
    return [direction, textAlign, node.scrollWidth > node.clientWidth];
  };
  // Cut at the right, which is its end, and beside the right edge if it is short.
  expect(await label.evaluate(look)).toEqual(["ltr", "right", true]);
  expect((await page.locator("#b").locator(".error").evaluate(look)).slice(0, 2)).toEqual(["ltr", "right"]);
});

test("labels of a page's own, changed without loading the model again", async ({ page }) => {
  const asked: string[] = [];
  await page.route("**/tiny-clip/*", (route) => {
    const name = new URL(route.request().url()).pathname.split("/").at(-1)!;
    asked.push(name);
    const file = `test/goldens/zero-shot/clip/${name}`;
    return existsSync(file) ? route.fulfill({ path: file }) : route.fulfill({ status: 404 });
  });
  const own = 'labels="cat, dog ,other,cat" device="cpu" model="/tiny-clip/"';
  const src = `${samples}/pizza.svg`;
  await openPage(
    page,
    `<vit-classifier id="a" src="${src}" ${own}></vit-classifier>
     <vit-classifier id="b" src="${src}" labels="cat" device="cpu" model="${model}"></vit-classifier>`,
  );
  await ended(page);
  const labels = () =>
    page.locator("#a").evaluate(({ results }: VitClassifier) => results.map(({ label }) => label).sort());
  expect(await labels()).toEqual(["cat", "dog", "other"]);
  const loads = asked.filter((name) => name === "model.safetensors").length;
  await page.locator("#a").evaluate((node: VitClassifier) => {
    node.labels = ["hen", "cat"];
  });
  await expect.poll(labels).toEqual(["cat", "hen"]);
  await expect(page.locator("#a")).toHaveAttribute("labels", "hen,cat");
  expect(asked.filter((name) => name === "model.safetensors").length).toBe(loads);
  await ended(page, "b");
  expect(await page.locator("#b").evaluate((node: VitClassifier) => node.error?.message)).toContain(
    "expected clip or siglip with both towers",
  );
});
