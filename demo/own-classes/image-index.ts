/** The images of a model that this browser has indexed: embeddings in memory, and all of it in IndexedDB. */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Indexed } from "./indexing.ts";
import { Vectors } from "./nearest.ts";

/** By model and key of the image. */
type Key = [model: string, key: string];

interface Schema extends DBSchema {
  images: { key: Key; value: { readonly name: string; readonly embedding: Float32Array } };
  /** Apart, so that a search reads those that it shows and no others. */
  thumbnails: { key: Key; value: Blob };
}

let opening: Promise<IDBPDatabase<Schema>> | undefined;

function database(): Promise<IDBPDatabase<Schema>> {
  opening ??= openDB<Schema>("vit8-images", 1, {
    upgrade(db) {
      db.createObjectStore("images");
      db.createObjectStore("thumbnails");
    },
  });
  return opening;
}

export class ImageIndex {
  readonly vectors = new Vectors();
  readonly #model: string;
  /** In the order of the vectors. */
  readonly #keys: string[] = [];
  readonly #names: string[] = [];

  private constructor(model: string) {
    this.#model = model;
  }

  /** What was indexed with a model before; it needs no model. */
  static async open(model: string): Promise<ImageIndex> {
    const index = new ImageIndex(model);
    const { store } = (await database()).transaction("images");
    const [keys, values] = await Promise.all([store.getAllKeys(index.#range), store.getAll(index.#range)]);
    for (const [i, [, key]] of keys.entries()) index.#remember(key, values[i].name, values[i].embedding);
    return index;
  }

  get keys(): ReadonlySet<string> {
    return new Set(this.#keys);
  }

  keyOf(index: number): string {
    return this.#keys[index];
  }

  nameOf(index: number): string {
    return this.#names[index];
  }

  /** All of them or none. */
  async keep(images: readonly Indexed[]): Promise<void> {
    const transaction = (await database()).transaction(["images", "thumbnails"], "readwrite");
    for (const { key, name, embedding, thumbnail } of images) {
      void transaction.objectStore("images").put({ name, embedding }, [this.#model, key]);
      void transaction.objectStore("thumbnails").put(thumbnail, [this.#model, key]);
    }
    await transaction.done;
    for (const { key, name, embedding } of images) this.#remember(key, name, embedding);
  }

  async thumbnailOf(index: number): Promise<Blob | undefined> {
    return (await database()).get("thumbnails", [this.#model, this.#keys[index]]);
  }

  async clear(): Promise<void> {
    const transaction = (await database()).transaction(["images", "thumbnails"], "readwrite");
    for (const store of ["images", "thumbnails"] as const)
      void transaction.objectStore(store).delete(this.#range);
    await transaction.done;
    this.vectors.clear();
    this.#keys.length = 0;
    this.#names.length = 0;
  }

  /** The keys of this model's images: arrays sort after all strings. */
  get #range(): IDBKeyRange {
    return IDBKeyRange.bound([this.#model], [this.#model, []]);
  }

  #remember(key: string, name: string, embedding: Float32Array): void {
    this.vectors.add(embedding);
    this.#keys.push(key);
    this.#names.push(name);
  }
}
