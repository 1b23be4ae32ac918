"""Runs ONNX files of the goldens in ONNX Runtime and compares with what transformers and timm answered.

for m in test/goldens/models/*; do npx vit8 export-onnx $m -o FOLDER/$(basename $m).onnx; done
python test/goldens/check_onnx.py FOLDER

Needs onnxruntime and what make.py needs. Not run by npm test.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from made_up import picture
from safetensors.numpy import load_file

import timm_models
import transformers_models

PICTURE = picture()
MODELS = Path(__file__).parent / "models"
# Of the largest value: sums of f32 in another order. From timm's EVA-02 vit8's own float32 is as far away (docs/models.md).
BOUND = 1e-4
BOUNDS = {"timm-eva02": 2e-4, "timm-eva02-swiglu": 2e-4}


def pixels_of(model: Path) -> np.ndarray:
    file = model / "preprocessor_config.json"
    if file.exists():
        return transformers_models.pixels_of(json.loads(file.read_text()), PICTURE).numpy()
    how = json.loads((model / "config.json").read_text())["pretrained_cfg"]
    return timm_models.transform_of(how)(PICTURE)[None].numpy()


def expected_of(name: str, golden: dict, model: Path) -> np.ndarray:
    if name != "embedding":
        return golden[name]
    # vit8 embeds with the mean where there is neither a pooler nor a class token.
    if "pooled" in golden:
        return golden["pooled"]
    return golden["hidden"].mean(0) if model.name.startswith(("ijepa", "siglip-headless")) else golden["hidden"][0]


failed = []
for model in sorted(MODELS.iterdir()):
    golden = load_file(model / "expected.safetensors")
    session = onnxruntime.InferenceSession(str(Path(sys.argv[1]) / f"{model.name}.onnx"))
    pixels = pixels_of(model)
    for output in session.get_outputs():
        (answer,) = session.run([output.name], {"pixel_values": pixels})
        wanted = expected_of(output.name, golden, model)
        error = np.abs(answer[0] - wanted).max() / np.abs(wanted).max()
        print(f"{model.name} {output.name} {error:.1e}")
        if not error <= BOUNDS.get(model.name, BOUND):
            failed.append(model.name)
sys.exit(f"failed: {failed}" if failed else 0)
