"""Writes crops.json: how transformers' processors (PIL back end) and timm resize pictures, and where their crop begins.

pip install transformers==5.18.0 timm==1.0.29 torch torchvision pillow
python test/peers/crops.py > test/peers/crops.json && npx biome check --write test/peers/crops.json
"""

import json
from unittest.mock import patch

import numpy as np
import torch
from torch import library
from PIL import Image

# torchvision's own operators are not needed, and not in every build
torchvision = library.Library("torchvision", "DEF")
torchvision.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
torchvision.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import timm
import transformers
from transformers.image_processing_backends import PilBackend

SIZES = [
    (1920, 1080), (640, 427), (500, 334), (334, 500), (427, 640), (1200, 1600), (106, 150), (500, 500), (640, 480),
    (480, 640), (333, 500), (500, 333), (375, 500), (500, 375), (1023, 767), (767, 1023), (257, 258), (255, 256),
    (31, 30), (30, 31), (9, 6), (2, 2), (2, 97), (97, 2), (4032, 3024), (3024, 4032), (1280, 719), (719, 1280),
    (1366, 768), (99, 101), (101, 99), (225, 224), (224, 225), (1001, 17), (17, 1001),
]

PROCESSORS = [
    {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 256}, "crop_size": 224},
    {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 255}, "crop_size": 224},
    {"image_processor_type": "CLIPImageProcessor", "size": 64, "crop_size": [48, 33]},
    {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 32}, "crop_size": {"height": 49, "width": 64}},
    {"image_processor_type": "DeiTImageProcessor", "size": 256, "crop_size": 225},
    {"image_processor_type": "DeiTImageProcessor", "size": 224, "crop_size": {"height": 255, "width": 224}},
    {"image_processor_type": "ViTImageProcessor", "size": 64, "default_to_square": False, "do_center_crop": True, "crop_size": 49},
    {"image_processor_type": "ConvNextImageProcessor", "size": 224},
    {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 223}, "crop_pct": 0.9},
    {"image_processor_type": "ViTImageProcessor", "size": [32, 48]},
]

PRETRAINED = [
    {"input_size": [3, 224, 224], "crop_pct": 0.875},
    {"input_size": [3, 224, 224], "crop_pct": 0.9},
    {"input_size": [3, 223, 223], "crop_pct": 0.95},
    {"input_size": [3, 384, 384], "crop_pct": 1.0},
    {"input_size": [3, 48, 48], "crop_pct": 1.1},
    {"input_size": [3, 49, 49], "crop_pct": 1.3},
    {"input_size": [3, 224, 224], "crop_pct": 0.9, "crop_mode": "squash"},
    {"input_size": [3, 32, 48], "crop_pct": 0.875, "crop_mode": "squash"},
    {"input_size": [3, 128, 256], "crop_pct": 0.875},
    {"input_size": [3, 97, 48], "crop_pct": 0.9},
]


def coordinates(width, height):
    """Two planes, x + 1 and y + 1; 0 is padding."""
    y, x = np.mgrid[1 : height + 1, 1 : width + 1]
    return np.stack([x, y]).astype(np.int64)


def start_of(plane):
    """Where the crop begins: before the picture (negative) by the padding, or at its first coordinate."""
    inside = np.flatnonzero(plane)
    return int(plane[inside[0]] - 1 - inside[0])


def row(size, resized, cropped):
    x, y = np.asarray(cropped)
    return [*size, *resized, start_of(x.max(axis=0)), start_of(y.max(axis=1))]


def of_transformers(settings, size):
    """As the processor does it, with coordinates for the pixels that are cropped."""
    settings = dict(settings)
    processor = getattr(transformers, settings.pop("image_processor_type") + "Pil")(**settings)
    center_crop, grids = PilBackend.center_crop, []

    def crop(self, image, size, **kwargs):
        grids.append(coordinates(image.shape[2], image.shape[1]))
        return center_crop(self, grids[-1], size)

    with patch.object(PilBackend, "center_crop", crop):
        seen = processor(Image.new("RGB", size), do_rescale=False, do_normalize=False)["pixel_values"][0]
    grid = grids[0] if grids else coordinates(seen.shape[2], seen.shape[1])
    return row(size, grid.shape[:0:-1], seen if grids else grid)


def of_timm(pretrained, size):
    config = timm.data.resolve_data_config(pretrained_cfg=pretrained)
    resize, crop, *_ = timm.data.create_transform(**config, is_training=False).transforms
    resized = resize(Image.new("RGB", size)).size
    return row(size, resized, crop(torch.from_numpy(coordinates(*resized))))


def rows(of, settings, sizes):
    return {"settings": settings, "rows": [of(settings, size) for size in sizes]}


def main():
    groups = {
        "transformers": [rows(of_transformers, settings, SIZES) for settings in PROCESSORS],
        "timm": [rows(of_timm, settings, SIZES) for settings in PRETRAINED],
    }
    versions = f"transformers {transformers.__version__}, timm {timm.__version__}"
    lines = [f' "versions": {json.dumps(versions)}', ' "columns": ["width", "height", "resizedWidth", "resizedHeight", "cropX", "cropY"]']
    for peer, of_peer in groups.items():
        body = ",\n".join(f"  {json.dumps(group)}" for group in of_peer)
        lines.append(f' "{peer}": [\n{body}\n ]')
    print("{\n" + ",\n".join(lines) + "\n}")


main()
