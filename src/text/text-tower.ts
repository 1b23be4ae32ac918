// A text tower as its classifier sees it, wherever it runs.

import type { LoadOptions, Report } from "../classifier/api.ts";
import type { GpuAccess } from "../classifier/gpu-device.ts";
import { Recovery } from "../classifier/recovery.ts";
import { reportOf } from "../classifier/report.ts";
import { openWith } from "../classifier/session.ts";
import { UnsupportedDeviceError } from "../errors/errors.ts";
import type { ModelFolder } from "../format/folder.ts";
import { type Logits, loadText, type TextSession } from "./tower.ts";

export interface TextTower {
  readonly report: Report;
  /** How cosines become logits. */
  readonly logits: Logits;
  /** An embedding for each list of ids, not normalized. Survives the loss of its device. @throws DisposedError; the signal's reason */
  encode(texts: readonly (readonly number[])[], signal?: AbortSignal): Promise<Float32Array[]>;
  /** Releases the memory, after the current run. A second call does nothing. */
  dispose(): Promise<void>;
}

/** On the thread that loads it. */
export class LocalTextTower implements TextTower {
  readonly #recovery: Recovery<TextSession>;
  readonly #options: LoadOptions;

  private constructor(recovery: Recovery<TextSession>, options: LoadOptions) {
    this.#recovery = recovery;
    this.#options = options;
  }

  /** @param wanted the requested device; `options` has the actual one, and another loss may change it */
  static async loadOn(
    access: GpuAccess,
    folder: ModelFolder,
    options: LoadOptions,
    wanted = options.device,
  ): Promise<LocalTextTower> {
    const session = await openWith(loadText, access, folder, options);
    // The first load has reported the progress and used the signal.
    const quiet = { ...options, device: wanted, onProgress: undefined, signal: undefined };
    const isGone = (error: unknown) => error instanceof UnsupportedDeviceError;
    const again = () => openWith(loadText, access, folder, quiet, undefined, isGone);
    return new LocalTextTower(new Recovery(session, again), options);
  }

  get report(): Report {
    return reportOf(this.#recovery.session, this.#options, this.#recovery.losses);
  }

  get logits(): Logits {
    return this.#recovery.session.engine.logits;
  }

  encode(texts: readonly (readonly number[])[], signal?: AbortSignal): Promise<Float32Array[]> {
    return this.#recovery.run(signal, (engine) => engine.encode(texts, signal));
  }

  dispose(): Promise<void> {
    return this.#recovery.dispose();
  }
}
