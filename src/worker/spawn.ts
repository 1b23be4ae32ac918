// Starts the worker: from beside this module, wherever a bundler or a server of another origin put it.

import { withTrustedTypes } from "./trusted-types.ts";

/** Beside this module in the published package; a variable, so that bundlers leave it alone. */
const published = "./worker.js";

/** Throws the browser's error, if there is one; most failures are events of the worker, later. */
export function spawnWorker(): Worker {
  if (typeof Worker === "undefined") throw new Error("this platform has no Worker");
  const here = new URL(import.meta.url);
  // The origin of a page in a sandboxed frame is "null", for any URL.
  if (here.protocol.startsWith("http") && here.origin !== origin) return spawnForeign(here);
  return withTrustedTypes(() => {
    // In this form, word for word, bundlers find the worker.
    return new Worker(new URL("./entry.ts", import.meta.url), { type: "module" });
  });
}

/** Browsers start no worker of another origin, but one of the page's own may import a module from there. */
function spawnForeign(here: URL): Worker {
  const code = `import ${JSON.stringify(new URL(published, here).href)};`;
  // A sandboxed frame has no origin that a Blob could share.
  const address =
    origin === "null"
      ? `data:text/javascript,${encodeURIComponent(code)}`
      : URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  // By the first message or error its script has been read.
  const worker = withTrustedTypes(() => new Worker(address, { type: "module" }));
  for (const type of ["message", "error"])
    worker.addEventListener(type, () => URL.revokeObjectURL(address), { once: true });
  return worker;
}
