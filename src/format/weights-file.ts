/** One safetensors file of a model folder: all of it, or the parts that are wanted. */
import { part } from "../errors/part.ts";
import type { ModelFolder } from "./model-folder.ts";
import { type OpenFile, openSafetensors, type WeightsOptions } from "./safetensors-stream.ts";

/** Undefined when the folder has none of that name. Throws as `openSafetensors` does. */
export async function openFile(
  folder: ModelFolder,
  name: string,
  options: WeightsOptions,
): Promise<OpenFile | undefined> {
  const { signal, integrity, inParts } = options;
  if (inParts && !integrity) return (await part(import("./parts.ts"))).openParts(folder, name, options);
  const check = integrity ? (await part(import("./integrity.ts"))).withIntegrity : undefined;
  const file = await folder.open(name, signal);
  return file && openSafetensors(check?.(file, integrity!) ?? file, options);
}
