// What a family writes its forward pass with: each call adds an operation and returns what it makes.

import { UnsupportedModelError } from "../errors/errors.ts";
import type { Activation } from "../tensor/activation.ts";
import type { Network, Op, Value } from "./op.ts";

const MAX_TOKENS = 65_536;
const HEAD_DIMS = [32, 64, 80];

interface LinearOptions {
  /** Default: as many as x has. */
  readonly out?: number;
  readonly bias?: boolean;
  /** Equal pieces of the output, such as heads; default 1. */
  readonly parts?: number;
  /** Of the weight in a checkpoint; default [out, in]. */
  readonly shape?: readonly number[];
}

export class Builder {
  readonly #ops: Op[] = [];

  /**
   * Every square of `patch` pixels of a picture, row by row, its three colours one after another.
   * @throws UnsupportedModelError where the picture is not a whole number of patches, or too many
   */
  patches(picture: { readonly width: number; readonly height: number; readonly patch: number }): Value {
    const { width, height, patch } = picture;
    const grid = { width: width / patch, height: height / patch };
    if (width % patch || height % patch || grid.width * grid.height > MAX_TOKENS)
      throw new UnsupportedModelError(
        `config.json: expected whole patches of ${patch} pixels, at most ${MAX_TOKENS}, got a picture of ${width}x${height}; change image_size`,
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
    return this.#add({ kind: "norm", name, reads: [x], out: { ...x, name }, eps });
  }

  /** Of q, k and v whose parts are the heads. @throws UnsupportedModelError for a head dim that no kernel has */
  attention(name: string, q: Value, k: Value, v: Value): Value {
    if (!HEAD_DIMS.includes(q.width / q.parts))
      throw new UnsupportedModelError(
        `${name}: a head dim of ${HEAD_DIMS.join(", ")} is supported, but ${q.width} channels in ${q.parts} heads came`,
      );
    return this.#add({ kind: "attention", name, reads: [q, k, v], out: { ...q, name } });
  }

  /** In the place of x, whose name it keeps. */
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

  /** The parameters of these names, each a row, before the rows of x. */
  tokens(tokens: readonly string[], x: Value): Value {
    const out = { ...x, name: "tokens", rows: x.rows + tokens.length };
    return this.#add({ kind: "tokens", name: "tokens", reads: [x], out, tokens });
  }

  /** x and the parameter `table`, of as many rows; the sum is called `as`. */
  table(table: string, x: Value, { as, antialias = false }: { as: string; antialias?: boolean }): Value {
    return this.#add({ kind: "table", name: table, reads: [x], out: { ...x, name: as }, table, antialias });
  }

  row(x: Value, index: number): Value {
    const name = `${x.name}.${index}`;
    return this.#add({ kind: "row", name, reads: [x], out: { ...x, name, rows: 1 }, index });
  }

  mean(name: string, ...values: readonly Value[]): Value {
    return this.#add({ kind: "mean", name, reads: values, out: { ...values[0], name } });
  }

  network(outputs: Readonly<Record<string, Value>>): Network {
    return { ops: this.#ops, outputs };
  }

  #add(op: Op): Value {
    this.#ops.push(op);
    return op.out;
  }
}
