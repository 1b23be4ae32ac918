// The first choice of a step's kernel and variant: by the machine's properties, without measuring.

import { DeviceError } from "../errors/errors.ts";
import { type AnyKernel, type Capabilities, type Variant, variantsFor } from "../gpu/kernel.ts";
import type { Choice } from "./settle.ts";
import type { Step } from "./step.ts";

export interface Candidate {
  readonly kernel: AnyKernel;
  readonly name: string;
  readonly variant: Variant<never>;
}

/**
 * All candidates for a step on this machine, the most promising first. Those for this kind of adapter are first. Then, on a GPU:
 * dot4I8Packed (but f32 on Apple, because MSL has no int8 dot), those for this vendor, those with enough threads to hide latency, and tiles
 * by their estimated cost. On a software adapter, and otherwise last: the order of the step's kernels, which is that of their speed there.
 */
export function candidatesFor(step: Step, machine: Capabilities): Candidate[] {
  const kind = machine.software ? "software" : "gpu";
  const inner = machine.vendor === "apple" ? "f32" : "dot4";
  const costs = ({ variant }: Candidate) => [
    Number((variant.shapedFor ?? kind) !== kind),
    Number(!machine.software && (variant.inner ?? inner) !== inner),
    variant.vendor ? (variant.vendor === machine.vendor ? -1 : 1) : 0,
    Number(!machine.software && busyThreads(variant, step.problem) < (LEAST_THREADS[machine.vendor] ?? 0)),
    machine.software ? 0 : tileCost(variant, step.problem, machine),
  ];
  return allFor(step, machine)
    .map((candidate) => ({ candidate, cost: costs(candidate) }))
    .sort((a, b) => compare(a.cost, b.cost))
    .map(({ candidate }) => candidate);
}

/** The first guess, without measuring. */
export function chooseByTable(step: Step, machine: Capabilities): Choice {
  const [{ kernel, name }] = candidatesFor(step, machine);
  const kind = machine.software ? "software" : "gpu";
  return { kernel, variant: name, why: `table: ${kind}, ${machine.vendor || "unknown vendor"}` };
}

function allFor(step: Step, machine: Capabilities): Candidate[] {
  const candidates = step.kernels.flatMap((kernel) =>
    variantsFor(kernel, machine, step.problem).map((name) => ({
      kernel,
      name,
      variant: kernel.variants[name] as Variant<never>,
    })),
  );
  if (candidates.length === 0)
    throw new DeviceError(
      `${step.label}: no variant of ${step.kernels[0].name} runs on this adapter. Load with device: "cpu".`,
    );
  return candidates;
}

/**
 * Compute units of a good GPU of each vendor: multiprocessors, compute units, Xe cores or cores. Too few of them are idle with large tiles.
 * AMD's and Intel's are between those of two GPUs each, for which `bench:compilers` predicts short times with the tiles that they choose.
 */
const CORES: Readonly<Record<string, number>> = { nvidia: 64, amd: 68, intel: 22, apple: 8, qualcomm: 6 };
const OTHER_CORES = 8;

/** Threads that a core computes with at a time. */
const LANES = 128;

/** Threads of a dispatch that hide the latency of a GPU's memory: 96 waves of AMD's 64. With fewer, most SIMDs have one wave or none. */
const LEAST_THREADS: Readonly<Record<string, number>> = { amd: 96 * 64 };

/**
 * The cost of loading a row or column of a tile, and of reading a row or column of a thread, in outputs: the reason why a large tile is
 * faster if it is full.
 */
const EDGE = 4;
const READ = 1;

/** Of a whole dispatch, idle rows left out; variants without a tile have enough. */
function busyThreads({ tile, threads = LANES }: Variant<never>, problem: unknown): number {
  if (!tile) return Number.POSITIVE_INFINITY;
  const { rows, n } = problem as { rows: number; n: number };
  return (rows * n * threads) / (tile[0] * tile[1]);
}

/** In outputs of one thread: workgroups one after another on the cores there are, each with its edges, idle rows and K and all. */
function tileCost(
  { tile, threads = LANES, grid }: Variant<never>,
  problem: unknown,
  { vendor }: Capabilities,
): number {
  if (!tile) return 0;
  const [rows, columns, depth = 1] = tile;
  const [x, y = 1, z = 1] = grid(problem as never);
  const { k } = problem as { k: number };
  const atATime = (CORES[vendor] ?? OTHER_CORES) * Math.max(1, LANES / threads);
  const turns = Math.ceil((x * y * z) / atATime) * Math.max(1, threads / LANES);
  const outputs = (rows * columns) / threads;
  const idle = (Math.ceil(k / depth) * depth) / k;
  return turns * idle * (outputs + (EDGE * (rows + columns)) / threads + READ * (outputs / 4 + 4));
}

/** By the first that differs. */
function compare(a: readonly number[], b: readonly number[]): number {
  return a.reduce((order, value, i) => order || value - b[i], 0);
}
