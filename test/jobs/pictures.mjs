import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";

/** Writes so many images of noise, each another, of which one in a hundred is damaged. @param {string} folder @param {number} count */
export async function writePictures(folder, count) {
  mkdirSync(folder);
  for (let i = 0; i < count; i++) {
    const bytes = Uint8Array.from(
      { length: 64 * 48 * 3 },
      (_, k) => (Math.imul(k + 1, 7919 + i * 1049) >>> 7) & 255,
    );
    const png = await sharp(bytes, { raw: { width: 64, height: 48, channels: 3 } })
      .png()
      .toBuffer();
    writeFileSync(
      path.join(folder, `${String(i).padStart(5, "0")}.png`),
      i % 100 === 99 ? png.subarray(0, 300) : png,
    );
  }
}
