// All pipelines through one GPU's compiler: a process of its own compiles them, and what its driver printed is read.

import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { amdFigures } from "./amd.ts";
import type { Figures } from "./figures.ts";
import type { TargetGpu } from "./gpus.ts";
import { intelFigures } from "./intel.ts";
import { sections } from "./marks.ts";
import type { Pipeline, Selection } from "./pipelines.ts";

export interface Compiled extends Omit<Pipeline, "compile"> {
  readonly compileMs: number;
  /** Absent with `error`. */
  readonly figures?: Figures;
  readonly error?: string;
}

export interface CompiledGpu {
  readonly gpu: string;
  /** The adapter's description of itself, through Dawn. */
  readonly machine: object;
  readonly pipelines: readonly Compiled[];
}

export interface CompileOptions {
  /** The bundle of compile.ts. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly selection: Selection;
  readonly signal?: AbortSignal;
  /** A line for every pipeline. */
  readonly onProgress?: (line: string) => void;
}

/** @throws Error where the process ends before it has compiled all. */
export async function compileFor(gpu: TargetGpu, options: CompileOptions): Promise<CompiledGpu> {
  const folder = mkdtempSync(path.join(tmpdir(), "vit8-compilers-"));
  try {
    const log = path.join(folder, "log");
    const out = path.join(folder, "out.json");
    await compile(log, out, options);
    const { machine, pipelines } = JSON.parse(readFileSync(out, "utf8"));
    const printed = sections(readFileSync(log, "latin1"));
    return {
      gpu: gpu.name,
      machine,
      pipelines: pipelines.map((pipeline: Compiled, i: number) => ({
        ...pipeline,
        ...(pipeline.error ? {} : read(gpu, printed.get(i) ?? "")),
      })),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The driver's output is written to a file: a pipe may split lines of two threads. */
async function compile(log: string, out: string, options: CompileOptions): Promise<void> {
  const { script, environment, selection, signal, onProgress } = options;
  signal?.throwIfAborted();
  const file = openSync(log, "a");
  const child = spawn(process.execPath, [script, JSON.stringify(selection), out], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", file],
  });
  closeSync(file);
  const kill = () => child.kill("SIGKILL");
  signal?.addEventListener("abort", kill);
  const ended = new Promise((resolve, reject) => child.once("error", reject).once("exit", resolve));
  for await (const line of createInterface({ input: child.stdout! })) onProgress?.(line);
  await ended;
  signal?.removeEventListener("abort", kill);
  signal?.throwIfAborted();
  try {
    readFileSync(out);
  } catch {
    const lines = readFileSync(log, "latin1").split("\n");
    const why = lines.findLast((line) => /error/i.test(line)) ?? lines.slice(-3).join(" ");
    throw new Error(`The compiling process ended too early: ${why}`);
  }
}

function read(
  { driver, lanes, registerBytes }: TargetGpu,
  text: string,
): Pick<Compiled, "figures" | "error"> {
  try {
    const figures = driver === "amd" ? amdFigures(text, lanes) : intelFigures(text, lanes, registerBytes);
    return { figures };
  } catch (error) {
    return { error: (error as Error).message };
  }
}
