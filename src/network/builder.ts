// Families write their forward pass with it: each call adds an operation and returns its output.

import { UnsupportedModelError } from "../errors/errors.ts";
import type { Activation } from "../tensor/activation.ts";
import { checkWindows } from "./attention-options.ts";
import type { AttentionOptions, Derived, HeadNorm, Learnt, Network, Op, Rotation, Value } from "./op.ts";

const MAX_TOKENS = 65_536;
const MAX_HEAD_DIM = 128;
const isHeadDim = (size: number) => size > 0 && size <= MAX_HEAD_DIM && size % 8 === 0;

interface LinearOptions {
  /** Default: as many as x has. */
  readonly out?: number;
  readonly bias?: boolean;
  /** Equal pieces of the output, such as heads; default 1. */
  readonly parts?: number;
  /** Shape of the weight in a checkpoint; default [out, in]. */
  readonly shape?: readonly number[];
}

interface TableOptions extends Partial<Stretch> {
  readonly as: string;
  readonly antialias?: boolean;
  /** Shape of the table in a checkpoint; default [1, count, width]. */
  readonly shape?: readonly number[];
}

interface HeadsOptions {
  readonly norm?: HeadNorm;
  readonly rotation?: Rotation;
}

/** Rows one after another. */
interface Stretch {
  readonly first: number;
  readonly count: number;
}

export class Builder {
  readonly #ops: Op[] = [];
  readonly #derived: Derived[] = [];

  /**
   * Every square of `patch` pixels of an image, row by row, its three colors one after another.
   * @throws UnsupportedModelError where the image is not a whole number of patches, or too many
   */
  patches(picture: { readonly width: number; readonly height: number; readonly patch: number }): Value {
    const { width, height, patch } = picture;
    const grid = { width: width / patch, height: height / patch };
    if (width % patch || height % patch || grid.width * grid.height > MAX_TOKENS)
      throw new UnsupportedModelError(
        `config.json: expected whole patches of ${patch} pixels, at most ${MAX_TOKENS}, got an image of ${width}x${height}. Change image_size.`,
      );
    const out = { name: "patches", rows: grid.width * grid.height, width: 3 * patch ** 2, parts: 3 };
    return this.#add({ kind: "patches", name: "patches", reads: [], out, first: 0, grid });
  }

  /** x weight^T + bias. */
  linear(name: string, x: Value, options: LinearOptions = {}): Value {
    const { out: width = x.width, bias = true, parts = 1, shape = [width, x.width] } = options;
    const sources = [{ stem: name, firstRow: 0, firstColumn: 0, shape, bias }];
    const out = { name, rows: x.rows, width, parts };
    return this.#add({ kind: "linear", name, reads: [x], out, sources, joined: 1 });
  }

  /** LayerNorm. */
  norm(name: string, x: Value, eps: number): Value {
    return this.#add({ kind: "norm", name, reads: [x], out: { ...x, name, parts: 1 }, eps });
  }

  /**
   * Attention of q, k and v, whose parts are the heads; q may have another number of rows than k and v.
   * @throws UnsupportedModelError for an unsupported head dimension, and for windows that do not divide the grid
   */
  attention(name: string, q: Value, k: Value, v: Value, options: AttentionOptions = {}): Value {
    if (!isHeadDim(q.width / q.parts))
      throw new UnsupportedModelError(
        `${name}: expected a head dim that is a multiple of 8, at most ${MAX_HEAD_DIM}, got ${q.width} channels in ${q.parts} heads. Load another model.`,
      );
    if (options.windows) checkWindows(name, q, options.windows);
    return this.#add({ kind: "attention", name, reads: [q, k, v], out: { ...q, name }, ...options });
  }

  /** Each head of Q or K normalized, with parameters of this name, and rotated, before `attention` reads it. */
  heads(name: string, x: Value, { norm, rotation }: HeadsOptions): Value {
    const sets = [{ ...(norm && { norm: { ...norm, name } }), rotation }];
    return this.#add({ kind: "heads", name, reads: [x], out: { ...x, name }, sets });
  }

  /** Declares a parameter that is derived from others at load; operations use its name like any other. */
  derived(derived: Derived): string {
    this.#derived.push(derived);
    return derived.name;
  }

