// A device to measure on, opened again after it was lost.

import { DeviceError } from "../errors/errors.ts";
import type { Gpu } from "../gpu/gpu.ts";

const LOSS_IS_TOLD_MS = 100;

export class Device {
  readonly #open: () => Promise<Gpu>;
  #gpu: Gpu | undefined;

  constructor(open: () => Promise<Gpu>) {
    this.#open = open;
  }

  /**
   * What `work` comes to on a device that lives. Objects of the device of an earlier call may be gone: `gpu` is another one then.
   * @throws DeviceError as soon as the device is lost, whatever `work` waits for.
   */
  async use<T>(work: (gpu: Gpu) => Promise<T>): Promise<T> {
    this.#gpu ??= await this.#open();
    const gpu = this.#gpu;
    const lost = gpu.lost.then((reason) => {
      if (this.#gpu === gpu) this.#gpu = undefined;
      throw new DeviceError(`GPU device: lost (${reason}). The next rows run on a new device.`);
    });
    try {
      return await Promise.race([work(gpu), lost]);
    } catch (error) {
      // A call may fail before the loss that caused it is reported.
      await Promise.race([lost, new Promise((resolve) => setTimeout(resolve, LOSS_IS_TOLD_MS))]);
      throw error;
    }
  }

  destroy(): void {
    this.#gpu?.destroy();
    this.#gpu = undefined;
  }
}
