"""Writes configs.json: what transformers (PIL back end) and timm make of the configs of many dialects.

pip install transformers==5.18.0 timm==1.0.29 torch torchvision pillow
python test/peers/configs.py > test/peers/configs.json && npx biome check --write test/peers/configs.json
"""

import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import library
from PIL import Image

# torchvision's own operators are not needed, and not in every build
torchvision = library.Library("torchvision", "DEF")
torchvision.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
torchvision.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import timm
import transformers
from timm.data.dataset_info import CustomDatasetInfo
from transformers import AutoConfig, AutoImageProcessor, AutoModel, AutoModelForImageClassification
from transformers.pipelines.image_classification import ImageClassificationPipeline

PICTURE = (50, 40)
LOGITS = [0.5, -1.25, 2.0, 0.0, 1.0, -3.0, 0.25, 1.5]

SMALL = {"hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 128}
VIT = {"architectures": ["ViTForImageClassification"], "model_type": "vit", "image_size": 16, "patch_size": 8, **SMALL}
DEIT = {**VIT, "architectures": ["DeiTForImageClassificationWithTeacher"], "model_type": "deit"}
DINO = {"architectures": ["Dinov2Model"], "model_type": "dinov2", **SMALL}
PLAIN = {"size": 16}
NAMES = {"0": "cat", "1": "dog", "2": "cow"}

# config.json, preprocessor_config.json
TRANSFORMERS = [
    (VIT, PLAIN),
    ({"architectures": ["ViTForImageClassification"], "model_type": "vit"}, {}),
    ({"architectures": ["DeiTForImageClassification"], "model_type": "deit"}, {}),
    ({"model_type": "vit"}, {}),
    ({"architectures": ["Dinov2Model"], "model_type": "dinov2"}, {}),
    (DINO, {"size": 224, "crop_size": 28}),
    ({**VIT, "architectures": None, "id2label": NAMES}, PLAIN),
    ({**VIT, "architectures": ["Unknown", "ViTForImageClassification"], "id2label": NAMES}, PLAIN),
    ({**DEIT, "id2label": NAMES}, PLAIN),
    ({**VIT, "image_size": [16, 24], "patch_size": [8, 8]}, {"size": [16, 24]}),
    ({**VIT, "num_register_tokens": 4, "use_swiglu_ffn": True, "use_qk_norm": True, "made_up": {"a": 1}}, PLAIN),
    # labels
    ({**VIT, "id2label": None, "label2id": None}, PLAIN),
    ({**VIT, "id2label": NAMES}, PLAIN),
    ({**VIT, "id2label": {"2": "cow", "01": "dog", "0": "cat"}}, PLAIN),
    ({**VIT, "label2id": {"cat": 0, "dog": 1}}, PLAIN),
    ({**VIT, "num_labels": 5}, PLAIN),
    ({**VIT, "num_labels": 3, "id2label": NAMES}, PLAIN),
    ({**VIT, "num_labels": 2, "id2label": NAMES}, PLAIN),
    ({**VIT, "num_labels": 4, "id2label": NAMES}, PLAIN),
    # heads
    ({**VIT, "id2label": NAMES, "problem_type": "multi_label_classification"}, PLAIN),
    ({**VIT, "id2label": NAMES, "problem_type": "single_label_classification"}, PLAIN),
    ({**VIT, "id2label": NAMES, "problem_type": "regression"}, PLAIN),
    ({**VIT, "id2label": NAMES, "problem_type": None}, PLAIN),
    ({**VIT, "id2label": {"0": "score"}}, PLAIN),
    ({**VIT, "num_labels": 1, "problem_type": "regression"}, PLAIN),
    ({**VIT, "id2label": {"0": "score"}, "problem_type": "multi_label_classification"}, PLAIN),
    # processors
    (VIT, {"size": [16, 24]}),
    (VIT, {"size": {"height": 16, "width": 24}, "do_normalize": None}),
    (VIT, {**PLAIN, "do_rescale": None, "do_convert_rgb": None, "do_pad": None}),
    (VIT, {**PLAIN, "image_processor_type": "ViTImageProcessorFast", "resample": 3}),
    (VIT, {**PLAIN, "image_processor_type": "ViTImageProcessorPil"}),
    (VIT, {**PLAIN, "feature_extractor_type": "ViTFeatureExtractor"}),
    (VIT, {**PLAIN, "image_mean": 0.25, "image_std": [0.5, 0.25, 0.125], "rescale_factor": 0.5}),
    (VIT, {**PLAIN, "do_rescale": False, "rescale_factor": 0.5}),
    (VIT, {**PLAIN, "do_normalize": False, "image_mean": [1, 1, 1]}),
    (VIT, {**PLAIN, "crop_size": 8, "crop_pct": 0.5, "do_center_crop": None}),
    (VIT, {"size": 24, "do_center_crop": True, "crop_size": [8, 16]}),
    (VIT, {"size": 8, "do_center_crop": True, "crop_size": {"height": 16, "width": 16}}),
    (VIT, {"size": 24, "default_to_square": False, "do_center_crop": True, "crop_size": 16}),
    (VIT, {**PLAIN, "do_pad": True, "do_convert_rgb": True, "made_up": 1, "data_format": "channels_first"}),
    (VIT, {**PLAIN, "pad_size": {"height": 99, "width": 99}}),
    (VIT, {"image_processor_type": "DeiTImageProcessor"}),
    (VIT, {"image_processor_type": "DeiTImageProcessor", "do_center_crop": False, "size": 16}),
    (VIT, {"image_processor_type": "DeiTImageProcessor", "do_center_crop": None, "size": 16}),
    (VIT, {"image_processor_type": "BitImageProcessor"}),
    (VIT, {"image_processor_type": "BitImageProcessor", "size": [16, 24], "do_center_crop": False}),
    (VIT, {"image_processor_type": "CLIPImageProcessor", "size": 32, "crop_size": 16}),
    (VIT, {"feature_extractor_type": "CLIPFeatureExtractor", "size": {"shortest_edge": 32}, "crop_size": 16}),
    (VIT, {"image_processor_type": "ConvNextImageProcessor"}),
    (VIT, {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 16}, "crop_pct": 0.5}),
    (VIT, {"feature_extractor_type": "ConvNextFeatureExtractor", "size": 400}),
]

