"""Writes zero-shot/: tiny CLIP and SigLIP models of both towers with their tokenizers, and what transformers makes of picture.png and texts.

python test/goldens/zero_shot.py [name ...] [--out DIR] [--seed N]
"""

import argparse
import json
import pathlib
import zlib

import torch
from made_up import fill, picture  # before transformers, which needs what it registers
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers_models import CLIP, SIGLIP, pixels_of

import transformers

HERE = pathlib.Path(__file__).parent
TEXTS = [
    "a photo of a cat.", "a photo of a dog.", "a photo of a Red Car.", "", " spaces  at both ends ", "crème brûlée, señor",
    "日本の猫", "🐱👍🏽 emoji", "ΟΔΥΣΣΕΥΣ ΣΑΣ", "&lt;b&gt; &amp;", "1234567890 + 7", "don't they'll WE'RE", "tab\tand\nline\x00\x07end",
    "İstanbul ẞtraße ﬁne", "<|endoftext|> inside", "<|EndOfText|> inside", "a photo of many words " * 20,
]  # fmt: skip
SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
VISION = SMALL | {"image_size": 32, "patch_size": 8, "num_hidden_layers": 1}
CORPUS = [*TEXTS[:3], "red car and blue car", "a dog on a beach", "the cat sat on the photo of a dog", "many words in many texts"] * 4


def bytes_to_unicode():
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in kept]
    return [chr(byte) for byte in kept] + [chr(256 + i) for i in range(len(others))]


def clip_tokenizer(folder, places, old_files):
    merges = [("p", "h"), ("ph", "o"), ("t", "o</w>"), ("pho", "to</w>"), ("c", "a"), ("ca", "t</w>"), ("d", "o"), ("do", "g</w>"), ("o", "f</w>"), ("r", "e")]
    letters = bytes_to_unicode()
    words = [*letters, *(letter + "</w>" for letter in letters), *("".join(pair) for pair in merges), "<|startoftext|>", "<|endoftext|>"]
    vocab = {word: i for i, word in enumerate(words)}
    tokenizer = transformers.CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=places)
    tokenizer.save_pretrained(folder)
    if old_files:
        (folder / "tokenizer.json").unlink()
        (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False))
        (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(" ".join(pair) + "\n" for pair in merges))
    return tokenizer, len(words)


def unigram_tokenizer(folder, places):
    """As T5's and SigLIP's: lower case, no punctuation, one space between words."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), normalizers.Replace(Regex(r"[.,!?&;<>|]"), ""), normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>")
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", tokenizer.token_to_id("</s>"))])
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="</s>", eos_token="</s>", unk_token="<unk>", model_max_length=places)
    fast.save_pretrained(folder)
    return fast, tokenizer.get_vocab_size()


def gemma_tokenizer(folder, places):
    """As SigLIP 2's: bytes where there is no letter, spaces as ▁, and no lower case."""
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.Replace(" ", "▁")
    trained.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trained.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=70))
    learned = json.loads(trained.to_str())["model"]
    words = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *(f"<0x{byte:02X}>" for byte in range(256)), *learned["vocab"]]
    vocab = {word: i for i, word in enumerate(words)}
    merges = [tuple(pair) for pair in learned["merges"]]
    tokenizer = transformers.GemmaTokenizer(vocab=vocab, merges=merges, add_bos_token=False, add_eos_token=True, padding_side="right", model_max_length=places)
    tokenizer.save_pretrained(folder)
    return tokenizer, len(words)


def clip(folder, places, old_files=False, eos=None, text={}, **config):
    tokenizer, words = clip_tokenizer(folder, places, old_files)
    ends = {"bos_token_id": words - 2, "eos_token_id": words - 1 if eos is None else eos, "pad_token_id": 1}
    settings = SMALL | {"vocab_size": words, "max_position_embeddings": places} | ends | text
    vision = VISION | ({"hidden_act": text["hidden_act"]} if "hidden_act" in text else {})
    model = transformers.CLIPModel(transformers.CLIPConfig(text_config=settings, vision_config=vision, **config))
    return model, tokenizer, CLIP | {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}, {"padding": True}


def siglip(folder, places, make_tokenizer=unigram_tokenizer, **text):
    tokenizer, words = make_tokenizer(folder, places)
    settings = SMALL | {"vocab_size": words, "max_position_embeddings": places, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 1} | text
    model = transformers.SiglipModel(transformers.SiglipConfig(text_config=settings, vision_config=VISION))
    return model, tokenizer, SIGLIP | {"size": {"height": 32, "width": 32}}, {"padding": "max_length"}


MODELS = {
    "clip": lambda folder: clip(folder, 24, eos=2, projection_dim=24),
    "clip-files": lambda folder: clip(folder, 21, old_files=True, projection_dim=40, text={"hidden_act": "gelu", "num_hidden_layers": 3}),
    "siglip": lambda folder: siglip(folder, 16),
    # SigLIP 2 of a fixed size is SigLIP with another tokenizer.
    "siglip2": lambda folder: siglip(folder, 20, gemma_tokenizer, num_hidden_layers=1, pad_token_id=0, bos_token_id=2),
    "siglip-long": lambda folder: siglip(folder, 29, num_attention_heads=4, num_hidden_layers=1),
}  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "zero-shot")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for name, make in MODELS.items():
        if arguments.names and name not in arguments.names:
            continue
        folder = arguments.out / name
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(0)
        model, tokenizer, settings, padding = make(folder)
        fill(model, zlib.crc32(name.encode()) % 10_000 + arguments.seed).half().save_pretrained(folder)
        (folder / "preprocessor_config.json").write_text(json.dumps(settings))
        pixels = pixels_of(settings, picture())
        inputs = tokenizer(TEXTS, truncation=True, return_tensors="pt", **padding)
        mask = {"attention_mask": inputs["attention_mask"]} if name.startswith("clip") else {}
        with torch.no_grad():
            answer = model.float()(input_ids=inputs["input_ids"], pixel_values=pixels, **mask)
        alone = tokenizer(TEXTS, truncation=True, **({} if name.startswith("clip") else padding))["input_ids"]
        (folder / "expected.json").write_text(json.dumps({"texts": TEXTS, "ids": alone}, ensure_ascii=False))
        tensors = {"texts": answer.text_embeds, "image": answer.image_embeds[0], "logits": answer.logits_per_image[0]}
        save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "expected.safetensors")
        for file in (*folder.glob("*config.json"),):
            text = json.loads(file.read_text())
            text.pop("_name_or_path", None)
            file.write_text(json.dumps(text, indent=1) + "\n")
        print(name, sum(file.stat().st_size for file in folder.iterdir()) // 1000, "kB", flush=True)


if __name__ == "__main__":
    main()