  /** Replaces x, and keeps its name. */
  activation(name: string, x: Value, activation: Activation): Value {
    return this.#add({ kind: "activation", name, reads: [x], out: { ...x }, activation });
  }

  /** x + y, or x + scale y with the parameter of that name; the sum is called `as`. */
  add(
    name: string,
    x: Value,
    y: Value,
    { as, scale }: { readonly as: string; readonly scale?: string },
  ): Value {
    return this.#add({ kind: "add", name, reads: [x, y], out: { ...x, name: as }, scale });
  }

  /** Learned rows, one for a name alone, before row `at` of x. */
  tokens(tokens: readonly (string | Learnt)[], x: Value, { at = 0 }: { readonly at?: number } = {}): Value {
    const learnt = tokens.map((token) => (typeof token === "string" ? { name: token, rows: 1 } : token));
    const rows = learnt.reduce((sum, token) => sum + token.rows, x.rows);
    const out = { ...x, name: "tokens", rows };
    return this.#add({ kind: "tokens", name: "tokens", reads: [x], out, tokens: learnt, at });
  }

  /** Learned rows by themselves, the same for every image. */
  learnt(name: string, { width, ...learnt }: Omit<Learnt, "name"> & { readonly width: number }): Value {
    const out = { name, rows: learnt.rows, width, parts: 1 };
    return this.#add({ kind: "learnt", name, reads: [], out, learnt: { name, ...learnt } });
  }

  /** x and the parameter `table`, which has a row for each of `count` rows of x from `first` on; the sum is called `as`. */
  table(table: string, x: Value, options: TableOptions): Value {
    const { as, antialias = false, first = 0, count = x.rows - first } = options;
    const { shape = [1, count, x.width] } = options;
    const out = { ...x, name: as };
    return this.#add({ kind: "table", name: table, reads: [x], out, table, shape, first, count, antialias });
  }

  /** The first rows of a text network: a token's and its place's, of tables with so many rows. */
  lookup(name: string, sizes: { words: number; places: number; rows: number; width: number }): Value {
    const { words, places, rows, width } = sizes;
    const out = { name, rows, width, parts: 1 };
    return this.#add({ kind: "lookup", name, reads: [], out, words, places });
  }

  row(x: Value, index: number): Value {
    return this.rows(`${x.name}.${index}`, x, { first: index, count: 1 });
  }

  /** `count` rows of x from `first` on; default: all that follow. */
  rows(name: string, x: Value, { first = 0, count = x.rows - first }: Partial<Stretch>): Value {
    return this.gather(
      name,
      x,
      Array.from({ length: count }, (_, i) => first + i),
    );
  }

  /** Rows of x by their number, `pieces` at a time side by side: [rows, pieces]; -1 is a row of zeros. */
  gather(name: string, x: Value, index: readonly number[], pieces = 1): Value {
    const wide = pieces > 1 ? { width: pieces * x.width, parts: 1 } : {};
    const out = { ...x, name, rows: index.length / pieces, ...wide };
    return this.#add({ kind: "gather", name, reads: [x], out, index, pieces });
  }

  /** The mean of `count` rows of x from `first` on; default: all that follow. */
  pool(name: string, x: Value, { first = 0, count = x.rows - first }: Partial<Stretch> = {}): Value {
    return this.#add({ kind: "pool", name, reads: [x], out: { ...x, name, rows: 1 }, first, count });
  }

  /** x and y side by side. */
  concat(name: string, x: Value, y: Value): Value {
    const out = { name, rows: x.rows, width: x.width + y.width, parts: 1 };
    return this.#add({ kind: "concat", name, reads: [x, y], out });
  }

  /** activation(x) y, value by value, as SwiGLU and GEGLU have it (Shazeer 2020, "GLU Variants Improve Transformer"). */
  gate(name: string, x: Value, y: Value, activation: Activation): Value {
    return this.#add({ kind: "gate", name, reads: [x, y], out: { ...x, name }, activation });
  }

  mean(name: string, ...values: readonly Value[]): Value {
    return this.#add({ kind: "mean", name, reads: values, out: { ...values[0], name } });
  }

  network(outputs: Readonly<Record<string, Value>>): Network {
    return { ops: this.#ops, outputs, derived: this.#derived };
  }

  #add(op: Op): Value {
    this.#ops.push(op);
    return op.out;
  }
}
