/** A film for Chromium's synthetic camera. */
import sharp from "sharp";
import config from "../playwright.config.ts";

/** For `test.use`: the camera shows the film at this path. */
export function cameraOf(film: string) {
  const { args = [], ...launch } = config.use?.launchOptions ?? {};
  return {
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
  };
}

/** A film of one frame, in YUV 4:2:0 with JPEG's range. */
export async function still(file: string): Promise<Buffer> {
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
