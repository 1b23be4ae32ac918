/** Every page as axe reads it, light and dark. */
import { test } from "@playwright/test";
import { expectAccessible, pages } from "./pages.ts";

for (const [address, ready] of Object.entries(pages))
  test(`axe finds nothing on /${address}`, async ({ page }) => {
    await page.goto(`/${address}`);
    await ready(page);
    await expectAccessible(page);
  });
