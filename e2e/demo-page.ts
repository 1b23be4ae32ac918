/** Helpers for the tests of the demo page. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { texts, page as words } from "../demo/classify/texts.ts";

export const status = (page: Page): Locator => page.locator("#status");
export const names = (page: Page): Locator =>
  page.getByRole("list", { name: words.results }).getByRole("listitem");
export const chooser = (page: Page): Locator => page.getByLabel(words.choose);
export const sample = (page: Page, name: string): Locator =>
  page.locator("#samples").getByRole("button", { name });

/** On Chromium's software GPU, unless the query names another device. */
export async function openPage(page: Page, query = ""): Promise<void> {
  const parameters = new URLSearchParams(query);
  if (!parameters.has("device")) parameters.set("device", "webgpu");
  await page.goto(`/?${parameters}`);
  await expect(status(page)).toHaveText(texts.readyForPicture);
}

export async function loadModel(page: Page, name: string): Promise<void> {
  await page.getByLabel("Hugging Face id").fill(name);
  await page.getByRole("button", { name: "Load" }).click();
}

/** Presses a sample and waits for its result. */
export async function lookAt(page: Page, name: string): Promise<void> {
  await sample(page, name).click();
  await expect(page.locator("#preview")).toHaveAttribute("alt", new RegExp(name));
  await expect(status(page)).toContainText("Done in");
}

/** Watches the page's main thread from its start. The returned function returns the milliseconds of each long task, once. */
export async function watchLongTasks(page: Page): Promise<() => Promise<number[]>> {
  await page.addInitScript(() => {
    const longTasks: number[] = [];
    Object.assign(globalThis, { longTasks });
    new PerformanceObserver((list) => {
      longTasks.push(...list.getEntries().map(({ duration }) => duration));
    }).observe({ type: "longtask", buffered: true });
  });
  return () =>
    page.evaluate(async () => {
      await new Promise((resolve) => setTimeout(resolve, 100)); // a task is reported after its end
      return (globalThis as unknown as { longTasks: number[] }).longTasks.splice(0);
    });
}

/** Opens a model folder of these files, which stay for as long as the test, and waits until it is in use. */
export async function openFolder(
  page: Page,
  files: Readonly<Record<string, Uint8Array | string>>,
  name = "my-model",
): Promise<void> {
  const folder = test.info().outputPath(name);
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of Object.entries(files)) writeFileSync(path.join(folder, file), bytes);
  const facts = page.locator("#facts");
  await facts.evaluate((list) => list.replaceChildren());
  await page.getByLabel("Model folder", { exact: true }).setInputFiles(folder);
  await expect(facts.getByText("dispatches")).toHaveCount(1);
}
