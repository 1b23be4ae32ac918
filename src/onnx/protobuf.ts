// The little of protobuf's wire format that an ONNX file needs (https://protobuf.dev/programming-guides/encoding).

/** An encoded message, or a part of one, in pieces: large tensors are never copied. */
export type Message = readonly Uint8Array[];

const WIRE = { varint: 0, bytes: 2, fixed32: 5 };

/** An integer field, from -2^53 to 2^53. */
export function integer(field: number, value: number): Message {
  return [Uint8Array.from([...varint(field * 8 + WIRE.varint), ...varint(value)])];
}

export function float(field: number, value: number): Message {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [Uint8Array.from([...varint(field * 8 + WIRE.fixed32), ...bytes])];
}

export function text(field: number, value: string): Message {
  return nested(field, [new TextEncoder().encode(value)]);
}

/** A message, or bytes, as one field. */
export function nested(field: number, ...parts: readonly Message[]): Message {
  const pieces = parts.flat();
  const head = [...varint(field * 8 + WIRE.bytes), ...varint(byteLengthOf(pieces))];
  return [Uint8Array.from(head), ...pieces];
}

export function byteLengthOf(message: Message): number {
  return message.reduce((sum, piece) => sum + piece.byteLength, 0);
}

/** Seven bits per byte, lowest first; negative values have all 64 bits, in two's complement. */
function varint(value: number): number[] {
  if (value < 0) {
    const bits = BigInt.asUintN(64, BigInt(value));
    return Array.from({ length: 10 }, (_, i) => Number((bits >> BigInt(7 * i)) & 127n) + (i < 9 ? 128 : 0));
  }
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}
