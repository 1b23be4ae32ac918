/** What the tests of the page "Your own classes" say again and again: a local Hub with a tiny CLIP of made-up weights. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, type Locator, type Page } from "@playwright/test";
import { type FileServer, serveFiles } from "../src/testing/file-server.ts";

export const MODEL = "made-up/tiny-clip";
const golden = "test/goldens/zero-shot/clip";

export function serveHub(): Promise<FileServer> {
  const names = readdirSync(golden).filter((name) => !name.startsWith("expected"));
  const files = names.map((name) => [
    `${MODEL}/resolve/main/${name}`,
    new Uint8Array(readFileSync(path.join(golden, name))),
  ]);
  return serveFiles(Object.fromEntries(files));
}

/** On Chromium's software GPU, with that Hub. */
export const addressOf = (hub: FileServer): string =>
  `demo/own-classes/index.html?${new URLSearchParams({ device: "webgpu", endpoint: hub.address, model: MODEL })}`;

export const status = (page: Page): Locator => page.locator("#status");

export async function load(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Load" }).click();
  await expect(status(page)).toHaveText(`Ready: ${MODEL}.`);
}

export const chip = (page: Page, name: string): Locator =>
  page.locator(".chip").filter({ has: page.getByRole("button", { name: `Remove ${name}`, exact: true }) });

/** Presses a sample and waits for its scores. */
export async function lookAt(page: Page, sample: string): Promise<void> {
  await page.locator("#samples").getByRole("button", { name: sample }).click();
  await expect(page.locator("#preview")).toHaveAttribute("alt", new RegExp(sample));
  await expect(page.locator("#best")).toContainText("%");
}
