// The page's side of a text tower that runs in the worker, beside its image tower.

import type { LoadOptions, Report } from "../classifier/api.ts";
import type { ModelSource } from "../format/folder.ts";
import type { TextTower } from "../text/text-tower.ts";
import { Channel } from "./channel.ts";
import { sendableModel, sendableOptions } from "./client.ts";
import type { LoadedText } from "./messages.ts";
import { disposeOf, Remote } from "./remote.ts";

/** Throws what loading it here would, and UnsupportedDeviceError where no worker starts. */
export async function loadTextInWorker(model: ModelSource, options: LoadOptions): Promise<TextTower> {
  const { signal, onProgress } = options;
  const channel = Channel.acquire();
  const id = channel.nextId();
  const onLate = () => void disposeOf(channel, id);
  try {
    const request = {
      id,
      type: "load text",
      model: sendableModel(model),
      options: sendableOptions(options),
    } as const;
    const loaded = await channel.call<LoadedText>(request, { signal, onProgress, onLate });
    return new WorkerTextTower(new Remote(channel, id, loaded.report), loaded.logits);
  } catch (error) {
    channel.release(signal?.aborted ? 500 : 0);
    throw error;
  }
}

class WorkerTextTower implements TextTower {
  readonly logits: TextTower["logits"];
  readonly #remote: Remote;

  constructor(remote: Remote, logits: TextTower["logits"]) {
    this.#remote = remote;
    this.logits = logits;
  }

  get report(): Report {
    return this.#remote.report;
  }

  async encode(texts: readonly (readonly number[])[], signal?: AbortSignal): Promise<Float32Array[]> {
    this.#remote.mustBeOpen();
    const request = (tower: number) => ({ type: "encode", tower, texts }) as const;
    return (await this.#remote.ask(request, { signal })) as Float32Array[];
  }

  dispose(): Promise<void> {
    return this.#remote.dispose();
  }
}
