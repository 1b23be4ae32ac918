/** 4-bit weights two a byte, as compressed-tensors' pack-quantized has them, read as the int8 tensors that they are. */
import { ModelFormatError } from "../errors/errors.ts";
import type { ModelFolder } from "./folder.ts";
import type { TensorEntry } from "./safetensors-header.ts";
import type { OpenWeights, StreamedTensors, Wanted, WeightsOptions } from "./safetensors-stream.ts";
import { openWeights } from "./weights.ts";

export interface UnpackingOptions extends WeightsOptions {
  /** Number of inputs that share a multiple, from config.json; undefined if only the file is known. */
  groupSize?: number;
}

/** As `openWeights`, for packed and other weights. Throws ModelFormatError for multiples that do not fit their weight. */
export async function openUnpacked(
  folder: ModelFolder,
  { groupSize, ...options }: UnpackingOptions = {},
): Promise<OpenWeights> {
  const stored = await openWeights(folder, options);
  try {
    const loads = loadsOf(stored.entries, groupSize);
    return {
      entries: [...new Set(loads.values())],
      tensors: (wanted) => unpackedTensors(stored, loads, wanted),
      close: () => stored.close(),
    };
  } catch (error) {
    await stored.close();
    throw error;
  }
}

async function* unpackedTensors(stored: OpenWeights, loads: Loads, wanted?: Wanted): StreamedTensors {
  const isWanted = (entry: TensorEntry) => loads.has(entry) && (wanted?.(loads.get(entry)!) ?? true);
  const grouped = new Set(
    [...loads].filter(([entry]) => MULTIPLES.test(entry.name)).map(([, weight]) => weight),
  );
  const levels = new Map<TensorEntry, Int8Array>();
  const multiples = new Map<TensorEntry, Uint8Array>();
  for await (const { entry, bytes } of stored.tensors(isWanted)) {
    const seen = loads.get(entry)!;
    if (seen === entry) {
      yield { entry, bytes };
      continue;
    }
    if (MULTIPLES.test(entry.name)) multiples.set(seen, bytes.slice());
    else levels.set(seen, unpack(bytes));
    const [values, factors] = [levels.get(seen), multiples.get(seen)];
    if (!values || (grouped.has(seen) && !factors)) continue;
    levels.delete(seen);
    multiples.delete(seen);
    if (factors) multiply(values, factors);
    yield { entry: seen, bytes: new Uint8Array(values.buffer) };
  }
}

/** The entries as which these load. */
export function unpackedEntries(entries: readonly TensorEntry[]): TensorEntry[] {
  return [...new Set(loadsOf(entries).values())];
}

const PACKED = /_packed$/;
const MULTIPLES = /\.weight_multiples$/;

/** The tensor as which each stored tensor loads: for multiples, their weight. */
type Loads = ReadonlyMap<TensorEntry, TensorEntry>;

function loadsOf(entries: readonly TensorEntry[], groupSize?: number): Loads {
  const multiples = new Map(
    entries.filter(({ name }) => MULTIPLES.test(name)).map((entry) => [entry.name, entry]),
  );
  const loads = new Map<TensorEntry, TensorEntry>();
  for (const entry of entries) {
    if (tellsShape(entry) || MULTIPLES.test(entry.name)) continue;
    const seen = unpackedEntry(entry);
    loads.set(entry, seen);
    if (seen === entry) continue;
    const factors = multiples.get(entry.name.replace(PACKED, "_multiples"));
    checkMultiples(seen, factors, groupSize);
    if (factors) loads.set(factors, seen);
  }
  return loads;
}

/** I8 `[out, in]` for I32 `[out, in / 8]`. */
function unpackedEntry(entry: TensorEntry): TensorEntry {
  if (!PACKED.test(entry.name) || entry.dtype !== "I32") return entry;
  const [out, words] = entry.shape;
  return { ...entry, name: entry.name.replace(PACKED, ""), dtype: "I8", shape: [out, 8 * words] };
}

/** U8 `[out, in / group / 2]`, or none where config.json has no groups, or they do not divide the inputs by pairs. */
function checkMultiples(
  { name, shape: [out, inputs] }: TensorEntry,
  multiples: TensorEntry | undefined,
  groupSize?: number,
): void {
  if (!multiples && (!groupSize || inputs % (2 * groupSize) !== 0)) return;
  const [rows = 0, pairs = 0, ...more] = multiples?.shape ?? [];
  const size = inputs / (2 * pairs);
  const fits = rows === out && more.length === 0 && Number.isInteger(size) && multiples?.dtype === "U8";
  if (fits && size === (groupSize ?? size)) return;
  const groups = groupSize ? `groups of ${groupSize}` : "even groups";
  throw new ModelFormatError(
    `tensor ${name.slice(0, 200)}_multiples: expected U8 [${out}, pairs of ${groups} of ${inputs} inputs], got ${multiples ? `${multiples.dtype} [${multiples.shape.slice(0, 8)}]` : "none"}. Quantize the model again.`,
  );
}

/** Whether it contains the shape, which a packed weight implies already. */
const tellsShape = ({ name }: TensorEntry) => name.endsWith(".weight_shape");

/** Values of 4 bits, each 8 too high, the first in the lowest bits -> int8. */
function unpack(bytes: Uint8Array): Int8Array {
  const values = new Int8Array(2 * bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    values[2 * i] = (bytes[i] & 15) - 8;
    values[2 * i + 1] = (bytes[i] >> 4) - 8;
  }
  return values;
}

/** int8 values within [-8, 7] -> two a byte. */
export function pack(values: Int8Array): Uint8Array {
  return Uint8Array.from(
    { length: values.length / 2 },
    (_, i) => values[2 * i] + 8 + ((values[2 * i + 1] + 8) << 4),
  );
}

/** Levels of 4 bits times their groups' multiples, 1 to 16, which lie two a byte, each 1 too low: at most 8 x 16, an int8. In place. */
function multiply(values: Int8Array, packed: Uint8Array): void {
  const group = values.length / (2 * packed.length);
  for (let i = 0; i < values.length; i++) {
    const at = Math.floor(i / group);
    values[i] *= ((packed[at >> 1] >> (4 * (at & 1))) & 15) + 1;
  }
}

/** Multiples, 1 to 16 -> two a byte, the first in the lower bits. */
export function packMultiples(multiples: Uint8Array): Uint8Array {
  return Uint8Array.from(
    { length: multiples.length / 2 },
    (_, i) => multiples[2 * i] - 1 + ((multiples[2 * i + 1] - 1) << 4),
  );
}
