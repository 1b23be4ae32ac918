// An image on the GPU, resized and cut into patches: the texture, tables and buffers that one image after another uses.

import type { Gpu } from "../gpu/gpu.ts";
import type { Grid } from "../gpu/kernel.ts";
import { type Framing, pictureGeometry } from "../image/geometry.ts";
import { type PatchLayout, patchGrid } from "../image/patches.ts";
import { resizePlan } from "../image/resize.ts";
import { PANEL_WIDTH, type Strip, type StripPlan, stripPlan } from "../image/strips.ts";
import { packParams, packTables, type ResizeParams } from "../kernels/resize.ts";
import { resizePatches, resizePatchesFloat } from "../kernels/resize-patches.ts";
import { resizeRows } from "../kernels/resize-rows.ts";
import { type PictureSource, pictureTextureUsage } from "./picture.ts";

export interface PictureSlotOptions {
  readonly framing: Framing;
  readonly layout: PatchLayout;
  /** [rows, 3, channelStride]: int8, or f32 without `scales`. */
  readonly patches: GPUBuffer;
  /** [rows, 3, channelStride / 64] f32. */
  readonly scales?: GPUBuffer;
}

/** The remaining work of `encode`, prepared before it, because the GPU waits during `encode`. */
interface Pending {
  readonly fit: Fit;
  readonly rows: Grid;
  /** Absent while the band of patch rows lacks strips. */
  readonly patches: Grid | undefined;
}

/** Depends only on the size of an image. */
interface Fit {
  readonly key: string;
  readonly strips: StripPlan;
  readonly params: Pick<ResizeParams, "panelRows" | "columnTaps" | "rowTaps" | "rowTable">;
  readonly texture: GPUTexture;
  readonly tables: GPUBuffer;
  readonly narrow: GPUBuffer;
  readonly rowsGroup: GPUBindGroup;
  readonly patchesGroup: GPUBindGroup;
}

/**
 * `prepare` an image, then `encode` its last dispatches into the network's own pass. What does not fit the slot at once
 * (earlier strips of a big image, earlier images of a batch) is submitted by `prepare` itself, before it is overwritten.
 */
export class PictureSlot {
  readonly #gpu: Gpu;
  readonly #options: PictureSlotOptions;
  readonly #rowsPipeline: GPUComputePipeline;
  readonly #patchesPipeline: GPUComputePipeline;
  readonly #params: GPUBuffer;
  /** Dispatches of the last prepared image; for an ordinary one, one for rows and one for patches. */
  dispatches = 2;
  #fit: Fit | undefined;
  #pending: Pending | undefined;

