/** The packed package, installed into fresh apps: each classifies an image, offline. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium, expect, type Page, test } from "@playwright/test";
import { accepted } from "../../src/testing/accepted.ts";
import { codeBlocks } from "../docs/markdown.ts";
import { installApp, npm, packVit8, serveFolders } from "./app.ts";

const origin = "http://localhost/";
const cdn = "https://cdn.jsdelivr.net/npm/vit8/";
let tarball: string;
const apps: string[] = [];

test.beforeAll(() => {
  tarball = packVit8();
});
test.afterAll(() => {
  for (const folder of apps) rmSync(folder, { recursive: true });
});

function install(name: string): string {
  const folder = installApp(name, tarball);
  apps.push(folder);
  return folder;
}

/** The guide's block of code with this in it, as a reader would copy it. */
function guideBlock(part: string): string {
  const file = path.resolve(import.meta.dirname, "../../docs/guide.md");
  const block = codeBlocks({ file, text: readFileSync(file, "utf8") }).find(({ code }) =>
    code.includes(part),
  );
  if (!block) throw new Error(`${file}: has no block of code with ${part}`);
  return block.code;
}

/** Serves every request below the address with a file of the first folder that has it; all other requests fail. */
async function serve(page: Page, address: string, ...folders: string[]): Promise<void> {
  await page.route(`${address}**`, (route) => {
    const name =
      new URL(route.request().url()).href.slice(address.length).replace(/\?.*/, "") || "index.html";
    const file = folders.map((folder) => path.join(folder, name)).find(existsSync);
    const headers = { "Access-Control-Allow-Origin": "*" };
    return file ? route.fulfill({ path: file, headers }) : route.fulfill({ status: 404, headers });
  });
}

const goOffline = (page: Page) => page.route(/^https?:/, (route) => route.abort());

/** The result of the main thread, then of the worker. */
async function expectPizzaTwice(page: Page): Promise<void> {
  await expect(page.locator("output")).toHaveText("pizza, pizza");
}

test("a Vite app: types, the build", async ({ page }) => {
  const folder = install("vite");
  npm(folder, "run", "build");
  await goOffline(page);
  await serve(page, origin, path.join(folder, "out"));
  await page.goto(origin);
  await expectPizzaTwice(page);
});

test("a Vite app in development, with no setting of its own", async ({ page }) => {
  const root = install("vite");
  const { createServer } = await import(createRequire(`${root}/`).resolve("vite"));
  const server = await createServer({ root, logLevel: "error", server: { port: 0, host: "localhost" } });
  try {
    await server.listen();
    const [address] = server.resolvedUrls.local;
    await goOffline(page);
    await page.route(`${address}**`, (route) => route.continue());
    await page.goto(address);
    await expectPizzaTwice(page);
  } finally {
    await server.close();
  }
});

test("a webpack app, and only what it uses", async ({ page }) => {
  const folder = install("webpack");
  npm(folder, "run", "build");
  // A function of 1 kB and webpack's own; with the kernels it would be 140 kB.
  expect(statSync(path.join(folder, "out/small.js")).size).toBeLessThan(3000);
  await goOffline(page);
  await serve(page, origin, path.join(folder, "out"));
  await page.goto(origin);
  await expectPizzaTwice(page);
});

test("a page with an import map, and the guide's own", async ({ page }) => {
  const folder = install("html");
  await goOffline(page);
  await serve(page, origin, path.join(folder, "public"), folder);
  await page.goto(origin);
  await expectPizzaTwice(page);

  const body = `<img src="./pizza.svg" alt="">${guideBlock("importmap")}`;
  writeFileSync(
    path.join(folder, "guide.html"),
    `<!doctype html><title>The guide's page</title><body>${body}`,
  );
  await page.goto(`${origin}guide.html`);
  await expect(page.locator("body")).toContainText("pizza");
});

test("a page with the one file of another origin, and the element in it", async ({ page }) => {
  const folder = install("html");
  await goOffline(page);
  await serve(page, origin, path.join(folder, "public"), folder);
  await serve(page, cdn, path.join(folder, "node_modules/vit8"));
  await page.goto(`${origin}cdn.html`);
  await expectPizzaTwice(page);
  await expect(page.locator("vit-classifier").getByText("pizza").first()).toBeVisible();
});

/** A browser without WebGPU, as the page sees it. */
const withoutWebGpu = (page: Page) =>
  page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, "gpu", { value: undefined });
  });

