"""Tiny models of timm's architectures, saved as timm saves them for the Hub."""

import torch
from made_up import MEAN, STD  # before timm, which needs what it registers

import timm
from timm.data import create_transform, resolve_data_config
from timm.models import save_for_hf


def transform_of(pretrained_cfg):
    return create_transform(**resolve_data_config({}, pretrained_cfg=pretrained_cfg), is_training=False)


def model(architecture, side=48, classes=5, crop_pct=0.9, interpolation="bicubic", **arguments):
    """A maker for an architecture with these `model_args`."""

    def make(folder, image, fill):
        if side:
            arguments["img_size"] = side
        instance = timm.create_model(architecture, num_classes=classes, **arguments)
        height, width = side if isinstance(side, tuple) else (side, side)
        instance.pretrained_cfg |= {
            "input_size": (3, height, width), "crop_pct": crop_pct, "interpolation": interpolation, "mean": tuple(MEAN),
            "std": tuple(STD), "num_classes": classes, "label_names": [f"class {i}" for i in range(classes)],
        }  # fmt: skip
        fill(instance)
        save_for_hf(instance.half(), folder, model_args=arguments, safe_serialization=True)
        instance.float()
        pixels = transform_of(instance.pretrained_cfg)(image)[None]
        with torch.no_grad():
            hidden = instance.forward_features(pixels)
            answers = {"hidden": hidden}
            if instance.global_pool:  # without one every row is an answer
                answers["pooled"] = instance.forward_head(hidden, pre_logits=True)
            if classes:
                answers["logits"] = instance.forward_head(hidden)
        return {name: value[0] for name, value in answers.items()}

    return make


TINY = {"embed_dim": 48, "depth": 2, "num_heads": 3, "mlp_ratio": 2, "patch_size": 8}
SLIM = TINY | {"embed_dim": 24}
SWIN = {"embed_dim": 24, "depths": (2, 2), "num_heads": (3, 6), "mlp_ratio": 2, "patch_size": 4, "window_size": 4}

MODELS = {
    "timm-vit": model("vit_tiny_patch16_224", **TINY),
    "timm-vit-avg": model("vit_small_patch16_224", **TINY, global_pool="avg"),
    "timm-vit-gap": model("vit_base_patch16_224", **TINY, global_pool="avg", class_token=False, fc_norm=False),
    "timm-vit-registers": model("vit_base_patch16_224", **TINY, reg_tokens=4, no_embed_class=True, init_values=0.1),
    "timm-vit-qknorm": model("vit_base_patch16_224", **TINY, qk_norm=True, pre_norm=True),
    "timm-vit-none": model("vit_base_patch16_224", classes=0, **SLIM, global_pool="", scale_attn_norm=True, scale_mlp_norm=True, proj_bias=False),
    "timm-vit-map": model("vit_base_patch16_siglip_224", **TINY),
    "timm-vit-wide": model("vit_base_patch16_224", side=(40, 64), **TINY | {"embed_dim": 64, "num_heads": 8}, act_layer="gelu_tanh"),
    "timm-clip": model("vit_base_patch32_clip_224", **TINY),
    "timm-clip-quickgelu": model("vit_base_patch32_clip_quickgelu_224", classes=24, **TINY),
    "timm-siglip-so400m": model("vit_so400m_patch14_siglip_224", classes=0, **TINY | {"embed_dim": 72, "num_heads": 1, "mlp_ratio": 1, "depth": 1}),
    "timm-deit-distilled": model("deit_tiny_distilled_patch16_224", **TINY),
    "timm-deit3": model("deit3_small_patch16_224", **TINY),
    "timm-dinov2": model("vit_small_patch14_dinov2", classes=0, **TINY),
    "timm-dinov2-giant": model("vit_giant_patch14_dinov2", classes=0, **TINY | {"mlp_ratio": 5.33334 / 2}),
    "timm-dinov2-registers": model("vit_small_patch14_reg4_dinov2", classes=0, **TINY),
    "timm-dinov3": model("vit_small_patch16_dinov3", classes=0, **TINY),
    "timm-eva02": model("eva02_tiny_patch14_224", **TINY),
    "timm-eva02-swiglu": model("eva02_base_patch14_224", **TINY | {"num_heads": 2}, scale_mlp=True, swiglu_mlp=True),
    "timm-eva02-clip": model("eva02_base_patch16_clip_224", side=(40, 56), **SLIM),
    "timm-eva02-enormous": model("eva02_enormous_patch14_clip_224", **SLIM),
    "timm-beit": model("beit_base_patch16_224", **TINY),
    "timm-beitv2": model("beitv2_base_patch16_224", **TINY, init_values=0.1),
    "timm-swin": model("swin_tiny_patch4_window7_224", side=64, **SWIN),
    "timm-swin-padded": model("swin_tiny_patch4_window7_224", side=(72, 56), **SWIN | {"depths": (2, 1)}),
    "timm-swinv2": model("swinv2_tiny_window8_256", side=64, **SWIN),
}
