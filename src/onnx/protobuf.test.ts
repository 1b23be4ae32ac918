import { expect, test } from "vitest";
import { float, integer, type Message, nested, text } from "./protobuf.ts";

const bytes = (message: Message) => message.flatMap((piece) => [...piece]);

test("the examples of the encoding guide", () => {
  expect(bytes(integer(1, 150))).toEqual([0x08, 0x96, 0x01]);
  expect(bytes(text(2, "testing"))).toEqual([0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
  expect(bytes(nested(3, integer(1, 150)))).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
});

test("numbers of more than 32 bits, long messages, floats", () => {
  expect(bytes(integer(1, 2 ** 35))).toEqual([0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
  expect(bytes(nested(16, [new Uint8Array(300)])).slice(0, 4)).toEqual([0x82, 0x01, 0xac, 0x02]);
  expect(bytes(float(2, 1))).toEqual([0x15, 0, 0, 0x80, 0x3f]);
});

test("negative numbers take ten bytes", () => {
  expect(bytes(integer(1, -1))).toEqual([0x08, ...Array(9).fill(0xff), 0x01]);
  expect(bytes(integer(1, -2))).toEqual([0x08, 0xfe, ...Array(8).fill(0xff), 0x01]);
});

test("large bytes are not copied", () => {
  const data = new Uint8Array(1000);
  expect(nested(1, nested(2, [data])).at(-1)).toBe(data);
});
