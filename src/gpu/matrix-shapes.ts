// The int8 matrices that the subgroups of an adapter multiply into i32, if it has subgroups of 32. Loaded if the feature is available.

/** Dawn's list for an adapter; not in the types yet. */
interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** Matrix sizes that the kernels require of an adapter. */
const SUBGROUP = 32;

/** Shapes as `16x16x32`: rows, columns, depth. */
export function int8Matrices(info: Partial<GPUAdapterInfo>): ReadonlySet<string> {
  const { subgroupMatrixConfigs: configs = [] } = info as { subgroupMatrixConfigs?: readonly MatrixConfig[] };
  const { subgroupMinSize = SUBGROUP, subgroupMaxSize = SUBGROUP } = info;
  if (subgroupMinSize > SUBGROUP || subgroupMaxSize < SUBGROUP) return new Set();
  const shapes = [...configs]
    .filter(
      ({ componentType, resultComponentType }) => componentType === "i8" && resultComponentType === "i32",
    )
    .map(({ M, N, K }) => `${M}x${N}x${K}`);
  return new Set(shapes);
}
