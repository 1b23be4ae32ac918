// ONNX Runtime in Node, if it is installed: it is too large (290 MB) for a dependency.

import { UnsupportedDeviceError } from "../errors/errors.ts";
import { INPUT } from "../onnx/model.ts";

export const PROVIDERS = ["webgpu", "cpu"] as const;
export type Provider = (typeof PROVIDERS)[number];

export interface OnnxSession {
  /** [images, 3, height, width] f32 -> the rows of its one output. */
  run(pixels: Float32Array): Promise<Float32Array[]>;
  release(): Promise<void>;
}

export interface OnnxRuntime {
  readonly version: string;
  /**
   * A session of a file for batches of `images`, on the CPU with `threads` threads. Rejects with the runtime's own error for unsupported
   * models.
   */
  open(file: Uint8Array, provider: Provider, images: number, threads?: number): Promise<OnnxSession>;
}

/** The part of the package that is used here. It is not a dependency, so its own types are not available. */
interface OnnxPackage {
  readonly env: { readonly versions: { readonly node?: string; readonly common: string } };
  readonly InferenceSession: {
    create(file: Uint8Array, options: object): Promise<OnnxPackageSession>;
  };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => object;
}

interface OnnxPackageSession {
  readonly inputMetadata: readonly { readonly shape?: readonly (number | string)[] }[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, object>): Promise<Record<string, { readonly data: Float32Array }>>;
  release(): Promise<void>;
}

const PACKAGE = "onnxruntime-node";

/** @throws UnsupportedDeviceError when the package is not installed. */
export async function openOnnxRuntime(): Promise<OnnxRuntime> {
  const name = PACKAGE; // not a literal, so that it is neither bundled nor resolved
  const { default: ort } = await import(name).catch((cause) => {
    throw new UnsupportedDeviceError(
      `${PACKAGE}: not installed. Run \`npm i --no-save --ignore-scripts ${PACKAGE}\` to compare with it.`,
      { cause },
    );
  });
  return { version: versionOf(ort), open: (...how) => open(ort, ...how) };
}

function versionOf({ env: { versions } }: OnnxPackage): string {
  return versions.node ?? versions.common;
}

async function open(
  { InferenceSession, Tensor }: OnnxPackage,
  file: Uint8Array,
  provider: Provider,
  images: number,
  threads: number | undefined,
): Promise<OnnxSession> {
  const session = await InferenceSession.create(file, {
    executionProviders: [provider],
    ...(threads !== undefined && { intraOpNumThreads: threads }),
    // A known batch lets it fold the shapes: no reason to be slower than it can be.
    freeDimensionOverrides: { batch_size: images },
    logSeverityLevel: 3,
  });
  const [{ shape = [] }] = session.inputMetadata;
  const sides = shape.slice(1).map(Number);
  const [output] = session.outputNames;
  return {
    async run(pixels) {
      const feeds = { [INPUT]: new Tensor("float32", pixels, [images, ...sides]) };
      const { data } = (await session.run(feeds))[output];
      const length = data.length / images;
      return Array.from({ length: images }, (_, i) => data.slice(i * length, (i + 1) * length));
    },
    release: () => session.release(),
  };
}
