/** The models that the page suggests, and where each one's folder is. */

export const bundled = "everyday80";
const suggested = [bundled, "facebook/deit-tiny-patch16-224"];

/** What to give to `ImageClassifier.load`: a name of the Hub stays, a path becomes an address. */
export function modelAddress(name: string): string {
  if (name === bundled) return new URL(`models/${bundled}/`, document.baseURI).href;
  return name.startsWith("/") || name.startsWith(".") ? new URL(name, document.baseURI).href : name;
}

/** In development the dev server adds the model folders that lie beside the project. */
export async function suggestModels(): Promise<string[]> {
  if (!import.meta.env.DEV) return suggested;
  const response = await fetch("/models-dev/index.json");
  const names: string[] = response.ok ? await response.json() : [];
  return [...suggested, ...names.map((name) => `/models-dev/${name}/`)];
}
