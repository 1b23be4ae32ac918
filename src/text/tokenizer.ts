// Texts to token ids as transformers has them, by npm's @huggingface/tokenizers.

import { ModelLoadError } from "../errors/errors.ts";
import { asFields, type Fields, field, parseJson } from "../format/fields.ts";
import type { ModelFolder } from "../format/folder.ts";
import { readOptional } from "../format/optional.ts";
import { asTransformers, withoutFalseSpecials } from "./as-transformers.ts";

export interface TextTokenizer {
  /** Ids of a text, cut to `places`; padded to it where `pad`. */
  ids(text: string): number[];
}

/**
 * Reads tokenizer.json, or vocab.json and merges.txt.
 * @throws ModelLoadError where the folder has neither, or the package is not installed
 */
export async function readTokenizer(
  folder: ModelFolder,
  { places, pad, signal }: { places: number; pad: boolean; signal?: AbortSignal },
): Promise<TextTokenizer> {
  const read = (name: string) => readOptional(folder, name, signal);
  const json = await read("tokenizer.json");
  const configText = await read("tokenizer_config.json");
  const config = asFields(
    configText ? parseJson(configText, "tokenizer_config.json") : {},
    "tokenizer_config.json",
  );
  const file = json
    ? asFields(parseJson(json, "tokenizer.json"), "tokenizer.json")
    : await fromMerges(folder, read, signal);
  const { Tokenizer } = await import("@huggingface/tokenizers").catch((cause) => {
    throw new ModelLoadError(
      "@huggingface/tokenizers: expected the package, got none. Install it: npm install @huggingface/tokenizers",
      { cause },
    );
  });
  const tokenizer = new Tokenizer(asTransformers(file), config);
  const padToken = field(config, "pad_token");
  const padName =
    typeof padToken === "string" ? padToken : field(asFields(padToken ?? {}, "pad_token"), "content");
  const padding = tokenizer.token_to_id(String(padName)) ?? 1;
  const readable = withoutFalseSpecials(file);
  return {
    ids(text) {
      const { ids } = tokenizer.encode(readable(text));
      // Truncated as in transformers: the special token at the end stays.
      const cut = ids.length > places ? [...ids.slice(0, places - 1), ids[ids.length - 1]] : ids;
      return pad ? [...cut, ...new Array(places - cut.length).fill(padding)] : cut;
    },
  };
}

type Read = (name: string) => Promise<string | undefined>;

async function fromMerges(folder: ModelFolder, read: Read, signal?: AbortSignal): Promise<Fields> {
  const [vocab, merges] = [await read("vocab.json"), await read("merges.txt")];
  if (vocab === undefined || merges === undefined) throw await without(folder, signal);
  return clipTokenizer(asFields(parseJson(vocab, "vocab.json"), "vocab.json"), merges);
}

async function without(folder: ModelFolder, signal?: AbortSignal): Promise<ModelLoadError> {
  const model = await folder.open("spiece.model", signal).catch(() => undefined);
  await model?.stream.cancel();
  return new ModelLoadError(
    model
      ? `${folder.id}: expected tokenizer.json, got spiece.model alone. Make it with transformers as in docs/zero-shot.md of vit8 (T5Tokenizer, save_pretrained).`
      : `${folder.id}: expected tokenizer.json, or vocab.json and merges.txt, got neither. Make it with AutoTokenizer.from_pretrained(MODEL).save_pretrained(FOLDER).`,
  );
}

/** The tokenizer that transformers builds from CLIP's two files (CLIPTokenizer). */
function clipTokenizer(vocab: object, merges: string): Fields {
  const [start, end] = ["<|startoftext|>", "<|endoftext|>"];
  const ids = vocab as Record<string, number>;
  const special = (content: string) => ({
    id: ids[content],
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  });
  const split =
    "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
  const lines = merges.split("\n").filter((line) => line !== "" && !line.startsWith("#version"));
  return {
    version: "1.0",
    added_tokens: [special(start), special(end)],
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "NFC" },
        { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
        { type: "Lowercase" },
      ],
    },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: split }, behavior: "Removed", invert: true },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: {
      type: "RobertaProcessing",
      sep: [end, ids[end]],
      cls: [start, ids[start]],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      unk_token: end,
      continuing_subword_prefix: "",
      end_of_word_suffix: "</w>",
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges: lines.map((line) => line.split(" ")),
    },
  };
}
