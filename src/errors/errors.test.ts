import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { describe, expect, test, vi } from "vitest";
import * as errors from "./errors.ts";
import { isA } from "./is-a.ts";
import { until } from "./until.ts";

test("every error has the name of its class, and as a literal: minifying renames classes", () => {
  const source = readFileSync("src/errors/errors.ts", "utf8");
  for (const [name, type] of Object.entries(errors)) {
    const error = new (type as typeof errors.Vit8Error)("words", { cause: 1 });
    expect(error.name).toBe(name);
    expect(source).toContain(`name = "${name}"`);
  }
});

test("every class has a code of its own, which never changes", () => {
  const classes = Object.entries(errors) as [string, typeof errors.Vit8Error][];
  const codes = Object.fromEntries(classes.map(([name, type]) => [name, new type("words").code]));
  expect(codes).toEqual({
    DeviceError: "DEVICE_FAILED",
    DeviceLostError: "DEVICE_LOST",
    DisposedError: "DISPOSED",
    LibraryLoadError: "LIBRARY_LOAD_FAILED",
    ModelFormatError: "INVALID_MODEL",
    ModelLoadError: "MODEL_LOAD_FAILED",
    PictureError: "INVALID_IMAGE",
    SelfTestError: "SELF_TEST_FAILED",
    ShaderError: "SHADER_FAILED",
    UnsupportedDeviceError: "UNSUPPORTED_DEVICE",
    UnsupportedModelError: "UNSUPPORTED_MODEL",
    Vit8Error: "VIT8_ERROR",
  });
});

describe("what a value is", () => {
  test.each([
    ["Uint8Array", "new Uint8Array(1)"],
    ["Uint8ClampedArray", "new Uint8ClampedArray(1)"],
    ["Error", "new TypeError('x')"],
  ] as const)("a %s of another realm is one, and nothing else is", (name, code) => {
    const value = runInNewContext(code);
    expect(value instanceof globalThis[name]).toBe(false);
    expect(isA(value, name)).toBe(true);
    for (const other of [null, undefined, "text", {}, [], new Int8Array(1)])
      expect(isA(other, name)).toBe(false);
  });

  test("a File is a Blob, a class that extends one too, whatever it says of itself", () => {
    class Mine extends Blob {
      get [Symbol.toStringTag]() {
        return "Mine";
      }
    }
    expect(isA(new File([], "a"), "Blob")).toBe(true);
    expect(isA(new Mine(), "Blob")).toBe(true);
    expect(isA(Buffer.from("a"), "Uint8Array")).toBe(true);
    expect(isA(new DOMException("x"), "DOMException")).toBe(true);
    expect(isA(new URL("a:b"), "URL")).toBe(true);
  });
});

describe("a wait that a signal may end", () => {
  test("ends with the reason, also when that came before", async () => {
    const never = new Promise<never>(() => {});
    const controller = new AbortController();
    const waiting = until(controller.signal, never);
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await expect(until(controller.signal, Promise.resolve(1))).rejects.toThrow("enough");
    await expect(until(undefined, Promise.resolve(1))).resolves.toBe(1);
  });

  test("leaves no listener, whether it ends well or not", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const count = (name: "addEventListener" | "removeEventListener", change: number) => {
      const method = signal[name] as (...given: unknown[]) => void;
      vi.spyOn(signal, name).mockImplementation((...given: unknown[]) => {
        listeners += change;
        method.apply(signal, given);
      });
    };
    count("addEventListener", 1);
    count("removeEventListener", -1);
    await until(signal, Promise.resolve(1));
    expect(listeners).toBe(0);
    await expect(until(signal, Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(listeners).toBe(0);
  });
});
