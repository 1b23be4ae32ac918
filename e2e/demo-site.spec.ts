/** The built site as a person gets it from a static server, under a path of its own. */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { build } from "vite";

const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
};
let folder: string;
let server: Server;
let address: string;

test.beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "vit8-site-"));
  await build({
    configFile: "build/site.ts",
    logLevel: "warn",
    build: { outDir: folder, emptyOutDir: true },
  });
  server = createServer((request, response) => {
    const name = (request.url ?? "").replace(/^\/below\//, "").replace(/^$|\?.*$/, "") || "index.html";
    const file = path.join(folder, name);
    if (!request.url?.startsWith("/below/") || !statSync(file, { throwIfNoEntry: false })?.isFile())
      return void response.writeHead(404).end();
    response.setHeader("Content-Type", types[path.extname(file)] ?? "application/octet-stream");
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  address = `http://localhost:${(server.address() as AddressInfo).port}/below/`;
});

test.afterAll(() => {
  stopServer();
  rmSync(folder, { recursive: true });
});

function stopServer(): void {
  server.close();
  server.closeAllConnections();
}

async function namePizza(page: Page): Promise<void> {
  await expect(page.getByText("Ready. Choose a picture.")).toBeVisible();
  await page.getByRole("button", { name: "Drawing: pizza" }).click();
  await expect(page.getByRole("list", { name: "likeliest" }).getByRole("listitem").first()).toContainText(
    "pizza",
  );
}

test("works under a strict policy, and without a network after the first visit", async ({ page }) => {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(address);
  const policy = (await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute("content"))!;
  expect(policy).not.toContain("unsafe");
  for (const rule of ["default-src 'self'", "script-src 'self'", "object-src 'none'", "base-uri 'none'"])
    expect(policy).toContain(rule);
  await namePizza(page);
  await page.evaluate(() => navigator.serviceWorker.ready);
  const manifest = await page.evaluate(async () => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="manifest"]')!;
    return (await fetch(link.href)).json();
  });
  expect(manifest).toMatchObject({ display: "standalone", start_url: "./" });
  expect(complaints).toEqual([]);
  stopServer();
  await page.reload();
  await namePizza(page);
  await page.getByRole("button", { name: "Photograph: boats" }).click();
  await expect(page.getByText("Of 80 × 64 pixels the middle")).toBeVisible();
});
