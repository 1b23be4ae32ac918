// The sizes of a problem for people.

/** The M, N and K of a matrix product, as `197 x 576 x 192`; undefined for another problem. */
export function matrixShape(problem: object): string | undefined {
  const { rows, n, k } = problem as { readonly rows?: number; readonly n?: number; readonly k?: number };
  return rows && n && k ? `${rows} x ${n} x ${k}` : undefined;
}
