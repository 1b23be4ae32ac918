"""Writes names.json: the tensor names that transformers 5.18.0 and timm 1.0.29 give to tiny models, each with its shape, and
what these answer for one picture: logits, or of a model without a head the class token after the last norm.

    python test/peers/names.py

Run with torch 2.13, transformers 5.18.0 and timm 1.0.29. `state_dict` is what the model itself says, which is also what
save_pretrained(save_original_format=False) writes; `saved` is what save_pretrained writes by default.
"""
import json
import pathlib
import tempfile

import torch
from torch import library

torchvision = library.Library("torchvision", "DEF")
for operator in ("nms", "qnms"):
    torchvision.define(operator + "(Tensor boxes, Tensor scores, float threshold) -> Tensor")

import timm
import transformers
from safetensors import safe_open

SIZES = dict(hidden_size=64, num_hidden_layers=1, num_attention_heads=2, intermediate_size=128, mlp_ratio=2,
             image_size=16, patch_size=8, num_labels=4)
CLASSES = {
    "ViTForImageClassification": transformers.ViTConfig,
    "ViTModel": transformers.ViTConfig,
    "DeiTModel": transformers.DeiTConfig,
    "DeiTForImageClassification": transformers.DeiTConfig,
    "DeiTForImageClassificationWithTeacher": transformers.DeiTConfig,
    "Dinov2Model": transformers.Dinov2Config,
}
TIMM = dict(img_size=16, patch_size=8, embed_dim=64, depth=1, num_heads=2, mlp_ratio=2, num_classes=4)


def shapes(state):
    return {name: list(tensor.shape) for name, tensor in sorted(state.items())}


def saved(model, **options):
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder, **options)
        with safe_open(folder + "/model.safetensors", "pt") as file:
            return {name: file.get_slice(name).get_shape() for name in sorted(file.keys())}


def fill(model):
    for t, (name, tensor) in enumerate(sorted(model.state_dict().items())):
        i = torch.arange(tensor.numel())
        values = (((31 * i + 17 * t) * 7919 % 257) - 128) / 1024
        is_scale = "norm" in name and name.endswith("weight") or name.endswith(("lambda1", "gamma"))
        tensor.copy_((values + is_scale).reshape(tensor.shape))
    return model.eval()


PICTURE = (37 * torch.arange(16 * 16 * 3) % 256).reshape(1, 16, 16, 3).permute(0, 3, 1, 2)
PIXELS = (PICTURE / 255 - 0.5) / 0.5


@torch.no_grad()
def answer(model):
    result = model(PIXELS)
    if hasattr(result, "last_hidden_state"):
        result = result.last_hidden_state[:, 0]
    return getattr(result, "logits", result)[0].tolist()


names = {}
for name, config in CLASSES.items():
    model = fill(getattr(transformers, name)(config(**SIZES)))
    assert saved(model, save_original_format=False) == shapes(model.state_dict())
    names[name] = {"state_dict": shapes(model.state_dict()), "saved": saved(model), "answer": answer(model)}
for name, options in {
    "vit_tiny_patch16_224": {},
    "vit_small_patch14_dinov2": {"num_classes": 0},
    "deit_tiny_distilled_patch16_224": {},
}.items():
    model = fill(timm.create_model(name, **{**TIMM, **options}))
    names[name] = {"state_dict": shapes(model.state_dict()), "answer": answer(model)}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(names, indent=1) + "\n")
