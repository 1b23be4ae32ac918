/** The one network in a file, whatever wraps the names of its tensors (torch.compile, DDP, Lightning, peft) and lies beside it. */
import { ModelFormatError, UnsupportedModelError } from "../errors/errors.ts";
import type { VitArchitecture } from "../format/architecture.ts";
import { quote } from "../format/fields.ts";
import type { TensorEntry } from "../format/safetensors-header.ts";
import { expectedTensors } from "./expected-tensors.ts";
import { BASE, type CanonicalName, canonicalName } from "./names.ts";
import { type CheckedTensors, usedTensors } from "./used-tensors.ts";

/** What torch.compile, FSDP and activation checkpointing put before any part of a name. */
const MARKS = /\b_(?:orig_mod|fsdp_wrapped_module|checkpoint_wrapped_module)\./g;
/** Every network has one tensor like this: what is before it is before all others. */
const ANCHOR =
  /^(|.*?\.)(?:(?:vit|deit|dinov2)\.)?(patch_embed\.proj|embeddings\.patch_embeddings\.projection)\.weight$/;
/** A head may lie outside what a wrapper calls its backbone. */
const HEAD = /^(|.*\.)(head|head_dist|classifier|cls_classifier|distillation_classifier)\.\w+$/;

/** Of adapters and of quantised weights: without it, the weight is another. */
const COMPANION = /\.lora_|\.(?:weight|input|output)_(?:scale|zero_point|g_idx|packed)$/;
/** Of timm's VisionTransformer, which timm loads strictly but for a head that is not asked for. */
const TIMM_PART =
  /(?:^|\.)(?:blocks|norm|norm_pre|fc_norm|attn_pool|(?:cls|dist|reg)_token|pos_embed)(?:\.|$)/;

/**
 * The tensors that the model needs, and what is left out. Throws ModelFormatError for two tensors that are the same and
 * for two networks, UnsupportedModelError for a tensor without which the others do not give the result.
 */
export function networkTensors(
  architecture: VitArchitecture,
  entries: readonly TensorEntry[],
): CheckedTensors {
  const named = entries.map((entry) => ({ entry, name: entry.name.replace(MARKS, "") }));
  const network = findNetwork(named.map(({ name }) => name));
  if (!network)
    throw new ModelFormatError(
      `${architecture.family}: expected tensor patch.weight [${expectedTensors(architecture).get("patch.weight")}] by timm's or transformers' name, behind any prefix, but the file lacks it; its first tensor is ${quote(entries[0].name)}`,
    );
  const tensors = usedTensors(tensorsOf(network, named, architecture), architecture);
  const used = new Set(tensors.values());
  const ignored = entries.filter((entry) => !used.has(entry)).map(({ name }) => name);
  const refused = ignored.find((name) => COMPANION.test(name) || (network.timms && TIMM_PART.test(name)));
  if (refused === undefined) return { tensors, ignored };
  throw new UnsupportedModelError(
    `tensor ${quote(refused)}: changes the result, but the network of config.json has no place for it; merge adapters, and save the model that config.json describes`,
  );
}

function tensorsOf(
  { root, timms }: Network,
  named: readonly { entry: TensorEntry; name: string }[],
  { headsCount }: VitArchitecture,
): Map<CanonicalName, TensorEntry> {
  const found = new Map<CanonicalName, { entry: TensorEntry; distance: number }>();
  for (const { entry, name } of named) {
    const [, place, head] = HEAD.exec(name) ?? [];
    // The two heads of a model with a teacher; transformers takes neither for the one of another model.
    if (head?.includes("_classifier") && headsCount === 1) continue;
    const inside = head ? name.slice(place.length) : name.startsWith(root) ? name.slice(root.length) : "";
    const canonical = canonicalName(inside);
    const foreign = head && head.startsWith("head") !== timms ? FAR : 0;
    const distance = head ? foreign + headDistance(place, root) : 0;
    if (!canonical || distance > 2 * FAR) continue;
    const twin = found.get(canonical);
    if (twin?.distance === distance)
      throw new ModelFormatError(
        `tensors ${quote(twin.entry.name)} and ${quote(entry.name)} are both ${canonical}`,
      );
    if (!twin || distance < twin.distance) found.set(canonical, { entry, distance });
  }
  return new Map([...found].map(([name, { entry }]) => [name, entry]));
}

interface Network {
  /** What all its names begin with. */
  readonly root: string;
  /** Whether its names are timm's. */
  readonly timms: boolean;
}

/** The network without a prefix is the one that the library itself would load. */
function findNetwork(names: readonly string[]): Network | undefined {
  const networks = new Map<string, boolean>();
  for (const name of names) {
    const [, root, anchor] = ANCHOR.exec(name) ?? [];
    if (anchor) networks.set(root, anchor === "patch_embed.proj");
  }
  if (networks.size === 0) return undefined;
  const [one, two] = networks.has("") ? [""] : [...networks.keys()];
  if (two === undefined) return { root: one, timms: networks.get(one)! };
  throw new ModelFormatError(
    `weights: expected one network, but there is one at ${quote(one)} and one at ${quote(two)}; save one of them alone`,
  );
}

/** Farther than any place, which is in turn nearer than another network's. */
const FAR = 1e6;

/** Steps from where the network's names begin out to a head. */
function headDistance(place: string, root: string): number {
  if (root.startsWith(place)) return root.slice(place.length).split(".").length - 1;
  return place.startsWith(root) && BASE.test(place.slice(root.length)) ? 0.5 : 3 * FAR;
}
