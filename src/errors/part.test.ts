import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { LibraryLoadError } from "./errors.ts";
import { part } from "./part.ts";

afterEach(() => vi.unstubAllGlobals());

const refused = () => Promise.reject(new TypeError("import() is disallowed"));

test("a part that does not load: a typed error with the cause and a remedy", async () => {
  const error = await part(refused()).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(LibraryLoadError);
  expect(error.code).toBe("LIBRARY_LOAD_FAILED");
  expect(error.message).toMatch(/import\(\) is disallowed.*reload/i);
  expect(error.cause).toBeInstanceOf(TypeError);
});

test("in a service worker the error names the file to import instead", async () => {
  vi.stubGlobal("ServiceWorkerGlobalScope", class {});
  await expect(part(refused())).rejects.toThrow("vit8/cdn");
});

test("every lazy part of the library says so, or is done without", () => {
  const rooms = [
    "classifier",
    "cpu",
    "element",
    "format",
    "gpu",
    "image",
    "kernels",
    "lower",
    "network",
    "scheduler",
    "worker",
  ];
  const lines = rooms.flatMap((room) => {
    const folder = path.join(import.meta.dirname, "..", room);
    const files = (readdirSync(folder, { recursive: true }) as string[]).filter(
      (file) => file.endsWith(".ts") && !file.includes(".test."),
    );
    return files.flatMap((file) => readFileSync(path.join(folder, file), "utf8").split("\n"));
  });
  const lazy = lines.filter((line) => /\bimport\("\.[^)]+\)/.test(line) && !line.includes("typeof"));
  expect(lazy.length).toBeGreaterThan(10);
  // Kernels that run everywhere are in the core, and the next load requests the chunk again.
  const optional = /(software|matrix|gpu)-kernels|half-stream|outdated|old-adapter|matrix-shapes|complaints/;
  const bare = lazy.filter((line) => !/part\(import|\.catch\(/.test(line) && !optional.test(line));
  expect(bare).toEqual([]);
});
