/** Embeds images in the background, each once; knows neither the page nor where they are kept. */

/** An image to be indexed. */
export interface Candidate {
  /** Identifies a file: path, size and date. */
  readonly key: string;
  readonly name: string;
  readonly file: Blob;
}

export interface Indexed {
  readonly key: string;
  readonly name: string;
  readonly embedding: Float32Array;
  readonly thumbnail: Blob;
}

/** A decoded image; `close` releases its memory. */
interface Opened<P> {
  readonly picture: P;
  readonly thumbnail: Blob;
  close(): void;
}

export interface Means<P> {
  open(candidate: Candidate): Promise<Opened<P>>;
  embed(pictures: readonly P[], signal: AbortSignal): Promise<Float32Array[]>;
  /** Whether `embed` failed because of the image itself: the others continue. */
  isUnreadable(error: unknown): boolean;
  /** Keeps all of them or none. */
  keep(images: readonly Indexed[]): Promise<void>;
}

export interface Progress {
  /** Kept or unreadable. */
  readonly done: number;
  readonly total: number;
  readonly unreadable: readonly string[];
}

/** Few, for images of a camera take 50 MB each while they are decoded. */
const BATCH = 4;

/**
 * Resolves when all candidates are stored, except for those that cannot be read. While a batch is embedded, the next one is decoded.
 * @param going is awaited before each batch: a pause
 * @throws the errors of `embed` and `keep`, and the signal's reason; images that are stored stay
 */
export async function indexImages<P>(
  candidates: readonly Candidate[],
  means: Means<P>,
  { signal, going, tell }: { signal: AbortSignal; going: () => Promise<void>; tell: (p: Progress) => void },
): Promise<void> {
  const unreadable: string[] = [];
  const openAt = (at: number) => Promise.all(candidates.slice(at, at + BATCH).map((one) => open(one, means)));
  let ahead = openAt(0);
  try {
    for (let at = 0; at < candidates.length; at += BATCH) {
      await going();
      signal.throwIfAborted();
      const batch = await ahead;
      ahead = openAt(at + BATCH);
      unreadable.push(...(await indexBatch(batch, means, signal)));
      tell({ done: at + batch.length, total: candidates.length, unreadable });
    }
  } finally {
    for (const image of await ahead) image.opened?.close();
  }
}

type Ready<P> = Candidate & { readonly opened?: Opened<P> };

async function open<P>(candidate: Candidate, means: Means<P>): Promise<Ready<P>> {
  return { ...candidate, opened: await means.open(candidate).catch(() => undefined) };
}

/** The names of those that cannot be read. */
async function indexBatch<P>(
  batch: readonly Ready<P>[],
  means: Means<P>,
  signal: AbortSignal,
): Promise<string[]> {
  try {
    const embeddings = await embedBatch(batch, means, signal);
    signal.throwIfAborted();
    await means.keep(
      batch.flatMap(({ key, name, opened }, i) => {
        const embedding = embeddings[i];
        return opened && embedding ? [{ key, name, embedding, thumbnail: opened.thumbnail }] : [];
      }),
    );
    return batch.filter((_, i) => !embeddings[i]).map(({ name }) => name);
  } finally {
    for (const { opened } of batch) opened?.close();
  }
}

/** Of each that can be read; one by one where not all can. */
async function embedBatch<P>(
  batch: readonly Ready<P>[],
  means: Means<P>,
  signal: AbortSignal,
): Promise<(Float32Array | undefined)[]> {
  const pictures = batch.flatMap(({ opened }) => (opened ? [opened.picture] : []));
  try {
    const embeddings = pictures.length > 0 ? await means.embed(pictures, signal) : [];
    return batch.map(({ opened }) => opened && embeddings.shift());
  } catch (error) {
    if (!means.isUnreadable(error)) throw error;
    if (batch.length === 1) return [undefined];
  }
  const alone: (Float32Array | undefined)[] = [];
  for (const one of batch) alone.push(...(await embedBatch([one], means, signal)));
  return alone;
}
