// ONNX Runtime Web, if it is installed: too large for a dependency, and loaded on demand.

import type { Runner } from "../../src/bench/race.ts";
import { INPUT } from "../../src/onnx/model.ts";

export const WEB_PROVIDERS = ["webgpu", "wasm"] as const;

export interface Configuration {
  readonly provider: (typeof WEB_PROVIDERS)[number];
  /** `fp32`, `fp16`, `q8` or `q4`, as model hubs call them. */
  readonly dtype: string;
}

export interface Entrant extends Runner {
  /** One row of logits an image. */
  run(): Promise<Float32Array[]>;
  release(): Promise<void>;
}

export interface Feed {
  /** [images, 3, height, width] f32, normalized. */
  readonly pixels: Float32Array;
  readonly shape: readonly [images: number, channels: 3, height: number, width: number];
}

/** The part of the package that is used here. It is not a dependency, so its own types are not available. */
interface OnnxPackage {
  readonly env: {
    logLevel: string;
    readonly wasm: { wasmPaths: string; numThreads: number };
    readonly versions: { readonly web?: string; readonly common: string };
  };
  readonly InferenceSession: { create(file: string | Uint8Array, options: object): Promise<OnnxSession> };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => object;
}

interface OnnxSession {
  readonly outputNames: readonly string[];
  run(feeds: Record<string, object>): Promise<Record<string, { readonly data: Float32Array }>>;
  release(): Promise<void>;
}

const MOST_THREADS = 4;

/** Threads of its WebAssembly: the page must be isolated from other origins for more than one. Its own default is half of the cores. */
export function wasmThreads(): number {
  return globalThis.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency) : 1;
}

/**
 * A session of a file (bytes, or where they are) for one feed. `folder` is the address of the package's `dist`, with the slash.
 * @throws Error, in the runtime's own words, for what it does not run; TypeError where the package is not in the folder.
 */
export async function openOnnxWeb(
  folder: string,
  { provider, dtype }: Configuration,
  file: string | Uint8Array,
  feed: Feed | Promise<Feed>,
): Promise<Entrant> {
  const bundle = `${folder}ort.${provider}.bundle.min.mjs`;
  const importing: Promise<OnnxPackage> = import(/* @vite-ignore */ bundle);
  const [ort, { pixels, shape }] = await Promise.all([importing, feed]);
  ort.env.wasm.wasmPaths = folder;
  ort.env.wasm.numThreads = wasmThreads();
  ort.env.logLevel = "error";
  const [images] = shape;
  const session = await ort.InferenceSession.create(file, {
    executionProviders: [provider],
    freeDimensionOverrides: { batch_size: images },
  });
  const [output] = session.outputNames;
  return {
    name: `ort ${provider} ${dtype}`,
    async run() {
      const { data } = (await session.run({ [INPUT]: new ort.Tensor("float32", pixels, shape) }))[output];
      const length = data.length / images;
      return Array.from({ length: images }, (_, i) => data.slice(i * length, (i + 1) * length));
    },
    release: () => session.release(),
  };
}
