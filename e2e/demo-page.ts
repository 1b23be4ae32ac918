/** What the tests of the page say again and again. */
import { expect, type Locator, type Page } from "@playwright/test";

export const status = (page: Page): Locator => page.locator("#status");
export const names = (page: Page): Locator =>
  page.getByRole("list", { name: "likeliest names" }).getByRole("listitem");
export const chooser = (page: Page): Locator => page.getByLabel("Choose a picture");
export const sample = (page: Page, name: string): Locator =>
  page.locator("#samples").getByRole("button", { name });

export async function openPage(page: Page, query = ""): Promise<void> {
  await page.goto(`/${query}`);
  await expect(status(page)).toHaveText("Ready. Choose a picture.");
}

export async function loadModel(page: Page, name: string): Promise<void> {
  await page.getByLabel("A Hugging Face id").fill(name);
  await page.getByRole("button", { name: "Load" }).click();
}

/** Presses a sample and waits for its answer. */
export async function lookAt(page: Page, name: string): Promise<void> {
  await sample(page, name).click();
  await expect(page.locator("#preview")).toHaveAttribute("alt", new RegExp(name));
  await expect(status(page)).toContainText("Answered");
}
