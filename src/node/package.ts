// Optional peer packages of vit8/node.

import { createRequire } from "node:module";

/** How to fix a package that did not load: install it, or reinstall it if it is broken, e.g. built for another platform. */
export function remedyFor(
  name: string,
  cause: unknown,
): { readonly reason: string; readonly remedy: string } {
  const { code, message } = cause as NodeJS.ErrnoException;
  const missing = code === "ERR_MODULE_NOT_FOUND" && message.includes(`'${name}'`);
  if (missing)
    return { reason: `expected the package \`${name}\`, got none.`, remedy: `Run \`npm i ${name}\`.` };
  const [why] = message.trim().split("\n");
  return {
    reason: `the package \`${name}\` failed to load (${why}).`,
    remedy: `Run \`npm i --include=optional ${name}@latest\` on this machine.`,
  };
}

let hasLooked = false;

/**
 * Warns once, when a model loads, that image files will need a missing package. It is not an error, because pixels need no package.
 */
export function warnWithoutSharp(): void {
  if (hasLooked) return;
  hasLooked = true;
  try {
    createRequire(import.meta.url).resolve("sharp");
  } catch {
    process.emitWarning(
      "image files: expected the package `sharp`, got none. Run `npm i sharp`, or pass pixels, { width, height, rgba }.",
      { code: "VIT8_WITHOUT_SHARP" },
    );
  }
}
