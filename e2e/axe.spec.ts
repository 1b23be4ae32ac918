/** Every page as axe reads it, light and dark. */
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";

const pages: Record<string, (page: Page) => Promise<unknown>> = {
  "/": async (page) => {
    await expect(page.getByText("Ready. Choose a picture.")).toBeVisible();
    await page.getByRole("button", { name: "pizza" }).click();
    await expect(page.getByText("Answered in")).toBeVisible();
    await page.getByText("What ran").click();
  },
  "/demo/element/index.html": (page) => expect(page.getByRole("listitem").first()).toBeVisible(),
  "/demo/element/react.html": (page) => expect(page.getByRole("listitem").first()).toBeVisible(),
  "/demo/element/vue.html": (page) => expect(page.getByRole("listitem").first()).toBeVisible(),
};

for (const [address, ready] of Object.entries(pages))
  for (const colorScheme of ["light", "dark"] as const)
    test(`axe finds nothing on ${address}, ${colorScheme}`, async ({ page }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.goto(address);
      await ready(page);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    });
