// A model whose images keep their aspect: a session for each size, of which two are kept.

import { type Bounds, sizeWithin } from "../format/bounded.ts";
import type { Size } from "../format/fields.ts";
import type { ModelFolder } from "../format/folder.ts";
import type { LoadOptions } from "./api.ts";
import type { Engine } from "./engine.ts";
import type { GpuAccess } from "./gpu-device.ts";
import { Recovery } from "./recovery.ts";
import { openSession } from "./session.ts";

/** The loaded session, for the widest images, and one for another size. */
export class Fitted {
  readonly #first: Recovery;
  readonly #open: (size: Size) => Promise<Recovery>;
  #other: { readonly size: Size; readonly recovery: Recovery } | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(first: Recovery, access: GpuAccess, folder: ModelFolder, options: LoadOptions) {
    this.#first = first;
    const { device } = first.session;
    // The first load has chosen the device, reported its progress and used the signal.
    const quiet = { ...options, device: device.backend, onProgress: undefined, signal: undefined };
    this.#open = async (size) => {
      const open = () => openSession(access, folderAt(folder, size), quiet);
      return new Recovery(await open(), open);
    };
  }

  /** Runs `work` on the engine for images of this size, after earlier requests. */
  run<T>(picture: Size, signal: AbortSignal | undefined, work: (engine: Engine) => Promise<T>): Promise<T> {
    const turn = this.#tail.then(async () => {
      signal?.throwIfAborted();
      return (await this.#fitting(picture)).run(signal, work);
    });
    this.#tail = turn.catch(() => {});
    return turn;
  }

  async dispose(): Promise<void> {
    await this.#tail;
    await this.#other?.recovery.dispose();
  }

  async #fitting(picture: Size): Promise<Recovery> {
    const { bounds, resize } = this.#first.session.model.preprocessing;
    const size = sizeWithin(picture, bounds as Bounds);
    if (isSame(size, resize as unknown as Size)) return this.#first;
    if (this.#other && isSame(this.#other.size, size)) return this.#other.recovery;
    await this.#other?.recovery.dispose();
    this.#other = undefined;
    this.#other = { size, recovery: await this.#open(size) };
    return this.#other.recovery;
  }
}

const isSame = (a: Size, b: Size) => a.width === b.width && a.height === b.height;

/** The folder with images of one size in its configs. */
function folderAt(folder: ModelFolder, size: Size): ModelFolder {
  return {
    id: folder.id,
    open: (name, signal) => folder.open(name, signal),
    async readText(name, signal) {
      const text = await folder.readText(name, signal);
      if (text === undefined || !/^(?:pre)?processor_config\.json$/.test(name)) return text;
      const config = JSON.parse(text);
      const processor = name === "processor_config.json" ? config.image_processor : config;
      if (processor) processor.size = size;
      return JSON.stringify(config);
    },
  };
}
