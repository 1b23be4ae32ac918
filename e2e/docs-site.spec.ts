/** The built docs as a person gets them from a static server, under a path that the build does not know. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { complaintsOf, expectAccessible } from "./pages.ts";
import { type StaticServer, serveBelow } from "./static-server.ts";

let folder: string;
let server: StaticServer;
let docs: string;

test.beforeAll(async () => {
  test.setTimeout(300_000);
  folder = mkdtempSync(path.join(tmpdir(), "vit8-docs-"));
  const program = "node_modules/vitepress/bin/vitepress.js";
  execFileSync(process.execPath, [program, "build", "docs", "--outDir", path.join(folder, "docs")]);
  server = await serveBelow(folder);
  docs = `${server.address}docs/`;
});

test.afterAll(() => {
  server.stop();
  rmSync(folder, { recursive: true });
});

async function search(page: Page, words: string): Promise<void> {
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("searchbox").fill(words);
}

test("leads from the front page to every document, and to the demo and the API reference beside it", async ({
  page,
}) => {
  const complaints = complaintsOf(page);
  await page.goto(docs);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("vit8");
  const addresses = await page
    .locator(".VPSidebar a, .VPNavBar a")
    .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
  const names = readdirSync("docs").filter((name) => name.endsWith(".md"));
  for (const name of names) expect(addresses).toContain(docs + name.replace(".md", ".html"));
  expect(addresses).toContain(`${server.address}index.html`);
  expect(addresses).toContain(`${server.address}api/index.html`);
  await page.getByRole("link", { name: "Guide", exact: true }).first().click();
  await expect(page).toHaveURL(`${docs}guide.html`);
  await page.goto(`${docs}how-to-family.html`);
  await page.locator(".VPSidebar").getByRole("link", { name: "Kernels", exact: true }).click();
  await expect(page).toHaveURL(`${docs}kernels.html`);
  await expect(page.getByRole("heading", { level: 1, name: "Kernels" })).toBeVisible();
  expect(complaints).toEqual([]);
});

test("every link of every page leads to a page and a heading that are there", async ({ page }) => {
  const files = readdirSync(path.join(folder, "docs")).filter((name) => name.endsWith(".html"));
  const anchors = new Map<string, Set<string>>();
  const targets = new Map<string, string>();
  for (const name of files.filter((file) => file !== "404.html")) {
    await page.goto(docs + name);
    const { ids, links } = await page.evaluate(() => ({
      ids: [...document.querySelectorAll("[id]")].map(({ id }) => id),
      links: [...document.querySelectorAll<HTMLAnchorElement>("main a[href]")].map(({ href }) => href),
    }));
    anchors.set(docs + name, new Set(ids));
    for (const link of links) if (link.startsWith(server.address)) targets.set(link, name);
  }
  const dead = [...targets].filter(([link]) => {
    const [address, anchor] = link.split("#");
    const ids = anchors.get(address === docs ? `${docs}index.html` : address);
    return !ids || (anchor && !ids.has(decodeURIComponent(anchor)));
  });
  expect(dead).toEqual([]);
});

for (const name of ["", "performance.html"])
  test(`axe finds nothing on the built docs/${name}`, async ({ page }) => {
    await page.goto(docs + name);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expectAccessible(page);
  });

test("searches, and reads pages without a network after the first visit", async ({ page }) => {
  const complaints = complaintsOf(page);
  await page.goto(docs);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() => navigator.serviceWorker.controller);
  server.stop();
  await page.reload();
  await search(page, "head dimension");
  await page.locator(".VPLocalSearchBox .result").first().click();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  expect(page.url()).toContain(docs);
  await page.goto(`${docs}numerics.html`);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Numerics");
  await page.goto(`${docs}performance.html`);
  await expect(page.locator("main img").first()).toHaveJSProperty("complete", true);
  expect(complaints).toEqual([]);
});
