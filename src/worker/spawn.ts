// Starts the worker: from beside this module, wherever a bundler or a server of another origin put it.

import { UnsupportedDeviceError } from "../errors/errors.ts";

/** Beside this module in the published package; a variable, so that bundlers leave it alone. */
const published = "./worker.js";

export function spawnWorker(): Worker {
  if (typeof Worker === "undefined")
    throw new UnsupportedDeviceError("worker: none can be started from here; load without { worker: true }");
  const here = new URL(import.meta.url);
  if (here.protocol.startsWith("http") && here.origin !== location.origin) return spawnForeign(here);
  // In this form, word for word, bundlers find the worker.
  return new Worker(new URL("./entry.ts", import.meta.url), { type: "module" });
}

/** Browsers start no worker of another origin, but one of the page's own may import a module from there. */
function spawnForeign(here: URL): Worker {
  const code = `import ${JSON.stringify(new URL(published, here).href)};`;
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  return new Worker(address, { type: "module" });
}
