// An ONNX graph in the making: constants and nodes in the order they compute, then the bytes of the file.

import { byteLengthOf, float, integer, type Message, nested, text } from "./protobuf.ts";

/** Element types by their number in TensorProto.DataType. */
export const TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, float16: 10 } as const;
export type OnnxType = keyof typeof TYPES;

/** A float is distinguished from an integer by its attribute's type, not its value. */
export type Attribute = number | readonly number[] | { readonly float: number };

/** A value of the graph, by name. */
export type Value = string;

/** A length, or the name of one that is known only when the graph runs. */
export type Dimension = number | string;

const OPSET = 17;
/** The format of opset 17. */
const IR_VERSION = 8;
const MICROSOFT = "com.microsoft";

export class OnnxGraph {
  readonly #nodes: Message[] = [];
  readonly #names = new Set<string>();
  readonly #constants: Message[] = [];
  readonly #inputs: Message[] = [];
  readonly #outputs: Message[] = [];
  readonly #shared = new Map<string, Value>();

  input(name: string, type: OnnxType, shape: readonly Dimension[]): Value {
    this.#inputs.push(nested(11, valueInfo(name, type, shape)));
    return name;
  }

  output(name: string, type: OnnxType, shape: readonly Dimension[]): void {
    this.#outputs.push(nested(12, valueInfo(name, type, shape)));
  }

  constant(name: string, type: OnnxType, shape: readonly number[], data: ArrayBufferView): Value {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const dims = shape.map((length) => integer(1, length));
    this.#constants.push(nested(5, ...dims, integer(2, TYPES[type]), text(8, name), nested(9, [bytes])));
    return name;
  }

  /** A small int64 vector, such as a shape; equal ones are stored once. */
  integers(...values: number[]): Value {
    return this.once(`int64 ${values}`, (name) =>
      this.constant(name, "int64", [values.length], BigInt64Array.from(values, BigInt)),
    );
  }

  /** A scalar int64. */
  index(value: number): Value {
    return this.once(`index ${value}`, (name) =>
      this.constant(name, "int64", [], BigInt64Array.of(BigInt(value))),
    );
  }

  /** One node with one output, which is called `name`. */
  node(
    op: string,
    name: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value {
    return this.nodes(op, name, [name], inputs, attributes)[0];
  }

  /** One node with several outputs. */
  nodes(
    op: string,
    name: string,
    outputs: readonly Value[],
    inputs: readonly Value[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): readonly Value[] {
    if (this.#names.has(name)) throw new RangeError(`${name}: expected one node of this name, got two.`);
    this.#names.add(name);
    const domain = op === "MatMulNBits" ? MICROSOFT : "";
    const node = [
      ...inputs.map((input) => text(1, input)),
      ...outputs.map((output) => text(2, output)),
      text(3, name),
      text(4, op),
      ...Object.entries(attributes).map(([key, value]) => nested(5, attribute(key, value))),
      ...(domain ? [text(7, domain)] : []),
    ];
    this.#nodes.push(nested(1, ...node));
    return outputs;
  }

  /** The file, in pieces, with `metadata` as its metadata_props. @throws RangeError for a file beyond protobuf's 2 GiB */
  encode(name: string, metadata: Readonly<Record<string, string>> = {}): Message {
    const model = [
      integer(1, IR_VERSION),
      text(2, "vit8"),
      nested(7, ...this.#nodes, text(2, name), ...this.#constants, ...this.#inputs, ...this.#outputs),
      nested(8, text(1, ""), integer(2, OPSET)),
      nested(8, text(1, MICROSOFT), integer(2, 1)),
      ...Object.entries(metadata).map(([key, value]) => nested(14, text(1, key), text(2, value))),
    ].flat();
    const byteLength = byteLengthOf(model);
    if (byteLength >= 2 ** 31)
      throw new RangeError(
        `${name}: expected less than 2^31 bytes for an ONNX file, got ${byteLength}. Export with another dtype.`,
      );
    return model;
  }

  /** The value that `make` returned for the first request with this name. */
  once(name: string, make: (name: string) => Value): Value {
    const value = this.#shared.get(name) ?? make(name);
    this.#shared.set(name, value);
    return value;
  }
}

function attribute(name: string, value: Attribute): Message {
  if (typeof value === "number") return [...text(1, name), ...integer(3, value), ...integer(20, 2)];
  if ("float" in value) return [...text(1, name), ...float(2, value.float), ...integer(20, 1)];
  return [...text(1, name), ...value.flatMap((item) => integer(8, item)), ...integer(20, 7)];
}

function valueInfo(name: string, type: OnnxType, shape: readonly Dimension[]): Message {
  const dims = shape.map((size) => nested(1, typeof size === "number" ? integer(1, size) : text(2, size)));
  return [...text(1, name), ...nested(2, nested(1, integer(1, TYPES[type]), nested(2, ...dims)))];
}
