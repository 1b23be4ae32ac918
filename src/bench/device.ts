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
   * The result of `work` on a device that is not lost. A later call may get another device, on which earlier objects do not exist.
   * @throws DeviceError as soon as the device is lost, even if `work` is still waiting
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
