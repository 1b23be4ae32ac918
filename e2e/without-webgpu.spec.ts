/** Chromium without a WebGPU adapter: the CPU answers, in a worker, and the page and the element say so. */
import { expect, test } from "@playwright/test";
import { findChromium } from "../scripts/chromium.mjs";
import type { VitClassifier } from "../src/element/index.ts";

const model = "/models/everyday80/";
const ladybug = "/demo/classify/samples/ladybug.svg";

// No flag that would let a software adapter stand in.
test.use({
  launchOptions: {
    executablePath: findChromium(),
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run"],
  },
});

test("the page names things on the CPU, and says so, why, and which browsers reach a GPU", async ({
  page,
}) => {
  await page.goto("/");
  await expect(
    page.locator("#unsupported").getByText(/^Running on the CPU: WebGPU (is not|offers no)/),
  ).toBeVisible();
  for (const browser of ["Chrome", "Safari", "Firefox"])
    await expect(page.getByRole("listitem").filter({ hasText: browser }).first()).toBeVisible();
  await page.getByRole("button", { name: "Drawing: ladybug" }).click();
  await expect(page.locator("#results > li").first()).toContainText("ladybug");
  await expect(page.locator("#results > li")).toHaveCount(5);
  await expect(page.getByRole("alert")).toBeHidden();
  await expect(page.locator("#quantize-why")).toContainText("Calibration runs on a GPU");
  await expect(page.locator("#quantize-run")).toBeDisabled();
});

test("the element answers from the CPU, off the page's own thread, and tells so in an event", async ({
  page,
}) => {
  const workers: string[] = [];
  page.on("worker", (worker) => workers.push(worker.url()));
  await page.addInitScript(() => {
    addEventListener("fallback", (event) => {
      document.title = (event as CustomEvent<string>).detail;
    });
  });
  const body = `<!doctype html><html lang="en"><title>test</title><body>
    <vit-classifier src="${ladybug}" model="${model}" top-k="1"></vit-classifier>
    <script type="module" src="/src/element/define.ts"></script>`;
  await page.route("**/blank.html", (route) => route.fulfill({ contentType: "text/html", body }));
  await page.goto("/blank.html");
  const element = page.locator("vit-classifier");
  await expect.poll(() => element.evaluate((it: VitClassifier) => it.value)).toBe("ladybug");
  await expect(page).toHaveTitle(/^Running on the CPU: WebGPU (is not|offers no)/);
  expect(workers).toHaveLength(1);
});
