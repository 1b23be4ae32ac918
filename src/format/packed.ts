/** 4-bit weights two a byte, as compressed-tensors' pack-quantized has them, read as the int8 tensors that they are. */
import type { ModelFolder } from "./folder.ts";
import type { TensorEntry } from "./safetensors-header.ts";
import { streamWeights, type WeightsOptions } from "./weights.ts";

/** As `streamWeights`, for packed and other weights. */
export async function* streamUnpacked(
  folder: ModelFolder,
  options: WeightsOptions = {},
): AsyncGenerator<{ entry: TensorEntry; bytes: Uint8Array }> {
  const { onHeader, wanted } = options;
  /** As which each stored tensor loads. */
  const loads = new Map<TensorEntry, TensorEntry>();
  const stored = streamWeights(folder, {
    ...options,
    onHeader: (entries) => {
      for (const entry of entries) if (!tellsShape(entry)) loads.set(entry, unpackedEntry(entry));
      onHeader?.([...loads.values()]);
    },
    wanted: (entry) => loads.has(entry) && (wanted?.(loads.get(entry)!) ?? true),
  });
  for await (const { entry, bytes } of stored) {
    const seen = loads.get(entry)!;
    yield { entry: seen, bytes: seen === entry ? bytes : unpack(bytes) };
  }
}

/** The entries as which these load. */
export function unpackedEntries(entries: readonly TensorEntry[]): TensorEntry[] {
  return entries.filter((entry) => !tellsShape(entry)).map(unpackedEntry);
}

const PACKED = /_packed$/;

/** I8 `[out, in]` for I32 `[out, in / 8]`. */
function unpackedEntry(entry: TensorEntry): TensorEntry {
  if (!PACKED.test(entry.name) || entry.dtype !== "I32") return entry;
  const [out, words] = entry.shape;
  return { ...entry, name: entry.name.replace(PACKED, ""), dtype: "I8", shape: [out, 8 * words] };
}

/** Whether it tells the shape that a packed weight says already. */
const tellsShape = ({ name }: TensorEntry) => name.endsWith(".weight_shape");

/** Values of 4 bits, each 8 too high, the first in the lowest bits -> int8. */
function unpack(bytes: Uint8Array): Uint8Array {
  const values = new Int8Array(2 * bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    values[2 * i] = (bytes[i] & 15) - 8;
    values[2 * i + 1] = (bytes[i] >> 4) - 8;
  }
  return new Uint8Array(values.buffer);
}

/** int8 values within [-8, 7] -> two a byte. */
export function pack(values: Int8Array): Uint8Array {
  return Uint8Array.from(
    { length: values.length / 2 },
    (_, i) => values[2 * i] + 8 + ((values[2 * i + 1] + 8) << 4),
  );
}
