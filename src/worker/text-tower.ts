// The page's side of a text tower that runs in the worker, beside its image tower.

import type { LoadOptions, Report } from "../classifier/api.ts";
import { DisposedError } from "../errors/errors.ts";
import type { ModelSource } from "../format/folder.ts";
import type { TextTower } from "../text/text-tower.ts";
import { Channel } from "./channel.ts";
import { sendableModel, sendableOptions } from "./client.ts";
import type { LoadedText, Ran } from "./messages.ts";

/** Throws what loading it here would, and UnsupportedDeviceError where no worker starts. */
export async function loadTextInWorker(model: ModelSource, options: LoadOptions): Promise<TextTower> {
  const { signal, onProgress } = options;
  const channel = Channel.acquire();
  const id = channel.nextId();
  const onLate = () =>
    void channel.call({ id: channel.nextId(), type: "dispose", classifier: id }).catch(() => {});
  try {
    const request = {
      id,
      type: "load text",
      model: sendableModel(model),
      options: sendableOptions(options),
    } as const;
    const loaded = await channel.call<LoadedText>(request, { signal, onProgress, onLate });
    return new WorkerTextTower(channel, id, loaded);
  } catch (error) {
    channel.release(signal?.aborted ? 500 : 0);
    throw error;
  }
}

class WorkerTextTower implements TextTower {
  readonly logits: TextTower["logits"];
  readonly #channel: Channel;
  readonly #id: number;
  #report: Report;
  #disposed = false;

  constructor(channel: Channel, id: number, { logits, report }: LoadedText) {
    this.#channel = channel;
    this.#id = id;
    this.logits = logits;
    this.#report = report;
  }

  get report(): Report {
    return this.#report;
  }

  async encode(texts: readonly (readonly number[])[], signal?: AbortSignal): Promise<Float32Array[]> {
    if (this.#disposed)
      throw new DisposedError(
        `classifier of ${this.#report.model}: was disposed; load it again before using it`,
      );
    const request = { id: this.#channel.nextId(), type: "encode", tower: this.#id, texts } as const;
    const { value, report } = await this.#channel.call<Ran>(request, { signal });
    this.#report = report;
    return value as Float32Array[];
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    const request = { id: this.#channel.nextId(), type: "dispose", classifier: this.#id } as const;
    await this.#channel.call(request).catch(() => {}); // a worker that stopped has released everything
    this.#channel.release();
  }
}
