// Embeddings of length 1: their cosine is a sum of products.

export function normalized(values: Float32Array): Float32Array {
  let squares = 0;
  for (const value of values) squares += value * value;
  const length = Math.sqrt(squares) || 1;
  return values.map((value) => value / length);
}

export function meanOf(embeddings: readonly Float32Array[]): Float32Array {
  if (embeddings.length === 1) return embeddings[0].slice();
  return normalized(embeddings[0].map((_, c) => embeddings.reduce((sum, one) => sum + one[c], 0)));
}

export function cosineOf(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  for (let i = 0; i < a.length; i++) dot += a[i] * b[i];
  return dot;
}
