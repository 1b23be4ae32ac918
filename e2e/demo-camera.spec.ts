/** The page looks at a camera: Chromium's made-up one, which shows a drawing. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import sharp from "sharp";
import config from "../playwright.config.ts";

const folder = mkdtempSync(path.join(tmpdir(), "vit8-camera-"));
const film = path.join(folder, "pizza.y4m");
const { args = [], ...launch } = config.use?.launchOptions ?? {};
test.use({
  permissions: ["camera"],
  launchOptions: {
    ...launch,
    args: [
      ...args,
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      `--use-file-for-fake-video-capture=${film}`,
    ],
  },
});

test.beforeAll(async () => writeFileSync(film, await still("demo/classify/samples/pizza.svg")));
test.afterAll(() => rmSync(folder, { recursive: true }));

test("follows the camera frame by frame, and lets it go", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByText("Ready. Choose a picture.")).toBeVisible();
  const camera = page.getByRole("button", { name: "Camera" });
  await camera.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText(/^Live: \d+\.\d frames a second, \d+ ms each$/)).toBeVisible();
  await expect(camera).toHaveAttribute("aria-pressed", "true");
  const first = page.getByRole("list", { name: "likeliest" }).getByRole("listitem").first();
  await expect(first).toContainText("pizza");
  // A picture takes the camera's place, and its light goes out.
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

/** A film of one frame, in YUV 4:2:0 with JPEG's range. */
async function still(file: string): Promise<Buffer> {
  const side = 256;
  const { data } = await sharp(file)
    .resize(side, side)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number, [r, g, b]: number[], zero: number) => {
    const i = 3 * (y * side + x);
    return Math.round(zero + r * data[i] + g * data[i + 1] + b * data[i + 2]);
  };
  const plane = (step: number, weights: number[], zero: number) =>
    Uint8Array.from({ length: (side / step) ** 2 }, (_, i) =>
      at(step * (i % (side / step)), step * Math.floor(i / (side / step)), weights, zero),
    );
  return Buffer.concat([
    Buffer.from(`YUV4MPEG2 W${side} H${side} F30:1 Ip A1:1 C420jpeg\nFRAME\n`),
    plane(1, [0.299, 0.587, 0.114], 0),
    plane(2, [-0.1687, -0.3313, 0.5], 128),
    plane(2, [0.5, -0.4187, -0.0813], 128),
  ]);
}