ARGS = {"img_size": 16, "patch_size": 8, "embed_dim": 64, "depth": 1, "num_heads": 2}
TIMM = {"architecture": "vit_tiny_patch16_224", "num_classes": 3, "model_args": ARGS}
SIZED = {"input_size": [3, 16, 16]}


def timm_of(pretrained=None, args=None, **rest):
    built = {key: value for key, value in {**ARGS, **(args or {})}.items() if value is not None}
    return {**TIMM, "model_args": built, "pretrained_cfg": {**SIZED, **(pretrained or {})}, **rest}


TIMM_CONFIGS = [
    timm_of(),
    timm_of({"interpolation": None, "crop_pct": None, "crop_mode": None, "mean": None, "std": None}),
    timm_of({"interpolation": "", "crop_pct": 0, "mean": [], "std": []}),
    timm_of({"interpolation": "bilinear", "crop_pct": 1.0, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.25, 0.125]}),
    timm_of({"crop_pct": 1.0, "crop_mode": "squash"}),
    timm_of({"crop_mode": "made up"}),
    timm_of({"input_size": [3, 16, 24], "interpolation": "bicubic"}, {"img_size": [16, 24]}),
    timm_of({"input_size": None}, {"img_size": None}),
    timm_of({"input_size": [3, 8, 8]}),
    timm_of({"input_size": [3, 8, 8]}, {"img_size": [16, 16]}),
    timm_of({"input_size": [3, 32, 32], "test_input_size": [3, 48, 48], "fixed_input_size": True}, {"img_size": None}),
    timm_of({"input_size": [3, 32, 32]}, {"dynamic_img_size": True}),
    timm_of({}, {"patch_size": [8, 8], "drop_path_rate": 0.1, "attn_drop_rate": 0.1, "weight_init": "skip", "dynamic_img_pad": True}),
    timm_of({}, {"pos_embed": "learn", "proj_bias": True, "final_norm": True, "scale_attn_norm": False, "act_layer": "quick_gelu"}),
    timm_of({}, {"num_classes": 5}),
    timm_of({"num_classes": 5}, num_classes=None) | {"model_args": {**ARGS, "num_classes": 5}},
    {key: value for key, value in timm_of({"num_classes": 4}).items() if key != "num_classes"},
    {key: value for key, value in timm_of().items() if key != "num_classes"},
    timm_of(num_classes=1),
    timm_of(num_classes=0),
    timm_of(label_names=["n1", "n2", "n3"], label_descriptions={"n1": "cat", "n2": "dog", "n3": "cow"}),
    timm_of({"label_names": ["n1", "n2", "n3"], "label_descriptions": {"n1": "cat", "n2": "dog", "n3": "cow"}}),
    timm_of(label_names={"0": "cat", "1": "dog", "2": "cow"}),
    timm_of(label_names={"0": "cat", "2": "cow"}),
    {"architecture": "vit_tiny_patch16_224", "num_classes": 3, "input_size": [3, 32, 32], "fixed_input_size": True, "labels": ["cat", "dog", "cow"]},
]


