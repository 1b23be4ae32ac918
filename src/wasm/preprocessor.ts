// From pixels to patches in WebAssembly: bytes go into the memory, and stay there until the last of it.

import type { Preprocessor } from "../cpu/patches.ts";
import { channelStride, patchGrid } from "../image/patches.ts";
import type { ResamplePlan } from "../image/resample.ts";
import { aligned, type Heap } from "./heap.ts";
import type { Call } from "./kernels.ts";

/** Takes memory from `at` on, behind the tensors, which is free until the steps run. Patches are a view of the same memory. */
export function preprocessorOn(heap: Heap, at: number, run: (call: Call) => void): Preprocessor {
  /** Runs `name` over `rows` rows with `args`, the addresses of the plan and of the data, and that of `byteLength` output bytes. */
  function resample(
    name: string,
    data: Uint8Array | Uint8ClampedArray,
    { starts, taps, weights }: ResamplePlan,
    rows: number,
    args: readonly number[],
    byteLength: number,
  ): Uint8Array {
    let end = at;
    const placed = (bytes: { readonly byteLength: number }) => {
      const place = end;
      end += aligned(bytes.byteLength);
      return place;
    };
    const places = [starts, weights, data, { byteLength }].map(placed);
    heap.reach(end);
    for (const [i, { buffer, byteOffset, byteLength }] of [starts, weights, data].entries())
      heap.bytes(places[i], byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
    run({ name, units: rows, grain: 1, args: [...args, taps, ...places], scratch: 0 });
    return heap.bytes(places[3], byteLength);
  }
  return {
    rows({ data, width, channels }, plan) {
      const [height, length] = [data.length / (width * channels), plan.starts.length];
      return resample("resampleRows", data, plan, height, [width, length], height * length * 3);
    },
    columns({ data, width, channels }, plan, firstRow) {
      const [height, stride] = [plan.starts.length, width * channels];
      const starts = plan.starts.map((start) => start - firstRow);
      return resample("resampleColumns", data, { ...plan, starts }, height, [stride], height * stride);
    },
    cut(rgb, layout, patches) {
      const { across, patches: units } = patchGrid(layout);
      const args = [across, layout.patch, layout.width, channelStride(layout.patch)];
      const places = [rgb.byteOffset, patches.byteOffset];
      run({ name: "cutPatches", units, grain: 1, args: [...args, ...places], scratch: 0 });
    },
  };
}
