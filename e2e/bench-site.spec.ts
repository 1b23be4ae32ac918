/** The page of measurements in the built site, under its policy. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { build, preview } from "vite";

test("measures and draws under a policy that allows no inline style or script", async ({ page }) => {
  const outDir = mkdtempSync(path.join(tmpdir(), "vit8-site-"));
  process.env.NODE_ENV = "production"; // a development server of another test changes it
  await build({ configFile: "build/site.ts", logLevel: "warn", build: { outDir, emptyOutDir: true } });
  const server = await preview({ configFile: "build/site.ts", preview: { port: 0 }, build: { outDir } });
  try {
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    await page.goto(
      new URL("demo/bench/index.html?kernel=layernorm_quantize", server.resolvedUrls?.local[0]).href,
    );
    const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute("content");
    expect(policy).toContain("style-src 'self';");
    expect(policy).not.toContain("unsafe-inline");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect(page.locator("#status")).toHaveText(/^Done/, { timeout: 60_000 });
    await page.getByRole("img", { name: "Milliseconds" }).hover();
    expect(complaints).toEqual([]);
    // Who names images does not keep this page for later.
    expect(readFileSync(path.join(outDir, "service-worker.js"), "utf8")).not.toContain("assets/bench-");
  } finally {
    await server.close();
    rmSync(outDir, { recursive: true });
  }
});
