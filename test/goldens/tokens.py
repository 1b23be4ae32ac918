"""Writes tokens/: 1,000 hard strings, small tokenizers trained here, and the ids that transformers makes of the strings.

python test/goldens/tokens.py [--out DIR] [--clip FILE] [--seed N]; then npm run format

gemma-ids.sha256 is of the tokenizer of zero-shot/siglip2. clip-ids.txt is of CLIP's real vocabulary, which is not in the project: FILE is openai/CLIP's bpe_simple_vocab_16e6.txt.gz.
"""

import argparse
import gzip
import hashlib
import json
import pathlib
import random
import shutil
import tempfile

import sentencepiece
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from zero_shot import bytes_to_unicode

import transformers

HERE = pathlib.Path(__file__).parent
START, END = "<|startoftext|>", "<|endoftext|>"
WORDS = """a the of on in photo picture cat dog car red blue green small large house tree street beach mountain river people running sitting
old new wooden broken white black drawing painting close-up aerial view two three many don't they'll we're I've it's she'd I'm photographer's
crème brûlée señor naïve façade Zürich Łódź Ørsted smörgåsbord Việt déjà ﬁne ﬂag ǆ Straße ẞ İstanbul ıssız ΟΔΥΣΣΕΥΣ ΣΑΣ Σ σς Привет мир ЁЛКА
日本の猫 東京タワー 中文字符 貓咪 한국어 고양이 ｶﾞｷﾞ ガギ Ｆｕｌｌ ＷＩＤＴＨ ㍿ ㈱ ① Ⅷ ½ ² ℃ № ™ שלום עולם مرحبا بالعالم สวัสดี नमस्ते हिन्दी தமிழ் ა ქართული
🐱 👍🏽 👩‍👩‍👧‍👦 🇯🇵🇩🇪 ❤️ ☃ ✈️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 1234567890 3.14159 1,000,000 007 ٣٤٥ १२३ 12th 4K 50% $9.99 €5 £3 ¥100 x² 10⁻³
&lt;b&gt; &amp; &quot;hi&quot; &#39; &nbsp; &eacute; &amp;amp; <b>bold</b> http://example.com/a?b=c&d=e me@example.com #tag C++ a/b ... !!! ?! -- – — “quoted” ‘it’ «oui» 「はい」 、。
_snake_case_ CamelCase UPPER lower ~tilde ^hat `tick` |pipe| \\back {} [] () @ * = + ¿qué? ¡olé! …""".split()
ODD = ["\ufeff", "\u200b", "\u200d", "\u00ad", "\u2060", "\u0000", "\u0001", "\u0007", "\u000b", "\u000c", "\u001b", "\u001f", "\u007f", "\u0085", "\u009f",
       "\u00a0", "\u1680", "\u2003", "\u2028", "\u2029", "\u202f", "\u3000", "\u180e", "\ufffd", "\ufffe", "\ue000", "e\u0301", "\u0301", "A\u030a", "\u212b", "\u2126",
       "\u1e9b\u0323", "\uff5e", "\u2581", "\u0130", "\U0001d504", "\u304b\u3099", "\u1112\u1161\u11ab", "\u09c7\u09be", "\U000e0001", "\t", "\n", "\r\n", "\r", START, END, "<|EndOfText|>", "<|STARTOFTEXT|>", "</s>", "<pad>", "<unk>", "</w>", "'S", "'LL", "’s"]  # fmt: skip
SPACES = [" ", "  ", "\t", "\n", "\u00a0", "\u3000", ""]
CORPUS = ["a photo of a cat.", "a photo of a dog.", "a photo of a red car", "a dog on a beach", "the cat sat on the photo of a dog", "many words in many texts",
          "crème brûlée", "日本の猫", "1234567890", "the 12th of 3,000 people", "don't they'll", "a drawing of the old house", "two people running on the street"] * 20  # fmt: skip


def strings(seed):
    random.seed(seed)
    one = lambda things: things[random.randrange(len(things))]
    texts = ["", " ", "   ", "\n", ".", "a", *WORDS, *ODD]
    texts += [sign + other for sign in ODD for other in ("a photo", END)] + [f"photo{sign}cat" for sign in ODD] + [f"cat {sign} dog{sign}" for sign in ODD]
    texts += [one(SPACES) + " ".join(one(WORDS) for _ in range(500)) for _ in range(4)]
    while len(texts) < 1000:
        parts = [one(ODD) if random.random() < 0.12 else one(WORDS) for _ in range(random.randrange(1, 12))]
        texts.append(one(SPACES) + "".join(part + (one(SPACES) if random.random() < 0.15 else " ") for part in parts[:-1]) + parts[-1] + one(SPACES))
    return texts[:1000]


