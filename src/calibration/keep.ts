// Layers of a quantized model that are more precise than the others.

import type { ModelDescription } from "../classifier/model.ts";
import { fused } from "../network/fused.ts";
import { readsPixels } from "../network/kept-layers.ts";
import type { CanonicalName, Names } from "../network/names.ts";
import type { Linear, Network } from "../network/op.ts";
import { isDynamic, type MethodName, WIDTHS, type Width } from "./methods.ts";

export type KeptAs = "float" | "int8";
/** By the name of the layer, such as `blocks.11.fc1`. */
export type Keep = Readonly<Record<string, KeptAs>>;

/** The layers that can be kept, after fusing, such as `blocks.3.qkv`. */
export function layersOf(network: Network): Linear[] {
  return fused(network).ops.filter((op): op is Linear => op.kind === "linear" && !readsPixels(op));
}

/** The kept layers of one model, and their modules in its file. */
export class Kept {
  readonly modules = { ignore: [] as string[], int8: [] as string[] };
  readonly #names: Names;
  readonly #stems: ReadonlyMap<CanonicalName, KeptAs>;

  /** @throws RangeError for a layer that the model does not have */
  constructor({ network, names }: Pick<ModelDescription, "network" | "names">, keep: Keep = {}) {
    this.#names = names;
    const asked = Object.entries(keep);
    const layers = asked.length > 0 ? layersOf(network) : [];
    const stems = asked.flatMap(([name, as]) => {
      const layer = layers.find((one) => one.name === name);
      if (!layer) throw notOf(layers, name);
      return [name, ...layer.sources.map(({ stem }) => stem)].map((stem) => [stem, as] as const);
    });
    this.#stems = new Map(stems);
  }

  /** How a layer, or a part of one such as `blocks.0.query`, is kept. */
  of(layer: CanonicalName): KeptAs | undefined {
    return this.#stems.get(layer);
  }

  /** The same for a weight. Adds its module to those for config.json. */
  note(weight: CanonicalName, stored: string): KeptAs | undefined {
    const [layer, module] = [weight, stored].map((name) => name.replace(/\.weight$/, ""));
    const as = this.of(layer);
    // A module's name does not include the prefix of a wrapper.
    const known = this.#names.canonical(module) ? module : this.#names.stored(layer);
    if (as) this.modules[as === "float" ? "ignore" : "int8"].push(known);
    return as;
  }
}

function notOf(layers: readonly Linear[], name: string): RangeError {
  const why = name === "patch" ? " The patch embedding reads bytes, and is always int8." : "";
  return new RangeError(
    `keep: expected a layer of the model, got ${name}.${why} Choose from ${inWords(layers)}.`,
  );
}

/** For example `blocks.N.qkv, blocks.N.proj, head; N is 0 to 11`. */
function inWords(layers: readonly Linear[]): string {
  const numbers = layers.flatMap(({ name }) => /\.(\d+)\./.exec(name)?.[1] ?? []).map(Number);
  const names = new Set(layers.map(({ name }) => name.replace(/\.\d+\./, ".N.")));
  return [...names].join(", ") + (numbers.length > 0 ? `; N is 0 to ${Math.max(...numbers)}` : "");
}

/** @throws RangeError for values that cannot be combined with the other options */
export function checkKeep(keep: Keep, method: MethodName | "dynamic", bits: Width): void {
  for (const [layer, as] of Object.entries(keep)) {
    if (as !== "float" && as !== "int8")
      throw new RangeError(`keep: expected float or int8 for ${layer}, got ${as}.`);
    if (as === "int8" && WIDTHS[bits].weights === 8)
      throw new RangeError(
        `keep: expected float for ${layer}, got int8, which all layers of ${bits} are. Use float, or bits w4a8.`,
      );
    if (as === "float" && !isDynamic(method))
      throw new RangeError(
        `keep: expected int8 for ${layer} with method ${method}, which settles the levels of all activations, got float. Use method dynamic or gptq.`,
      );
  }
}
