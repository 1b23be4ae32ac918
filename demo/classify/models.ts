/** The models that the page suggests, the model of each name, and how one is loaded. */
import { ImageClassifier, type LoadOptions, UnsupportedModelError } from "../../src/index.ts";
import { families } from "../models/known-models.ts";
import { texts } from "./texts.ts";

export const bundled = "everyday80";
const suggested = [bundled, ...families.flatMap(({ models }) => models.map(({ id }) => id))];

/** A model, with its name on the page. */
export interface Model {
  readonly name: string;
  /** A Hub id, an address, or the files of a folder by path. */
  readonly source: string | Record<string, Blob>;
}

/** Where and how its numbers are computed, and where the Hub is. */
export type Options = Pick<LoadOptions, "device" | "precision" | "nonlinear" | "endpoint">;

export interface Loaded {
  readonly model: Model;
  readonly options: Options;
  readonly classifier: ImageClassifier;
}

/** In int8 where float is requested and the model has none. */
export async function loadModel(
  model: Model,
  options: Options,
  signal: AbortSignal,
  onProgress: LoadOptions["onProgress"],
): Promise<Loaded> {
  try {
    const classifier = await ImageClassifier.load(model.source, {
      ...options,
      onProgress,
      signal,
      worker: true,
    });
    return { model, options, classifier };
  } catch (error) {
    if (options.precision !== "float32" || !(error instanceof UnsupportedModelError)) throw error;
    return loadModel(model, { ...options, precision: "int8" }, signal, onProgress);
  }
}

/** A name of the Hub stays, a path becomes an address. `root` is where the site begins. */
export function modelByName(name: string, root = document.baseURI): Model {
  if (name === bundled) return { name, source: new URL(`models/${bundled}/`, root).href };
  const isPath = name.startsWith("/") || name.startsWith(".");
  return { name, source: isPath ? new URL(name, document.baseURI).href : name };
}

export function modelOfFiles(files: readonly File[]): Model {
  const [folder] = files[0].webkitRelativePath.split("/");
  const source = Object.fromEntries(files.map((file) => [file.webkitRelativePath || file.name, file]));
  return { name: folder ? `${folder}/` : texts.namelessFolder, source }; // a dropped file does not contain its folder
}

/** In development the dev server adds the model folders that lie beside the project. */
export async function suggestModels(): Promise<string[]> {
  if (!import.meta.env.DEV) return suggested;
  const response = await fetch("/models-dev/index.json");
  const names: string[] = response.ok ? await response.json() : [];
  return [...suggested, ...names.map((name) => `/models-dev/${name}/`)];
}
