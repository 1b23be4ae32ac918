/** The worker that quantizes: it builds the folder, then runs the float model and the new one on the same images. */
import { zipSync } from "fflate";
import {
  type MethodName,
  type QuantizeProgress,
  quantizeModel,
  type Width,
} from "../../src/calibration/index.ts";
import { ImageClassifier, type LoadOptions, type ModelSource } from "../../src/index.ts";
import { cosine, indexOfGreatest } from "./vectors.ts";

/** Each worker does one order; terminating it stops it. */
export interface Order {
  readonly model: string | Record<string, Blob>;
  readonly endpoint: string | undefined;
  /** Of the folder in the ZIP file. */
  readonly name: string;
  readonly method: MethodName | "dynamic";
  readonly bits: Width;
  readonly seed: number;
  /** Layers that stay in float. */
  readonly keep: readonly string[];
  readonly pictures: readonly File[];
}

export interface Progress {
  readonly stage: QuantizeProgress["stage"] | "compare";
  readonly done: number;
  readonly total: number | undefined;
}

/** The results of both models for an image; `names` is undefined for a model without labels. */
export interface Difference {
  readonly picture: string;
  readonly names: { readonly float: string; readonly quantized: string } | undefined;
  /** Of the logits, or of the embeddings where there are none. */
  readonly cosine: number;
}

export interface Quantized {
  readonly files: Record<string, Blob>;
  /** The same files in a folder of that name. */
  readonly zip: Blob;
  /** Of the weights. */
  readonly floatByteLength: number;
  readonly byteLength: number;
  readonly differences: readonly Difference[];
}

export type Reply =
  | { readonly progress: Progress }
  | { readonly quantized: Quantized }
  | { readonly error: string };

addEventListener("message", ({ data }: MessageEvent<Order>) => {
  fill(data).then(
    (quantized) => reply({ quantized }),
    (error) => reply({ error: error instanceof Error ? error.message : String(error) }),
  );
});

const reply = (message: Reply) => postMessage(message);
const tell = (progress: Progress) => reply({ progress });

async function fill(order: Order): Promise<Quantized> {
  const { model, endpoint, name, method, bits, seed, pictures } = order;
  const keep = Object.fromEntries(order.keep.map((layer) => [layer, "float" as const]));
  const files = await quantizeModel(model, {
    method,
    bits,
    seed,
    keep,
    pictures,
    endpoint,
    onProgress: tell,
  });
  const count = 2 * pictures.length;
  const step = (done: number) => tell({ stage: "compare", done, total: count });
  const float = await answersOf(model, { precision: "float32", endpoint }, pictures, step);
  const quantized = await answersOf(files, {}, pictures, (done) => step(done + pictures.length));
  return {
    files,
    zip: await zipped(name, files),
    floatByteLength: float.byteLength,
    byteLength: quantized.byteLength,
    differences: pictures.map((picture, i) => ({
      picture: picture.name,
      names: float.names && { float: float.names[i], quantized: quantized.names![i] },
      cosine: cosine(float.rows[i], quantized.rows[i]),
    })),
  };
}

/** Logits of every image, or embeddings, and the bytes of the weights. */
async function answersOf(
  model: ModelSource,
  options: LoadOptions,
  pictures: readonly Blob[],
  onPicture: (done: number) => void,
) {
  let byteLength = 0;
  const onProgress: LoadOptions["onProgress"] = ({ loaded }) => {
    byteLength = loaded ?? byteLength;
  };
  const classifier = await ImageClassifier.load(model, { device: "webgpu", ...options, onProgress });
  try {
    const { labels } = classifier;
    const rows: Float32Array[] = [];
    for (const picture of pictures) {
      onPicture(rows.length);
      rows.push(await (labels.length > 0 ? classifier.logits(picture) : classifier.embed(picture)));
    }
    const names = labels.length > 0 ? rows.map((row) => labels[indexOfGreatest(row)]) : undefined;
    return { byteLength, rows, names };
  } finally {
    await classifier.dispose();
  }
}

/** Stored, because 8-bit weights hardly compress. */
async function zipped(folder: string, files: Record<string, Blob>): Promise<Blob> {
  const contents: Record<string, Uint8Array> = {};
  for (const [name, file] of Object.entries(files))
    contents[`${folder}/${name}`] = new Uint8Array(await file.arrayBuffer());
  return new Blob([zipSync(contents, { level: 0 }) as BlobPart], { type: "application/zip" });
}
