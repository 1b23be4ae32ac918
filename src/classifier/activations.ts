// Reads every activation of a run as f32, to find out where errors arise.

import type { Arena } from "../gpu/arena.ts";
import type { Gpu } from "../gpu/gpu.ts";
import { GROUP } from "../kernels/gemm.ts";
import type { ModelGraph } from "../lower/lowering.ts";
import type { Program } from "../lower/program.ts";
import { ROW_SCALE } from "../quant/outlier.ts";
import { Plan } from "../scheduler/plan.ts";
import { chooseProven } from "../scheduler/proven.ts";
import type { Tensor } from "../scheduler/step.ts";
import type { ModelDescription } from "./model.ts";
import type { PictureSource } from "./picture.ts";
import { PictureSlot } from "./picture-slot.ts";

/** Runs a program one image at a time and keeps what every step wrote. */
export class Activations {
  readonly graph: ModelGraph;
  /** By name: what steps write, without the scales of int8 ones. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly #plan: Plan;
  readonly #slot: PictureSlot;

  private constructor(graph: ModelGraph, plan: Plan, slot: PictureSlot) {
    this.graph = graph;
    this.tensors = new Map(graph.steps.map(({ buffers: { out } }) => [out, graph.tensors.get(out)!]));
    this.#plan = plan;
    this.#slot = slot;
  }

  static open(
    gpu: Gpu,
    { input, preprocessing, affine }: ModelDescription,
    program: Program,
    weights: Arena,
  ): Promise<Activations> {
    return gpu.guarded("reading activations", async () => {
      const graph = program.graph(1);
      const outputs = [...graph.tensors.keys()].filter((name) => !name.startsWith("patches"));
      const plan = await Plan.create(
        gpu,
        { ...graph, held: new Set(graph.tensors.keys()) },
        { weights, outputs, choose: chooseProven(gpu) },
      );
      const slot = await PictureSlot.create(gpu, {
        framing: preprocessing,
        layout: { ...input, affine },
        patches: plan.tensor("patches"),
        ...(graph.tensors.has("patches.scale") && { scales: plan.tensor("patches.scale") }),
      });
      return new Activations(graph, plan, slot);
    });
  }

  /** int8 tensors are multiplied by their scales. Calls must not overlap. */
  async read(picture: PictureSource): Promise<ReadonlyMap<string, Float32Array>> {
    this.#slot.prepare(picture, this.graph.firstRow(0));
    const outputs = await this.#plan.run((pass) => this.#slot.encode(pass));
    const scalesOf = (name: string) => new Float32Array(outputs[`${name}.scale`]);
    const values = [...this.tensors].map(([name, { rows, columns, form }]) => {
      const length = rows * columns;
      if (form === "f32") return [name, new Float32Array(outputs[name]).subarray(0, length)] as const;
      const q = new Int8Array(outputs[name]).subarray(0, length);
      return [
        name,
        form === "row" ? fromRows(q, scalesOf(name), columns) : fromGroups(q, scalesOf(name)),
      ] as const;
    });
    return new Map(values);
  }

  destroy(): void {
    this.#plan.destroy();
    this.#slot.destroy();
  }
}

function fromGroups(q: Int8Array, scales: Float32Array): Float32Array {
  return Float32Array.from(q, (value, i) => value * scales[Math.floor(i / GROUP)]);
}

function fromRows(q: Int8Array, scales: Float32Array, width: number): Float32Array {
  const values = Float32Array.from(q, (value, i) => value * scales[Math.floor(i / width) * ROW_SCALE]);
  for (let row = 0; row * width < q.length; row++) {
    const [scale, excess, channel] = scales.subarray(row * ROW_SCALE, (row + 1) * ROW_SCALE);
    values[row * width + channel] += excess * scale;
  }
  return values;
}