  private constructor(
    gpu: Gpu,
    options: PictureSlotOptions,
    pipelines: [GPUComputePipeline, GPUComputePipeline],
  ) {
    this.#gpu = gpu;
    this.#options = options;
    [this.#rowsPipeline, this.#patchesPipeline] = pipelines;
    this.#params = gpu.buffer("resize params", 10 * 4, GPUBufferUsage.UNIFORM);
  }

  static async create(gpu: Gpu, options: PictureSlotOptions): Promise<PictureSlot> {
    const { layout, scales } = options;
    const patches = { ...layout, patches: 1, taps: 1 };
    const pipelines = await Promise.all([
      gpu.pipeline(resizeRows, "plain", { width: layout.width, rows: 1, taps: 1 }),
      scales
        ? gpu.pipeline(resizePatches, "plain", patches)
        : gpu.pipeline(resizePatchesFloat, "plain", patches),
    ]);
    return new PictureSlot(gpu, options, pipelines);
  }

  /** Copies the image to the GPU, its patches to the rows from `firstRow` on. The image may be closed or changed afterwards. */
  prepare(picture: PictureSource, firstRow = 0): void {
    this.#submit();
    const fit = this.#fitted(picture);
    this.dispatches = 0;
    for (const strip of fit.strips.strips) {
      this.#submit();
      this.#write(picture, fit, strip);
      this.#gpu.write(this.#params, packParams({ ...fit.params, ...this.#place(strip), firstRow }));
      this.#pending = this.#pendingOf(fit, strip);
      this.dispatches += strip.completesBand ? 2 : 1;
    }
  }

  /** The dispatches that complete the prepared image; none when they were submitted already. */
  encode(pass: GPUComputePassEncoder): void {
    if (!this.#pending) return;
    const { fit, rows, patches } = this.#pending;
    pass.setPipeline(this.#rowsPipeline);
    pass.setBindGroup(0, fit.rowsGroup);
    pass.dispatchWorkgroups(...rows);
    if (patches) {
      pass.setPipeline(this.#patchesPipeline);
      pass.setBindGroup(0, fit.patchesGroup);
      pass.dispatchWorkgroups(...patches);
    }
    this.#pending = undefined;
  }

  destroy(): void {
    this.#gpu.release(this.#params, this.#fit?.texture, this.#fit?.tables, this.#fit?.narrow);
    this.#fit = this.#pending = undefined;
  }

  #pendingOf(fit: Fit, { rows, band, completesBand }: Strip): Pending {
    const { layout } = this.#options;
    const patches = (band.endPatchRow - band.firstPatchRow) * patchGrid(layout).across;
    return {
      fit,
      rows: resizeRows.variants.plain.grid({ width: layout.width, rows, taps: 1 }),
      patches: completesBand ? resizePatches.variants.plain.grid({ ...layout, patches, taps: 1 }) : undefined,
    };
  }

  /** Submits the pending dispatches, so that their texture and params may be overwritten. */
  #submit(): void {
    if (!this.#pending) return;
    const encoder = this.#gpu.device.createCommandEncoder({ label: "image strip" });
    const pass = encoder.beginComputePass({ label: "image strip" });
    this.encode(pass);
    pass.end();
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  #write(picture: PictureSource, { strips, texture }: Fit, { firstRow, rows }: Strip): void {
    const { firstColumn, columns, panels, stripRows } = strips;
    for (let panel = 0; panel < panels; panel++) {
      const skipped = panel * PANEL_WIDTH;
      const width = Math.min(PANEL_WIDTH, columns - skipped);
      const region = { x: firstColumn + skipped, y: firstRow, width, height: rows };
      picture.write(this.#gpu.device, texture, region, panel * stripRows);
    }
  }

  #place({ band, firstRow, rows }: Strip): Omit<ResizeParams, keyof Fit["params"] | "firstRow"> {
    const { across } = patchGrid(this.#options.layout);
    return {
      stripRows: rows,
      stripStart: firstRow - band.firstRow,
      bandStart: band.firstRow,
      patchStart: band.firstPatchRow * across,
      patchEnd: band.endPatchRow * across,
    };
  }

  /** The fit for an image's size; an image of the same size as the last one changes nothing. */
  #fitted({ width, height }: PictureSource): Fit {
    const key = `${width} x ${height}`;
    if (this.#fit?.key !== key) this.#fit = this.#refit(key, width, height);
    return this.#fit;
  }

  #refit(key: string, width: number, height: number): Fit {
    const { framing, layout } = this.#options;
    const crop = { width: layout.width, height: layout.height };
    const plan = resizePlan(width, height, pictureGeometry({ ...framing, crop }, width, height));
    const strips = stripPlan(plan, layout.patch, patchGrid(layout).down);
    const { tables: numbers, rowTable } = packTables(plan);
    const texture = this.#texture(strips);
    const tables = this.#buffer("tables", numbers.byteLength);
    const narrow = this.#buffer("narrow", strips.bandRows * layout.width * 4);
    this.#gpu.write(tables, numbers);
    return {
      key,
      strips,
      params: {
        panelRows: strips.stripRows,
        columnTaps: plan.columns.taps,
        rowTaps: plan.rows.taps,
        rowTable,
      },
      texture,
      tables,
      narrow,
      ...this.#bind(texture, tables, narrow),
    };
  }

  #bind(texture: GPUTexture, tables: GPUBuffer, narrow: GPUBuffer): Pick<Fit, "rowsGroup" | "patchesGroup"> {
    const { patches, scales } = this.#options;
    const resize = this.#params;
    return {
      rowsGroup: this.#gpu.bind(resizeRows, { picture: texture.createView(), tables, resize, narrow }),
      patchesGroup: scales
        ? this.#gpu.bind(resizePatches, { narrow, tables, resize, patches, scales })
        : this.#gpu.bind(resizePatchesFloat, { narrow, tables, resize, patches }),
    };
  }

  /** The last image's texture if it is large enough, otherwise a new one. */
  #texture({ columns, panels, stripRows }: StripPlan): GPUTexture {
    const [width, height] = [Math.min(columns, PANEL_WIDTH), panels * stripRows];
    const old = this.#fit?.texture;
    if (old && old.width >= width && old.height >= height) return old;
    this.#gpu.release(old);
    return this.#gpu.texture("picture", width, height, pictureTextureUsage());
  }

  #buffer(name: "tables" | "narrow", byteLength: number): GPUBuffer {
    const old = this.#fit?.[name];
    if (old && old.size >= byteLength) return old;
    this.#gpu.release(old);
    return this.#gpu.buffer(name, byteLength);
  }
}
