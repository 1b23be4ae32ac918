// Symmetric positive definite systems, dense, in f64: as much as the corrections of weights need.

/** X^T X of [rows, columns]. */
export function gram(values: Float32Array | Float64Array, columns: number): Float64Array {
  const g = new Float64Array(columns * columns);
  for (let from = 0; from < values.length; from += columns)
    for (let i = 0; i < columns; i++) {
      const x = values[from + i];
      if (x === 0) continue;
      for (let j = 0; j <= i; j++) g[i * columns + j] += x * values[from + j];
    }
  for (let i = 0; i < columns; i++) for (let j = 0; j < i; j++) g[j * columns + i] = g[i * columns + j];
  return g;
}

/** Lower L with L L^T = a + ridge I, [n, n]. */
export function cholesky(a: Float64Array, n: number, ridge = 0): Float64Array {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j] + (i === j ? ridge : 0);
      for (let k = 0; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
      l[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / l[j * n + j];
    }
  return l;
}

/** Solves L L^T x = b in place. */
export function solve(l: Float64Array, n: number, b: Float64Array): Float64Array {
  for (let i = 0; i < n; i++) {
    let sum = b[i];
    for (let k = 0; k < i; k++) sum -= l[i * n + k] * b[k];
    b[i] = sum / l[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i];
    for (let k = i + 1; k < n; k++) sum -= l[k * n + i] * b[k];
    b[i] = sum / l[i * n + i];
  }
  return b;
}

/** (L L^T)^-1, [n, n]. */
export function inverse(l: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let column = 0; column < n; column++) {
    const unit = new Float64Array(n);
    unit[column] = 1;
    out.set(solve(l, n, unit), column * n);
  }
  return out;
}
