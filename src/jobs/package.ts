// The packages that read and write archives, which the user installs.

import { Vit8Error } from "../errors/errors.ts";
import { remedyFor } from "../node/package.ts";

/** The module that `load` imports. @throws Vit8Error that says how to install `name`. */
export async function needed<T>(name: string, what: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { reason, remedy } = remedyFor(name, cause);
    throw new Vit8Error(`${what}: ${reason} ${remedy}`, { cause });
  }
}
