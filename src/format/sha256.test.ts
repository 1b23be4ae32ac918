import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Sha256 } from "./sha256.ts";

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => (i * i * 31 + i) % 256);

test("every length around two blocks and more has the digest that OpenSSL gives", () => {
  for (let length = 0; length < 300; length++) {
    const sha256 = new Sha256();
    sha256.update(bytes.subarray(0, length));
    expect(sha256.hex()).toBe(createHash("sha256").update(bytes.subarray(0, length)).digest("hex"));
  }
});

test.each([1, 7, 63, 64, 65, 200])("in pieces of %i bytes it is the same", (step) => {
  const sha256 = new Sha256();
  for (let at = 0; at < bytes.length; at += step) sha256.update(bytes.subarray(at, at + step));
  expect(sha256.hex()).toBe(createHash("sha256").update(bytes).digest("hex"));
});
