import { expect, test } from "vitest";
import { DeviceError, PictureError } from "../errors/errors.ts";
import type { PictureSource } from "./picture.ts";
import { settled } from "./settled.ts";

/** Images by name: "bad" does not open, "foreign" opens and cannot be read, others return their name. */
function bench() {
  const [batches, open]: [string[][], Set<PictureSource>] = [[], new Set()];
  return {
    batches,
    open,
    openPicture: async (name: string) => {
      if (name.startsWith("bad")) throw new PictureError(name);
      const source: PictureSource = {
        ...{ width: 2, height: 2, name, content: new Uint8Array(16), write() {} },
        close: () => void open.delete(source),
      };
      open.add(source);
      return source;
    },
    run: async (sources: readonly PictureSource[]) => {
      const names = sources.map(({ name }) => name);
      batches.push(names);
      expect(sources.every((source) => open.has(source))).toBe(true);
      const foreign = names.find((name) => name.startsWith("foreign"));
      if (foreign) throw new PictureError(foreign);
      if (names.includes("lost")) throw new DeviceError("lost");
      return names;
    },
  };
}

const words = (results: readonly PromiseSettledResult<string>[]) =>
  results.map((result) => (result.status === "fulfilled" ? result.value : `! ${result.reason.message}`));

test("the good ones are answered in full batches, the bad ones are told in their places", async () => {
  const { batches, open, openPicture, run } = bench();
  const names = ["bad1", "a", "b", "c", "bad2", "d", "e", "bad3"];
  const results = await settled(names, 2, undefined, openPicture, run);
  expect(words(results)).toEqual(["! bad1", "a", "b", "c", "! bad2", "d", "e", "! bad3"]);
  expect(batches).toEqual([["a", "b"], ["c", "d"], ["e"]]);
  expect(open.size).toBe(0);
});

test("a picture that cannot be read on its way to the GPU is told apart from the others of its batch", async () => {
  const { open, openPicture, run } = bench();
  const results = await settled(["a", "foreign", "b", "c"], 3, undefined, openPicture, run);
  expect(words(results)).toEqual(["a", "! foreign", "b", "c"]);
  expect(open.size).toBe(0);
});

test("none, or none that is good", async () => {
  const { batches, openPicture, run } = bench();
  expect(await settled([], 2, undefined, openPicture, run)).toEqual([]);
  expect(words(await settled(["bad1", "bad2", "bad3"], 2, undefined, openPicture, run))).toEqual([
    "! bad1",
    "! bad2",
    "! bad3",
  ]);
  expect(batches).toEqual([]);
});

test("what is no picture's fault, and an abort, end all of it", async () => {
  const { open, openPicture, run } = bench();
  await expect(settled(["a", "lost", "b"], 1, undefined, openPicture, run)).rejects.toThrow(DeviceError);
  const controller = new AbortController();
  const reason = new Error("enough");
  const aborting = async (name: string) => {
    if (name === "bad") controller.abort(reason);
    return openPicture(name);
  };
  await expect(settled(["a", "bad", "b"], 1, controller.signal, aborting, run)).rejects.toBe(reason);
  await new Promise((resolve) => setTimeout(resolve));
  expect(open.size).toBe(0);
});

test("after an abort no other picture is opened", async () => {
  const { openPicture, run } = bench();
  const abort = new AbortController();
  let opened = 0;
  const counted = async (name: string) => {
    if (++opened === 3) abort.abort();
    return openPicture(name);
  };
  const many = Array.from({ length: 100 }, (_, i) => `bad${i}`);
  await expect(settled(many, 2, abort.signal, counted, run)).rejects.toThrow("abort");
  expect(opened).toBe(4); // the rest of the current batch
});

test("a picture that opens after the abort is closed", async () => {
  const { open, openPicture, run } = bench();
  const abort = new AbortController();
  let opens = () => {};
  const late = new Promise<void>((resolve) => {
    opens = resolve;
  });
  const openLate = async (name: string) => {
    const source = await openPicture(name);
    await late;
    return source;
  };
  const results = settled(["a", "b"], 2, abort.signal, openLate, run);
  abort.abort();
  await expect(results).rejects.toThrow("abort");
  expect(open.size).toBe(2);
  opens();
  await late;
  await new Promise((resolve) => setTimeout(resolve));
  expect(open.size).toBe(0);
});
