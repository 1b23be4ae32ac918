// The page's side of something that was loaded in the worker: its requests, until it is disposed.

import type { Report } from "../classifier/api.ts";
import { DisposedError } from "../errors/errors.ts";
import type { CallOptions, Channel } from "./channel.ts";
import type { Ran, Request } from "./messages.ts";

export class Remote {
  readonly #channel: Channel;
  readonly #id: number;
  #report: Report;
  #disposed = false;

  /** @param id the number of the request that loaded it */
  constructor(channel: Channel, id: number, report: Report) {
    this.#channel = channel;
    this.#id = id;
    this.#report = report;
  }

  /** As of the last answer. */
  get report(): Report {
    return this.#report;
  }

  /** @throws DisposedError */
  mustBeOpen(): void {
    if (this.#disposed)
      throw new DisposedError(`classifier of ${this.#report.model}: disposed. Load the model again.`);
  }

  /** @throws DisposedError also if it was disposed while the call prepared its request */
  async ask(request: (id: number) => Request, options: CallOptions): Promise<unknown> {
    this.mustBeOpen();
    const message = { ...request(this.#id), id: this.#channel.nextId() };
    const { value, report } = await this.#channel.call<Ran>(message, options);
    this.#report = report;
    return value;
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await disposeOf(this.#channel, this.#id);
    this.#channel.release();
  }
}

/** A worker that stopped has released everything. */
export async function disposeOf(channel: Channel, classifier: number): Promise<void> {
  await channel.call({ id: channel.nextId(), type: "dispose", classifier }).catch(() => {});
}
