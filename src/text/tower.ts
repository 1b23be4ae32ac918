// A text tower on a device: token ids in, embeddings out.

import type { LoadOptions } from "../classifier/api.ts";
import type { Device } from "../classifier/device.ts";
import type { Backend, Batch, Chosen } from "../classifier/engine.ts";
import type { ModelDescription } from "../classifier/model.ts";
import type { Session } from "../classifier/session.ts";
import { ModelLoadError, UnsupportedModelError } from "../errors/errors.ts";
import { until } from "../errors/until.ts";
import { asFields, parseJson } from "../format/fields.ts";
import type { ModelFolder } from "../format/folder.ts";
import { WEIGHTS_FILE } from "../format/weights.ts";
import { arithmeticOf } from "../lower/arithmetic.ts";
import { columnsOf } from "../lower/padding.ts";
import type { Program } from "../lower/program.ts";
import { programOf } from "../lower/program-of.ts";
import { readTextModel, type TextModel } from "../network/text-model.ts";
import { roundUp } from "../tensor/round-up.ts";
import { type HostTensors, type RowTable, textTensors } from "./tensors.ts";

export type TextDescription = TextModel & { readonly id: string };
export type TextSession = Session<TextEngine, TextDescription>;

/** @throws UnsupportedModelError for a text tower that vit8 does not run, saying that the image tower loads alone */
export async function describeText(folder: ModelFolder, signal?: AbortSignal): Promise<TextDescription> {
  const text = await folder.readText("config.json", signal);
  if (text === undefined)
    throw new ModelLoadError(
      `${folder.id}: expected config.json, got none. Pass a model folder in the Hugging Face format.`,
    );
  try {
    return {
      ...(await readTextModel(asFields(parseJson(text, "config.json"), "config.json"))),
      id: folder.id,
    };
  } catch (error) {
    if (error instanceof UnsupportedModelError)
      error.message = `${folder.id}: the text tower is not supported: ${error.message} For the image model alone, use ImageClassifier.load and embed().`;
    throw error;
  }
}

/** exp(logit_scale) and logit_bias. */
export interface Logits {
  readonly scale: number;
  readonly bias: number;
}

export async function loadText(
  device: Device,
  folder: ModelFolder,
  options: LoadOptions,
): Promise<TextSession> {
  const { signal, autotune, onProgress } = options;
  const arithmetic = arithmeticOf(options);
  const model = await describeText(folder, signal);
  const affine = { int8Offset: [0, 0, 0] };
  const programAt = (network: TextModel["network"]) =>
    programOf({ ...model, network, affine }, arithmetic, device.machine);
  const program = await programAt(model.network);
  const host: HostTensors = { logitScale: 0, logitBias: 0 };
  const keepFloats = arithmetic.precision === "float32";
  const onBytes = (loaded: number, total?: number) =>
    onProgress?.({ stage: "download", loaded, total, file: WEIGHTS_FILE });
  const packed = program.pack(textTensors(folder, model, host, { signal, onBytes, keepFloats }));
  // A device reads the image size only of models that have images.
  const backend = await device.load(model as unknown as ModelDescription, program, packed, autotune);
  const engine = new TextEngine(model, host, backend, (rows) => programAt(model.networkAt(rows)));
  await until(signal, backend.compiling ?? Promise.resolve()).catch(async (error) => {
    await engine.destroy();
    throw error;
  });
  return { device, model, engine, ignored: [] };
}

/** Texts in one run at most. */
const MOST = 16;
/** Batches that are kept. */
const KEPT = 4;

export class TextEngine {
  readonly #model: TextModel;
  readonly #host: HostTensors;
  readonly #backend: Backend;
  readonly #programAt: (rows: number) => Promise<Program>;
  readonly #batches = new Map<string, Promise<Batch>>();
  #tail: Promise<unknown> = Promise.resolve();
  #last: Batch | undefined;

  constructor(
    model: TextModel,
    host: HostTensors,
    backend: Backend,
    programAt: (rows: number) => Promise<Program>,
  ) {
    this.#model = model;
    this.#host = host;
    this.#backend = backend;
    this.#programAt = programAt;
  }