def in_folder(files, use):
    with tempfile.TemporaryDirectory() as folder:
        for name, value in files.items():
            (Path(folder) / name).write_text(json.dumps(value))
        return use(folder)


def channels(value):
    return [value] * 3 if isinstance(value, (int, float)) else list(value)


def scored(config, classes):
    """Labels and scores of the image-classification pipeline, by class; a class without a name has none."""
    if not classes:
        return {"labels": [], "scores": []}
    pipeline = SimpleNamespace(model=SimpleNamespace(config=config))
    answer = ImageClassificationPipeline.postprocess(pipeline, {"logits": torch.tensor([LOGITS[:classes]])}, None, classes)
    scores = {entry["label"]: entry["score"] for entry in answer}
    labels = [config.id2label[index] for index in range(classes)]
    return {"labels": labels, "scores": [scores[label] for label in labels]}


def of_transformers(config, preprocessor):
    def right(folder):
        known = AutoConfig.from_pretrained(folder)
        processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
        pixels = processor(Image.new("RGB", PICTURE))["pixel_values"][0]
        auto = AutoModel if config["model_type"] == "dinov2" else AutoModelForImageClassification
        with torch.device("meta"):
            model = auto.from_config(known)
        classes = known.num_labels if auto is AutoModelForImageClassification else 0
        normalises = processor.do_normalize
        return {
            "family": type(model).__name__,
            "width": known.hidden_size,
            "depth": known.num_hidden_layers,
            "heads": known.num_attention_heads,
            "patchSize": channels(known.patch_size)[0],
            "layerNormEps": known.layer_norm_eps,
            "mlpWidth": known.hidden_size * known.mlp_ratio if auto is AutoModel else known.intermediate_size,
            "classes": classes,
            **scored(known, classes),
            "picture": [pixels.shape[2], pixels.shape[1]],
            "resample": Image.Resampling(processor.resample).name.lower(),
            "rescale": processor.rescale_factor if processor.do_rescale else 1,
            "mean": channels(processor.image_mean) if normalises else [0, 0, 0],
            "std": channels(processor.image_std) if normalises else [1, 1, 1],
        }

    return in_folder({"config.json": config, "preprocessor_config.json": preprocessor}, right)


def takes(model, size):
    try:
        model(torch.zeros(1, *size))
        return True
    except AssertionError:
        return False


def timm_labels(pretrained, classes):
    """The names that timm has, by class; null where it has none."""
    names = pretrained.get("label_names")
    if not names:
        return None
    info = CustomDatasetInfo(names, pretrained.get("label_descriptions"))
    given = {int(key): name for key, name in (names.items() if isinstance(names, dict) else enumerate(names))}
    return [info.label_name_to_description(given[index]) if index in given else None for index in range(classes)]


def of_timm(config):
    def right(folder):
        model = timm.create_model(f"local-dir:{folder}").eval()
        data = timm.data.resolve_model_data_config(model)
        # where the model does not take what the settings say, it takes what it is built for
        height, width = data["input_size"][1:] if takes(model, data["input_size"]) else model.patch_embed.img_size
        return {
            "width": model.embed_dim,
            "depth": len(model.blocks),
            "patchSize": model.patch_embed.patch_size[0],
            "classes": model.num_classes,
            "labels": timm_labels(model.pretrained_cfg, model.num_classes),
            "picture": [width, height],
            "resample": timm.data.create_transform(**data, is_training=False).transforms[0].interpolation.value,
            "mean": list(data["mean"]),
            "std": list(data["std"]),
        }

    return in_folder({"config.json": config}, right)


def main():
    versions = f"transformers {transformers.__version__}, timm {timm.__version__}"
    groups = {
        "versions": versions,
        "logits": LOGITS,
        "transformers": [
            {"config": config, "preprocessor": preprocessor, "right": of_transformers(config, preprocessor)}
            for config, preprocessor in TRANSFORMERS
        ],
        "timm": [{"config": config, "right": of_timm(config)} for config in TIMM_CONFIGS],
    }
    print(json.dumps(groups))


main()