test(
  accepted(
    "Pages and bundlers",
    "bundles without the worker: the model runs on the page's main thread",
    "esbuild 0.28.2",
  ),
  async ({ page }) => {
    const folder = install("esbuild");
    npm(folder, "run", "build");
    await withoutWebGpu(page);
    await goOffline(page);
    await serve(page, origin, path.join(folder, "public"), path.join(folder, "out"), folder);
    const output = page.locator("output");
    for (const format of ["esm", "iife"]) {
      await page.goto(`${origin}${format}.html`);
      await expect(output).toHaveText("pizza, cpu, UnsupportedDeviceError");
      await expect(output).toHaveAttribute(
        "title",
        /^Running on the CPU: WebGPU is not available.* page's own thread/,
      );
    }
    cpSync(path.join(folder, "node_modules/vit8/dist/worker.js"), path.join(folder, "out/worker.js"));
    await page.goto(`${origin}esm.html`);
    await expect(output).toHaveText("pizza, cpu, worker");
    await expect(output).toHaveAttribute("title", /^Running on the CPU: WebGPU is not available/);
    await expect(output).not.toHaveAttribute("title", /own thread/);
  },
);

test("a page with Trusted Types: the page's thread, the worker, the element; with WebGPU and without", async ({
  page,
}) => {
  const folder = install("html");
  await goOffline(page);
  await serve(page, origin, path.join(folder, "public"), folder);
  for (const webGpu of [true, false]) {
    if (!webGpu) await withoutWebGpu(page);
    await page.goto(`${origin}trusted.html`);
    await expectPizzaTwice(page);
    await expect(page.locator("vit-classifier").getByText("pizza").first()).toBeVisible();
  }
});

test(
  accepted("Pages and bundlers", "module service workers: vit8/cdn works", "Chromium 156"),
  async ({ page }) => {
    const folder = install("html");
    const oneFilePath = path.join(folder, "node_modules/vit8/dist/vit8.cdn.js");
    // Only for a model with text, and resolved by the page's import map.
    const imports = readFileSync(oneFilePath, "utf8").match(/\bimport\s*\([^)]+\)/g);
    expect(imports).toEqual(["import(`@huggingface/tokenizers`)"]);
    const server = await serveFolders(path.join(folder, "public"), folder);
    try {
      await page.goto(`${server.address}service-worker.html`);
      await expect(page.locator("output")).toHaveText(/^\[/);
      const [oneFile, inParts] = JSON.parse((await page.locator("output").textContent())!);
      expect(oneFile).toEqual({
        ...{ auto: "pizza", gpu: "pizza", cpu: "pizza", integers: "pizza" },
        worker: expect.stringMatching(/: worker: .*this platform has no Worker/),
      });
      const namesIt = expect.stringMatching(/^LibraryLoadError: .*Import vit8\/cdn/);
      // A model's family is a part of its own, whatever the device.
      expect(inParts).toEqual({
        auto: namesIt,
        gpu: namesIt,
        cpu: namesIt,
        integers: namesIt,
        worker: namesIt,
      });
    } finally {
      server.close();
    }
  },
);

test(
  accepted(
    "Pages and bundlers",
    "extensions (Manifest V3): page, element, worker, service worker",
    "Chromium 156",
  ),
  async () => {
    const folder = install("extension");
    const { executablePath, args = [] } = test.info().project.use.launchOptions ?? {};
    const context = await chromium.launchPersistentContext("", {
      executablePath,
      // Playwright's own headless shell loads no extensions.
      headless: false,
      args: [
        ...args,
        "--headless=new",
        `--disable-extensions-except=${folder}`,
        `--load-extension=${folder}`,
      ],
    });
    try {
      const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
      const page = await context.newPage();
      await page.goto(new URL("page.html", worker.url()).href);
      await expect(page.locator("output")).toHaveText("pizza, pizza, pizza, 80");
      await expect(page.locator("vit-classifier").getByText("pizza").first()).toBeVisible();
    } finally {
      await context.close();
    }
  },
);

test("Node: the library, the guide's lines and the command line", () => {
  const cwd = install("node");
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  expect(run(process.execPath, "main.js")).toBe("pizza\n");

  cpSync(path.join(cwd, "public/pizza.svg"), path.join(cwd, "cat.jpg")); // the module type follows from its syntax
  writeFileSync(path.join(cwd, "guide.js"), guideBlock("vit8/node"));
  expect(run(process.execPath, "guide.js")).toBe("pizza\n");

  const [{ classes }] = JSON.parse(run("node_modules/.bin/vit8", "classify", "--json", "public/pizza.svg"));
  expect(classes[0].label).toBe("pizza");
});