def real_clip(file):
    """As openai/CLIP's simple_tokenizer reads the file."""
    lines = gzip.open(file).read().decode().split("\n")[1 : 49152 - 256 - 2 + 1]
    merges = [tuple(line.split()) for line in lines]
    letters = bytes_to_unicode()
    words = [*letters, *(letter + "</w>" for letter in letters), *("".join(pair) for pair in merges), START, END]
    return transformers.CLIPTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=merges, model_max_length=77)


def small_bpe(folder):
    """Byte-level, as GPT-2's and CLIP's, with merges learned here."""
    trained = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    trained.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=300, end_of_word_suffix="</w>"))
    merges = [tuple(pair) for pair in json.loads(trained.to_str())["model"]["merges"]]
    letters = bytes_to_unicode()
    words = dict.fromkeys([*letters, *(letter + "</w>" for letter in letters), *("".join(pair) for pair in merges), START, END])
    tokenizer = transformers.CLIPTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=merges, model_max_length=77)
    tokenizer.save_pretrained(folder)
    return tokenizer


def small_unigram(folder):
    """A SentencePiece model with tokenizer.json made of it as docs/zero-shot.md says."""
    with tempfile.TemporaryDirectory() as made:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter([*CORPUS, *WORDS, *WORDS]), model_prefix=f"{made}/spiece", vocab_size=700, character_coverage=1.0, hard_vocab_limit=False, model_type="unigram",
            pad_id=0, eos_id=1, unk_id=2, bos_id=-1, minloglevel=2)  # fmt: skip
        pathlib.Path(made, "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "SiglipTokenizer", "model_max_length": 64}))
        fast = transformers.T5Tokenizer.from_pretrained(made, extra_ids=0)
        backend = fast.backend_tokenizer
        # Python ends a word with another sigma, and knows more white space.
        sigma = normalizers.Replace(Regex(r"(?<=\p{L})Σ(?!\p{L})"), "ς")
        space = normalizers.Replace(Regex(r"[\s\x1c-\x1f]+"), " ")
        punctuation = normalizers.Replace(Regex(r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""), "")
        backend.normalizer = normalizers.Sequence([sigma, normalizers.Lowercase(), punctuation, space, backend.normalizer])
        fast.save_pretrained(folder)
        # 300 kB of SentencePiece's own, which stays out: the library that reads the file has NFKC for it.
        saved = json.loads((folder / "tokenizer.json").read_text())
        for step in saved["normalizer"]["normalizers"]:
            step |= {"precompiled_charsmap": ""} if step["type"] == "Precompiled" else {}
        (folder / "tokenizer.json").write_text(json.dumps(saved, ensure_ascii=False, indent=1) + "\n")
        return fast


def ids_of(tokenizer, texts):
    return tokenizer(texts, truncation=True)["input_ids"]


def lines(all_ids):
    return "".join(" ".join(map(str, ids)) + "\n" for ids in all_ids)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "tokens")
    parser.add_argument("--clip", type=pathlib.Path, default=HERE.parents[2] / "shared/tokenizers/clip-bpe.txt.gz")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    out = arguments.out
    texts = strings(arguments.seed)
    for name in ("bpe", "unigram"):
        shutil.rmtree(out / name, ignore_errors=True)
        (out / name).mkdir(parents=True)
    made = {"bpe": small_bpe(out / "bpe"), "unigram": small_unigram(out / "unigram")} | ({"clip": real_clip(arguments.clip)} if arguments.clip.exists() else {})
    (out / "texts.json").write_text(json.dumps(texts, ensure_ascii=True, indent=0) + "\n")
    for name, tokenizer in made.items():
        (out / f"{name}-ids.txt").write_text(lines(ids_of(tokenizer, texts)))
    gemma = transformers.AutoTokenizer.from_pretrained(HERE / "zero-shot/siglip2", model_max_length=64)
    (out / "gemma-ids.sha256").write_text(hashlib.sha256(lines(ids_of(gemma, texts)).encode()).hexdigest() + "\n")


if __name__ == "__main__":
    main()
