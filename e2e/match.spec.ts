/** The page of matches: patches by pointer and by keyboard, its models, and the page that lists these. */
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { families } from "../demo/models/known-models.ts";
import { madeUpTensors, PLAIN, transformersFiles } from "../src/classifier/made-up-vit.shared.ts";

const dino = { ...PLAIN, classes: 0, layerScale: true };
const files: Record<string, Uint8Array | string> = transformersFiles(dino, madeUpTensors(dino));

const openMatch = async (page: Page, query = "device=webgpu") => {
  await page.goto(`/demo/match/index.html?${query}`);
  await expect(page.getByText(/^Ready: /)).toBeVisible();
};
const side = (page: Page, name: "First" | "Second") => page.getByRole("region", { name: `${name} image` });
const patch = (page: Page, name: "First" | "Second", row: number, column: number) =>
  side(page, name).getByRole("gridcell", { name: `Row ${row}, column ${column}`, exact: true });

test("the same picture twice: each patch is most like itself", async ({ page }) => {
  await openMatch(page);
  await side(page, "Second").getByLabel("Sample").selectOption("Drawing: ladybug");
  await expect(side(page, "Second").getByRole("img", { name: "ladybug" })).toBeVisible();
  await expect(page.getByText(/^Ready: /)).toBeVisible();
  await patch(page, "First", 3, 5).hover();
  await expect(page.locator("#match")).toHaveText(
    "Row 3, column 5 of the first image: most similar to row 3, column 5 of the second, cosine 1.00.",
  );
  await expect(patch(page, "Second", 3, 5)).toHaveClass("best");
  // The other way, and what was marked before no longer is.
  await patch(page, "Second", 7, 2).hover();
  await expect(page.locator("#match")).toContainText(
    "Row 7, column 2 of the second image: most similar to row 7",
  );
  await expect(patch(page, "First", 7, 2)).toHaveClass("best");
  await expect(page.locator(".chosen, .best")).toHaveCount(2);
});

test("arrow keys go from patch to patch, and Tab leads to one patch of each picture", async ({ page }) => {
  await openMatch(page);
  await patch(page, "First", 1, 1).focus();
  for (const key of ["ArrowLeft", "ArrowDown", "ArrowRight", "End", "ArrowRight"])
    await page.keyboard.press(key);
  await expect(page.locator("#match")).toContainText("Row 2, column 8 of the first image");
  await page.keyboard.press("Home");
  await expect(patch(page, "First", 2, 1)).toBeFocused();
  expect(await side(page, "First").locator('[role="gridcell"][tabindex="0"]').count()).toBe(1);
  expect(await side(page, "Second").locator('[role="gridcell"][tabindex="0"]').count()).toBe(1);
});

test("the heat map is brightest where the mark is", async ({ page }) => {
  await openMatch(page);
  await patch(page, "First", 4, 4).hover();
  const { alphas, best } = await side(page, "Second").evaluate((section) => {
    const canvas = section.querySelectorAll("canvas")[1];
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    const cells = [...section.querySelectorAll('[role="gridcell"]')];
    return {
      alphas: [...data].filter((_, i) => i % 4 === 3),
      best: cells.findIndex((cell) => cell.classList.contains("best")),
    };
  });
  expect(alphas.length).toBe(64);
  expect(alphas[best]).toBe(0);
  expect(Math.max(...alphas)).toBeGreaterThan(200);
});

test("pictures of one's own, and one that is none", async ({ page }) => {
  await openMatch(page);
  const input = side(page, "First").getByLabel("Your own image");
  await input.setInputFiles("demo/classify/samples/orange.svg");
  await expect(side(page, "First").getByRole("img", { name: "orange.svg" })).toBeVisible();
  await expect(page.getByText(/^Ready: /)).toBeVisible();
  await input.setInputFiles({ name: "broken.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await expect(page.getByRole("alert")).toContainText("broken.png: cannot be read as an image");
});

test.describe("models of a hub", () => {
  let server: Server;
  let endpoint: string;

  test.beforeAll(async () => {
    server = createServer(({ url = "" }, response) => {
      const body = files[/^\/facebook\/dinov2-small\/resolve\/main\/([^/?]+)/.exec(url)?.[1] ?? ""];
      response.setHeader("Access-Control-Allow-Origin", "*");
      if (body === undefined) response.writeHead(404).end();
      else response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
    endpoint = `http://localhost:${(server.address() as AddressInfo).port}`;
  });
  test.afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  test("a DINOv2 by its name; one that is not there leaves the one in use", async ({ page }) => {
    await openMatch(page, `device=webgpu&endpoint=${encodeURIComponent(endpoint)}`);
    await page.getByLabel("Hugging Face id").fill("facebook/dinov2-small");
    await page.getByRole("button", { name: "Load" }).click();
    await expect(page.getByText("Ready: facebook/dinov2-small.")).toBeVisible();
    await expect(page).toHaveURL(/model=facebook%2Fdinov2-small/);
    await expect(page.getByText("is trained for classification")).toBeHidden();
    await patch(page, "First", 1, 1).hover();
    await expect(page.locator("#match")).toContainText("most similar to");
    await page.getByLabel("Hugging Face id").fill("facebook/none");
    await page.getByRole("button", { name: "Load" }).click();
    await expect(page.getByRole("alert")).toContainText("facebook/none");
    await expect(page.getByText("facebook/dinov2-small stays in use.")).toBeVisible();
  });
});

test("a model folder of the disk", async ({ page }) => {
  await openMatch(page);
  const folder = test.info().outputPath("my-dino");
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(path.join(folder, name), bytes);
  await page.getByLabel("Model folder", { exact: true }).setInputFiles(folder);
  await expect(page.getByText("Ready: my-dino/.")).toBeVisible();
  await patch(page, "Second", 2, 2).hover();
  await expect(page.locator("#match")).toContainText("of the second image: most similar to");
});

for (const address of ["demo/match/index.html", "demo/models/index.html"])
  test(`${address} fits 360 pixels`, async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 800 });
    await page.goto(`/${address}`);
    await expect(page.getByRole("link", { name: "vit8", exact: true })).toBeVisible();
    await page.waitForLoadState("networkidle");
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  });

test("the page of models has every known model, with links that open it", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("link", { name: "Supported models" }).click();
  const table = page.getByRole("table", { name: "Supported models" });
  for (const { id, license } of families.flatMap(({ models }) => models))
    await expect(table.getByRole("row").filter({ has: page.getByText(id, { exact: true }) })).toContainText(
      license,
    );
  await expect(page.getByRole("link", { name: "Match with facebook/dinov2-small" })).toHaveAttribute(
    "href",
    "../match/index.html?model=facebook%2Fdinov2-small",
  );
  await expect(page.getByRole("definition").first()).toBeVisible();
});
