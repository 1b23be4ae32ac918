// The models of a comparison, made one after another from one float checkpoint and one look at the calibration images.

import { type Observations, observe } from "../calibration/observations.ts";
import { calibratedFiles, dynamicFiles, readFloatModel } from "../calibration/quantize.ts";
import { quantizedFiles } from "../calibration/quantized-model.ts";
import { openPicture } from "../classifier/picture.ts";
import { WEIGHTS_FILE } from "../format/weights.ts";
import { openGpu } from "../gpu/gpu.ts";
import { nodeGpu, restfulWait } from "../node/gpu.ts";
import { readPicture } from "../node/picture.ts";
import { elementCount } from "../tensor/dtype.ts";
import { calibratedOf, FLOAT32, granularityOf, type Variant } from "./compare-variants.ts";
import { type OpenModel, openChecked } from "./model.ts";
import { ProgressBar } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

export interface CalibrationPictures {
  readonly files: readonly string[];
  readonly seed: number;
}

export class VariantModels {
  readonly #model: OpenModel;
  readonly #pictures: CalibrationPictures;
  readonly #terminal: Terminal;
  #observed: Promise<Observations> | undefined;

  constructor(model: OpenModel, pictures: CalibrationPictures, terminal: Terminal) {
    this.#model = model;
    this.#pictures = pictures;
    this.#terminal = terminal;
  }

  /** The model, and the bytes of its weights file. */
  async make(variant: Variant): Promise<{ model: OpenModel; modelBytes: number }> {
    if (variant.method === FLOAT32.method) {
      const entries = [...this.#model.tensors.values()];
      const modelBytes = entries.reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0);
      return { model: this.#model, modelBytes };
    }
    const files = await this.#files(variant);
    const folder = Object.fromEntries([...files].map(([name, pieces]) => [name, Buffer.concat(pieces)]));
    const model = await openChecked(folder, this.#terminal.signal);
    return { model, modelBytes: folder[WEIGHTS_FILE].byteLength };
  }

  async #files(variant: Variant): Promise<Map<string, Uint8Array[]>> {
    const { signal } = this.#terminal;
    const calibrated = calibratedOf(variant);
    if (calibrated) {
      this.#observed ??= this.#observe();
      return calibratedFiles(await this.#observed, { ...calibrated, signal });
    }
    const { bits, method } = variant;
    const granularity = granularityOf(method);
    if (bits === "w8a8" && !granularity) return quantizedFiles(this.#model.folder, { signal });
    const float = await readFloatModel(this.#model.folder, { signal });
    return dynamicFiles(float, bits === "w8a8" ? 8 : 4, granularity);
  }

  async #observe(): Promise<Observations> {
    const { files, seed } = this.#pictures;
    const { signal } = this.#terminal;
    const gpu = await openGpu({ gpu: await nodeGpu(), wait: restfulWait });
    const bar = new ProgressBar(this.#terminal, `calibrating on ${files.length} images`);
    const pictures = files.map((file) => async () => openPicture(await readPicture(file)));
    const onPicture = (done: number, total: number) => bar.update(done, total);
    try {
      return await observe(gpu, this.#model.folder, pictures, { seed, signal, onPicture });
    } finally {
      bar.clear();
      gpu.destroy();
    }
  }
}
