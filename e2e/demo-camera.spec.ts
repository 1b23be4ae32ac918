/** The page with a camera: Chromium's synthetic one, which shows a drawing. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { texts, page as words } from "../demo/classify/texts.ts";
import { cameraOf, still } from "./film.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-camera-"));
const film = path.join(folder, "pizza.y4m");
test.use(cameraOf(film));

test.beforeAll(async () => writeFileSync(film, await still("demo/classify/samples/pizza.svg")));
test.afterAll(() => rmSync(folder, { recursive: true }));

test("follows the camera frame by frame, and lets it go", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByText(texts.readyForPicture)).toBeVisible();
  const camera = page.getByRole("button", { name: "Camera" });
  await camera.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText(/^Live: \d+\.\d frames per second, \d+ ms each$/)).toBeVisible();
  await expect(camera).toHaveAttribute("aria-pressed", "true");
  const first = page.getByRole("list", { name: words.results }).getByRole("listitem").first();
  await expect(first).toContainText("pizza");
  // An image replaces the camera, and its light turns off.
  const track = await page
    .locator("video")
    .evaluateHandle((video: HTMLVideoElement) => (video.srcObject as MediaStream).getVideoTracks()[0]);
  await page.getByRole("button", { name: "Drawing: ladybug" }).click();
  await expect(first).toContainText("ladybug");
  expect(await track.evaluate(({ readyState }) => readyState)).toBe("ended");
  await expect(camera).toHaveAttribute("aria-pressed", "false");
  await page.waitForTimeout(300);
  await expect(first).toContainText("ladybug");
});
