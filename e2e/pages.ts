/** Every page of the demo, what to wait for on it, and its violations of axe's rules. */
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";
import { texts, page as words } from "../demo/classify/texts.ts";
import { lookAt } from "./demo-page.ts";

const hasNames = (page: Page) => expect(page.getByRole("listitem").first()).toBeVisible();

/** By address below the site's root. */
export const pages: Record<string, (page: Page) => Promise<unknown>> = {
  "": async (page) => {
    await expect(page.getByText(texts.readyForPicture)).toBeVisible();
    await lookAt(page, "pizza");
    await page.getByRole("button", { name: words.attention }).click();
    await expect(page.locator("#map")).toBeVisible();
    await page.getByText(words.times).click();
    await expect(page.locator("#times-table")).toBeVisible();
    await page.getByText(words.ran).click();
    await page.getByText(words.quantize).click();
  },
  "demo/element/index.html": hasNames,
  "demo/element/react.html": hasNames,
  "demo/element/vue.html": hasNames,
  "demo/match/index.html": async (page) => {
    await expect(page.getByText("Ready: everyday80.")).toBeVisible();
    await page.getByRole("gridcell", { name: "Row 2, column 3" }).first().focus();
    await expect(page.getByText("Row 2, column 3 of the first image: most similar to")).toBeVisible();
  },
  "demo/own-classes/index.html": async (page) => {
    await expect(page.locator("#offer")).toContainText("about 94 MB");
    await page.getByRole("button", { name: "Drawing: pizza" }).click();
    await expect(page.locator("#preview")).toBeVisible();
  },
  "demo/models/index.html": (page) =>
    expect(page.getByRole("table", { name: "Supported models" })).toBeVisible(),
  "demo/bench/index.html": (page) => expect(page.getByRole("heading").first()).toBeVisible(),
};

/** Light and dark. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page }).analyze();
    const told = violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
    expect(told, colorScheme).toEqual([]);
  }
}

/** What the page complains of from now on. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()))
      complaints.push(`${message.text()} ${message.location().url}`);
  });
  return complaints;
}
