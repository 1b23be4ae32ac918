// The interface of a kernel: its bindings, its variants, and how a problem becomes constants and a grid.

/** How a shader touches one binding. The order of the keys is the binding index in group 0. */
export type Access = "read" | "write" | "uniform" | "texture";
export type Bindings = Readonly<Record<string, Access>>;
/** Workgroups along x, y and z. */
export type Grid = readonly [x: number, y?: number, z?: number];

/** Properties of the machine that a variant may require. */
export interface Capabilities {
  /** The adapter's vendor, such as `nvidia` or `apple`. */
  readonly vendor: string;
  /** Whether the adapter is a program on the CPU. */
  readonly software: boolean;
  readonly features: ReadonlySet<string>;
  /** WGSL language features, such as packed_4x8_integer_dot_product. */
  readonly language: ReadonlySet<string>;
  /** The only subgroup size of this adapter; undefined if it varies or subgroups are missing. */
  readonly subgroupSize: number | undefined;
  /** Shapes of matrices of int8 that subgroups of 32 multiply into i32, as `16x16x32`: rows, columns, depth. */
  readonly int8Matrices: ReadonlySet<string>;
  readonly limits: Pick<
    GPUSupportedLimits,
    "maxComputeInvocationsPerWorkgroup" | "maxComputeWorkgroupStorageSize" | "maxStorageBuffersPerShaderStage"
  >;
}

/** One way to compute a kernel: its linked WGSL, the override constants and the grid for a problem. */
export interface Variant<P> {
  readonly wgsl: string;
  /** Absent: the problem is set at run time, in `params`. */
  readonly constants?: (problem: P) => Readonly<Record<string, number>>;
  readonly grid: (problem: P) => Grid;
  /** The kind of adapter it is shaped for; absent: either. A first guess only. */
  readonly shapedFor?: "gpu" | "software";
  /** Its inner product, of which `dot4` needs dot4I8Packed; undefined without one. */
  readonly inner?: "dot4" | "f32";
  /** The vendor whose GPUs it is shaped for; absent: any. A first guess only. */
  readonly vendor?: string;
  /** Rows and columns that a workgroup makes, absent where that is no choice, and how much of K it takes at a time, where that is not 64. */
  readonly tile?: readonly [rows: number, columns: number, k?: number];
  /** Threads of a workgroup, for a tile. */
  readonly threads?: number;
  /** Absent: runs everywhere WebGPU does, at default limits. */
  readonly runsOn?: (capabilities: Capabilities, problem: P) => boolean;
}

/** A small problem with its expected output: the self-test of a variant on this driver. */
export interface Probe {
  readonly problem: unknown;
  /** Host data of every binding that is read. */
  readonly inputs: Readonly<Record<string, Float32Array | Int8Array | Uint16Array>>;
  /**
   * The first elements of every output, and how far off each may be, of f16 in the steps of its bits; `byteLength` is that
   * of the whole buffer.
   */
  readonly outputs: Readonly<
    Record<string, { expected: Float32Array | Int8Array | Uint16Array; off: number; byteLength: number }>
  >;
}

/** A kernel as TypeScript sees it: every variant computes the same thing through the same bindings. */
export interface Kernel<B extends Bindings = Bindings, P = never> {
  readonly name: string;
  readonly bindings: B;
  readonly variants: Readonly<Record<string, Variant<P>>>;
  /** Contents of the uniform binding `params` at run time; undefined if the shader has none. */
  readonly params?: (problem: P) => Uint32Array;
  /** Absent: the kernel is trusted as it compiles. */
  readonly probe?: () => Probe;
  /** Throws RangeError for a problem that no variant can compute. */
  readonly check: (problem: P) => void;
  /** Splits the problem into about this number of problems, one after another on the same buffers; undefined if it cannot be split. */
  readonly cut?: (problem: P, parts: number) => readonly unknown[];
  /** Multiply-adds, for GOP/s. */
  readonly macs: (problem: P) => number;
  /** Bytes read and written at least once, for GB/s. */
  readonly bytes: (problem: P) => number;
}

// biome-ignore lint/suspicious/noExplicitAny: a list of kernels mixes problem types; each step pairs its own two
export type AnyKernel = Kernel<Bindings, any>;

/** Freezes a kernel; its parameter types are what misspelled bindings and problems fail against. */
export function defineKernel<const B extends Bindings, P>(kernel: Kernel<B, P>): Kernel<B, P> {
  return Object.freeze(kernel);
}

/** The names of the variants that run a problem on this machine, in the order the kernel prefers them. */
export function variantsFor<P>(kernel: Kernel<Bindings, P>, machine: Capabilities, problem: P): string[] {
  kernel.check(problem);
  const hasDot4 = machine.language.has("packed_4x8_integer_dot_product");
  return Object.entries(kernel.variants)
    .filter(([, { inner, runsOn }]) => (inner !== "dot4" || hasDot4) && (runsOn?.(machine, problem) ?? true))
    .map(([name]) => name);
}

/** Throws RangeError for a problem that does not fit what its kernel expects; `got`: the sizes that it expects something of. */
export function checkProblem(fits: boolean, kernel: string, expected: string, ...got: unknown[]): void {
  if (!fits) throw new RangeError(`${kernel}: expected ${expected}; got ${got.join(", ")}`);
}

const BUFFER_TYPES = { read: "read-only-storage", write: "storage", uniform: "uniform" } as const;

/** The explicit layout of group 0: no `layout: "auto"`, so a bind group outlives a change of variant. */
export function layoutEntries(bindings: Bindings): GPUBindGroupLayoutEntry[] {
  return Object.values(bindings).map((access, binding) =>
    access === "texture"
      ? { binding, visibility: GPUShaderStage.COMPUTE, texture: { sampleType: "float" } }
      : { binding, visibility: GPUShaderStage.COMPUTE, buffer: { type: BUFFER_TYPES[access] } },
  );
}
