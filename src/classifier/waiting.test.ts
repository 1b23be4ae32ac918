/** What happens to images after an abort. */
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { openFilesFolder } from "../format/files-folder.ts";
import { LocalClassifier } from "./local-classifier.ts";
import { openPicture, type PictureSource } from "./picture.ts";

const names = ["config.json", "preprocessor_config.json", "model.safetensors"];
const files = Object.fromEntries(names.map((name) => [name, readFileSync(`models/everyday80/${name}`)]));
const pixels = { width: 8, height: 8, rgba: new Uint8Array(8 * 8 * 4) };

/** A classifier that opens images as they are: promises of sources. */
const load = () =>
  LocalClassifier.loadOn<Promise<PictureSource>>(
    { openFolder: async () => openFilesFolder(files), openPicture: (picture) => picture },
    files,
    { device: "cpu" },
  );

test("a picture that comes after its signal is closed, and so are those beside one that fails", async () => {
  const classifier = await load();
  const close = vi.fn();
  const source: PictureSource = { ...(await openPicture(pixels)), close };
  let arrive = (_: PictureSource) => {};
  const late = new Promise<PictureSource>((resolve) => {
    arrive = resolve;
  });
  const controller = new AbortController();
  const answer = classifier.classify([Promise.resolve(source), late], { signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(answer).rejects.toThrow("enough");
  arrive(source);
  await vi.waitFor(() => expect(close).toHaveBeenCalledTimes(2));

  const damaged = Promise.reject(new Error("damaged"));
  await expect(classifier.classify([damaged, Promise.resolve(source)])).rejects.toThrow("damaged");
  await vi.waitFor(() => expect(close).toHaveBeenCalledTimes(3));
  await classifier.classify(Promise.resolve(source));
  await vi.waitFor(() => expect(close).toHaveBeenCalledTimes(4));
  await classifier.dispose();
});
