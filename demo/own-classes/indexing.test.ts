import { expect, test, vi } from "vitest";
import { type Candidate, type Indexed, indexImages, type Means, type Progress } from "./indexing.ts";

const candidates = (...names: string[]): Candidate[] =>
  names.map((name) => ({ key: `folder/${name}`, name, file: new Blob() }));
const ten = candidates(..."abcdefghij");

function meansOf(over: Partial<Means<string>> = {}) {
  const kept: Indexed[] = [];
  let opened = 0;
  const means: Means<string> = {
    async open({ name }) {
      if (name.startsWith("bad")) throw new Error("no image");
      opened++;
      return { picture: name, thumbnail: new Blob(), close: () => opened-- };
    },
    embed: vi.fn(async (names: readonly string[]) =>
      names.map((name) => Float32Array.of(name.charCodeAt(0))),
    ),
    isUnreadable: (error) => error instanceof RangeError,
    keep: async (images) => void kept.push(...images),
    ...over,
  };
  return { means, kept, names: () => kept.map(({ name }) => name).join(""), stillOpen: () => opened };
}

const run = (all: readonly Candidate[], means: Means<string>, over: object = {}) => {
  const told: Progress[] = [];
  const signal = new AbortController().signal;
  const tell = (progress: Progress) => told.push(structuredClone(progress));
  const ended = indexImages(all, means, { signal, going: async () => {}, tell, ...over });
  return { ended, told };
};

test("every image is kept once with its own embedding, and none stays open", async () => {
  const { means, kept, names, stillOpen } = meansOf();
  const { ended, told } = run(ten, means);
  await ended;
  expect(names()).toBe("abcdefghij");
  for (const { name, embedding } of kept) expect(embedding[0]).toBe(name.charCodeAt(0));
  expect(told.map(({ done }) => done)).toEqual([4, 8, 10]);
  expect(stillOpen()).toBe(0);
});

test("what cannot be opened or embedded is told by name, and the others go on", async () => {
  const { means, names } = meansOf({
    async embed(all) {
      if (all.includes("c")) throw new RangeError("too large");
      return all.map((name) => Float32Array.of(name.charCodeAt(0)));
    },
  });
  const { ended, told } = run(candidates("a", "bad", "c", "d", "e"), means);
  await ended;
  expect(names()).toBe("ade");
  expect(told.at(-1)).toEqual({ done: 5, total: 5, unreadable: ["bad", "c"] });
});

test("a pause keeps what there is and begins no batch", async () => {
  const { means, names } = meansOf();
  let go = () => {};
  let batches = 0;
  const going = () => (++batches < 2 ? Promise.resolve() : new Promise<void>((resolve) => (go = resolve)));
  const { ended } = run(ten, means, { going });
  await vi.waitFor(() => expect(batches).toBe(2));
  expect(names()).toBe("abcd");
  expect(means.embed).toHaveBeenCalledTimes(1);
  go();
  await vi.waitFor(() => expect(batches).toBe(3));
  go();
  await ended;
  expect(names()).toBe("abcdefghij");
});

test("a stop keeps what was kept, and closes what is open", async () => {
  const controller = new AbortController();
  const { means, names, stillOpen } = meansOf();
  const tell = ({ done }: Progress) => done === 4 && controller.abort(new Error("enough"));
  const { ended } = run(ten, means, { signal: controller.signal, tell });
  await expect(ended).rejects.toThrow("enough");
  expect(names()).toBe("abcd");
  expect(stillOpen()).toBe(0);
});

test("any other failure ends it", async () => {
  const { means, names, stillOpen } = meansOf({ embed: () => Promise.reject(new Error("no device")) });
  await expect(run(ten, means).ended).rejects.toThrow("no device");
  expect(names()).toBe("");
  expect(stillOpen()).toBe(0);
});
