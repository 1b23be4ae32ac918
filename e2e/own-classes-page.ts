/** Helpers for the tests of the page "Your own classes": a local Hub with a tiny CLIP of synthetic weights. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { type FileServer, notFound, serveFiles } from "../src/testing/file-server.ts";

export const MODEL = "made-up/tiny-clip";
/** Its files. */
export const golden = "test/goldens/zero-shot/clip";

export function serveHub(): Promise<FileServer> {
  const names = readdirSync(golden).filter((name) => !name.startsWith("expected"));
  const files = names.map((name) => [
    `${MODEL}/resolve/main/${name}`,
    new Uint8Array(readFileSync(path.join(golden, name))),
  ]);
  return serveFiles(Object.fromEntries(files), notFound, true);
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

export const indexed = (page: Page, count: string): Promise<void> =>
  expect(page.locator("#indexed")).toHaveText(`${count} indexed in this browser.`);

export const results = (page: Page): Locator =>
  page.getByRole("list", { name: "Images, the nearest first" }).getByRole("button");

/** A folder of images of 16 x 16, each of another color, one of them in a folder inside it. */
export function makeFolder(count: number): string {
  const folder = test.info().outputPath("photos");
  mkdirSync(path.join(folder, "inside"), { recursive: true });
  for (let i = 0; i < count; i++)
    writeFileSync(path.join(folder, i === 0 ? "inside" : "", `${i}.bmp`), bitmap(i));
  return folder;
}

/** A BMP of one color, with a stripe of another. */
function bitmap(i: number): Buffer {
  const [header, side] = [54, 16];
  const file = Buffer.alloc(header + 3 * side * side, 255 - (i % 256));
  file.fill(0, 0, header);
  file.write("BM");
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(header, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(side, 18);
  file.writeInt32LE(side, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  const color = [(i * 37) % 256, (i * 91) % 256, (i >> 8) * 12];
  for (let pixel = 0; pixel < 12 * side; pixel++) file.set(color, header + 3 * pixel);
  return file;
}

/** The contents of IndexedDB: embeddings by the image's name. */
export function readIndex(page: Page): Promise<[name: string, embedding: string][]> {
  return page.evaluate(async () => {
    const asked = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const db = await asked(indexedDB.open("vit8-images"));
    const images = await asked(db.transaction("images").objectStore("images").getAll());
    db.close();
    return images.map(({ name, embedding }): [string, string] => [name, embedding.join()]);
  });
}

/** Adds copies of the images in IndexedDB, each with a made-up embedding of length 1, until there are `count`. */
export function fillIndex(page: Page, count: number): Promise<void> {
  return page.evaluate(async (count) => {
    const asked = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const db = await asked(indexedDB.open("vit8-images"));
    const transaction = db.transaction(["images", "thumbnails"], "readwrite");
    const [images, thumbnails] = ["images", "thumbnails"].map((name) => transaction.objectStore(name));
    const [keys, values, blobs] = await Promise.all([
      asked(images.getAllKeys()) as Promise<[string, string][]>,
      asked(images.getAll()) as Promise<{ embedding: Float32Array }[]>,
      asked(thumbnails.getAll()) as Promise<Blob[]>,
    ]);
    for (let i = keys.length; i < count; i++) {
      const of = i % values.length;
      const far = values[of].embedding.map((value) => value + (Math.random() - 0.5) / 5);
      const embedding = far.map((value) => value / Math.hypot(...far));
      const key = [keys[of][0], `copy ${i}`];
      images.put({ name: `copy ${i}`, embedding }, key);
      thumbnails.put(blobs[of], key);
    }
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    db.close();
  }, count);
}

/** Presses a sample and waits for its scores. */
export async function lookAt(page: Page, sample: string): Promise<void> {
  await page.locator("#samples").getByRole("button", { name: sample }).click();
  await expect(page.locator("#preview")).toHaveAttribute("alt", new RegExp(sample));
  await expect(page.locator("#best")).toContainText("%");
}
