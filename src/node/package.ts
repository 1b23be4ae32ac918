// The packages that whoever uses vit8/node brings along.

/** What to do about one that did not load: install it, or install it anew where it is broken, as for another platform. */
export function remedyFor(name: string, cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  const missing = code === "ERR_MODULE_NOT_FOUND" && message.includes(`'${name}'`);
  if (missing) return `the package \`${name}\` is missing; run \`npm i ${name}\``;
  const [why] = message.trim().split("\n");
  return `the package \`${name}\` does not load (${why}); run \`npm i --include=optional ${name}@latest\` on this machine`;
}
