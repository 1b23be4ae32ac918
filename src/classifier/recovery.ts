// A session that survives the loss of its device: the model opens on another one, and interrupted work runs again.

import { DisposedError } from "../errors/errors.ts";
import { until } from "../errors/until.ts";
import { CLEAN_UP_MS, closeSession, lossOf, lostTwice, type Session } from "./session.ts";

type RecoverableSession = Pick<Session, "device"> & {
  readonly model: { readonly id: string };
  readonly engine: { destroy(): Promise<void> };
};

export class Recovery<S extends RecoverableSession = Session> {
  readonly #reopen: () => Promise<S>;
  readonly #losses: string[] = [];
  #session: S;
  /** The session after a lost device, once a call needs it. */
  #next: Promise<void> | undefined;
  #disposed = false;

  /** @param reopen opens the model on another device */
  constructor(session: S, reopen: () => Promise<S>) {
    this.#session = session;
    this.#reopen = reopen;
  }

  get session(): S {
    return this.#session;
  }

  /** Why devices were lost, each replaced by another. */
  get losses(): readonly string[] {
    return [...this.#losses];
  }

  /**
   * Runs `work`, and where the device is lost meanwhile, once more on a new one.
   * @throws DisposedError; DeviceLostError where the new one is lost too; the signal's reason
   */
  async run<T>(signal: AbortSignal | undefined, work: (engine: S["engine"]) => Promise<T>): Promise<T> {
    this.mustBeOpen();
    return until(signal, this.#surviving(signal, work), CLEAN_UP_MS);
  }

  /** @throws DisposedError */
  mustBeOpen(): void {
    if (this.#disposed)
      throw new DisposedError(`classifier of ${this.#session.model.id}: disposed. Load the model again.`);
  }

  /** Releases the memory on the device, after the current run. A second call does nothing. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#next?.catch(() => {});
    await closeSession(this.#session);
  }

  async #surviving<T>(
    signal: AbortSignal | undefined,
    work: (engine: S["engine"]) => Promise<T>,
  ): Promise<T> {
    const session = this.#session;
    try {
      return await work(session.engine);
    } catch (error) {
      await this.#replace(session, signal, error);
    }
    const next = this.#session;
    try {
      return await work(next.engine);
    } catch (error) {
      const reason = signal?.aborted ? undefined : await lossOf(next.device);
      throw reason === undefined ? error : lostTwice(next.model.id, reason, error);
    }
  }

  /** Opens the model on a new device, once for all calls that the loss interrupted; rethrows other errors. */
  async #replace(session: S, signal: AbortSignal | undefined, error: unknown): Promise<void> {
    const reason = signal?.aborted ? undefined : await lossOf(session.device);
    if (reason === undefined) throw error;
    this.mustBeOpen();
    if (this.#session === session) {
      this.#next ??= this.#open(reason).finally(() => {
        this.#next = undefined;
      });
      await this.#next;
    }
    signal?.throwIfAborted();
  }

  async #open(reason: string): Promise<void> {
    const lost = this.#session;
    this.#session = await this.#reopen();
    this.#losses.push(reason);
    void closeSession(lost);
  }
}
