// The images nearest to an embedding, read from a file some rows at a time.

import { Vit8Error } from "../errors/errors.ts";
import { openRows } from "./output.ts";

export interface Neighbor {
  readonly key: string;
  /** Cosine of the two embeddings. */
  readonly similarity: number;
}

/** The `count` nearest, best first. @throws Vit8Error for a file without embeddings, or with others than the model's. */
export async function nearest(file: string, query: Float32Array, count: number): Promise<Neighbor[]> {
  const { metadata, rows } = await openRows(file);
  if (!metadata.embedding)
    throw new Vit8Error(`${file}: expected embeddings, got none. Run vit8 label with --embed.`);
  if (metadata.embedding !== query.length)
    throw new Vit8Error(
      `${file}: expected embeddings of ${query.length} values, got ${metadata.embedding}. Use the model that made them, ${metadata.model}.`,
    );
  const best: Neighbor[] = [];
  for await (const { key, embedding } of rows()) {
    if (!embedding) continue;
    const similarity = cosine(query, embedding);
    if (best.length === count && similarity <= best[count - 1].similarity) continue;
    const place = best.findIndex((other) => other.similarity < similarity);
    best.splice(place < 0 ? best.length : place, 0, { key, similarity });
    best.length = Math.min(best.length, count);
  }
  return best;
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return ab / Math.sqrt(aa * bb);
}
