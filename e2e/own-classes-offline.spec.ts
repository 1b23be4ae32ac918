/** The built page "Your own classes" under its strict policy: 5,000 images are indexed, and searched without the network. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { build } from "vite";
import { golden, indexed, makeFolder, results, status } from "./own-classes-page.ts";
import { complaintsOf } from "./pages.ts";
import { type StaticServer, serveBelow } from "./static-server.ts";

let folder: string;
let server: StaticServer;

test.beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "vit8-site-"));
  // A development server that another test of this process has started says otherwise.
  process.env.NODE_ENV = "production";
  await build({
    configFile: "build/site.ts",
    logLevel: "warn",
    build: { outDir: folder, emptyOutDir: true },
  });
  // The policy lets the page fetch from its own origin, and elsewhere by https alone.
  cpSync(golden, path.join(folder, "tiny-clip"), { recursive: true });
  server = await serveBelow(folder);
});
test.afterAll(() => {
  server.stop();
  rmSync(folder, { recursive: true });
});

test("5,000 images are indexed, and searched after a reload without the network", async ({ page }) => {
  test.setTimeout(550_000);
  const complaints = complaintsOf(page);
  const model = `${server.address}tiny-clip/`;
  const query = new URLSearchParams({ device: "webgpu", model });
  await page.goto(`${server.address}demo/own-classes/index.html?${query}`);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.getByRole("button", { name: "Load" }).click();
  await expect(status(page)).toHaveText(`Ready: ${model}.`);
  const start = performance.now();
  await page.getByLabel("Folder of images").setInputFiles(makeFolder(5000));
  await expect(page.locator("#indexed")).toHaveText("5,000 images are indexed in this browser.", {
    timeout: 450_000,
  });
  test.info().annotations.push({ type: "indexing", description: `${performance.now() - start} ms` });
  expect(complaints).toEqual([]);
  server.stop();
  await page.reload();
  // What is there is there without the model, and the model without the network.
  await indexed(page, "5,000 images are");
  await expect(results(page)).toHaveCount(24);
  await expect(page.locator("#offer")).toContainText("is kept in this browser: Load downloads nothing.");
  await page.getByRole("button", { name: "Load" }).click();
  await expect(status(page)).toHaveText(`Ready: ${model}.`);
  await page.getByLabel("Words to search for").fill("a dog on a beach");
  const found = page.locator("#found");
  await expect(found).toHaveText(/^The nearest to “a dog on a beach”: 5,000 images searched in [\d.]+ ms\.$/);
  const elapsedMs = Number(/in ([\d.]+) ms/.exec((await found.textContent())!)![1]);
  expect(elapsedMs).toBeLessThan(50);
  test.info().annotations.push({ type: "search", description: `${elapsedMs} ms` });
  // Thumbnails come from the index.
  const first = results(page).first().getByRole("img");
  await expect.poll(() => first.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(16);
  await results(page).nth(2).click();
  await expect(page.locator(".cosine").first()).toHaveText("1.000");
});
