// Texts to token ids as transformers has them, by npm's @huggingface/tokenizers.

import { ModelLoadError } from "../errors/errors.ts";
import { asFields, field, parseJson } from "../format/fields.ts";
import type { ModelFolder } from "../format/folder.ts";
import { readOptional } from "../format/optional.ts";

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
  { places, pad, isClip, signal }: { places: number; pad: boolean; isClip: boolean; signal?: AbortSignal },
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
    : await fromMerges(folder, read);
  const { Tokenizer } = await import("@huggingface/tokenizers").catch((cause) => {
    throw new ModelLoadError(
      "@huggingface/tokenizers: expected the package, got none. Install it: npm install @huggingface/tokenizers",
      { cause },
    );
  });
  const tokenizer = new Tokenizer(file, config);
  const padToken = field(config, "pad_token");
  const padName =
    typeof padToken === "string" ? padToken : field(asFields(padToken ?? {}, "pad_token"), "content");
  const padding = tokenizer.token_to_id(String(padName)) ?? 1;
  return {
    ids(text) {
      const { ids } = tokenizer.encode(isClip ? asClipReads(text) : text);
      // As transformers cuts: the special token at the end stays.
      const cut = ids.length > places ? [...ids.slice(0, places - 1), ids[ids.length - 1]] : ids;
      return pad ? [...cut, ...new Array(places - cut.length).fill(padding)] : cut;
    },
  };
}

/** The library makes another letter of a sigma at the end of a word. */
const asClipReads = (text: string) => text.replace(/\u03A3/g, "\u03C3");

type Read = (name: string) => Promise<string | undefined>;

async function fromMerges(folder: ModelFolder, read: Read): Promise<object> {
  const [vocab, merges] = [await read("vocab.json"), await read("merges.txt")];
  if (vocab === undefined || merges === undefined)
    throw new ModelLoadError(
      `${folder.id}: expected tokenizer.json, or vocab.json and merges.txt, got neither. Make it with AutoTokenizer.from_pretrained(MODEL).save_pretrained(FOLDER)`,
    );
  return clipTokenizer(asFields(parseJson(vocab, "vocab.json"), "vocab.json"), merges);
}

/** What transformers makes of CLIP's two files (CLIPTokenizer). */
function clipTokenizer(vocab: object, merges: string): object {
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
