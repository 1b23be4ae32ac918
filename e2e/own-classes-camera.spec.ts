/** The camera on "Your own classes": classes are edited while frames run. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { cameraOf, still } from "./film.ts";
import { addressOf, chip, load, serveHub } from "./own-classes-page.ts";
import { expectAccessible } from "./pages.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-camera-"));
const film = path.join(folder, "pizza.y4m");
test.use(cameraOf(film));
test.beforeAll(async () => writeFileSync(film, await still("demo/classify/samples/pizza.svg")));
test.afterAll(() => rmSync(folder, { recursive: true }));

test("classes are edited while frames run, and each frame is scored for classes of its time", async ({
  page,
}) => {
  const hub = await serveHub();
  await page.goto(`/${addressOf(hub)}`);
  await load(page);
  const camera = page.getByRole("button", { name: "Camera" });
  await camera.click();
  await expect(page.getByText(/^\d+\.\d frames per second$/)).toBeVisible();
  // Edits in a row, none of which waits for a frame.
  const field = page.getByRole("textbox", { name: "Class 2 of 3" });
  for (const [i, word] of ["red", "green", "blue", "old", "new", "tiny"].entries()) {
    await field.fill(`a ${word} thing`);
    if (i % 2 === 1) await page.waitForTimeout(200);
  }
  await field.press("Enter");
  await page.keyboard.type("a round thing");
  await expect(chip(page, "a round thing").locator(".score")).toHaveText(/%$/);
  await expect(page.getByRole("alert").first()).toBeHidden();
  const values = () =>
    page.locator(".score").evaluateAll((all) => all.map((score) => Number.parseFloat(score.textContent!)));
  expect((await values()).length).toBe(4);
  const sum = (await values()).reduce((total, score) => total + score, 0);
  expect(Math.abs(sum - 100)).toBeLessThan(0.4);
  // A line for each class, which grows.
  const lines = page.getByRole("img", { name: "Scores of the last 10 seconds" }).locator("polyline");
  await expect(lines).toHaveCount(4);
  const before = await lines.first().getAttribute("points");
  await expect(lines.first()).not.toHaveAttribute("points", before!);
  await expectAccessible(page);
  const track = await page
    .locator("video")
    .evaluateHandle((video: HTMLVideoElement) => (video.srcObject as MediaStream).getVideoTracks()[0]);
  await camera.click();
  await expect(page.locator("#live-scores")).toBeHidden();
  expect(await track.evaluate(({ readyState }) => readyState)).toBe("ended");
  await page.locator("#samples").getByRole("button", { name: "ladybug" }).click();
  await expect(page.locator("#best")).toContainText("%");
  await expect(page.locator("#preview")).toBeVisible();
  hub.close();
});
