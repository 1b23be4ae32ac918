/** The only network in a file, with any wrapper of its tensors' names (torch.compile, DDP, Lightning, peft) and any tensors beside it. */
import { ModelFormatError, UnsupportedModelError } from "../errors/errors.ts";
import { quote } from "../format/fields.ts";
import type { TensorEntry } from "../format/safetensors-header.ts";
import type { CanonicalName, Names } from "./names.ts";
import { parametersOf } from "./parameters.ts";
import { type CheckedTensors, type Needs, usedTensors } from "./used-tensors.ts";

/** Parts that torch.compile, FSDP and activation checkpointing insert into names. */
const MARKS = /\b_(?:orig_mod|fsdp_wrapped_module|checkpoint_wrapped_module)\./g;
/** Tensors of adapters and of quantized weights: without them, the weight would be wrong. */
const COMPANION = /\.lora_|\.(?:weight|input|output)_(?:scale|zero_point|g_idx|packed)$/;
/** Tensors of the text tower of an int8 CLIP or SigLIP, which the image tower does not need. */
const OF_TEXT = /^text_(?:model|projection)\b.*\.weight_scale$/;
/** Parts of timm's VisionTransformer, which timm loads strictly except for an unused head. */
const TIMM_PART =
  /(?:^|\.)(?:blocks|norm|norm_pre|fc_norm|attn_pool|(?:cls|dist|reg)_token|pos_embed)(?:\.|$)/;

/**
 * The tensors that the model needs, and the ignored ones.
 * @throws ModelFormatError for a duplicate tensor and for two networks; UnsupportedModelError for a tensor without which the result would
 *   be wrong
 */
export function networkTensors(model: Needs, entries: readonly TensorEntry[]): CheckedTensors {
  const named = entries.map((entry) => ({ entry, name: entry.name.replace(MARKS, "") }));
  const network = findNetwork(
    named.map(({ name }) => name),
    model.names,
  );
  if (!network)
    throw new ModelFormatError(
      `${model.name}: expected tensor patch.weight [${parametersOf(model.network).get("patch.weight")}] by its timm or transformers name, with any prefix, got none. The first tensor is ${quote(entries[0].name)}.`,
    );
  const tensors = usedTensors(tensorsOf(network, named, model.names), model);
  const used = new Set(tensors.values());
  const ignored = entries.filter((entry) => !used.has(entry)).map(({ name }) => name);
  const refused = ignored.find(
    (name) => (COMPANION.test(name) && !OF_TEXT.test(name)) || (network.timms && TIMM_PART.test(name)),
  );
  if (refused === undefined) return { tensors, ignored };
  throw new UnsupportedModelError(
    `tensor ${quote(refused)}: not part of the network in config.json, but it would change the result. Merge adapters, and save the model that config.json describes.`,
  );
}

function tensorsOf(
  { root, patch }: Network,
  named: readonly { entry: TensorEntry; name: string }[],
  names: Names,
): Map<CanonicalName, TensorEntry> {
  const heads = names.heads(patch);
  const found = new Map<CanonicalName, { entry: TensorEntry; distance: number }>();
  for (const { entry, name } of named) {
    const head = headIn(name, heads);
    const inside = head
      ? name.slice(head.place.length)
      : name.startsWith(root)
        ? name.slice(root.length)
        : "";
    const distance = head ? (head.isOwn ? 0 : FAR) + headDistance(head.place, root, names) : 0;
    if (distance > 2 * FAR) continue;
    for (const canonical of names.all(inside)) {
      const twin = found.get(canonical);
      if (twin?.distance === distance)
        throw new ModelFormatError(
          `tensor ${canonical}: expected one, got both ${quote(twin.entry.name)} and ${quote(entry.name)}.`,
        );
      if (!twin || distance < twin.distance) found.set(canonical, { entry, distance });
    }
  }
  return new Map([...found].map(([name, { entry }]) => [name, entry]));
}

interface Head {
  /** Its prefix: it may be outside of what a wrapper calls its backbone. */
  readonly place: string;
  /** Whether the library whose names the network has calls its head so. */
  readonly isOwn: boolean;
}

function headIn(name: string, heads: ReadonlyMap<string, boolean>): Head | undefined {
  const stem = name.replace(/\.\w+$/, "");
  for (const [head, isOwn] of heads)
    if (stem !== name && (stem === head || stem.endsWith(`.${head}`)))
      return { place: stem.slice(0, -head.length), isOwn };
  return undefined;
}

interface Network {
  /** The prefix of all its names. */
  readonly root: string;
  /** Its name of the patch embedding. */
  readonly patch: string;
  /** Whether its names are timm's. */
  readonly timms: boolean;
}

/** The network without a prefix is the one that the library itself would load. */
function findNetwork(stored: readonly string[], names: Names): Network | undefined {
  const networks = new Map<string, string>();
  // Every network has one such tensor: its prefix is the prefix of all others.
  for (const patch of names.variants("patch"))
    for (const name of stored) {
      const weight = `${patch}.weight`;
      const before = name.slice(0, -weight.length);
      if (name === before + weight && (before === "" || before.endsWith(".")))
        networks.set(names.withoutBase(before), patch);
    }
  if (networks.size === 0) return undefined;
  const [one, two] = networks.has("") ? [""] : [...networks.keys()];
  const patch = networks.get(one)!;
  if (two === undefined) return { root: one, patch, timms: patch.startsWith("patch_embed.proj") };
  throw new ModelFormatError(
    `weights: expected one network, got one at ${quote(one)} and one at ${quote(two)}. Save only one of them.`,
  );
}

/** Farther than any place, which is in turn nearer than another network's. */
const FAR = 1e6;

/** Steps from where the network's names begin out to a head. */
function headDistance(place: string, root: string, names: Names): number {
  if (root.startsWith(place)) return root.slice(place.length).split(".").length - 1;
  return place.startsWith(root) && names.isBase(place.slice(root.length)) ? 0.5 : 3 * FAR;
}
