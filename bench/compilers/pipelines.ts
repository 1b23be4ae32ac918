// Every pipeline that a set of models compiles on a machine, each once, with the steps that use it.

import { allCases } from "../../src/bench/kernels.ts";
import { madeUpModel, SHAPES, type ShapeName } from "../../src/bench/made-up-model.ts";
import type { ModelDescription } from "../../src/classifier/model.ts";
import { type AnyKernel, type Capabilities, type Grid, variantsFor } from "../../src/gpu/kernel.ts";
import { patchGrid } from "../../src/image/patches.ts";
import { resizePatches, resizePatchesFloat } from "../../src/kernels/resize-patches.ts";
import { resizeRows } from "../../src/kernels/resize-rows.ts";
import { type Arithmetic, arithmeticOf } from "../../src/lower/arithmetic.ts";
import { halfKernels } from "../../src/lower/half-kernels.ts";
import { programOf } from "../../src/lower/program-of.ts";
import { chooseByTable } from "../../src/scheduler/choose.ts";
import { type Step, step } from "../../src/scheduler/step.ts";
import type { Dispatch } from "./predict.ts";
import { workOf } from "./work.ts";
import { threadsOf } from "./workgroup.ts";

/** A step of a model that runs a pipeline. */
export interface Use {
  readonly program: ProgramName;
  readonly model: ShapeName;
  readonly batch: number;
  /** The kind of step, such as `fc1`, and in how many blocks it is. */
  readonly step: string;
  readonly times: number;
  readonly problem: object;
  readonly dispatch: Dispatch;
  /** Whether this variant is the first guess on this adapter. */
  readonly chosen: boolean;
}

export interface Pipeline {
  readonly kernel: string;
  readonly variant: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly uses: readonly Use[];
  readonly compile: { readonly kernel: AnyKernel; readonly problem: object };
}

export interface Selection {
  readonly models: readonly ShapeName[];
  readonly batches: readonly number[];
  readonly programs: readonly ProgramName[];
  /** Part of a kernel's name. */
  readonly kernel: string;
  /** Leave out variants that are never the first guess. */
  readonly chosenOnly: boolean;
  /** With what the browser offers behind its flag alone. */
  readonly matrixUnits: boolean;
}

/** Each way to compute a model, by the name that the table prints. */
const PROGRAMS = {
  int8: {},
  half: {},
  float32: { precision: "float32" },
  ibert: { integerOnly: true, nonlinear: "ibert" },
  ivit: { integerOnly: true, nonlinear: "ivit" },
} as const satisfies Record<string, Partial<Arithmetic>>;
/** Or `cases`: every kernel that there is, at the largest problem of its cases. */
export type ProgramName = keyof typeof PROGRAMS | "cases";

export async function pipelinesFor(machine: Capabilities, selection: Selection): Promise<Pipeline[]> {
  const found = new Map<string, Pipeline & { uses: Use[] }>();
  for (const { use, steps } of await everyProgram(machine, selection))
    for (const { step, label, times } of distinct(steps)) {
      const choice = chooseByTable(step, machine);
      for (const kernel of step.kernels)
        for (const variant of variantsFor(kernel, machine, step.problem)) {
          const chosen = choice.kernel === kernel && choice.variant === variant;
          if (!kernel.name.includes(selection.kernel) || (selection.chosenOnly && !chosen)) continue;
          const { wgsl, constants, grid } = kernel.variants[variant];
          const values = constants?.(step.problem) ?? {};
          const key = `${kernel.name}/${variant} ${JSON.stringify(values)}`;
          const problem = step.problem as object;
          const pipeline = found.get(key) ?? {
            kernel: kernel.name,
            variant,
            constants: values,
            uses: [],
            compile: { kernel, problem },
          };
          found.set(key, pipeline);
          const size = { workgroups: countOf(grid(problem)), threads: threadsOf(wgsl, values) };
          const work = workOf({ kernel, variant, problem, ...size });
          const dispatch = { ...size, ...work, stepBytes: kernel.bytes(problem) };
          pipeline.uses.push({ ...use, step: label, times, problem, dispatch, chosen });
        }
    }
  return [...found.values()];
}

async function everyProgram(machine: Capabilities, { models, batches, programs }: Selection) {
  const all = [];
  if (programs.includes("cases"))
    all.push({ use: { program: "cases", model: models[0], batch: 1 } as const, steps: caseSteps(machine) });
  for (const model of models)
    for (const program of programs) {
      if (program === "cases") continue;
      const description = madeUpModel(`DeiT-${model}`, SHAPES[model]);
      const streamed = program === "half" ? halfKernels : undefined;
      const arithmetic = arithmeticOf(PROGRAMS[program]);
      const { graph } = await programOf(description, arithmetic, machine, streamed);
      for (const batch of batches) {
        const steps = [...preprocessing(description, arithmetic), ...graph(batch).steps];
        all.push({ use: { program, model, batch }, steps });
      }
    }
  return all;
}

/** Of one image, such as a camera's, of 640 by 480 pixels. */
function preprocessing(
  { input, affine }: ModelDescription,
  { precision }: Pick<Arithmetic, "precision">,
): Step[] {
  const layout = { ...input, affine };
  const { across, down } = patchGrid(layout);
  const problem = { ...layout, patches: across * down, taps: 5 };
  const patches = { narrow: "", tables: "", resize: "", patches: "" };
  return [
    step(
      "resize",
      "resize",
      resizeRows,
      { width: input.width, rows: 480, taps: 5 },
      { ...patches, picture: "" },
    ),
    precision === "float32"
      ? step("patches", "resize", resizePatchesFloat, problem, patches)
      : step("patches", "resize", resizePatches, problem, { ...patches, scales: "" }),
  ];
}

function caseSteps(machine: Capabilities): Step[] {
  return allCases.flatMap(({ kernel, problems }) => {
    const work = ({ problem }: (typeof problems)[number]) => kernel.macs(problem) + kernel.bytes(problem);
    const { problem } = problems.reduce((a, b) => (work(b) > work(a) ? b : a));
    const isHere = variantsFor(kernel, machine, problem).length > 0;
    return isHere ? [{ label: "", operation: "", kernels: [kernel], problem, buffers: {} }] : [];
  });
}

/** Steps that differ in their problem or their kernels; `blocks.3.fc1` and `blocks.4.fc1` are one, in two blocks. */
function distinct(steps: readonly Step[]) {
  const found = new Map<string, { step: Step; label: string; times: number }>();
  for (const step of steps) {
    const key = JSON.stringify([step.kernels.map(({ name }) => name), step.problem]);
    const known = found.get(key);
    if (known) known.times++;
    else found.set(key, { step, label: step.label.replace(/^blocks\.\d+\./, ""), times: 1 });
  }
  return found.values();
}

const countOf = ([x, y = 1, z = 1]: Grid) => x * y * z;
