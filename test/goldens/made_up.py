"""What all made-up models share: a picture, its normalization and a filling of weights."""

import math

import numpy as np
import torch
from torch import library
from PIL import Image

# torchvision's own operators are not needed, and not in every build
torchvision = library.Library("torchvision", "DEF")
torchvision.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
torchvision.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

MEAN, STD = [0.48, 0.46, 0.41], [0.23, 0.22, 0.25]


def picture():
    """75x53 pixels: a gradient, stripes, a disc and noise."""
    y, x = np.mgrid[0:53, 0:75].astype(np.float64)
    noise = np.random.default_rng(7).normal(0, 14, (53, 75, 3))
    planes = [x * 2.4 + 30, 128 + 90 * np.sin(x / 5 + y / 9), y * 4]
    pixels = np.stack(planes, axis=-1) + noise
    pixels[(x - 48) ** 2 + (y - 22) ** 2 < 200] = [230, 60, 40]
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def fill(model, seed):
    """
    Weights that make activations look like those of trained models: rows that matter, biases, a few channels of the
    residual stream far out. Every value is one that float16 has.
    """
    generator = torch.Generator().manual_seed(seed)
    normal = lambda shape, std, mean=0.0: torch.randn(shape, generator=generator) * std + mean
    with torch.no_grad():
        for name, parameter in sorted([*model.named_parameters()]):
            shape, lower = parameter.shape, name.lower()
            if lower.endswith(("lambda1", "lambda_1", "lambda_2", "gamma", "gamma_1", "gamma_2")) and len(shape) == 1:
                value = normal(shape, 0.1, 0.5)
            elif "logit_scale" in lower:
                value = normal(shape, 0.3, math.log(10))
            elif "logit_bias" in lower:
                value = normal(shape, 0.3, -1)
            elif any(part in lower for part in ("norm", "ln_", ".ln")) and lower.endswith("weight") and len(shape) == 1:
                value = normal(shape, 0.2, 1)
                value[:: max(17, shape[0] // 3)] *= 2.5
            elif len(shape) == 1 and lower.endswith("bias"):
                value = normal(shape, 0.2)
            elif "relative_position_bias_table" in lower:
                value = normal(shape, 0.7)
            elif len(shape) >= 2 and lower.endswith("weight") and "embedding" not in lower.split(".")[-2]:
                fan_in = parameter[0].numel()
                head = any(part in lower for part in ("classifier", "head", "class_labels"))
                value = normal(shape, (3 if head and "attn" not in lower else 1.1) / math.sqrt(fan_in))
            else:  # tokens, tables of positions and of words, biases of Q and V by themselves
                value = normal(shape, 0.5)
                if len(shape) == 3:
                    value[..., :: max(19, shape[-1] // 2)] *= 4
            parameter.copy_(value.half().float())
    return model.eval()
