"""Writes positions.json: position embeddings of other grids, as DINOv2 of transformers and timm fit them.

pip install transformers==5.18.0 timm==1.0.29 torch torchvision
python test/peers/positions.py > test/peers/positions.json && npx biome check --write test/peers/positions.json
"""

import json

import torch
from torch import library

# torchvision's own operators are not needed, and not in every build
torchvision = library.Library("torchvision", "DEF")
torchvision.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
torchvision.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import timm
import transformers
from timm.layers import resample_abs_pos_embed
from transformers.models.dinov2.modeling_dinov2 import Dinov2Embeddings

GRIDS = [((3, 3), (5, 5)), ((2, 2), (5, 3)), ((4, 4), (2, 2)), ((5, 5), (2, 3)), ((5, 5), (4, 7)), ((7, 7), (1, 3))]
PATCH = 2


def of_transformers(positions, from_, to):
    config = transformers.Dinov2Config(image_size=from_[0] * PATCH, patch_size=PATCH, hidden_size=2, num_attention_heads=1)
    embeddings = Dinov2Embeddings(config)
    embeddings.position_embeddings = torch.nn.Parameter(positions)
    tokens = torch.zeros(1, 1 + to[0] * to[1], 2)
    with torch.no_grad():
        return embeddings.interpolate_pos_encoding(tokens, to[0] * PATCH, to[1] * PATCH)


def main():
    generator = torch.Generator().manual_seed(5)
    grids = []
    for from_, to in GRIDS:
        count = 1 + from_[0] * from_[1]
        positions = torch.randint(-128, 129, (1, count, 2), generator=generator) / 128
        grids.append({
            "from": from_,
            "to": to,
            "positions": positions.flatten().tolist(),
            "transformers": of_transformers(positions, from_, to).flatten().tolist(),
            "timm": resample_abs_pos_embed(positions, to, old_size=from_).flatten().tolist(),
        })
    versions = f"transformers {transformers.__version__}, timm {timm.__version__}, torch {torch.__version__}"
    print(json.dumps({"versions": versions, "grids": grids}))


main()
