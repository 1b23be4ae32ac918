// The kernels of `assembly` as a WebAssembly module: compiled once, an instance for each memory and thread.

import encoded from "../../assembly/index.ts?assembly";
import { UnsupportedDeviceError } from "../errors/errors.ts";

/** Units [from, to) of a kernel's work, then its own arguments, and memory for its exclusive use meanwhile. */
export type Exports = Readonly<Record<string, (...args: number[]) => void>>;

const compiling = new Map<boolean, Promise<WebAssembly.Module>>();

/**
 * With `shared`, for a memory that threads share.
 * @throws UnsupportedDeviceError if WebAssembly or its SIMD is missing, or a policy forbids it
 */
export function compileKernels(shared: boolean): Promise<WebAssembly.Module> {
  const module = compiling.get(shared) ?? compile(shared);
  compiling.set(shared, module);
  return module;
}

async function compile(shared: boolean): Promise<WebAssembly.Module> {
  if (typeof WebAssembly === "undefined")
    throw new UnsupportedDeviceError("WebAssembly is not available in this browser.");
  if (typeof DecompressionStream === "undefined") throw tooOld("no DecompressionStream");
  const bytes = await inflated(encoded);
  if (shared) shareMemory(bytes);
  if (!WebAssembly.validate(bytes)) throw tooOld("WebAssembly without SIMD");
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new UnsupportedDeviceError(`WebAssembly was blocked (${(cause as Error).message}).`, {
      cause,
      remedy: "If the page has a Content-Security-Policy, add 'wasm-unsafe-eval' to script-src.",
    });
  }
}

const tooOld = (what: string) =>
  new UnsupportedDeviceError(`This browser has ${what}.`, {
    remedy: "Use Chrome 91+, Firefox 113+ or Safari 16.4+.",
  });

async function inflated(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  const deflated = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The import of the memory, up to the flags of its limits. */
const MEMORY_IMPORT = "\x03env\x06memory\x02";
const SHARED = 2;

/** The same module except for one bit: whether the memory that it imports is shared. */
function shareMemory(bytes: Uint8Array): void {
  const at = String.fromCharCode(...bytes.subarray(0, 1024)).indexOf(MEMORY_IMPORT);
  bytes[at + MEMORY_IMPORT.length] |= SHARED;
}

export async function instantiateKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<Exports> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  return exports as Exports;
}
