/** Files that a model can do without, absent in every way that servers have of saying so. */
import { mayBeAbsent } from "./absence.ts";
import { isWebPage } from "./fields.ts";
import type { ModelFolder } from "./folder.ts";

/**
 * The text of an optional file. Also undefined if the server sent a web page instead, as single-page apps do, or denied access, as object
 * stores do for missing files.
 */
export async function readOptional(
  folder: ModelFolder,
  name: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const text = await folder.readText(name, signal).catch((error) => {
    if (!mayBeAbsent(error)) throw error;
  });
  return text === undefined || isWebPage(text) ? undefined : text;
}
