"""Tiny models of transformers' classes. Each maker saves one to a folder and returns what it makes of a picture."""

import json

import torch
from made_up import MEAN, STD  # before transformers, which needs what it registers

import transformers

LABELS = {0: "cat", 1: "dog", 2: "cow", 3: "hen", 4: "fox"}
LABELLED = {"id2label": LABELS, "label2id": {name: i for i, name in LABELS.items()}}
SMALL = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 96, "patch_size": 8}
SLIM = SMALL | {"hidden_size": 24, "intermediate_size": 48}


def processor(kind, height, width=None, **settings):
    """A preprocessor_config.json: squashed to the model's size unless `settings` say otherwise."""
    size = {"height": height, "width": width or height}
    return {
        "image_processor_type": kind, "do_resize": True, "size": size, "resample": 3, "do_rescale": True,
        "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": MEAN, "image_std": STD, **settings,
    }  # fmt: skip


def pixels_of(settings, image):
    settings = dict(settings)
    name = settings.pop("image_processor_type")
    kind = getattr(transformers, name + "Pil", None) or getattr(transformers, name)
    return kind(**settings)(image, return_tensors="pt")["pixel_values"].float()


def model(kind, config, settings, fields=("last_hidden_state", "pooler_output"), forward=None):
    """A maker for the class `kind`; `fields` of its answer become `hidden` and `pooled`, its logits `logits`."""

    def make(folder, image, fill):
        instance = fill(getattr(transformers, kind)(config))
        instance.half().save_pretrained(folder)
        (folder / "preprocessor_config.json").write_text(json.dumps(settings))
        pixels = pixels_of(settings, image)
        with torch.no_grad():
            answer = (forward or (lambda m, p: m(p, output_hidden_states=True)))(instance.float(), pixels)
        named = {"logits": answer.get("logits"), "pred_boxes": answer.get("pred_boxes")}
        named |= {"hidden": answer.get(fields[0]), "pooled": answer.get(fields[1])}
        return {name: value[0] for name, value in named.items() if value is not None}

    return make


def labelled(kind, config_class, settings, **config):
    return model(kind, getattr(transformers, config_class)(**LABELLED, **config), settings)


def unlabelled(kind, config_class, settings, **config):
    return model(kind, getattr(transformers, config_class)(**config), settings)


def masked_autoencoder(instance, pixels):
    """The encoder's answer with no patch masked and none moved."""
    vit = getattr(instance, "vit", instance)
    vit.config.mask_ratio = 0.0
    patches = vit.embeddings.patch_embeddings.num_patches
    return vit(pixels, noise=torch.arange(patches)[None].float())


def image_tower(instance, pixels):
    """CLIP's and SigLIP's picture side of a model of both."""
    answer = instance.vision_model(pixels)
    features = instance.get_image_features(pixels)
    features = features if torch.is_tensor(features) else features.pooler_output
    return {"last_hidden_state": answer.last_hidden_state, "pooler_output": features}


VIT = processor("ViTImageProcessor", 48)
DEIT = processor("DeiTImageProcessor", 56, do_center_crop=True, crop_size={"height": 48, "width": 48}, size={"height": 56, "width": 56})
BIT = processor("BitImageProcessor", 48, size={"shortest_edge": 52}, do_center_crop=True, crop_size={"height": 48, "width": 48}, do_convert_rgb=True)
BEIT = processor("BeitImageProcessor", 48, do_center_crop=False, resample=2)
CLIP = processor("CLIPImageProcessor", 48, size={"shortest_edge": 48}, do_center_crop=True, crop_size={"height": 48, "width": 48}, do_convert_rgb=True)
SIGLIP = processor("SiglipImageProcessor", 48, image_mean=[0.5] * 3, image_std=[0.5] * 3)
DINO = SMALL | {"patch_size": 8, "mlp_ratio": 2, "image_size": 64}
DINO.pop("intermediate_size")
TEXT = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 100,
        "max_position_embeddings": 16, "bos_token_id": 0, "eos_token_id": 99, "pad_token_id": 1}  # fmt: skip
