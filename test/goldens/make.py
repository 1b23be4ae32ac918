"""Writes models/: tiny models with random weights, saved by transformers and timm, and what these libraries make of picture.png.

pip install transformers==5.18.0 timm==1.0.29 torch==2.13.0 torchvision pillow
python test/goldens/make.py [name ...] [--out DIR] [--seed N]

Each folder has the files of a model as the Hub has them and expected.safetensors: `pooled` and `logits` where the model has them, and `hidden`
[tokens, width] where it has neither or a test reads tokens. Weights are float16, so that a file stays below 300 kB; the library computes with the same rounded values in float32.
"""

import argparse
import json
import pathlib
import zlib

from made_up import fill, picture
from safetensors.torch import save_file

import timm_models
import transformers_models

HERE = pathlib.Path(__file__).parent
TOKENS = {"dinov2", "dinov2-registers", "ijepa", "timm-swin", "timm-vit-gap", "vit-pooler", "yolos", "yolos-aspect", "yolos-mid"}


def store(folder, expected):
    if folder.name not in TOKENS and ("pooled" in expected or "logits" in expected):
        expected.pop("hidden", None)
    tensors = {name: value.detach().float().clone().contiguous() for name, value in expected.items()}
    save_file(tensors, folder / "expected.safetensors")
    for file in folder.glob("*.json"):  # one spelling for every version of the libraries
        text = json.loads(file.read_text())
        text.pop("_name_or_path", None)
        file.write_text(json.dumps(text, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "models")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if not arguments.names:
        picture().save(HERE / "picture.png", optimize=True)
    image = picture()
    for module in (transformers_models, timm_models):
        for name, make in module.MODELS.items():
            if arguments.names and name not in arguments.names:
                continue
            folder = arguments.out / name
            folder.mkdir(exist_ok=True)
            seed = zlib.crc32(name.encode()) % 10_000 + arguments.seed
            store(folder, make(folder, image, lambda model: fill(model, seed)))
            size = sum(file.stat().st_size for file in folder.iterdir())
            print(f"{name}: {size / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
