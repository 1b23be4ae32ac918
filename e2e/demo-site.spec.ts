/** The built site as a person gets it from a static server, under a path of its own. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import sharp from "sharp";
import { build } from "vite";
import { texts, page as words } from "../demo/classify/texts.ts";
import { madeUpTensors, PLAIN, timmFiles } from "../src/classifier/made-up-vit.shared.ts";
import { openFolder } from "./demo-page.ts";
import { fillIndex, golden, indexed, makeFolder, results, status } from "./own-classes-page.ts";
import { complaintsOf, expectAccessible, pages } from "./pages.ts";
import { type StaticServer, serveBelow } from "./static-server.ts";

let folder: string;
let server: StaticServer;
let address: string;

test.beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "vit8-site-"));
  // A development server of another test in this process changes it.
  process.env.NODE_ENV = "production";
  await build({
    configFile: "build/site.ts",
    logLevel: "warn",
    build: { outDir: folder, emptyOutDir: true },
  });
  server = await serveBelow(folder);
  ({ address } = server);
});

test.afterAll(() => {
  server.stop();
  rmSync(folder, { recursive: true });
});

async function namePizza(page: Page): Promise<void> {
  await expect(page.getByText(texts.readyForPicture)).toBeVisible();
  await page.getByRole("button", { name: "Drawing: pizza" }).click();
  await expect(page.getByRole("list", { name: words.results }).getByRole("listitem").first()).toContainText(
    "pizza",
  );
}

for (const [name, ready] of Object.entries(pages))
  test(`axe finds nothing on the built /${name}`, async ({ page }) => {
    const complaints = complaintsOf(page);
    await page.goto(address + name);
    await ready(page);
    await expectAccessible(page);
    expect(complaints).toEqual([]);
  });

test("can be installed: a manifest, and icons of the sizes that it tells", async ({ page }) => {
  await page.goto(address);
  const manifest = await page.evaluate(async () => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="manifest"]')!;
    return (await fetch(link.href)).json();
  });
  expect(manifest).toMatchObject({ short_name: "vit8", display: "standalone", start_url: "./" });
  for (const { src, sizes, type } of manifest.icons) {
    if (type !== "image/png") continue;
    const { format, width, height } = await sharp(path.join(folder, src)).metadata();
    expect([format, `${width}x${height}`]).toEqual(["png", sizes]);
  }
  const browser = await page.context().newCDPSession(page);
  const { installabilityErrors } = await browser.send("Page.getInstallabilityErrors");
  // Playwright's contexts are like private windows, which install nothing.
  expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito")).toEqual(
    [],
  );
  const install = page.getByRole("button", { name: "Install" });
  await expect(install).toBeHidden();
  // Chromium's event for a page that can be installed: it waits for a while of use, which a test does not have.
  const prompted = page.evaluate(
    () =>
      new Promise((resolve) => {
        const event = new Event("beforeinstallprompt", { cancelable: true });
        Object.assign(event, { prompt: () => resolve(event.defaultPrevented) });
        dispatchEvent(event);
      }),
  );
  await install.click();
  expect(await prompted).toBe(true);
  await expect(install).toBeHidden();
});

test("tells of a newer version, and takes it when told to", async ({ page }) => {
  await page.goto(address);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() => navigator.serviceWorker.controller);
  const title = await page.title();
  const news = page.getByText(words.newVersion);
  await expect(news).toBeHidden();
  const [html, worker] = ["index.html", "service-worker.js"].map((name) => path.join(folder, name));
  const before = [html, worker].map((file) => readFileSync(file, "utf8"));
  try {
    writeFileSync(html, before[0].replace(title, "newer"));
    writeFileSync(worker, before[1].replace(/[0-9a-f]{16}/, "newer-$&"));
    await page.reload();
    await expect(news).toBeVisible();
    expect(await page.title()).toBe(title);
    await page.getByRole("button", { name: words.useNewVersion }).click();
    await expect(page).toHaveTitle("newer");
    await expect(news).toBeHidden();
    // The older version's is gone; models that were downloaded stay.
    const caches = await page.evaluate(() => globalThis.caches.keys());
    expect(caches.filter((name) => name.startsWith("vit8-"))).toEqual([
      expect.stringMatching(/^vit8-newer-/),
    ]);
  } finally {
    for (const [i, file] of [html, worker].entries()) writeFileSync(file, before[i]);
  }
});

test("an index of 5,000 images is searched after a reload without the network", async ({ page }) => {
  const complaints = complaintsOf(page);
  // The policy lets the page fetch from its own origin, and elsewhere by https alone.
  cpSync(golden, path.join(folder, "tiny-clip"), { recursive: true });
  const online = await serveBelow(folder);
  const model = `${online.address}tiny-clip/`;
  const load = async () => {
    await page.getByRole("button", { name: "Load" }).click();
    await expect(status(page)).toHaveText(`Ready: ${model}.`);
  };
  try {
    const query = new URLSearchParams({ device: "webgpu", model });
    await page.goto(`${online.address}demo/own-classes/index.html?${query}`);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await load();
    await page.getByLabel("Folder of images").setInputFiles(makeFolder(50));
    await indexed(page, "50 images are");
    await fillIndex(page, 5000);
    expect(complaints).toEqual([]);
  } finally {
    online.stop();
  }
  await page.reload();
  // What is there is there without the model, and the model without the network.
  await indexed(page, "5,000 images are");
  await expect(results(page)).toHaveCount(24);
  await expect(page.locator("#offer")).toContainText("is kept in this browser: Load downloads nothing.");
  await load();
  await page.getByLabel("Words to search for").fill("a dog on a beach");
  const found = page.locator("#found");
  await expect(found).toHaveText(/^The nearest to “a dog on a beach”: 5,000 images searched in [\d.]+ ms\.$/);
  console.log(await found.textContent());
  await results(page).nth(2).click();
  await expect(page.locator(".cosine").first()).toHaveText("1.000");
  // Thumbnails come from the index.
  const first = results(page).first().getByRole("img");
  await expect.poll(() => first.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(16);
});

test("works under a strict policy, and without a network after the first visit", async ({ page }) => {
  const complaints = complaintsOf(page);
  await page.goto(`${address}?device=webgpu`); // which quantizing needs
  const policy = (await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute("content"))!;
  expect(policy.replace("'wasm-unsafe-eval'", "")).not.toContain("unsafe");
  for (const rule of ["default-src 'self'", "script-src 'self'", "object-src 'none'", "base-uri 'none'"])
    expect(policy).toContain(rule);
  await namePizza(page);
  await page.evaluate(() => navigator.serviceWorker.ready);
  expect(complaints).toEqual([]);
  await expect(page.getByRole("link", { name: "Documentation" })).toHaveAttribute(
    "href",
    "./docs/index.html",
  );
  server.stop();
  await page.reload();
  await namePizza(page);
  await page.getByRole("button", { name: texts.photograph("boats") }).click();
  await expect(page.getByText(texts.seen(64, 64, 80, 64))).toBeVisible();
  // Its own photographs calibrate a folder of the disk.
  await openFolder(page, timmFiles(PLAIN, madeUpTensors(PLAIN)));
  await page.getByText(words.quantize).click();
  await page.getByRole("button", { name: words.quantizeRun, exact: true }).click();
  await expect(page.getByText(/Same top-1 label as float for \d of 4 images/)).toBeVisible();
  // So do the other pages that it keeps.
  await page.goto(`${address}demo/match/index.html`);
  await expect(page.getByText("Ready: everyday80.")).toBeVisible();
  await page.getByRole("gridcell", { name: "Row 1, column 1" }).first().hover();
  await expect(page.locator("#match")).toContainText("most similar to");
  await page.getByRole("link", { name: "Supported models" }).click();
  await expect(page.getByRole("link", { name: "facebook/dinov2-small", exact: true })).toBeVisible();
});