  get logits(): Logits {
    return { scale: Math.exp(this.#host.logitScale), bias: this.#host.logitBias };
  }

  get choices(): ReadonlyMap<string, Chosen> {
    return this.#last?.choices ?? new Map();
  }

  get dispatches(): number {
    return this.#last?.dispatches ?? 0;
  }

  /** An embedding for each list of ids, [projection] f32, not normalized. Texts of like length run together. */
  encode(texts: readonly (readonly number[])[], signal?: AbortSignal): Promise<Float32Array[]> {
    const turn = this.#tail.then(() => this.#encode(texts, signal));
    this.#tail = turn.catch(() => {});
    return turn;
  }

  async destroy(): Promise<void> {
    await this.#tail;
    for (const made of await Promise.allSettled(this.#batches.values()))
      if (made.status === "fulfilled") made.value.destroy();
    this.#batches.clear();
    this.#backend.destroy();
  }

  async #encode(texts: readonly (readonly number[])[], signal?: AbortSignal): Promise<Float32Array[]> {
    const { places, fixedLength } = this.#model;
    const answers = new Array<Float32Array>(texts.length);
    const lengths = texts.map((ids) => (fixedLength ? places : Math.min(places, roundUp(ids.length, 8))));
    for (const length of new Set(lengths)) {
      const alike = [...texts.keys()].filter((i) => lengths[i] === length);
      for (let at = 0; at < alike.length; at += MOST) {
        signal?.throwIfAborted();
        const some = alike.slice(at, at + MOST);
        const made = await this.#run(
          some.map((i) => texts[i]),
          length,
          signal,
        );
        for (const [i, embedding] of made.entries()) answers[some[i]] = embedding;
      }
    }
    return answers;
  }

  async #run(
    texts: readonly (readonly number[])[],
    length: number,
    signal?: AbortSignal,
  ): Promise<Float32Array[]> {
    const batch = await this.#batchOf(length, 2 ** Math.ceil(Math.log2(texts.length)));
    const { network, tensors } = batch.graph;
    const { rows, columns } = tensors.get("words")!;
    const width = network.ops.find(({ kind }) => kind === "lookup")!.out.width;
    const given = new Float32Array(rows * columns);
    for (const [i, ids] of texts.entries())
      for (const [place, id] of ids.entries()) {
        const from = (i * length + place) * columns;
        this.#lookUp(id, place, given.subarray(from, from + width));
      }
    this.#last = batch;
    const read = await batch.run([], { signal, given: { name: "words", rows: given } });
    const out = network.outputs.embedding;
    const values = new Float32Array(read.embedding);
    return texts.map((ids, i) => {
      const from = (i * out.rows + this.#model.pooledRow(ids)) * columnsOf(out);
      return values.slice(from, from + out.width);
    });
  }

  #lookUp(id: number, place: number, out: Float32Array): void {
    const { data, scales } = this.#host.words as RowTable;
    const positions = this.#host.positions!;
    const scale = scales?.[id] ?? 1;
    const [word, position] = [id * out.length, place * out.length];
    for (let c = 0; c < out.length; c++) out[c] = data[word + c] * scale + positions[position + c];
  }

  async #batchOf(length: number, texts: number): Promise<Batch> {
    const key = `${length}x${texts}`;
    const kept = this.#batches.get(key);
    const batch = kept ?? this.#made(length, texts);
    this.#batches.delete(key);
    this.#batches.set(key, batch);
    const [oldest] = this.#batches;
    if (this.#batches.size > KEPT) {
      this.#batches.delete(oldest[0]);
      void oldest[1].then((one) => one.destroy()).catch(() => {});
    }
    batch.catch(() => this.#batches.delete(key));
    return batch;
  }

  async #made(length: number, texts: number): Promise<Batch> {
    const program = await this.#programAt(length);
    return this.#backend.batch(program.graph(texts), 0);
  }
}