SWIN = {"image_size": 64, "patch_size": 4, "embed_dim": 24, "depths": [2, 2], "num_heads": [3, 6], "window_size": 4, "mlp_ratio": 2.0}
SWIN_PICTURE = processor("ViTImageProcessor", 64)
YOLOS = processor("YolosImageProcessor", 48, 72, do_pad=False)


def clip_config(**vision):
    return transformers.CLIPConfig(
        text_config=TEXT, vision_config=SMALL | {"image_size": 48, "hidden_act": "quick_gelu"} | vision, projection_dim=24
    )


def siglip_config(**vision):
    return transformers.SiglipConfig(
        text_config=TEXT | {"hidden_size": 48}, vision_config=SMALL | {"image_size": 48} | vision
    )


MODELS = {
    "vit": labelled("ViTForImageClassification", "ViTConfig", VIT, **SMALL, image_size=48),
    "vit-wide": labelled("ViTForImageClassification", "ViTConfig", processor("ViTImageProcessor", 40, 56),
                         **SMALL | {"hidden_size": 80, "num_attention_heads": 2, "num_hidden_layers": 1}, image_size=[40, 56], qkv_bias=False),
    "vit-pooler": unlabelled("ViTModel", "ViTConfig", VIT, **SMALL, image_size=48),
    "deit": labelled("DeiTForImageClassification", "DeiTConfig", DEIT, **SMALL, image_size=48),
    "deit-distilled": labelled("DeiTForImageClassificationWithTeacher", "DeiTConfig", DEIT, **SMALL, image_size=48),
    "mae": model("ViTMAEModel", transformers.ViTMAEConfig(**SMALL, image_size=48), VIT, forward=masked_autoencoder),
    "mae-pretraining": model("ViTMAEForPreTraining", transformers.ViTMAEConfig(**SMALL, image_size=48, decoder_hidden_size=16,
                             decoder_num_hidden_layers=1, decoder_num_attention_heads=2, decoder_intermediate_size=16), VIT, forward=masked_autoencoder),
    "msn": labelled("ViTMSNForImageClassification", "ViTMSNConfig", VIT, **SMALL, image_size=48),
    "ijepa": unlabelled("IJepaModel", "IJepaConfig", VIT, **SMALL, image_size=48),
    "ijepa-classifier": labelled("IJepaForImageClassification", "IJepaConfig", VIT, **SMALL, image_size=48),
    "dinov2": unlabelled("Dinov2Model", "Dinov2Config", BIT, **DINO),
    "dinov2-classifier": labelled("Dinov2ForImageClassification", "Dinov2Config", BIT, **DINO),
    "dinov2-swiglu": unlabelled("Dinov2Model", "Dinov2Config", BIT, **DINO | {"mlp_ratio": 3}, use_swiglu_ffn=True),
    "dinov2-registers": unlabelled("Dinov2WithRegistersModel", "Dinov2WithRegistersConfig", BIT, **DINO, num_register_tokens=4),
    "dinov2-registers-classifier": labelled("Dinov2WithRegistersForImageClassification", "Dinov2WithRegistersConfig", BIT, **DINO, num_register_tokens=2),
    "dinov3": unlabelled("DINOv3ViTModel", "DINOv3ViTConfig", processor("DINOv3ViTImageProcessor", 48, resample=2), **SMALL, image_size=48, num_register_tokens=4),
    "dinov3-gated": unlabelled("DINOv3ViTModel", "DINOv3ViTConfig", processor("DINOv3ViTImageProcessor", 48, resample=2), **SMALL | {"num_attention_heads": 2}, image_size=64,
                               num_register_tokens=2, use_gated_mlp=True, hidden_act="silu"),
    "beit": labelled("BeitForImageClassification", "BeitConfig", BEIT, **SMALL, image_size=48, use_relative_position_bias=True,
                     use_mean_pooling=True, layer_scale_init_value=0.1),
    "beit-shared": labelled("BeitForImageClassification", "BeitConfig", BEIT, **SMALL, image_size=48, use_shared_relative_position_bias=True,
                            use_mean_pooling=False, use_absolute_position_embeddings=True, layer_scale_init_value=0.0),
    "data2vec": labelled("Data2VecVisionForImageClassification", "Data2VecVisionConfig", BEIT, **SMALL, image_size=48,
                         use_relative_position_bias=True, use_mean_pooling=True, layer_scale_init_value=0.1),
    "clip": model("CLIPModel", clip_config(), CLIP, forward=image_tower),
    "clip-vision": unlabelled("CLIPVisionModel", "CLIPVisionConfig", CLIP, **SMALL, image_size=48),
    "clip-projection": model("CLIPVisionModelWithProjection", transformers.CLIPVisionConfig(**SMALL | {"hidden_size": 64, "num_attention_heads": 2},
                             image_size=48, hidden_act="gelu", projection_dim=40), CLIP, fields=("last_hidden_state", "image_embeds")),
    "clip-classifier": model("CLIPForImageClassification", transformers.CLIPConfig(text_config=TEXT, vision_config=SMALL | {"image_size": 48}, projection_dim=24, **LABELLED), CLIP),
    "siglip": model("SiglipModel", siglip_config(), SIGLIP, forward=image_tower),
    "siglip-vision": unlabelled("SiglipVisionModel", "SiglipVisionConfig", SIGLIP, **SMALL | {"hidden_size": 72, "num_attention_heads": 1, "num_hidden_layers": 1}, image_size=48),
    "siglip-headless": unlabelled("SiglipVisionModel", "SiglipVisionConfig", SIGLIP, **SLIM, image_size=48, vision_use_head=False),
    "siglip-classifier": model("SiglipForImageClassification", transformers.SiglipConfig(text_config=TEXT | {"hidden_size": 48},
                               vision_config=SMALL | {"image_size": 48}, **LABELLED), SIGLIP),
    "swin": labelled("SwinForImageClassification", "SwinConfig", SWIN_PICTURE, **SWIN),
    "swin-odd": labelled("SwinForImageClassification", "SwinConfig", processor("ViTImageProcessor", 56), **SWIN | {"image_size": 56, "window_size": 7}),
    "swin-padded": labelled("SwinForImageClassification", "SwinConfig", processor("ViTImageProcessor", 56, 72), **SWIN | {"image_size": [56, 72], "depths": [2, 1]}),
    "swinv2-padded": labelled("Swinv2ForImageClassification", "Swinv2Config", processor("ViTImageProcessor", 52, 76), **SWIN | {"image_size": [52, 76], "depths": [2, 1]}),
    "swinv2": labelled("Swinv2ForImageClassification", "Swinv2Config", SWIN_PICTURE, **SWIN),
    "yolos": model("YolosForObjectDetection", transformers.YolosConfig(**SMALL, **LABELLED, image_size=[48, 72], num_detection_tokens=10,
                   use_mid_position_embeddings=False), YOLOS),
    # The picture keeps its aspect: 75x53 become 48x32, and positions are interpolated from 72x48.
    "yolos-aspect": model("YolosForObjectDetection", transformers.YolosConfig(**SLIM, **LABELLED, image_size=[48, 72], num_detection_tokens=6,
                          use_mid_position_embeddings=True), YOLOS | {"size": {"shortest_edge": 40, "longest_edge": 64}, "do_pad": True}),
    "yolos-mid": model("YolosForObjectDetection", transformers.YolosConfig(**SMALL, **LABELLED, image_size=[48, 72], num_detection_tokens=7,
                       use_mid_position_embeddings=True), YOLOS),
}
