// npm's @huggingface/tokenizers reads some texts differently from Rust's tokenizers in transformers: this rewrites tokenizer.json to steps
// that mean the same to both.

import { asFields, type Fields, field } from "../format/fields.ts";

type Step = Readonly<Record<string, unknown>>;

/** The pattern by which GPT-2 splits (ByteLevel of tokenizers). */
const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
/** Placeholders for a zero width joiner, and for the boundary between signs that must stay separate: Unicode noncharacters. */
const [JOINER, WALL] = ["\ufdd0", "\ufdd1"];
const APART = "(?<=[\\u0800-\\uffff])(?=[\\u1160-\\u11ff\\uff9e\\uff9f]|(?![\\u0300-\\u07ff])\\p{M})";

const replace = (pattern: object, content: string) => ({ type: "Replace", pattern, content });
const all = (normalizers: readonly Step[]) => ({ type: "Sequence", normalizers });

const NORMALIZERS: Readonly<Record<string, (step: Step) => Step>> = {
  // JavaScript lowercases a sigma at the end of a word to another letter; Rust lowercases each character by itself.
  Lowercase: (step) => all([replace({ String: "\u03a3" }, "\u03c3"), step]),
  // The library uses NFKC and some lists instead of SentencePiece's table. Only one sign differs: it reads the joiner of emoji as a space.
  // And Rust normalizes a sequence only if it has less than 6 bytes, so that signs of 3 bytes each stay separate: kana and their voice
  // marks, jamo of Hangul, vowels of Bengali.
  Precompiled: (step) =>
    all([
      replace({ String: "\u200d" }, JOINER),
      replace({ Regex: APART }, WALL),
      step,
      replace({ String: WALL }, ""),
      replace({ String: JOINER }, "\u200d"),
    ]),
  // JavaScript's trim takes U+FEFF for white space, and U+0085 not.
  Strip: ({ strip_left: left, strip_right: right }) =>
    all([
      ...(left ? [replace({ Regex: "\\A\\s+" }, "")] : []),
      ...(right ? [replace({ Regex: "\\s+\\z" }, "")] : []),
    ]),
};

const PRE_TOKENIZERS: Readonly<Record<string, (step: Step) => Step>> = {
  // Its own pattern has JavaScript's \s, with U+FEFF and without U+0085; in a Split the library writes White_Space for it, as Rust reads it.
  ByteLevel: (step) =>
    step.use_regex === false || step.add_prefix_space !== false
      ? step
      : {
          type: "Sequence",
          pretokenizers: [
            { type: "Split", pattern: { Regex: GPT2 }, behavior: "Isolated", invert: false },
            { ...step, use_regex: false },
          ],
        },
  WhitespaceSplit: () => ({
    type: "Split",
    pattern: { Regex: "\\s+" },
    behavior: "Removed",
    invert: false,
  }),
};

export function asTransformers(file: Fields): object {
  const rewritten = (name: string, steps: typeof NORMALIZERS, list: string) => {
    const step = field(file, name) as Step | null | undefined;
    return step ? { [name]: inPlace(step, steps, list) } : {};
  };
  return {
    ...file,
    ...rewritten("normalizer", NORMALIZERS, "normalizers"),
    ...rewritten("pre_tokenizer", PRE_TOKENIZERS, "pretokenizers"),
  };
}

function inPlace(step: Step, steps: typeof NORMALIZERS, list: string): Step {
  const inner = step[list];
  if (Array.isArray(inner)) return { ...step, [list]: inner.map((each) => inPlace(each, steps, list)) };
  return steps[String(step.type)]?.(step) ?? step;
}

/**
 * Special tokens are found in a text as it is. The library looks for them once more after the normalizer, but only where a piece between
 * special tokens is nothing else: `<|EndOfText|>` alone. A space before it makes it something else, and is read as no space.
 */
export function withoutFalseSpecials(file: Fields): (text: string) => string {
  const added = (field(file, "added_tokens") ?? []) as readonly unknown[];
  const specials = new Set(
    added
      .map((token) => asFields(token, "added_tokens"))
      .filter((token) => !field(token, "normalized"))
      .map((token) => String(field(token, "content"))),
  );
  const lower = new Map([...specials].map((content) => [content.toLowerCase(), content]));
  if (specials.size === 0) return (text) => text;
  const pattern = new RegExp(`(${[...specials].map(escaped).join("|")})`);
  return (text) =>
    text
      .split(pattern)
      .map((piece) => (!specials.has(piece) && lower.has(piece.toLowerCase()) ? ` ${piece}` : piece))
      .join("");
}

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
